package io.nextclick.models.embedding;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Items or users, and the vectors that a model knows them by. Only directions count here: two are
 * near to each other if the cosine of their vectors is large. How long an item's vector is follows
 * its popularity rather than what it is like. Immutable; safe for use by several threads.
 *
 * <p>Shapes: N = items or users, D = dimension.
 */
public final class Embeddings implements Proximity {

    private final List<String> ids;
    private final int dimension;

    /** [N, D], each of length 1; of length 0 where the model's vector is. */
    private final float[] directions;

    /**
     * @param ids N, in the order of the vectors
     * @param vectors [N, D], not kept
     * @param dimension D
     * @throws IllegalArgumentException if these don't fit, or a value is not finite
     */
    public Embeddings(List<String> ids, float[] vectors, int dimension) {
        if (dimension < 1) {
            throw new IllegalArgumentException("dimension is " + dimension + ", it must be >= 1");
        }
        if (vectors.length != (long) ids.size() * dimension) {
            throw new IllegalArgumentException(
                    "there are "
                            + vectors.length
                            + " values for "
                            + ids.size()
                            + " vectors of dimension "
                            + dimension);
        }
        this.ids = List.copyOf(ids);
        this.dimension = dimension;
        directions = new float[vectors.length];
        for (int row = 0; row < ids.size(); row++) {
            double squares = 0;
            for (int d = row * dimension; d < (row + 1) * dimension; d++) {
                squares += (double) vectors[d] * vectors[d];
            }
            if (!Double.isFinite(squares)) {
                throw new IllegalArgumentException(
                        "the vector of '" + ids.get(row) + "' has a value that is not finite");
            }
            double length = Math.sqrt(squares);
            for (int d = row * dimension; length > 0 && d < (row + 1) * dimension; d++) {
                directions[d] = (float) (vectors[d] / length);
            }
        }
    }

    private Embeddings(int dimension, List<String> ids, float[] directions) {
        this.ids = ids;
        this.dimension = dimension;
        this.directions = directions;
    }

    /** N. */
    @Override
    public int size() {
        return ids.size();
    }

    /** D. */
    public int dimension() {
        return dimension;
    }

    /** Ids in row order, unmodifiable. */
    public List<String> ids() {
        return ids;
    }

    /**
     * Some of these.
     *
     * @param rows which, in the order that they are to have
     */
    public Embeddings only(int[] rows) {
        float[] chosen = new float[Math.multiplyExact(rows.length, dimension)];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(directions, rows[i] * dimension, chosen, i * dimension, dimension);
        }
        return new Embeddings(dimension, Arrays.stream(rows).mapToObj(ids::get).toList(), chosen);
    }

    /** The vectors' directions, a copy: N arrays of D. */
    float[][] directions() {
        return IntStream.range(0, size())
                .mapToObj(
                        row ->
                                Arrays.copyOfRange(
                                        directions, row * dimension, (row + 1) * dimension))
                .toArray(float[][]::new);
    }

    /** Cosines. */
    @Override
    public void from(int point, float[] proximities) {
        int own = point * dimension;
        for (int row = 0; row < proximities.length; row++) {
            int other = row * dimension;
            float sum = 0;
            for (int d = 0; d < dimension; d++) {
                sum = Math.fma(directions[own + d], directions[other + d], sum);
            }
            proximities[row] = sum;
        }
    }
}
