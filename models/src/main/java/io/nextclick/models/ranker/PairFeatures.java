package io.nextclick.models.ranker;

import java.util.Arrays;

/**
 * The features of all fields of pairs, counted from 0 through all of these fields: what a query and
 * an item have worked out once for each of them.
 */
final class PairFeatures {

    private final int[] indices;
    private final int[] fields;
    private final int[] starts;

    PairFeatures(FeatureSpace space) {
        int[] numbers = space.pairFieldNumbers();
        starts = new int[numbers.length + 1];
        for (int pair = 0; pair < numbers.length; pair++) {
            starts[pair + 1] = starts[pair] + space.width(numbers[pair]);
        }
        indices = new int[starts[numbers.length]];
        fields = new int[indices.length];
        for (int pair = 0; pair < numbers.length; pair++) {
            for (int i = starts[pair]; i < starts[pair + 1]; i++) {
                indices[i] = space.offset(numbers[pair]) + i - starts[pair];
            }
            Arrays.fill(fields, starts[pair], starts[pair + 1], numbers[pair]);
        }
    }

    /** How many there are. */
    int count() {
        return indices.length;
    }

    /** The feature's number in the space. */
    int index(int p) {
        return indices[p];
    }

    /** Its field's number in the space. */
    int field(int p) {
        return fields[p];
    }

    /** The first feature of the n-th field of pairs. */
    int start(int pair) {
        return starts[pair];
    }
}
