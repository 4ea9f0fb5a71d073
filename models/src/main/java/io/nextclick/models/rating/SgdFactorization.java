package io.nextclick.models.rating;

import io.nextclick.models.rating.Factorization.Parts;
import io.nextclick.models.rating.Factorization.Side;
import io.nextclick.models.scoring.RatingScale;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Learns a {@link Factorization} by stochastic gradient descent on the squared error of one rating
 * after the other, each with its share of the penalty (Koren, Bell and Volinsky 2009).
 *
 * <p>Parallel and deterministic at once: users and items are parted into {@value #BLOCKS} blocks
 * each, and blocks of ratings that share neither are walked side by side, in rounds (Gemulla et al.
 * 2011). What a rating changes depends on the ratings before it alone, on any number of threads.
 */
public final class SgdFactorization {

    private static final int BLOCKS = 8;

    /** Standard deviation of what vectors begin with. */
    private static final double FIRST_DEVIATION = 0.1;

    private SgdFactorization() {}

    /**
     * How it is learnt.
     *
     * @param factors length of the learnt vectors, in [0, 1,000]
     * @param epochs how often each rating is seen, in [1, 10,000]
     * @param learningRate of the first epoch, above 0
     * @param decay what the rate is multiplied by after each epoch, in (0, 1]
     * @param regularization λ of vectors and of what is learnt of known features, a rating
     * @param biasRegularization λ of biases, a rating
     */
    public record Options(
            int factors,
            int epochs,
            double learningRate,
            double decay,
            double regularization,
            double biasRegularization,
            long seed) {

        /** Chosen on a tenth of the training ratings of MovieLens 100K. */
        public static final Options DEFAULTS = new Options(50, 100, 0.01, 0.98, 0.1, 0.02, 1);

        public Options {
            Bounds.require("factors", factors, 0, 1_000);
            Bounds.require("epochs", epochs, 1, 10_000);
            Bounds.requirePositive("learning rate", learningRate);
            Bounds.requirePositive("decay", decay);
            Bounds.require("decay", decay, 0, 1);
            Bounds.requirePositive("regularization", regularization);
            Bounds.require("bias regularization", biasRegularization, 0, 1_000);
        }
    }

    /**
     * Learns from ratings, with the features that they know of.
     *
     * @throws IllegalArgumentException if there are no ratings
     * @throws IllegalStateException if learning diverges
     */
    public static Factorization train(Ratings ratings, Options options) {
        RatingScale scale =
                Scales.measured(ratings, options.seed, part -> new Run(part, options).learnt(null));
        return new Run(ratings, options).learnt(scale);
    }

    private static final class Run {

        private final Ratings ratings;
        private final Options options;
        private final Parts parts;
        private final double mean;
        private final Side users;
        private final Side items;

        /** Per block of users and of items the places of its ratings, and whose they are. */
        private final int[][] places = new int[BLOCKS * BLOCKS][];

        private final int[] userOf;

        Run(Ratings ratings, Options options) {
            this.ratings = ratings;
            this.options = options;
            parts =
                    new Parts(
                            options.factors,
                            ratings.userFeatures().size(),
                            ratings.itemFeatures().size());
            mean = ratings.mean();
            users = Side.zeros(ratings.users(), parts);
            items = Side.zeros(ratings.items().size(), parts);
            SplittableRandom random = new SplittableRandom(options.seed);
            begin(users, ratings.byUser(), random);
            begin(items, ratings.byItem(), random);
            AlsFactorization.copyKnown(ratings, parts, users, items);
            userOf = new int[ratings.size()];
            part();
        }

        /** Whoever has no ratings stays at zero. */
        private void begin(Side side, Ratings.Rows rows, SplittableRandom random) {
            for (int row = 0; row < rows.size(); row++) {
                for (int d = 0; d < parts.factors(); d++) {
                    float value = (float) (FIRST_DEVIATION * random.nextGaussian());
                    side.vectors()[row * parts.dimension() + d] = rows.length(row) > 0 ? value : 0;
                }
            }
        }

        private void part() {
            Ratings.Rows rows = ratings.byUser();
            int[] sizes = new int[places.length];
            for (int user = 0; user < rows.size(); user++) {
                for (int at = rows.starts()[user]; at < rows.starts()[user + 1]; at++) {
                    userOf[at] = user;
                    sizes[block(user, rows.columns()[at])]++;
                }
            }
            Arrays.setAll(places, block -> new int[sizes[block]]);
            for (int at = rows.columns().length - 1; at >= 0; at--) {
                int block = block(userOf[at], rows.columns()[at]);
                places[block][--sizes[block]] = at;
            }
        }

        private static int block(int user, int item) {
            return user % BLOCKS * BLOCKS + item % BLOCKS;
        }

        Factorization learnt(RatingScale scale) {
            double rate = options.learningRate;
            for (int epoch = 0; epoch < options.epochs; epoch++) {
                SplittableRandom random =
                        new SplittableRandom(new SplittableRandom(options.seed).nextLong() + epoch);
                int[] rounds = shuffled(IntStream.range(0, BLOCKS).toArray(), random);
                long seed = random.nextLong();
                for (int round : rounds) {
                    float step = (float) rate;
                    IntStream.range(0, BLOCKS)
                            .parallel()
                            .forEach(
                                    part -> {
                                        int block = part * BLOCKS + (part + round) % BLOCKS;
                                        walk(
                                                shuffled(
                                                        places[block],
                                                        new SplittableRandom(seed + block)),
                                                step);
                                    });
                }
                rate *= options.decay;
            }
            requireFinite(users);
            requireFinite(items);
            return new Factorization(
                    Factorization.SGD,
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

        private static void requireFinite(Side side) {
            for (float value : side.vectors()) {
                if (!Float.isFinite(value)) {
                    throw new IllegalStateException(
                            "learning diverged; a smaller learning rate is needed");
                }
            }
        }

        private static int[] shuffled(int[] numbers, SplittableRandom random) {
            for (int i = numbers.length - 1; i > 0; i--) {
                int other = random.nextInt(i + 1);
                int number = numbers[i];
                numbers[i] = numbers[other];
                numbers[other] = number;
            }
            return numbers;
        }

        private void walk(int[] block, float rate) {
            int[] columns = ratings.byUser().columns();
            float[] values = ratings.byUser().values();
            float penalty = (float) options.regularization;
            float biasPenalty = (float) options.biasRegularization;
            int dimension = parts.dimension();
            float[] userVectors = users.vectors();
            float[] itemVectors = items.vectors();
            for (int at : block) {
                int user = userOf[at];
                int item = columns[at];
                int u = user * dimension;
                int i = item * dimension;
                float product = 0;
                for (int d = 0; d < dimension; d++) {
                    product += userVectors[u + d] * itemVectors[i + d];
                }
                float error =
                        (float) (values[at] - mean)
                                - users.biases()[user]
                                - items.biases()[item]
                                - product;
                users.biases()[user] += rate * (error - biasPenalty * users.biases()[user]);
                items.biases()[item] += rate * (error - biasPenalty * items.biases()[item]);
                for (int d = 0; d < parts.factors(); d++) {
                    float p = userVectors[u + d];
                    float q = itemVectors[i + d];
                    userVectors[u + d] = p + rate * (error * q - penalty * p);
                    itemVectors[i + d] = q + rate * (error * p - penalty * q);
                }
                for (int d = parts.userKnown(); d < parts.itemKnown(); d++) {
                    float w = itemVectors[i + d];
                    itemVectors[i + d] = w + rate * (error * userVectors[u + d] - penalty * w);
                }
                for (int d = parts.itemKnown(); d < dimension; d++) {
                    float v = userVectors[u + d];
                    userVectors[u + d] = v + rate * (error * itemVectors[i + d] - penalty * v);
                }
            }
        }
    }
}
