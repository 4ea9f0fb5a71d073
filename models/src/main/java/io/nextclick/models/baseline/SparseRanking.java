package io.nextclick.models.baseline;

import io.nextclick.models.scoring.TopItems;
import java.util.Arrays;

/**
 * A ranking of the whole catalogue in which only some items have a score, all of them above 0. The
 * others come below these: in a list by {@link Popularity}, with a score of 0; a target's rank
 * takes them for equal, against the target. Without any scored item everything is ranked by
 * popularity. Equal scores are ordered by row.
 *
 * <p>Room for one session at a time, used again and again. Belongs to one thread.
 */
public final class SparseRanking {

    private final Popularity popularity;
    private int[] rows = new int[256];
    private float[] scores = new float[256];
    private long[] keys = new long[256];
    private int size;

    public SparseRanking(Popularity popularity) {
        this.popularity = popularity;
    }

    public void clear() {
        size = 0;
    }

    /**
     * Scores an item that has no score yet.
     *
     * @param score a score of 0 or less, or NaN, is none
     */
    public void put(int row, float score) {
        if (!(score > 0)) {
            return;
        }
        if (size == rows.length) {
            rows = Arrays.copyOf(rows, 2 * size);
            scores = Arrays.copyOf(scores, 2 * size);
        }
        rows[size] = row;
        scores[size++] = score;
    }

    /**
     * The {@code k} best items.
     *
     * @param excluded rows to leave out, in any order; may be null
     */
    public TopItems top(int k, int[] excluded) {
        if (size == 0) {
            return popularity.top(k, excluded);
        }
        int[] out = Popularity.sorted(excluded);
        if (keys.length < size) {
            keys = new long[rows.length];
        }
        int count = 0;
        for (int i = 0; i < size; i++) {
            if (out == null || Arrays.binarySearch(out, rows[i]) < 0) {
                keys[count++] = RowOrder.key(scores[i], rows[i]);
            }
        }
        int scored = Math.min(k, count);
        RowOrder.select(keys, count, scored);
        Arrays.sort(keys, 0, scored);
        int[] topRows = new int[Math.min(k, popularity.size())];
        float[] topScores = new float[topRows.length];
        for (int i = 0; i < scored; i++) {
            topRows[i] = RowOrder.row(keys[i]);
            topScores[i] = RowOrder.score(keys[i]);
        }
        int length = fill(topRows, scored, out);
        return length == topRows.length
                ? new TopItems(topRows, topScores)
                : new TopItems(Arrays.copyOf(topRows, length), Arrays.copyOf(topScores, length));
    }

    /** Fills a list up by popularity; returns its length, less than its room if items run out. */
    private int fill(int[] list, int length, int[] out) {
        if (length == list.length) {
            return length;
        }
        // Every scored item that isn't excluded is in the list already.
        int[] listed = Arrays.copyOf(list, length);
        Arrays.sort(listed);
        for (int place = 0; place < popularity.size() && length < list.length; place++) {
            int row = popularity.rowAt(place);
            if (Arrays.binarySearch(listed, row) < 0
                    && (out == null || Arrays.binarySearch(out, row) < 0)) {
                list[length++] = row;
            }
        }
        return length;
    }

    /**
     * The target's rank from 0, ties against it.
     *
     * @param excluded rows to leave out, in any order, repeats allowed; may be null
     */
    public int rank(int target, int[] excluded) {
        if (size == 0) {
            return popularity.rank(target, excluded);
        }
        int[] out = Popularity.sorted(excluded);
        float wanted = 0;
        for (int i = 0; i < size; i++) {
            if (rows[i] == target) {
                wanted = scores[i];
                break;
            }
        }
        if (wanted == 0) {
            return popularity.size() - 1 - Popularity.others(out, target);
        }
        int rank = 0;
        for (int i = 0; i < size; i++) {
            if (scores[i] >= wanted
                    && rows[i] != target
                    && (out == null || Arrays.binarySearch(out, rows[i]) < 0)) {
                rank++;
            }
        }
        return rank;
    }
}
