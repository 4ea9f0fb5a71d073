package io.nextclick.models.rating;

import java.util.Arrays;

/**
 * How a session is answered by a model of users: as the vector of a user who took to the session's
 * items, by ridge regression. It is solved in the dual, so that it takes as many equations as the
 * session has items, whatever the length of the vectors: with Z the vectors of T items and t their
 * targets,
 *
 * <pre>
 * query = Zᵀ a,   (Z Zᵀ + ρ I) a = t
 * </pre>
 *
 * An item's score is its bias plus the product of its vector with the query.
 *
 * <p>Immutable and safe for use by several threads. Shapes: V = items, D = dimension, T = items of
 * a session. Cost: T² D / 2 + T³ / 6 multiply-adds a session.
 */
public final class SessionFolding {

    /** Keeps the equations solvable where ρ vanishes beside the products of the vectors. */
    private static final double ROUNDING = 1e-9;

    private final float[] vectors;
    private final float[] biases;
    private final int dimension;
    private final float[] targets;
    private final double ridge;
    private final boolean ridgePerItem;

    /**
     * @param vectors V · D floats
     * @param biases V floats; null for none
     * @param targets V floats: what the product with an item of the session should be
     * @param ridge ρ, above 0
     * @param ridgePerItem whether ρ grows with T
     */
    SessionFolding(
            float[] vectors,
            float[] biases,
            int dimension,
            float[] targets,
            double ridge,
            boolean ridgePerItem) {
        this.vectors = vectors;
        this.biases = biases;
        this.dimension = dimension;
        this.targets = targets;
        this.ridge = ridge;
        this.ridgePerItem = ridgePerItem;
    }

    /** V · D floats, item by item; not a copy. */
    public float[] vectors() {
        return vectors;
    }

    /** V floats, or null for none; not a copy. */
    public float[] biases() {
        return biases;
    }

    /** D. */
    public int dimension() {
        return dimension;
    }

    /**
     * The query of a session.
     *
     * @param session T rows, at least one; an item that occurs twice counts once
     * @param query D floats, overwritten
     */
    public void fold(int[] session, float[] query) {
        int[] items = different(session);
        int size = items.length;
        NormalEquations equations = new NormalEquations(size);
        equations.clear();
        for (int row = 0; row < size; row++) {
            for (int column = 0; column <= row; column++) {
                equations.set(row, column, product(items[row], items[column]));
            }
            double own = product(items[row], items[row]);
            equations.addDiagonal(row, (ridgePerItem ? ridge * size : ridge) + ROUNDING * own);
            equations.addRight(row, targets[items[row]]);
        }
        double[] weights = equations.solve();
        for (int d = 0; d < dimension; d++) {
            double sum = 0;
            for (int i = 0; i < size; i++) {
                sum += weights[i] * vectors[items[i] * dimension + d];
            }
            query[d] = (float) sum;
        }
    }

    private static int[] different(int[] session) {
        return Arrays.stream(session).distinct().toArray();
    }

    private double product(int one, int other) {
        double product = 0;
        for (int d = 0; d < dimension; d++) {
            product += (double) vectors[one * dimension + d] * vectors[other * dimension + d];
        }
        return product;
    }
}
