package io.nextclick.models.serving;

import java.util.Arrays;

/**
 * Keeps the k best of the items offered to it, which come in ascending order of their rows: a
 * buffer that is cut down to the best k whenever it is full. Each cut yields a threshold below
 * which nothing needs to be offered any more, so that for all but adversarial orders few items get
 * here.
 */
final class BestItems {

    private static final int ROOM = 60;

    private long[] keys = new long[0];
    private int k;
    private int size;
    private float threshold;

    /** Forgets everything. */
    void reset(int k) {
        this.k = k;
        size = 0;
        threshold = Float.NEGATIVE_INFINITY;
        if (keys.length < k + ROOM) {
            keys = new long[k + ROOM];
        }
    }

    /** Scores below this need not be offered. */
    float threshold() {
        return threshold;
    }

    /** Scores below this will not be among the best, as the caller has found out by itself. */
    void raiseThreshold(float bound) {
        threshold = Math.max(threshold, bound);
    }

    void offer(int row, float score) {
        if (score >= threshold) {
            if (size == k + ROOM) {
                cut();
                offer(row, score);
            } else {
                keys[size++] = key(row, score);
            }
        }
    }

    /** Cuts down to the best k, which tightens the threshold if there are as many. */
    void cut() {
        Arrays.sort(keys, 0, size);
        int surplus = size - k;
        if (surplus >= 0) {
            System.arraycopy(keys, surplus, keys, 0, k);
            size = k;
            // A later item of the same score has a higher row and loses the tie.
            threshold = Math.max(threshold, Math.nextUp(score(keys[0])));
        }
    }

    TopItems best() {
        cut();
        int[] rows = new int[size];
        float[] scores = new float[size];
        for (int i = 0; i < size; i++) {
            long key = keys[size - 1 - i];
            rows[i] = ~(int) key;
            scores[i] = score(key);
        }
        return new TopItems(rows, scores);
    }

    /** Ascending keys are ascending scores, and descending rows among equal scores. */
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
