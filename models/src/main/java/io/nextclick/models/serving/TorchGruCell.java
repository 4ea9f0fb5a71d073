package io.nextclick.models.serving;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;

/**
 * The cell on torch, with the operation that training runs. It costs two copies between the heap
 * and native memory a bundle, and its results differ in the last bits with the size of the bundle.
 *
 * <p>Shapes: E = embedding size, H = hidden size, B = bundle.
 */
final class TorchGruCell implements GruCell {

    private final Weights weights;

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
        int embeddingSize = weights.embeddingSize;
        int hiddenSize = weights.hiddenSize;
        float[] embedded = new float[count * embeddingSize];
        float[] hidden = new float[count * hiddenSize];
        float[] row = new float[embeddingSize];
        for (int i = 0; i < count; i++) {
            weights.embeddings.copyRow(itemRows[i], row);
            System.arraycopy(row, 0, embedded, i * embeddingSize, embeddingSize);
            System.arraycopy(states[i], 0, hidden, i * hiddenSize, hiddenSize);
        }
        float[] advanced = step(embedded, hidden, count);
        for (int i = 0; i < count; i++) {
            System.arraycopy(advanced, i * hiddenSize, states[i], 0, hiddenSize);
        }
    }

    private float[] step(float[] embedded, float[] hidden, int count) {
        // Gradient mode belongs to the thread, which may be one that trains as well.
        boolean gradients = JniUtils.isGradMode();
        JniUtils.setGradMode(false);
        try (NDManager manager = weights.manager.newSubManager()) {
            NDArray inputs = // [B, 1, E]
                    manager.create(embedded, new Shape(count, 1, weights.embeddingSize));
            NDArray before = // [1, B, H]
                    manager.create(hidden, new Shape(1, count, weights.hiddenSize));
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
