package io.nextclick.models.embedding;

import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * How far a map's neighbourhoods are those of the space that it shows (Venna and Kaski,
 * "Neighborhood preservation in nonlinear projection methods", ICANN 2001). With N points, r(i, j)
 * the rank of j among the points nearest to i, from 1, and U_k(i) those that are among the k
 * nearest of i on the one side but not on the other,
 *
 * <pre>1 − 2 / (N k (2 N − 3 k − 1)) · Σ_i Σ_{j ∈ U_k(i)} (r(i, j) − k)</pre>
 *
 * is 1 if both have the same neighbourhoods and 0 if they are as wrong as can be; points laid down
 * at random get about a half.
 *
 * @param neighbours k
 * @param trustworthiness with U_k(i) near on the map only, and ranks in the space: what is seen
 *     together belongs together
 * @param continuity with U_k(i) near in the space only, and ranks on the map: what belongs together
 *     is seen together
 */
public record NeighbourPreservation(int neighbours, double trustworthiness, double continuity) {

    /**
     * Compares a map with the space that it shows. Cost: N² proximities of each and about 2 k N²
     * comparisons, spread over the common pool; the result doesn't depend on how many threads that
     * has.
     *
     * @param neighbours k, below N / 2: the scale of both figures holds up to there
     * @throws IllegalArgumentException if the two have not the same number of points, or k is out
     *     of its bounds
     */
    public static NeighbourPreservation of(Proximity space, Proximity map, int neighbours) {
        int size = space.size();
        if (map.size() != size) {
            throw new IllegalArgumentException(
                    "the map has " + map.size() + " points, the space " + size);
        }
        if (neighbours < 1 || 2 * neighbours >= size) {
            throw new IllegalArgumentException(
                    "neighbours are "
                            + neighbours
                            + ", they must be at least 1 and fewer than half of the "
                            + size
                            + " points");
        }
        double scale = 2.0 / ((double) size * neighbours * (2.0 * size - 3.0 * neighbours - 1));
        return new NeighbourPreservation(
                neighbours,
                1 - scale * summed(size, point -> excess(space, map, point, neighbours)),
                1 - scale * summed(size, point -> excess(map, space, point, neighbours)));
    }

    /** Whole numbers, whose sum doesn't depend on their order. */
    private static long summed(int size, ToLongFunction<Integer> excess) {
        return IntStream.range(0, size).parallel().mapToLong(excess::applyAsLong).sum();
    }

    /** By how much the ranks of a point's neighbours elsewhere exceed k where it counts. */
    private static long excess(Proximity ranked, Proximity elsewhere, int point, int neighbours) {
        float[] proximities = new float[ranked.size()];
        elsewhere.from(point, proximities);
        int[] near = Neighbours.nearest(proximities, point, neighbours);
        ranked.from(point, proximities);
        long excess = 0;
        for (int row : near) {
            excess += Math.max(0, rank(proximities, point, row) - neighbours);
        }
        return excess;
    }

    /** The rank of a row among all but the point, from 1. */
    private static int rank(float[] proximities, int point, int row) {
        float own = proximities[row];
        int rank = 1;
        for (int other = 0; other < proximities.length; other++) {
            if (other != point
                    && (proximities[other] > own || (proximities[other] == own && other < row))) {
                rank++;
            }
        }
        return rank;
    }
}
