package io.nextclick.models.serving;

import io.nextclick.models.scoring.TopItems;
import java.util.Arrays;

/**
 * Finds the k best of items that are offered in ascending order of their rows.
 *
 * <p>Rows are dealt out to groups, and the best score of each group is kept. The k-th largest of
 * these is a lower bound of the k-th best score, which costs far less to keep up than an order of
 * the items: whoever offers them can leave out all that are below it, for all but adversarial
 * orders the most by far. What is offered collects in a buffer and is put in order at the end, or
 * when the buffer is full.
 */
final class BestItems {

    private static final int SMALLEST_GROUPS = 48;
    private static final int ROOM = 512;

    /**
     * Scores beyond this come out as this. Weights may be finite and large enough that a product
     * isn't; what is recommended has a finite score, also divided by a temperature.
     */
    private static final float LARGEST_SCORE = 1e30f;

    /**
     * New items after which it pays to work out the bound again, or as many as are wanted, if that
     * is more: longer lists take in more, and their bound costs more.
     */
    private static final int PATIENCE = 24;

    private final DenseKernel kernel;
    private long[] keys = new long[0];
    private float[] maxima = new float[0];
    private int k;
    private int groups;
    private int size;
    private int sizeAtBound;
    private boolean foreseen;
    private float bound;
    private float threshold;

    /** The score as a list says it; NaN stays. */
    static float finite(float score) {
        return Math.max(-LARGEST_SCORE, Math.min(LARGEST_SCORE, score));
    }

    BestItems(DenseKernel kernel) {
        this.kernel = kernel;
    }

    /** Forgets everything. */
    void reset(int k) {
        this.k = k;
        // With twice as many groups as items wanted, few of the best share one. A multiple of 16.
        groups = Math.max(SMALLEST_GROUPS, (2 * k + 15) & -16);
        size = 0;
        sizeAtBound = 0;
        foreseen = false;
        bound = Float.NEGATIVE_INFINITY;
        threshold = Float.NEGATIVE_INFINITY;
        if (keys.length < k + ROOM) {
            keys = new long[k + ROOM];
        }
        if (maxima.length < groups) {
            maxima = new float[groups];
        }
        Arrays.fill(maxima, 0, groups, Float.NEGATIVE_INFINITY);
    }

    /**
     * Looks at the scores of the first rows, before those are offered, to begin with a good
     * threshold.
     */
    void foresee(float[] scores, int from, int length) {
        kernel.raise(maxima, groups, scores, from, length);
        tighten();
        foreseen = true;
    }

    /** Scores below this need not be offered. */
    float threshold() {
        return threshold;
    }

    /**
     * Takes the items of some rows.
     *
     * @param positions where they are, counted from {@code firstRow} and in {@code scores} from
     *     {@code from}
     */
    void offer(int firstRow, float[] scores, int from, int[] positions, int count) {
        for (int i = 0; i < count; i++) {
            float score = scores[from + positions[i]];
            if (size == k + ROOM) {
                cut();
            }
            if (score >= threshold) {
                int row = firstRow + positions[i];
                keys[size++] = key(row, score);
                int group = row % groups;
                maxima[group] = Math.max(maxima[group], score);
            }
        }
        if (foreseen) {
            // The bound holds for these items already.
            foreseen = false;
            sizeAtBound = size;
        } else if (size - sizeAtBound >= Math.max(PATIENCE, k)) {
            tighten();
        }
    }

    private void tighten() {
        bound = Math.max(bound, kernel.kthLargest(maxima, groups, k));
        threshold = Math.max(threshold, bound);
        sizeAtBound = size;
    }

    /** Cuts the buffer down to the best k. */
    private void cut() {
        Arrays.sort(keys, 0, size);
        int surplus = size - k;
        System.arraycopy(keys, surplus, keys, 0, k);
        size = k;
        sizeAtBound = k;
        // A later item of the same score has a higher row and loses the tie.
        threshold = Math.max(threshold, Math.nextUp(score(keys[0])));
    }

    TopItems best() {
        int candidates = size <= 2 * k ? size : candidates();
        Arrays.sort(keys, 0, candidates);
        int length = Math.min(k, candidates);
        int[] rows = new int[length];
        float[] scores = new float[length];
        for (int i = 0; i < length; i++) {
            long key = keys[candidates - 1 - i];
            rows[i] = ~(int) key;
            scores[i] = finite(score(key));
        }
        return new TopItems(rows, scores);
    }

    /** Moves the items that are still good enough to the front, and counts them. */
    private int candidates() {
        tighten();
        long lowest = key(-1, bound);
        int candidates = 0;
        for (int i = 0; i < size; i++) {
            long key = keys[i];
            keys[candidates] = key;
            candidates += key >= lowest ? 1 : 0;
        }
        return candidates;
    }

    /**
     * Ascending keys are ascending scores, and descending rows among equal scores. The lowest key
     * of a score has row -1.
     */
    private static long key(int row, float score) {
        // Adding zero makes -0 and 0 equal.
        int bits = Float.floatToRawIntBits(score + 0f);
        int ordered = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
        return (long) ordered << 32 | (~row & 0xFFFF_FFFFL);
    }

    private static float score(long key) {
        int ordered = (int) (key >> 32);
        return Float.intBitsToFloat(ordered ^ ((ordered >> 31) & Integer.MAX_VALUE));
    }
}
