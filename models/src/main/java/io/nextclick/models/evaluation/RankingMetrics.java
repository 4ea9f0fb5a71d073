package io.nextclick.models.evaluation;

import java.util.Arrays;

/**
 * How well ranked lists foresaw their one target each, at any number of list lengths ("cut-offs"):
 *
 * <ul>
 *   <li>HR@k, hit rate: the share of targets in the first k. With one target a list it is also
 *       Recall@k.
 *   <li>MRR@k: the mean of 1/place, 0 beyond place k (places count from 1).
 *   <li>NDCG@k: the mean of 1/log2(place + 1), 0 beyond place k; with one target the ideal is 1.
 * </ul>
 *
 * <p>Takes O(cut-offs) a rank and keeps no ranks. Not safe for use by several threads.
 */
public final class RankingMetrics {

    /** The rank of a target that is in no list, such as an item the model does not know. */
    public static final int MISS = Integer.MAX_VALUE;

    private static final double LOG_2 = Math.log(2);

    private final int[] cutoffs;
    private final long[] hits;
    private final double[] reciprocals;
    private final double[] gains;
    private long predictions;

    /**
     * @param cutoffs list lengths, each at least 1, no two equal
     */
    public RankingMetrics(int... cutoffs) {
        this.cutoffs = cutoffs.clone();
        Arrays.sort(this.cutoffs);
        for (int i = 0; i < cutoffs.length; i++) {
            if (this.cutoffs[i] < 1 || (i > 0 && this.cutoffs[i] == this.cutoffs[i - 1])) {
                throw new IllegalArgumentException(
                        "cut-offs are "
                                + Arrays.toString(cutoffs)
                                + ", they must be 1 or more and all different");
            }
        }
        if (cutoffs.length == 0) {
            throw new IllegalArgumentException("no cut-off is given");
        }
        hits = new long[cutoffs.length];
        reciprocals = new double[cutoffs.length];
        gains = new double[cutoffs.length];
    }

    /**
     * Counts one prediction.
     *
     * @param rank the target's rank from 0, or {@link #MISS}
     */
    public void add(int rank) {
        if (rank < 0) {
            throw new IllegalArgumentException("rank is " + rank + ", it must be 0 or more");
        }
        predictions++;
        for (int i = cutoffs.length - 1; i >= 0 && rank < cutoffs[i]; i--) {
            hits[i]++;
            reciprocals[i] += 1.0 / (rank + 1);
            gains[i] += LOG_2 / Math.log(rank + 2.0);
        }
    }

    /** Number of predictions counted. */
    public long predictions() {
        return predictions;
    }

    /** The list lengths, ascending. */
    public int[] cutoffs() {
        return cutoffs.clone();
    }

    /** HR@k, in [0, 1]; 0 before anything is counted, like all of them. */
    public double hitRate(int cutoff) {
        return mean((double) hits[index(cutoff)]);
    }

    /** Recall@k: with one target a list it equals {@link #hitRate}. */
    public double recall(int cutoff) {
        return hitRate(cutoff);
    }

    /** MRR@k, in [0, 1]. */
    public double reciprocalRank(int cutoff) {
        return mean(reciprocals[index(cutoff)]);
    }

    /** NDCG@k, in [0, 1]. */
    public double ndcg(int cutoff) {
        return mean(gains[index(cutoff)]);
    }

    private double mean(double sum) {
        return predictions == 0 ? 0 : sum / predictions;
    }

    private int index(int cutoff) {
        int index = Arrays.binarySearch(cutoffs, cutoff);
        if (index < 0) {
            throw new IllegalArgumentException(
                    "cut-off " + cutoff + " is not among " + Arrays.toString(cutoffs));
        }
        return index;
    }
}
