package io.nextclick.jobs.cli;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.rating.AlsFactorization;
import io.nextclick.models.rating.Factorization;
import io.nextclick.models.rating.ImplicitAls;
import io.nextclick.models.rating.Neighbourhood;
import io.nextclick.models.rating.RatingModel;
import io.nextclick.models.rating.RatingSplit;
import io.nextclick.models.rating.Ratings;
import io.nextclick.models.rating.SgdFactorization;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How a model of users and items learns; what is not given is as in the options of the model. */
final class RatingArguments {

    /** Every model of users. */
    static final List<String> KINDS =
            Stream.concat(Factorization.KINDS.stream(), Neighbourhood.KINDS.stream()).toList();

    private static final String FACTORS = "--factors";
    private static final String REGULARIZATION = "--regularization";
    private static final String BIAS_REGULARIZATION = "--bias-regularization";
    private static final String RATE_DECAY = "--rate-decay";
    private static final String CONFIDENCE = "--confidence";
    private static final String USER_FEATURES = "--user-features";
    private static final String ITEM_FEATURES = "--item-features";
    private static final String SIMILARITY = "--similarity";
    private static final String NEAREST = "--nearest";

    /** Of every kind. */
    private static final Set<String> SPLIT =
            Set.of("--test-share", "--split-seed", "--leave-last-out");

    private static final Set<String> OF_NEIGHBOURS =
            Set.of(SIMILARITY, NEAREST, "--neighbours", "--shrinkage");

    private static final Map<String, Set<String>> OPTIONS =
            Map.of(
                    Factorization.SGD,
                    Set.of(
                            FACTORS,
                            REGULARIZATION,
                            BIAS_REGULARIZATION,
                            RATE_DECAY,
                            USER_FEATURES,
                            ITEM_FEATURES,
                            "--epochs",
                            "--learning-rate",
                            "--seed"),
                    Factorization.ALS,
                    Set.of(
                            FACTORS,
                            REGULARIZATION,
                            BIAS_REGULARIZATION,
                            USER_FEATURES,
                            ITEM_FEATURES,
                            "--epochs",
                            "--seed"),
                    Factorization.IMPLICIT_ALS,
                    Set.of(FACTORS, REGULARIZATION, CONFIDENCE, "--epochs", "--seed"),
                    Neighbourhood.OF_USERS,
                    OF_NEIGHBOURS,
                    Neighbourhood.OF_ITEMS,
                    OF_NEIGHBOURS);

    @Option(
            names = FACTORS,
            paramLabel = "N",
            description =
                    "mf, als, implicit-als: length of the learnt vectors; gmf, mlp, neumf: factors of"
                            + " a user, and size of the last layer. Default: 50; 16.")
    private Integer factors;

    @Option(
            names = REGULARIZATION,
            paramLabel = "LAMBDA",
            description =
                    "mf, als: penalty of vectors for each of their ratings; implicit-als: for all; gmf,"
                            + " mlp, neumf: for each example. Default: 0.1, 0.12, 10, 0.003.")
    private Double regularization;

    @Option(
            names = BIAS_REGULARIZATION,
            paramLabel = "LAMBDA",
            description =
                    "mf: penalty of biases for each rating; als: for all, as if so many more ratings"
                            + " were the mean. Default: 0.02, 3.")
    private Double biasRegularization;

    @Option(
            names = RATE_DECAY,
            paramLabel = "FACTOR",
            description = "mf: what the rate is multiplied by after an epoch. Default: 0.98.")
    private Double rateDecay;

    @Option(
            names = CONFIDENCE,
            paramLabel = "ALPHA",
            description = "implicit-als: how much surer one click makes than none. Default: 4.")
    private Double confidence;

    @Option(
            names = USER_FEATURES,
            paramLabel = "ATTRIBUTE",
            split = ",",
            description =
                    "mf, als: attributes of users that are known features, such as age,gender.")
    private List<String> userFeatures;

    @Option(
            names = ITEM_FEATURES,
            paramLabel = "ATTRIBUTE",
            split = ",",
            description = "mf, als: attributes of items that are known features, such as genres.")
    private List<String> itemFeatures;

    @Option(
            names = SIMILARITY,
            description =
                    "user-neighbours, item-neighbours: ${COMPLETION-CANDIDATES}. Default:"
                            + " ADJUSTED_COSINE.")
    private Neighbourhood.Similarity similarity;

