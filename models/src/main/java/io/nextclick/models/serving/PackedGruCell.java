package io.nextclick.models.serving;

/**
 * The cell on the {@link DenseKernel}: a state comes out the same to the bit in whatever bundle it
 * is advanced, which torch's products, whose order of summation depends on the size of the batch,
 * do not promise. It is faster as well, since nothing is copied to native memory and back.
 *
 * <p>Shapes: V = items, E = embedding size, H = hidden size, B = bundle.
 */
final class PackedGruCell implements GruCell {

    /** States advanced together. */
    private static final int LARGEST_BATCH = 128;

    private final Weights weights;
    private final float[][] embedded;
    private final float[] packed;
    private final float[] input;
    private final float[] hidden;

    PackedGruCell(Weights weights) {
        this.weights = weights;
        int rows = LARGEST_BATCH + DenseKernel.SPARE_VECTORS;
        int longest = Math.max(weights.embeddingSize, weights.hidden.dimension());
        packed = new float[rows * longest];
        hidden = new float[rows * weights.stride];
        boolean table = weights.table != null;
        input = table ? weights.table : new float[rows * weights.stride];
        embedded = new float[table ? 0 : LARGEST_BATCH][weights.embeddingSize];
    }

    @Override
    public void advance(int[] itemRows, float[][] states, int count) {
        for (int from = 0; from < count; from += LARGEST_BATCH) {
            advance(itemRows, states, from, Math.min(LARGEST_BATCH, count - from));
        }
    }

    private void advance(int[] itemRows, float[][] states, int from, int count) {
        if (weights.table == null) {
            for (int i = 0; i < count; i++) {
                weights.embeddings.copyRow(itemRows[from + i], embedded[i]);
            }
            weights.multiply(weights.input, embedded, 0, count, packed, input);
        }
        weights.multiply(weights.hidden, states, from, count, packed, hidden);
        for (int i = 0; i < count; i++) {
            int inputFrom =
                    weights.table == null ? i * weights.stride : itemRows[from + i] * weights.gates;
            weights.kernel.gate(input, inputFrom, hidden, i * weights.stride, states[from + i], 0);
        }
    }

    @Override
    public String describe() {
        return "recurrent cell in "
                + weights.kernel.describe()
                + (weights.table == null ? "" : ", inputs precomputed");
    }

    /** Copies the embedding of an item, E floats. */
    @FunctionalInterface
    interface Embeddings {
        void copyRow(int row, float[] target);
    }

    /** What the cells of a model share. Immutable. */
    static final class Weights {
        private final DenseKernel kernel;
        private final Embeddings embeddings;
        private final int embeddingSize;
        private final int gates;
        private final int stride;
        private final Panels input;
        private final Panels hidden;

        /** [V, 3H]: each item's product with the input weights; null if it would be too large. */
        private final float[] table;

        /**
         * @param embeddings used for as long as the weights are
         * @param largestTable floats that the precomputed products of all items may take
         */
        Weights(
                Gru4RecWeights model,
                Embeddings embeddings,
                long largestTable,
                DenseKernel kernel) {
            this.kernel = kernel;
            this.embeddings = embeddings;
            embeddingSize = model.embeddingSize();
            gates = 3 * model.hiddenSize();
            input = new Panels(model.inputWeight(), model.inputBias(), embeddingSize, kernel);
            hidden =
                    new Panels(
                            model.hiddenWeight(), model.hiddenBias(), model.hiddenSize(), kernel);
            if (!input.fitOneArray() || !hidden.fitOneArray()) {
                throw new IllegalArgumentException(
                        "a state of " + model.hiddenSize() + " values is too large");
            }
            stride = hidden.panelCount() * hidden.width();
            table = (long) model.items() * gates <= largestTable ? table(model.items()) : null;
        }

        private float[] table(int items) {
            float[] products = new float[items * gates];
            float[][] batch = new float[LARGEST_BATCH][embeddingSize];
            float[] packed = new float[(LARGEST_BATCH + DenseKernel.SPARE_VECTORS) * embeddingSize];
            float[] wide = new float[(LARGEST_BATCH + DenseKernel.SPARE_VECTORS) * stride];
            for (int from = 0; from < items; from += LARGEST_BATCH) {
                int count = Math.min(LARGEST_BATCH, items - from);
                for (int i = 0; i < count; i++) {
                    embeddings.copyRow(from + i, batch[i]);
                }
                multiply(input, batch, 0, count, packed, wide);
                for (int i = 0; i < count; i++) {
                    System.arraycopy(wide, i * stride, products, (from + i) * gates, gates);
                }
            }
            return products;
        }

        /** Products of some vectors with all rows of a matrix, a vector's every {@code stride}. */
        private void multiply(
                Panels matrix,
                float[][] vectors,
                int from,
                int count,
                float[] packed,
                float[] products) {
            kernel.pack(vectors, from, count, matrix.dimension(), packed);
            matrix.multiply(kernel, packed, count, products, stride);
        }
    }
}
