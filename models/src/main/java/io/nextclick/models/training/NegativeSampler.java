package io.nextclick.models.training;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Draws items that a batch shares as negatives: with probability {@code uniform} uniformly from the
 * catalogue, otherwise in proportion to clicks^alpha, which sits between uniform (0) and popularity
 * (1). Drawn with replacement.
 */
final class NegativeSampler {

    private final double uniform;
    private final double[] cumulative;

    /**
     * @param counts clicks per item
     * @param alpha exponent of the clicks, in [0, 1]
     * @param uniform share of uniform draws, in [0, 1]
     */
    NegativeSampler(long[] counts, double alpha, double uniform) {
        this.uniform = uniform;
        this.cumulative = new double[counts.length];
        double total = 0;
        for (int i = 0; i < counts.length; i++) {
            total += counts[i] == 0 ? 0 : Math.pow((double) counts[i], alpha);
            cumulative[i] = total;
        }
        if (total == 0) {
            throw new IllegalArgumentException("no item has a click to be sampled by");
        }
        for (int i = 0; i < counts.length; i++) {
            cumulative[i] /= total;
        }
    }

    /** One item. */
    int next(SplittableRandom random) {
        if (uniform > 0 && random.nextDouble() < uniform) {
            return random.nextInt(cumulative.length);
        }
        double point = random.nextDouble();
        int found = Arrays.binarySearch(cumulative, point);
        // A draw falls in (cumulative[i - 1], cumulative[i]]; items of no width are stepped over.
        int row = found >= 0 ? found + 1 : -found - 1;
        return Math.min(row, cumulative.length - 1);
    }

    /** The chance that one draw is this item. */
    double probability(int row) {
        double own = cumulative[row] - (row == 0 ? 0 : cumulative[row - 1]);
        return uniform / cumulative.length + (1 - uniform) * own;
    }
}
