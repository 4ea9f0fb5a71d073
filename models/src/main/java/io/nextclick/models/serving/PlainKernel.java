package io.nextclick.models.serving;

import java.util.Arrays;

/**
 * The kernel in plain Java. Its loops run over the rows of a wide panel, so that the JIT compiler
 * turns them into vector instructions by itself, which it does only for loops that index all their
 * arrays by the same bare variable: hence the copies, which cost little beside what they save.
 */
final class PlainKernel implements DenseKernel {

    private static final int WIDTH = 512;

    /** Vectors whose sums stay in the first-level cache together. */
    private static final int TOGETHER = 16;

    @Override
    public String describe() {
        return "plain Java";
    }

    @Override
    public int panelWidth() {
        return WIDTH;
    }

    @Override
    public void pack(float[][] vectors, int from, int count, int dimension, float[] packed) {
        for (int i = 0; i < count; i++) {
            System.arraycopy(vectors[from + i], 0, packed, i * dimension, dimension);
        }
    }

    @Override
    public void multiply(
            float[] panels,
            int offset,
            int panelCount,
            int dimension,
            float[] packed,
            int count,
            float[] products,
            int stride) {
        int panelSize = (1 + dimension) * WIDTH;
        float[][] sums = new float[Math.min(count, TOGETHER)][WIDTH];
        float[][] rows = new float[4][WIDTH];
        for (int panel = 0; panel < panelCount; panel++) {
            int start = offset + panel * panelSize;
            for (int from = 0; from < count; from += TOGETHER) {
                int size = Math.min(TOGETHER, count - from);
                multiply(panels, start, dimension, packed, from, size, sums, rows);
                for (int i = 0; i < size; i++) {
                    int at = (from + i) * stride + panel * WIDTH;
                    System.arraycopy(sums[i], 0, products, at, WIDTH);
                }
            }
        }
    }

    /** Products of one panel with a few vectors, into {@code sums}. */
    private static void multiply(
            float[] panels,
            int start,
            int dimension,
            float[] packed,
            int from,
            int count,
            float[][] sums,
            float[][] rows) {
        for (int i = 0; i < count; i++) {
            System.arraycopy(panels, start, sums[i], 0, WIDTH);
        }
        int weights = start + WIDTH;
        int d = 0;
        for (; d + 4 <= dimension; d += 4) {
            for (int j = 0; j < 4; j++) {
                System.arraycopy(panels, weights + (d + j) * WIDTH, rows[j], 0, WIDTH);
            }
            for (int i = 0; i < count; i++) {
                int x = (from + i) * dimension + d;
                add(rows[0], rows[1], rows[2], rows[3], packed, x, sums[i]);
            }
        }
        for (; d < dimension; d++) {
            System.arraycopy(panels, weights + d * WIDTH, rows[0], 0, WIDTH);
            for (int i = 0; i < count; i++) {
                add(rows[0], packed[(from + i) * dimension + d], sums[i]);
            }
        }
    }

    private static void add(
            float[] row0,
            float[] row1,
            float[] row2,
            float[] row3,
            float[] packed,
            int x,
            float[] sums) {
        float x0 = packed[x];
        float x1 = packed[x + 1];
        float x2 = packed[x + 2];
        float x3 = packed[x + 3];
        for (int i = 0; i < sums.length; i++) {
            float sum = Math.fma(x0, row0[i], sums[i]);
            sum = Math.fma(x1, row1[i], sum);
            sum = Math.fma(x2, row2[i], sum);
            sums[i] = Math.fma(x3, row3[i], sum);
        }
    }

    private static void add(float[] row, float x, float[] sums) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] = Math.fma(x, row[i], sums[i]);
        }
    }

    @Override
    public void raise(float[] maxima, int groups, float[] values, int from, int length) {
        for (int start = 0; start < length; start += groups) {
            int size = Math.min(groups, length - start);
            for (int i = 0; i < size; i++) {
                float value = values[from + start + i];
                if (value > maxima[i]) {
                    maxima[i] = value;
                }
            }
        }
    }

    @Override
    public float kthLargest(float[] values, int size, int k) {
        float[] sorted = Arrays.copyOf(values, size);
        Arrays.sort(sorted);
        return sorted[size - k];
    }

    @Override
    public int collect(float[] values, int from, int length, float threshold, int[] positions) {
        int size = 0;
        for (int i = 0; i < length; i++) {
            if (values[from + i] >= threshold) {
                positions[size++] = i;
            }
        }
        return size;
    }

    @Override
    public int countAtLeast(float[] values, int from, int length, float threshold) {
        int size = 0;
        for (int i = 0; i < length; i++) {
            size += values[from + i] >= threshold ? 1 : 0;
        }
        return size;
    }

    @Override
    public void gate(
            float[] input,
            int inputFrom,
            float[] hidden,
            int hiddenFrom,
            float[] state,
            int first) {
        int size = state.length;
        for (int i = first; i < size; i++) {
            float r = sigmoid(input[inputFrom + i] + hidden[hiddenFrom + i]);
            float z = sigmoid(input[inputFrom + size + i] + hidden[hiddenFrom + size + i]);
            float n =
                    tanh(
                            Math.fma(
                                    r,
                                    hidden[hiddenFrom + 2 * size + i],
                                    input[inputFrom + 2 * size + i]));
            state[i] = Math.fma(z, state[i] - n, n);
        }
    }

    @Override
    public long exercise(int rounds) {
        return 0;
    }

    private static float sigmoid(float x) {
        return 1 / (1 + exponential(-x));
    }

    /** 1 − 2 / (1 + exp(2x)): loses relative, never absolute, accuracy near zero. */
    private static float tanh(float x) {
        return 1 - 2 / (1 + exponential(2 * x));
    }

    /**
     * exp(x) = 2^n · exp(r) with n an integer and |r| at most ln 2 / 2, exp(r) by its Taylor
     * polynomial of degree 7: within 2 units in the last place. Arguments beyond ±87 are taken for
     * ±87; NaN stays NaN. The vector kernel does exactly the same operations, so that both yield
     * the same bits.
     */
    static float exponential(float x) {
        float bounded = Math.max(-Exponential.BOUND, Math.min(Exponential.BOUND, x));
        float rounded = Math.fma(bounded, Exponential.LOG2_E, Exponential.ROUNDER);
        float n = rounded - Exponential.ROUNDER;
        float r = Math.fma(n, -Exponential.LN2_HIGH, bounded);
        r = Math.fma(n, -Exponential.LN2_LOW, r);
        float p = Exponential.C7;
        p = Math.fma(p, r, Exponential.C6);
        p = Math.fma(p, r, Exponential.C5);
        p = Math.fma(p, r, Exponential.C4);
        p = Math.fma(p, r, Exponential.C3);
        p = Math.fma(p, r, Exponential.C2);
        p = Math.fma(p, r, 1);
        p = Math.fma(p, r, 1);
        int exponent = Float.floatToRawIntBits(rounded) << 23;
        return Float.intBitsToFloat(Float.floatToRawIntBits(p) + exponent);
    }
}
