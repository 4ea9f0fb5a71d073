package io.nextclick.models.serving;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import ai.djl.pytorch.jni.JniUtils;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.training.UploadBuffer;
import java.util.Arrays;

/**
 * The cell on torch, with the operation that training runs, on any device. It costs two copies
 * between the heap and the device a bundle, and its results differ in the last bits with the size
 * of the bundle.
 *
 * <p>Shapes: V = items, E = embedding size, H = hidden size, B = bundle.
 */
final class TorchGruCell implements GruCell {

    private final Weights weights;

    /**
     * Native memory that carries rows and states to torch, used again by every bundle: fresh
     * buffers would pile up until the garbage collector happens to run.
     */
    private final UploadBuffer upload = new UploadBuffer();

    private float[] before = new float[0];

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
        if (before.length < count * hiddenSize) {
            before = new float[count * hiddenSize];
        }
        for (int i = 0; i < count; i++) {
            System.arraycopy(states[i], 0, before, i * hiddenSize, hiddenSize);
        }
        float[] advanced = step(Arrays.copyOf(itemRows, count), count);
        for (int i = 0; i < count; i++) {
            System.arraycopy(advanced, i * hiddenSize, states[i], 0, hiddenSize);
        }
    }

    /** The arrays made here view the buffer, and are closed before it is used again. */
    private float[] step(int[] itemRows, int count) {
        upload.clear();
        // Gradient mode belongs to the thread, which may be one that trains as well.
        boolean gradients = JniUtils.isGradMode();
        JniUtils.setGradMode(false);
        try (NDManager manager = weights.manager.newSubManager()) {
            NDArray rows = upload.indexes(manager, itemRows, count, 1); // [B, 1]
            NDArray inputs = // [B, 1, E]
                    Embedding.embedding(rows, weights.vectors, SparseFormat.DENSE)
                            .singletonOrThrow();
            NDArray states = // [1, B, H]
                    upload.firstFloats(manager, before, 1, count, weights.hiddenSize);
            NDArray after = // [B, 1, H]
                    inputs.getNDArrayInternal()
                            .gru(inputs, states, weights.gates, true, 1, 0, false, false, true)
                            .get(0);
            return after.toFloatArray();
        } finally {
            JniUtils.setGradMode(gradients);
        }
    }

    @Override
    public String describe() {
        return "recurrent cell in torch on " + weights.device;
    }

    /** What the cells of a model share: owns the native memory. Safe for several threads. */
    static final class Weights implements AutoCloseable {
        private final ComputeDevice device;
        private final int hiddenSize;
        private final NDManager manager;
        private final NDList gates;

        /** What stands for each item [V, E]. */
        private final NDArray vectors;

        /**
         * @param vectors the item vectors on the device, if they are there already; they stay the
         *     caller's and outlive this. Null: they are brought there
         */
        Weights(Gru4RecWeights model, NDArray vectors, ComputeDevice device) {
            this.device = device;
            int embeddingSize = model.embeddingSize();
            hiddenSize = model.hiddenSize();
            manager = NDManager.newBaseManager(device.engineDevice(), "PyTorch");
            try {
                int rows = 3 * hiddenSize;
                gates =
                        new NDList(
                                manager.create(model.inputWeight(), new Shape(rows, embeddingSize)),
                                manager.create(model.hiddenWeight(), new Shape(rows, hiddenSize)),
                                manager.create(model.inputBias(), new Shape(rows)),
                                manager.create(model.hiddenBias(), new Shape(rows)));
                this.vectors =
                        vectors == null
                                ? manager.create(
                                        model.embedding(), new Shape(model.items(), embeddingSize))
                                : vectors;
            } catch (RuntimeException | Error e) {
                manager.close();
                throw e;
            }
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
