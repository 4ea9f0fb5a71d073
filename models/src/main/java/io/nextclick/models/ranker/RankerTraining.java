package io.nextclick.models.ranker;

import java.util.List;
import java.util.SplittableRandom;

/**
 * Trains a ranker on a whole log: the last examples by time choose the number of epochs by their
 * log-loss, then it learns once more from all of them for as many. Each epoch has an order of its
 * own, drawn from the seed.
 *
 * @param epochs the most epochs, at least 1
 * @param validationShare the last share of the examples validates, in [0, 1); with 0 all epochs are
 *     learnt
 * @param patience so many epochs without a better log-loss end the choice, at least 1
 */
public record RankerTraining(int epochs, double validationShare, int patience) {

    public RankerTraining {
        if (epochs < 1) {
            throw new IllegalArgumentException("epochs are " + epochs + ", at least 1 is needed");
        }
        if (!(validationShare >= 0 && validationShare < 1)) {
            throw new IllegalArgumentException(
                    "validation share is " + validationShare + ", it must be in [0, 1)");
        }
        if (patience < 1) {
            throw new IllegalArgumentException(
                    "patience is " + patience + ", at least 1 is needed");
        }
    }

    /** Is told how a training goes on. */
    @FunctionalInterface
    public interface Listener {

        /**
         * @param logLoss of the validation; NaN in the training on all examples
         */
        void epochEnded(int epoch, double logLoss);
    }

    /**
     * What came of a training.
     *
     * @param learner knows all examples
     * @param epochs how many were learnt
     * @param logLoss of the validation after as many epochs; NaN without one
     */
    public record Result(RankerLearner learner, int epochs, double logLoss) {}

    /**
     * @param fields of the feature space; its bins are those of the examples to learn from
     * @param examples in order of time
     * @throws IllegalArgumentException if there is nothing to learn from, or the fields lack one
     *     that the options need
     */
    public Result train(
            List<Field> fields,
            List<RankingExample> examples,
            RankerOptions options,
            Listener listener) {
        int learnt = (int) Math.round(examples.size() * (1 - validationShare));
        if (learnt == 0) {
            throw new IllegalArgumentException(
                    "there is nothing to learn from in " + examples.size() + " examples");
        }
        int best = epochs;
        double lowest = Double.NaN;
        if (learnt < examples.size()) {
            List<RankingExample> training = examples.subList(0, learnt);
            List<RankingExample> validation = examples.subList(learnt, examples.size());
            RankerLearner learner =
                    new RankerLearner(FeatureSpace.learn(fields, training), options);
            Encoded encoded = new Encoded(learner.space(), training);
            best = 0;
            for (int epoch = 1; epoch <= epochs && epoch - best <= patience; epoch++) {
                encoded.learn(learner, epoch);
                double logLoss = logLoss(learner, validation);
                listener.epochEnded(epoch, logLoss);
                if (best == 0 || logLoss < lowest) {
                    best = epoch;
                    lowest = logLoss;
                }
            }
        }
        RankerLearner learner = new RankerLearner(FeatureSpace.learn(fields, examples), options);
        Encoded encoded = new Encoded(learner.space(), examples);
        for (int epoch = 1; epoch <= best; epoch++) {
            encoded.learn(learner, epoch);
            listener.epochEnded(epoch, Double.NaN);
        }
        return new Result(learner, best, lowest);
    }

    /** Examples as features, which takes longer to find out than to learn from. */
    private static final class Encoded {

        private final ActiveFeatures[] features;
        private final boolean[] positive;

        Encoded(FeatureSpace space, List<RankingExample> examples) {
            features = new ActiveFeatures[examples.size()];
            positive = new boolean[features.length];
            ActiveFeatures scratch = new ActiveFeatures();
            for (int i = 0; i < features.length; i++) {
                space.encode(examples.get(i), scratch);
                features[i] = scratch.copy();
                positive[i] = examples.get(i).positive();
            }
        }

        void learn(RankerLearner learner, int epoch) {
            RankerOptions options = learner.options();
            NegativeSampling sampling = new NegativeSampling(options.negativeRate());
            int[] order = new int[features.length];
            int count = 0;
            for (int i = 0; i < features.length; i++) {
                // The same negatives in every epoch: others would be a larger sample.
                if (sampling.keeps(positive[i], options.seed() ^ (i + 1L))) {
                    order[count++] = i;
                }
            }
            SplittableRandom random =
                    new SplittableRandom(FeatureSpace.mixed(options.seed() + 31L * epoch));
            for (int i = count - 1; i >= 0; i--) {
                int other = random.nextInt(i + 1);
                int moved = order[i];
                order[i] = order[other];
                order[other] = moved;
            }
            for (int i = 0; i < count; i++) {
                learner.learn(features[order[i]], positive[order[i]]);
            }
            learner.endBatch();
        }
    }

    private static double logLoss(RankerLearner learner, List<RankingExample> examples) {
        double sum = 0;
        for (RankingExample example : examples) {
            double logOdds = learner.logOdds(example);
            double wrong = example.positive() ? -logOdds : logOdds;
            sum += Math.max(wrong, 0) + Math.log1p(Math.exp(-Math.abs(wrong)));
        }
        return sum / examples.size();
    }
}
