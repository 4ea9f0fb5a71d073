package io.nextclick.models.simulation;

import java.util.Arrays;

/**
 * Discrete distributions side by side in two arrays, each drawn from in constant time (A. J.
 * Walker's alias method, built after M. D. Vose, 1991). A distribution is the run of {@code size}
 * entries that begins at {@code start}; the caller keeps both.
 */
final class AliasTables {

    private static final double TWO_TO_32 = 0x1p32;

    private int[] alias = new int[0];

    /** The share of an entry that is its own, in units of 2^-32, unsigned. */
    private int[] own = new int[0];

    private double[] scaled = new double[0];
    private int[] pending = new int[0];

    /** Makes room for {@code entries} in all; what has been built stays. */
    void ensureCapacity(int entries) {
        if (alias.length < entries) {
            int capacity = Math.max(entries, alias.length + alias.length / 2);
            alias = Arrays.copyOf(alias, capacity);
            own = Arrays.copyOf(own, capacity);
        }
    }

    /**
     * Builds the distribution over [0, size) that is proportional to {@code weights}.
     *
     * @param weights read from {@code weights[from]} on; not negative, their sum positive
     */
    void build(int start, int size, double[] weights, int from) {
        ensureCapacity(start + size);
        if (scaled.length < size) {
            scaled = new double[size];
            pending = new int[size];
        }
        double sum = 0;
        for (int i = 0; i < size; i++) {
            sum += weights[from + i];
        }
        // Entries below the average wait at the front of pending, the others at its back.
        int small = 0;
        int large = size;
        for (int i = 0; i < size; i++) {
            scaled[i] = weights[from + i] * size / sum;
            if (scaled[i] < 1) {
                pending[small++] = i;
            } else {
                pending[--large] = i;
            }
        }
        while (small > 0 && large < size) {
            int below = pending[--small];
            int above = pending[large];
            alias[start + below] = above;
            own[start + below] = (int) (long) (scaled[below] * TWO_TO_32);
            scaled[above] -= 1 - scaled[below];
            if (scaled[above] < 1) {
                large++;
                pending[small++] = above;
            }
        }
        // What is left is one up to rounding: its alias is itself, so that its share is of no
        // account.
        while (small > 0) {
            int rest = pending[--small];
            alias[start + rest] = rest;
        }
        while (large < size) {
            int rest = pending[large++];
            alias[start + rest] = rest;
        }
    }

    /**
     * Draws from the distribution at {@code start}.
     *
     * @param bits 64 random bits: the upper half chooses the entry, the lower half between it and
     *     its alias
     * @return a number in [0, size)
     */
    int draw(int start, int size, long bits) {
        int entry = below(size, bits);
        return (bits & 0xFFFF_FFFFL) < Integer.toUnsignedLong(own[start + entry])
                ? entry
                : alias[start + entry];
    }

    /** A number in [0, bound) from the upper 32 bits, uniform up to bound / 2^32. */
    static int below(int bound, long bits) {
        return (int) (((bits >>> 32) * bound) >>> 32);
    }

    /** A number in [0, 1) from the upper 53 bits. */
    static double unit(long bits) {
        return (bits >>> 11) * 0x1p-53;
    }
}
