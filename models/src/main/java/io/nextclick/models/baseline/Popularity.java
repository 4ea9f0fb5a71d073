package io.nextclick.models.baseline;

import io.nextclick.models.serving.TopItems;

/**
 * Clicks per item: the same list for every session, the most clicked first, equal counts by row.
 * Immutable.
 */
public final class Popularity {

    private final float[] counts;

    /**
     * @param counts clicks per row
     */
    public Popularity(float[] counts) {
        this.counts = counts.clone();
    }

    /** The {@code k} most clicked items. */
    public TopItems top(int k, int[] excluded) {
        int[] rows =
                java.util.stream.IntStream.range(0, counts.length)
                        .filter(
                                row ->
                                        excluded == null
                                                || java.util.Arrays.stream(excluded)
                                                        .noneMatch(out -> out == row))
                        .boxed()
                        .sorted((a, b) -> Float.compare(counts[b], counts[a]))
                        .limit(k)
                        .mapToInt(Integer::intValue)
                        .toArray();
        float[] scores = new float[rows.length];
        for (int i = 0; i < rows.length; i++) {
            scores[i] = counts[rows[i]];
        }
        return new TopItems(rows, scores);
    }

    /** Clicks of a row. */
    public float count(int row) {
        return counts[row];
    }

    public int size() {
        return counts.length;
    }
}
