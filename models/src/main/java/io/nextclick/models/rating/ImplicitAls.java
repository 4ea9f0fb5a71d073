package io.nextclick.models.rating;

import io.nextclick.models.rating.Factorization.Parts;
import io.nextclick.models.rating.Factorization.Side;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Learns a {@link Factorization} from clicks rather than ratings (Hu, Koren and Volinsky 2008):
 * every user is taken to prefer what they clicked (1) to what they didn't (0), with confidence 1 +
 * α n for an item clicked n times. The squared error over <em>all</em> pairs of users and items is
 * made smaller by turns, solving
 *
 * <pre>
 * (YᵀY + α Σ n_i y_i y_iᵀ + λ I) p_u = Σ (1 + α n_i) y_i
 * </pre>
 *
 * for each user, by Cholesky's method, and the like for each item. Pairs without a click cost
 * nothing: YᵀY is worked out once a turn.
 *
 * <p>Parallel and deterministic: rows are solved independently of each other, and sums are taken in
 * a fixed order.
 */
public final class ImplicitAls {

    private static final int CHUNK = 64;
    private static final double FIRST_DEVIATION = 0.1;

    private ImplicitAls() {}

    /**
     * How it is learnt.
     *
     * @param factors length of the vectors, in [1, 1,000]
     * @param sweeps how often users and items are solved, in [1, 1,000]
     * @param regularization λ, above 0
     * @param confidence α, above 0
     */
    public record Options(
            int factors, int sweeps, double regularization, double confidence, long seed) {

        /** Chosen on the last click but one of each user of MovieLens 100K. */
        public static final Options DEFAULTS = new Options(50, 15, 10, 4, 1);

        public Options {
            Bounds.require("factors", factors, 1, 1_000);
            Bounds.require("sweeps", sweeps, 1, 1_000);
            Bounds.requirePositive("regularization", regularization);
            Bounds.requirePositive("confidence", confidence);
        }
    }

    /**
     * Learns from counts of clicks.
     *
     * @throws IllegalArgumentException if there are none
     */
    public static Factorization train(Ratings clicks, Options options) {
        if (clicks.size() == 0) {
            throw new IllegalArgumentException("there are no clicks to learn from");
        }
        Parts parts = new Parts(options.factors, 0, 0);
        Side users = Side.zeros(clicks.users(), parts);
        Side items = Side.zeros(clicks.items().size(), parts);
        SplittableRandom random = new SplittableRandom(options.seed);
        for (int at = 0; at < items.vectors().length; at++) {
            items.vectors()[at] = (float) (FIRST_DEVIATION * random.nextGaussian());
        }
        for (int sweep = 0; sweep < options.sweeps; sweep++) {
            solve(clicks.byUser(), users.vectors(), items.vectors(), options);
            solve(clicks.byItem(), items.vectors(), users.vectors(), options);
        }
        return new Factorization(
                Factorization.IMPLICIT_ALS,
                clicks.items(),
                clicks.popularity(),
                clicks.userKeys(),
                parts,
                0,
                users,
                items,
                null,
                options.regularization,
                options.confidence);
    }

    private static void solve(Ratings.Rows rows, float[] own, float[] other, Options options) {
        int factors = options.factors;
        double[] gram = gram(other, factors, options.regularization);
        IntStream.range(0, chunks(rows.size()))
                .parallel()
                .forEach(
                        chunk -> {
                            NormalEquations equations = new NormalEquations(factors);
                            double[] terms = new double[factors];
                            int end = Math.min(rows.size(), (chunk + 1) * CHUNK);
                            for (int row = chunk * CHUNK; row < end; row++) {
                                equations.clear(gram);
                                for (int at = rows.starts()[row];
                                        at < rows.starts()[row + 1];
                                        at++) {
                                    int from = rows.columns()[at] * factors;
                                    for (int d = 0; d < factors; d++) {
                                        terms[d] = other[from + d];
                                    }
                                    double weight = options.confidence * rows.values()[at];
                                    equations.add(terms, weight, 1 + weight);
                                }
                                double[] solution = equations.solve();
                                for (int d = 0; d < factors; d++) {
                                    own[row * factors + d] = (float) solution[d];
                                }
                            }
                        });
    }

    private static int chunks(int rows) {
        return (rows + CHUNK - 1) / CHUNK;
    }

    /**
     * YᵀY + λ I.
     *
     * @param vectors Y, row by row
     * @return K × K, lower triangle
     */
    static double[] gram(float[] vectors, int factors, double regularization) {
        int rows = vectors.length / factors;
        List<double[]> parts =
                IntStream.range(0, chunks(rows))
                        .parallel()
                        .mapToObj(
                                chunk -> {
                                    double[] part = new double[factors * factors];
                                    int end = Math.min(rows, (chunk + 1) * CHUNK);
                                    for (int row = chunk * CHUNK; row < end; row++) {
                                        addSquare(vectors, row * factors, factors, part);
                                    }
                                    return part;
                                })
                        .toList();
        double[] gram = new double[factors * factors];
        for (double[] part : parts) {
            Arrays.setAll(gram, i -> gram[i] + part[i]);
        }
        for (int d = 0; d < factors; d++) {
            gram[d * factors + d] += regularization;
        }
        return gram;
    }

    private static void addSquare(float[] vectors, int from, int factors, double[] sum) {
        for (int row = 0; row < factors; row++) {
            double value = vectors[from + row];
            for (int column = 0; column <= row; column++) {
                sum[row * factors + column] += value * vectors[from + column];
            }
        }
    }
}
