package io.nextclick.models.embedding;

import java.util.stream.IntStream;

/**
 * The nearest points of each point, found by comparing all with all.
 *
 * <p>Shapes: N = points, K = neighbours of each. Cost: N² proximities and comparisons, spread over
 * the common pool; the result doesn't depend on how many threads that has.
 *
 * @param rows N lists of K, nearest first, never the point itself
 * @param proximities how near they are
 */
@SuppressWarnings("ArrayRecordComponent")
public record Neighbours(int[][] rows, float[][] proximities) {

    /**
     * Searches a space.
     *
     * @param most K; fewer where there are not so many other points
     */
    public static Neighbours in(Proximity space, int most) {
        if (most < 1) {
            throw new IllegalArgumentException("neighbours are " + most + ", it must be >= 1");
        }
        int size = space.size();
        int[][] rows = new int[size][];
        float[][] proximities = new float[size][];
        IntStream.range(0, size)
                .parallel()
                .forEach(
                        point -> {
                            float[] all = new float[size];
                            space.from(point, all);
                            rows[point] = nearest(all, point, Math.min(most, size - 1));
                            proximities[point] = new float[rows[point].length];
                            for (int i = 0; i < rows[point].length; i++) {
                                proximities[point][i] = all[rows[point][i]];
                            }
                        });
        return new Neighbours(rows, proximities);
    }

    /** The rows of the largest proximities but the point's own, by insertion. */
    static int[] nearest(float[] proximities, int point, int most) {
        int[] best = new int[most];
        int found = 0;
        for (int row = 0; row < proximities.length; row++) {
            boolean full = found == most;
            if (row == point || (full && !nearer(proximities, row, best, most - 1))) {
                continue;
            }
            int place = full ? most - 1 : found++;
            while (place > 0 && nearer(proximities, row, best, place - 1)) {
                best[place] = best[place - 1];
                place--;
            }
            best[place] = row;
        }
        return best;
    }

    /** Whether a row comes before that in a place; rows are offered in their order. */
    private static boolean nearer(float[] proximities, int row, int[] best, int place) {
        return place >= 0 && proximities[row] > proximities[best[place]];
    }
}
