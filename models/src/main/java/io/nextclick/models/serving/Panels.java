package io.nextclick.models.serving;

/**
 * A matrix with a bias per row, packed in the panels of a {@link DenseKernel}. Immutable.
 *
 * <p>Shapes: V = rows, D = dimension, W = rows of a panel. Takes 4 · (1 + D) bytes a row.
 */
final class Panels implements PackedRows {

    private final int rows;
    private final int dimension;
    private final int width;
    private final int panelCount;
    private final int panelsPerChunk;
    private final float[][] chunks;

    /**
     * @param weights V · D floats, row by row
     * @param biases V floats; null for none
     * @throws IllegalArgumentException if the lengths don't fit or a value is not finite
     */
    Panels(float[] weights, float[] biases, int dimension, DenseKernel kernel) {
        check(weights, biases, dimension);
        rows = weights.length / dimension;
        this.dimension = dimension;
        width = kernel.panelWidth();
        panelCount = (rows + width - 1) / width;
        panelsPerChunk = Math.max(1, (CHUNK_FLOATS - ALIGNMENT) / panelSize());
        chunks = new float[(panelCount + panelsPerChunk - 1) / panelsPerChunk][];
        for (int chunk = 0; chunk < chunks.length; chunk++) {
            int size = Math.min(panelsPerChunk, panelCount - chunk * panelsPerChunk);
            chunks[chunk] = new float[ALIGNMENT + size * panelSize()];
        }
        for (int panel = 0; panel < panelCount; panel++) {
            fill(panel, weights, biases);
        }
    }

    /**
     * @throws IllegalArgumentException if these are no matrix of so many columns and its biases
     */
    static void check(float[] weights, float[] biases, int dimension) {
        if (dimension < 1) {
            throw new IllegalArgumentException("dimension is " + dimension + ", it must be >= 1");
        }
        if (weights.length % dimension != 0) {
            throw new IllegalArgumentException(
                    "there are " + weights.length + " weights, not a multiple of " + dimension);
        }
        int rows = weights.length / dimension;
        if (biases != null && biases.length != rows) {
            throw new IllegalArgumentException(
                    "there are " + biases.length + " biases for " + rows + " rows");
        }
        for (int row = 0; row < rows; row++) {
            if (biases != null && !Float.isFinite(biases[row])) {
                throw new IllegalArgumentException("the bias of row " + row + " is " + biases[row]);
            }
            for (int d = 0; d < dimension; d++) {
                if (!Float.isFinite(weights[row * dimension + d])) {
                    throw new IllegalArgumentException(
                            "value "
                                    + d
                                    + " of row "
                                    + row
                                    + " is "
                                    + weights[row * dimension + d]);
                }
            }
        }
    }

    private void fill(int panel, float[] weights, float[] biases) {
        float[] chunk = chunkOf(panel);
        int offset = offsetOf(panel);
        for (int lane = 0; lane < width; lane++) {
            int row = panel * width + lane;
            if (row >= rows) {
                chunk[offset + lane] = Float.NaN;
                continue;
            }
            chunk[offset + lane] = biases == null ? 0 : biases[row];
            for (int d = 0; d < dimension; d++) {
                chunk[offset + (1 + d) * width + lane] = weights[row * dimension + d];
            }
        }
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int dimension() {
        return dimension;
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public int panelCount() {
        return panelCount;
    }

    @Override
    public float[] chunkOf(int panel) {
        return chunks[panel / panelsPerChunk];
    }

    @Override
    public int offsetOf(int panel) {
        return ALIGNMENT + panel % panelsPerChunk * panelSize();
    }

    @Override
    public int contiguous(int panel, int limit) {
        int inChunk = panelsPerChunk - panel % panelsPerChunk;
        return Math.min(limit, Math.min(inChunk, panelCount - panel));
    }

    /** Whether all panels follow one another. */
    boolean fitOneArray() {
        return panelCount <= panelsPerChunk;
    }

    /**
     * Products of packed vectors with all rows; see {@link DenseKernel#multiply}. Only for matrices
     * that {@link #fitOneArray}.
     *
     * @param stride at least the rows of all panels
     */
    void multiply(DenseKernel kernel, float[] packed, int count, float[] products, int stride) {
        kernel.multiply(
                chunks[0], ALIGNMENT, panelCount, dimension, packed, count, products, stride);
    }
}
