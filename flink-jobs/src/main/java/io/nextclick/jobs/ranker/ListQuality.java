package io.nextclick.jobs.ranker;

import java.util.Arrays;

/**
 * How well a ranker orders lists that it hasn't learnt from yet, beside how well retrieval ordered
 * them.
 *
 * <p><b>AUC</b> is taken within a list, as the ranker's task is to order one: of all pairs of an
 * item that was clicked and one that wasn't, the share in which the former stands higher, half of a
 * pair if they stand equal; the mean over lists that have both (with equal weights; GAUC of Zhu et
 * al., KDD 2017, weighs them by clicks). <b>Log-loss</b> is the mean of −log p(label) over all
 * items in nats, those that stand for others that were left out weighted accordingly.
 *
 * <p>Each list weighs 1 − 1/window of the next, so that about the last {@code window} count.
 * Immutable, so that gauges may read one while the next is made.
 */
final class ListQuality {

    /** How many sums there are. */
    static final int SUMS = 5;

    private static final int WEIGHT = 0;
    private static final int RANKER = 1;
    private static final int RETRIEVAL = 2;
    private static final int LOSS_WEIGHT = 3;
    private static final int LOSS = 4;

    private final double fading;

    /** Lists with clicked and unclicked items so far, unfaded. */
    private final long lists;

    private final double[] sums;

    /** Of no list. */
    ListQuality(int window) {
        this(window, 0, new double[SUMS]);
    }

    /** As another was, by {@link #lists} and {@link #sums}. */
    ListQuality(int window, long lists, double[] sums) {
        if (sums.length != SUMS) {
            throw new IllegalArgumentException(sums.length + " sums, " + SUMS + " are expected");
        }
        fading = 1 - 1.0 / window;
        this.lists = lists;
        this.sums = sums.clone();
    }

    private ListQuality(double fading, long lists, double[] sums) {
        this.fading = fading;
        this.lists = lists;
        this.sums = sums;
    }

    /**
     * These lists and one more.
     *
     * @param logOdds what the ranker says of its items
     * @param places in the order of retrieval, the lowest first
     * @param clicked which were clicked
     * @param rate the share of the items that weren't clicked that is there, in (0, 1]
     */
    ListQuality with(double[] logOdds, int[] places, boolean[] clicked, double rate) {
        double[] next = sums.clone();
        double loss = 0;
        double weight = 0;
        int positive = 0;
        for (int i = 0; i < clicked.length; i++) {
            double each = clicked[i] ? 1 : 1 / rate;
            loss += each * loss(logOdds[i], clicked[i]);
            weight += each;
            positive += clicked[i] ? 1 : 0;
        }
        next[LOSS] = fading * next[LOSS] + loss;
        next[LOSS_WEIGHT] = fading * next[LOSS_WEIGHT] + weight;
        boolean isMixed = positive > 0 && positive < clicked.length;
        if (isMixed) {
            double[] retrieval = Arrays.stream(places).mapToDouble(place -> -place).toArray();
            next[WEIGHT] = fading * next[WEIGHT] + 1;
            next[RANKER] = fading * next[RANKER] + auc(logOdds, clicked);
            next[RETRIEVAL] = fading * next[RETRIEVAL] + auc(retrieval, clicked);
        }
        return new ListQuality(fading, isMixed ? lists + 1 : lists, next);
    }

    private static double loss(double logOdds, boolean clicked) {
        double wrong = clicked ? -logOdds : logOdds;
        return Math.max(wrong, 0) + Math.log1p(Math.exp(-Math.abs(wrong)));
    }

    private static double auc(double[] scores, boolean[] clicked) {
        double right = 0;
        int pairs = 0;
        for (int i = 0; i < scores.length; i++) {
            for (int j = 0; clicked[i] && j < scores.length; j++) {
                if (!clicked[j]) {
                    right += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
                    pairs++;
                }
            }
        }
        return right / pairs;
    }

    /** Lists with clicked and unclicked items so far. */
    long lists() {
        return lists;
    }

    /** Not a copy. */
    double[] sums() {
        return sums;
    }

    /** Of the ranker; NaN before the first list. */
    double auc() {
        return sums[RANKER] / sums[WEIGHT];
    }

    /** Of the order of retrieval; NaN before the first list. */
    double retrievalAuc() {
        return sums[RETRIEVAL] / sums[WEIGHT];
    }

    /** Of the ranker; NaN before the first list. */
    double logLoss() {
        return sums[LOSS] / sums[LOSS_WEIGHT];
    }

    /** Whether the ranker's order is at least as good as retrieval's. */
    boolean isWorthReleasing(int leastLists) {
        return lists >= leastLists && lists > 0 && sums[RANKER] >= sums[RETRIEVAL];
    }
}