    @Option(
            names = NEAREST,
            paramLabel = "K",
            description =
                    "user-neighbours, item-neighbours: how many neighbours foretell a rating."
                            + " Default: 40.")
    private Integer nearest;

    /** As asked for; null if left out. */
    Integer factors() {
        return factors;
    }

    /** As asked for; null if left out. */
    List<String> itemFeatures() {
        return itemFeatures;
    }

    /** As asked for; null if left out. */
    Double regularization() {
        return regularization;
    }

    /** Whether this is an option of the kind. */
    static boolean has(String kind, String option) {
        return SPLIT.contains(option) || OPTIONS.getOrDefault(kind, Set.of()).contains(option);
    }

    /**
     * Trains a model of the kind on the training part.
     *
     * @throws ParameterException if an option is out of bounds, or a click has no rating
     */
    RatingModel train(
            CommandSpec spec,
            String kind,
            RatingSplit split,
            TrainingArguments training,
            CountingArguments counting) {
        List<LoggedClick> clicks = split.training();
        try {
            return switch (kind) {
                case Factorization.SGD -> SgdFactorization.train(rated(split), sgd(training));
                case Factorization.ALS -> AlsFactorization.train(rated(split), als(training));
                case Factorization.IMPLICIT_ALS ->
                        ImplicitAls.train(Ratings.counts(clicks), implicitAls(training));
                default ->
                        Neighbourhood.train(kind, Ratings.explicit(clicks), neighbours(counting));
            };
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** Of what is for testing only the features are known. */
    private Ratings rated(RatingSplit split) {
        boolean knowsFeatures = userFeatures != null || itemFeatures != null;
        return Ratings.explicit(
                split.training(),
                knowsFeatures ? split.test() : List.of(),
                Objects.requireNonNullElse(userFeatures, List.of()),
                Objects.requireNonNullElse(itemFeatures, List.of()));
    }

    private SgdFactorization.Options sgd(TrainingArguments training) {
        SgdFactorization.Options usual = SgdFactorization.Options.DEFAULTS;
        return new SgdFactorization.Options(
                Objects.requireNonNullElse(factors, usual.factors()),
                Objects.requireNonNullElse(training.epochs(), usual.epochs()),
                Objects.requireNonNullElse(training.learningRate(), usual.learningRate()),
                Objects.requireNonNullElse(rateDecay, usual.decay()),
                Objects.requireNonNullElse(regularization, usual.regularization()),
                Objects.requireNonNullElse(biasRegularization, usual.biasRegularization()),
                Objects.requireNonNullElse(training.seed(), usual.seed()));
    }

    private AlsFactorization.Options als(TrainingArguments training) {
        AlsFactorization.Options usual = AlsFactorization.Options.DEFAULTS;
        return new AlsFactorization.Options(
                Objects.requireNonNullElse(factors, usual.factors()),
                Objects.requireNonNullElse(training.epochs(), usual.sweeps()),
                Objects.requireNonNullElse(regularization, usual.regularization()),
                Objects.requireNonNullElse(biasRegularization, usual.biasRegularization()),
                Objects.requireNonNullElse(training.seed(), usual.seed()));
    }

    private ImplicitAls.Options implicitAls(TrainingArguments training) {
        ImplicitAls.Options usual = ImplicitAls.Options.DEFAULTS;
        return new ImplicitAls.Options(
                Objects.requireNonNullElse(factors, usual.factors()),
                Objects.requireNonNullElse(training.epochs(), usual.sweeps()),
                Objects.requireNonNullElse(regularization, usual.regularization()),
                Objects.requireNonNullElse(confidence, usual.confidence()),
                Objects.requireNonNullElse(training.seed(), usual.seed()));
    }

    private Neighbourhood.Options neighbours(CountingArguments counting) {
        Neighbourhood.Options usual = Neighbourhood.Options.DEFAULTS;
        return new Neighbourhood.Options(
                Objects.requireNonNullElse(similarity, usual.similarity()),
                Objects.requireNonNullElse(counting.shrinkage(), usual.shrinkage()),
                Objects.requireNonNullElse(counting.neighbours(), usual.kept()),
                Objects.requireNonNullElse(nearest, usual.nearest()));
    }
}
