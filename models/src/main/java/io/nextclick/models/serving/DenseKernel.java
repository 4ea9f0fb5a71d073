package io.nextclick.models.serving;

/**
 * The inner loops of exact search and of a recurrent cell: products of vectors with a matrix whose
 * rows are packed in panels, and scans over the products.
 *
 * <p>Shapes: D = dimension, W = {@link #panelWidth()}. A panel holds W rows of a matrix, D-major: W
 * biases, then W values of dimension 0, W of dimension 1 and so on, (1 + D) · W floats in all. Rows
 * that only fill up the last panel have a bias of NaN, so that no comparison ever selects them.
 *
 * <p>Every implementation computes a product in the same way: it starts from the bias and adds
 * {@code x[d] · w[d]} by one fused multiply-add per dimension, from d = 0 upwards. A product is
 * therefore the same to the last bit whatever the implementation, the machine, the batch it is
 * computed in and the place it has there.
 *
 * <p>Public only because the implementation that needs the module {@code jdk.incubator.vector}
 * lives in a package of its own. Implementations have no state and are safe for any thread.
 */
public interface DenseKernel {

    /** Products of a vector are computed for up to this many vectors more than asked for. */
    int SPARE_VECTORS = 7;

    /** One line for a person: how the arithmetic is done. */
    String describe();

    /** W, the rows of a panel. */
    int panelWidth();

    /** Arranges vectors in the order in which {@link #multiply} reads them. */
    void pack(float[][] vectors, int from, int count, int dimension, float[] packed);

    /**
     * Products of packed vectors with the rows of consecutive panels.
     *
     * @param panels the array that holds the panels
     * @param offset where the first panel begins
     * @param panelCount how many follow one another
     * @param dimension D
     * @param packed {@code count} vectors as {@link #pack} arranged them
     * @param products row i holds the {@code panelCount · W} products of vector i; there is room
     *     for {@code count + SPARE_VECTORS} rows, the spare ones are overwritten
     * @param stride floats from one row of {@code products} to the next
     */
    void multiply(
            float[] panels,
            int offset,
            int panelCount,
            int dimension,
            float[] packed,
            int count,
            float[] products,
            int stride);

    /**
     * Raises running maxima: {@code maxima[i % groups]} becomes the larger of itself and {@code
     * values[from + i]}. NaN raises nothing.
     *
     * @param groups a multiple of 16
     * @param length a multiple of 16
     */
    void raise(float[] maxima, int groups, float[] values, int from, int length);

    /**
     * The k-th largest of some values, none of them NaN.
     *
     * @param size a multiple of 16, at least k
     */
    float kthLargest(float[] values, int size, int k);

    /**
     * Positions, counted from {@code from} and ascending, of the values that are at least the
     * threshold. NaN is not.
     *
     * @param length a multiple of 16
     * @return how many positions were written
     */
    int collect(float[] values, int from, int length, float threshold, int[] positions);

    /**
     * How many values are at least the threshold. NaN is not.
     *
     * @param length a multiple of 16
     */
    int countAtLeast(float[] values, int from, int length, float threshold);

    /**
     * The state of a gated recurrent unit after one step: with the gates in the order r, z, n,
     *
     * <pre>
     * r = sigmoid(input_r + hidden_r)
     * z = sigmoid(input_z + hidden_z)
     * n = tanh(input_n + r · hidden_n)
     * state = n + z · (state − n)
     * </pre>
     *
     * @param input 3H products of the input with the input weights, biases included, from {@code
     *     inputFrom}
     * @param hidden 3H products of the state with the recurrent weights, biases included, from
     *     {@code hiddenFrom}; overwritten
     * @param state H floats, replaced in place
     * @param first the components from this one on are computed, the others left as they are
     */
    void gate(
            float[] input, int inputFrom, float[] hidden, int hiddenFrom, float[] state, int first);

    /**
     * Does multiply-adds on registers alone, as fast as the machine can: what the speed of the
     * other loops is compared with.
     *
     * @return how many; 0 if this implementation cannot reach the machine's limit
     */
    long exercise(int rounds);

    /**
     * The fastest implementation that this JVM can run: with vector instructions if it was started
     * with {@code --add-modules jdk.incubator.vector}, else plain Java. The system property {@code
     * nextclick.vector=false} forces plain Java.
     */
    static DenseKernel fastest() {
        return KernelChoice.FASTEST;
    }

    /** The implementation in plain Java, which runs everywhere. */
    static DenseKernel plain() {
        return KernelChoice.PLAIN;
    }

    /**
     * Constants of the exponential function: every implementation of {@link #gate} goes through the
     * same operations, so that all of them yield the same bits.
     */
    final class Exponential {
        /** Arguments beyond this, in either direction, are taken for it. */
        public static final float BOUND = 87;

        public static final float LOG2_E = 1.442695f;

        /** 1.5 · 2^23: adding it rounds to an integer and leaves that in the lowest bits. */
        public static final float ROUNDER = 12_582_912f;

        public static final float LN2_HIGH = 355f / 512;
        public static final float LN2_LOW = -2.12194440e-4f;

        /** Coefficients of the Taylor polynomial, of degrees 2 to 7. */
        public static final float C2 = 1f / 2;

        public static final float C3 = 1f / 6;
        public static final float C4 = 1f / 24;
        public static final float C5 = 1f / 120;
        public static final float C6 = 1f / 720;
        public static final float C7 = 1f / 5040;

        private Exponential() {}
    }
}
