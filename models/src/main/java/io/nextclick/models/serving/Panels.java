package io.nextclick.models.serving;

/**
 * A matrix with a bias per row, packed in the panels of a {@link DenseKernel}. Immutable.
 *
 * <p>Shapes: V = rows, D = dimension, W = rows of a panel. Takes 4 · (1 + D) bytes a row.
 */
final class Panels {

    /** Panels are spread over arrays of at most this many floats (32 MiB) where one panel fits. */
    private static final int CHUNK_FLOATS = 1 << 23;

    /**
     * Floats left unused at the start of an array. The collectors place a large array at the start
     * of a region; its header takes 16 bytes, so that these make 64 and panels begin at the start
     * of a cache line.
     */
    private static final int ALIGNMENT = 12;

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
        if (dimension < 1) {
            throw new IllegalArgumentException("dimension is " + dimension + ", it must be >= 1");
        }
        if (weights.length % dimension != 0) {
            throw new IllegalArgumentException(
                    "there are " + weights.length + " weights, not a multiple of " + dimension);
        }
        rows = weights.length / dimension;
        if (biases != null && biases.length != rows) {
            throw new IllegalArgumentException(
                    "there are " + biases.length + " biases for " + rows + " rows");
        }
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

    private void fill(int panel, float[] weights, float[] biases) {
        float[] chunk = chunkOf(panel);
        int offset = offsetOf(panel);
        for (int lane = 0; lane < width; lane++) {
            int row = panel * width + lane;
            if (row >= rows) {
                chunk[offset + lane] = Float.NaN;
                continue;
            }
            float bias = biases == null ? 0 : biases[row];
            if (!Float.isFinite(bias)) {
                throw new IllegalArgumentException("the bias of row " + row + " is " + bias);
            }
            chunk[offset + lane] = bias;
            for (int d = 0; d < dimension; d++) {
                float weight = weights[row * dimension + d];
                if (!Float.isFinite(weight)) {
                    throw new IllegalArgumentException(
                            "value " + d + " of row " + row + " is " + weight);
                }
                chunk[offset + (1 + d) * width + lane] = weight;
            }
        }
    }

    /** V. */
    int rows() {
        return rows;
    }

    /** D. */
    int dimension() {
        return dimension;
    }

    /** W. */
    int width() {
        return width;
    }

    int panelCount() {
        return panelCount;
    }

    /** Floats of one panel. */
    int panelSize() {
        return (1 + dimension) * width;
    }

    float[] chunkOf(int panel) {
        return chunks[panel / panelsPerChunk];
    }

    int offsetOf(int panel) {
        return ALIGNMENT + panel % panelsPerChunk * panelSize();
    }

    /** How many panels from this one on lie in the same array, at most {@code limit}. */
    int contiguous(int panel, int limit) {
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

    /** The product of one vector with one row, to the bit what {@link DenseKernel} computes. */
    float product(float[] vector, int row) {
        int panel = row / width;
        float[] chunk = chunkOf(panel);
        int at = offsetOf(panel) + row % width;
        float sum = chunk[at];
        for (int d = 0; d < dimension; d++) {
            at += width;
            sum = Math.fma(vector[d], chunk[at], sum);
        }
        return sum;
    }

    /** Copies the D weights of a row. */
    void copyRow(int row, float[] target) {
        int panel = row / width;
        float[] chunk = chunkOf(panel);
        int at = offsetOf(panel) + row % width;
        for (int d = 0; d < dimension; d++) {
            at += width;
            target[d] = chunk[at];
        }
    }
}
