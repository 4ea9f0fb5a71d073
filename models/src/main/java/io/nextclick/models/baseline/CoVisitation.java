package io.nextclick.models.baseline;

import io.nextclick.models.serving.TopItems;
import java.util.Arrays;

/**
 * Items that sessions hold close to each other: for each item its nearest neighbours. Immutable.
 */
public final class CoVisitation {

    private final int[][] neighbours;
    private final float[][] scores;

    CoVisitation(int[][] neighbours, float[][] scores) {
        this.neighbours = neighbours;
        this.scores = scores;
    }

    /** The {@code k} best neighbours of a row, at most as many as are kept. */
    public TopItems neighbours(int row, int k) {
        int size = Math.min(k, neighbours[row].length);
        return new TopItems(Arrays.copyOf(neighbours[row], size), Arrays.copyOf(scores[row], size));
    }
}
