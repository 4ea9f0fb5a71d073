package io.nextclick.models.serving;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * The cell on torch, with the operation that training runs. It costs two copies between the heap
 * and native memory a bundle, and its results differ in the last bits with the size of the bundle.
 *
 * <p>Shapes: E = embedding size, H = hidden size, B = bundle.
 */
final class TorchGruCell implements GruCell {

    private final Weights weights;

    /**
     * Native memory that carries embeddings and states to torch, used again by every bundle: fresh
     * buffers would pile up until the garbage collector happens to run.
     */
    private ByteBuffer embedded = room(0);

    private ByteBuffer hidden = room(0);

    TorchGruCell(Weights weights) {
        this.weights = weights;
        // A subtask has one core: threads within an operation would only take it from others.
        JniUtils.setNumThreads(1);
    }

    @Override
    public void advance(int[] itemRows, float[][] states, int count) {
        if (count == 0) {
            return;
        }
        int hiddenSize = weights.hiddenSize;
        embedded = cleared(embedded, count * weights.embeddingSize);
        hidden = cleared(hidden, count * hiddenSize);
        FloatBuffer embeddedFloats = embedded.asFloatBuffer();
        FloatBuffer hiddenFloats = hidden.asFloatBuffer();
        float[] row = new float[weights.embeddingSize];
        for (int i = 0; i < count; i++) {
            weights.embeddings.copyRow(itemRows[i], row);
            embeddedFloats.put(row);
            hiddenFloats.put(states[i]);
        }
        float[] advanced = step(count);
        for (int i = 0; i < count; i++) {
            System.arraycopy(advanced, i * hiddenSize, states[i], 0, hiddenSize);
        }
    }

    private static ByteBuffer room(int floats) {
        return ByteBuffer.allocateDirect(floats * Float.BYTES).order(ByteOrder.nativeOrder());
    }

    private static ByteBuffer cleared(ByteBuffer buffer, int floats) {
        ByteBuffer large = buffer.capacity() < floats * Float.BYTES ? room(floats) : buffer;
        return large.clear().limit(floats * Float.BYTES);
    }

    /** The arrays made here view the two buffers, and are closed before these are used again. */
    private float[] step(int count) {
        // Gradient mode belongs to the thread, which may be one that trains as well.
        boolean gradients = JniUtils.isGradMode();
        JniUtils.setGradMode(false);
        try (NDManager manager = weights.manager.newSubManager()) {
            NDArray inputs = // [B, 1, E]
                    manager.create(
                            embedded, new Shape(count, 1, weights.embeddingSize), DataType.FLOAT32);
            NDArray before = // [1, B, H]
                    manager.create(
                            hidden, new Shape(1, count, weights.hiddenSize), DataType.FLOAT32);
            NDArray after = // [B, 1, H]
                    inputs.getNDArrayInternal()
                            .gru(inputs, before, weights.gates, true, 1, 0, false, false, true)
                            .get(0);
            return after.toFloatArray();
        } finally {
            JniUtils.setGradMode(gradients);
        }
    }

    @Override
    public String describe() {
        return "recurrent cell in torch";
    }

    /** What the cells of a model share: owns the native memory. Safe for several threads. */
    static final class Weights implements AutoCloseable {
        private final PackedGruCell.Embeddings embeddings;
        private final int embeddingSize;
        private final int hiddenSize;
        private final NDManager manager;
        private final NDList gates;

        Weights(Gru4RecWeights model, PackedGruCell.Embeddings embeddings) {
            this.embeddings = embeddings;
            embeddingSize = model.embeddingSize();
            hiddenSize = model.hiddenSize();
            manager = NDManager.newBaseManager("PyTorch");
            int rows = 3 * hiddenSize;
            gates =
                    new NDList(
                            manager.create(model.inputWeight(), new Shape(rows, embeddingSize)),
                            manager.create(model.hiddenWeight(), new Shape(rows, hiddenSize)),
                            manager.create(model.inputBias(), new Shape(rows)),
                            manager.create(model.hiddenBias(), new Shape(rows)));
        }

        /** How many arrays and managers its manager holds: constant between calls. */
        int liveResources() {
            return manager.getManagedArrays().size();
        }

        @Override
        public void close() {
            manager.close();
        }
    }
}
