package io.nextclick.models.rating;

import io.nextclick.models.rating.Factorization.Parts;
import io.nextclick.models.rating.Factorization.Side;
import io.nextclick.models.scoring.RatingScale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Learns a {@link Factorization} by alternating least squares: with the items fixed, a user's
 * vector, bias and weights of known features are the solution of a ridge regression, and the other
 * way round. The penalty of vectors grows with the number of ratings (Zhou, Wilkinson, Schreiber
 * and Pan 2008); that of a bias doesn't, so that few ratings move it little.
 *
 * <p>Parallel and deterministic: rows are solved independently of each other.
 *
 * <p>Cost of a sweep, with K = factors + features + 1: N · K² + (U + V) · K³ / 6 multiply-adds.
 */
public final class AlsFactorization {

    /** Rows that share the room for their equations. */
    private static final int CHUNK = 32;

    private static final double FIRST_DEVIATION = 0.1;

    private AlsFactorization() {}

    /**
     * How it is learnt.
     *
     * @param factors length of the learnt vectors, in [0, 1,000]
     * @param sweeps how often users and items are solved, in [1, 1,000]
     * @param regularization λ of vectors and of what is learnt of known features, a rating
     * @param biasRegularization λ of biases, once: how many ratings at the mean each begins with
     */
    public record Options(
            int factors, int sweeps, double regularization, double biasRegularization, long seed) {

        /** Chosen on a tenth of the training ratings of MovieLens 100K. */
        public static final Options DEFAULTS = new Options(50, 15, 0.12, 3, 1);

        public Options {
            Bounds.require("factors", factors, 0, 1_000);
            Bounds.require("sweeps", sweeps, 1, 1_000);
            Bounds.requirePositive("regularization", regularization);
            Bounds.requirePositive("bias regularization", biasRegularization);
        }
    }

    /**
     * Learns from ratings, with the features that they know of.
     *
     * @throws IllegalArgumentException if there are no ratings
     */
    public static Factorization train(Ratings ratings, Options options) {
        RatingScale scale =
                Scales.measured(ratings, options.seed, part -> learnt(part, options, null));
        return learnt(ratings, options, scale);
    }

    private static Factorization learnt(Ratings ratings, Options options, RatingScale scale) {
        Parts parts =
                new Parts(
                        options.factors,
                        ratings.userFeatures().size(),
                        ratings.itemFeatures().size());
        double mean = ratings.mean();
        Side users = Side.zeros(ratings.users(), parts);
        Side items = Side.zeros(ratings.items().size(), parts);
        copyKnown(ratings, parts, users, items);
        SplittableRandom random = new SplittableRandom(options.seed);
        for (int item = 0; item < ratings.items().size(); item++) {
            for (int d = 0; d < parts.factors(); d++) {
                items.vectors()[item * parts.dimension() + d] =
                        (float) (FIRST_DEVIATION * random.nextGaussian());
            }
        }
        Range ofUser = new Range(parts.userKnown(), parts.userFeatures());
        Range ofItem = new Range(parts.itemKnown(), parts.itemFeatures());
        Solver ofUsers = new Solver(parts, ofItem, ofUser, options, mean);
        Solver ofItems = new Solver(parts, ofUser, ofItem, options, mean);
        for (int sweep = 0; sweep < options.sweeps; sweep++) {
            ofUsers.solve(ratings.byUser(), users, items);
            ofItems.solve(ratings.byItem(), items, users);
        }
        return new Factorization(
                Factorization.ALS,
                ratings.items(),
                ratings.popularity(),
                ratings.userKeys(),
                parts,
                mean,
                users,
                items,
                scale,
                options.regularization,
                0);
    }

    /** Puts what is known into the vectors of users and of items. */
    static void copyKnown(Ratings ratings, Parts parts, Side users, Side items) {
        for (int user = 0; user < ratings.users(); user++) {
            ratings.userFeatures()
                    .copy(user, users.vectors(), user * parts.dimension() + parts.userKnown());
        }
        for (int item = 0; item < ratings.items().size(); item++) {
            ratings.itemFeatures()
                    .copy(item, items.vectors(), item * parts.dimension() + parts.itemKnown());
        }
    }

    /** A part of a vector. */
    private record Range(int from, int length) {}

    /** Solves one side, the other being fixed. */
    private static final class Solver {

        private final Parts parts;

        /** Where the weights are that this side learns of the other's known features. */
        private final Range learnt;

        /** Where this side's own known features are. */
        private final Range known;

        private final Options options;
        private final double mean;

        /** K. */
        private final int unknowns;

        Solver(Parts parts, Range learnt, Range known, Options options, double mean) {
            this.parts = parts;
            this.learnt = learnt;
            this.known = known;
            this.options = options;
            this.mean = mean;
            unknowns = parts.factors() + learnt.length() + 1;
        }

        void solve(Ratings.Rows rows, Side own, Side other) {
            int chunks = (rows.size() + CHUNK - 1) / CHUNK;
            IntStream.range(0, chunks)
                    .parallel()
                    .forEach(
                            chunk -> {
                                NormalEquations equations = new NormalEquations(unknowns);
                                double[] terms = new double[unknowns];
                                int end = Math.min(rows.size(), (chunk + 1) * CHUNK);
                                for (int row = chunk * CHUNK; row < end; row++) {
                                    solve(rows, row, own, other, equations, terms);
                                }
                            });
        }

        private void solve(
                Ratings.Rows rows,
                int row,
                Side own,
                Side other,
                NormalEquations equations,
                double[] terms) {
            int dimension = parts.dimension();
            int to = row * dimension;
            if (rows.length(row) == 0) {
                // Random at first; of whom nothing is known the mean is foretold.
                for (int d = 0; d < parts.factors(); d++) {
                    own.vectors()[to + d] = 0;
                }
                return;
            }
            equations.clear();
            for (int at = rows.starts()[row]; at < rows.starts()[row + 1]; at++) {
                int column = rows.columns()[at];
                int from = column * dimension;
                double target = rows.values()[at] - mean - other.biases()[column];
                for (int d = 0; d < known.length(); d++) {
                    target -=
                            (double) own.vectors()[to + known.from() + d]
                                    * other.vectors()[from + known.from() + d];
                }
                for (int d = 0; d < parts.factors(); d++) {
                    terms[d] = other.vectors()[from + d];
                }
                for (int d = 0; d < learnt.length(); d++) {
                    terms[parts.factors() + d] = other.vectors()[from + learnt.from() + d];
                }
                terms[unknowns - 1] = 1;
                equations.add(terms, 1, target);
            }
            double penalty = options.regularization * rows.length(row);
            for (int d = 0; d < unknowns - 1; d++) {
                equations.addDiagonal(d, penalty);
            }
            equations.addDiagonal(unknowns - 1, options.biasRegularization);
            double[] solution = equations.solve();
            for (int d = 0; d < parts.factors(); d++) {
                own.vectors()[to + d] = (float) solution[d];
            }
            for (int d = 0; d < learnt.length(); d++) {
                own.vectors()[to + learnt.from() + d] = (float) solution[parts.factors() + d];
            }
            own.biases()[row] = (float) solution[unknowns - 1];
        }
    }
}
