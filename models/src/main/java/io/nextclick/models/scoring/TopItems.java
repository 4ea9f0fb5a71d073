package io.nextclick.models.scoring;

/**
 * The best items of one query, best first; equal scores are ordered by row, lowest first.
 *
 * @param rows item rows, length {@code k} or the number of eligible items if that is smaller
 * @param scores their scores, same length, descending
 */
@SuppressWarnings("ArrayRecordComponent")
public record TopItems(int[] rows, float[] scores) {

    public int size() {
        return rows.length;
    }
}
