package io.nextclick.jobs.cli;

import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.neuralcf.NeuralCfKind;
import io.nextclick.models.neuralcf.NeuralCfOptions;
import io.nextclick.models.neuralcf.NeuralCfTraining;
import io.nextclick.models.rating.AlsFactorization;
import io.nextclick.models.rating.Factorization;
import io.nextclick.models.rating.HeldOutItems;
import io.nextclick.models.rating.ImplicitAls;
import io.nextclick.models.rating.Neighbourhood;
import io.nextclick.models.rating.RatingModel;
import io.nextclick.models.rating.RatingSplit;
import io.nextclick.models.rating.Ratings;
import io.nextclick.models.rating.SgdFactorization;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.SessionSplit;
import io.nextclick.models.training.TrainedModel;
import io.nextclick.models.training.Trainer;
import io.nextclick.models.training.TrainingListener;
import io.nextclick.models.training.TrainingOptions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * The classic models by name, each with how it learns from one part of a split and is asked about
 * the other. Those that are written to folders are asked as these are served.
 */
final class ClassicModels {

    /** One of them. */
    interface Classic {

        /** Learns from the training part and ranks what is held out. */
        HeldOutItems.Ranks ranks(RatingSplit split, HeldOutItems heldOut, long seed)
                throws ModelFileException;

        /** Learns to foretell ratings; empty for a model that only orders. */
        default Optional<RatingModel> rater(RatingSplit split, long seed) {
            return Optional.empty();
        }

        /** Whether it takes so long that it is only measured when asked for by name. */
        default boolean takesLong() {
            return false;
        }
    }

    private final Map<String, Classic> models = new LinkedHashMap<>();

    /**
     * @param userFeatures attributes of users that mf and als know, too; may be empty
     * @param itemFeatures attributes of items; may be empty
     */
    ClassicModels(List<String> userFeatures, List<String> itemFeatures) {
        CountedModel.KINDS.forEach(kind -> models.put(kind, counted(kind)));
        for (String kind : Neighbourhood.KINDS) {
            models.put(
                    kind,
                    rating(
                            (split, seed) ->
                                    Neighbourhood.train(
                                            kind,
                                            Ratings.explicit(split.training()),
                                            Neighbourhood.Options.DEFAULTS)));
        }
        models.put(
                Factorization.SGD,
                rating((split, seed) -> sgd(Ratings.explicit(split.training()), seed)));
        models.put(
                Factorization.ALS,
                rating((split, seed) -> als(Ratings.explicit(split.training()), seed)));
        if (!userFeatures.isEmpty() || !itemFeatures.isEmpty()) {
            BiFunction<RatingSplit, Long, Ratings> known =
                    (split, seed) ->
                            Ratings.explicit(
                                    split.training(), split.test(), userFeatures, itemFeatures);
            models.put(
                    Factorization.SGD + ", features",
                    rating((split, seed) -> sgd(known.apply(split, seed), seed)));
            models.put(
                    Factorization.ALS + ", features",
                    rating((split, seed) -> als(known.apply(split, seed), seed)));
        }
        models.put(
                Factorization.IMPLICIT_ALS,
                rating((split, seed) -> implicitAls(Ratings.counts(split.training()), seed)));
        for (NeuralCfKind kind : NeuralCfKind.values()) {
            models.put(kind.id(), (split, heldOut, seed) -> neuralCf(kind, split, heldOut, seed));
        }
        for (NetworkKind kind : NetworkKind.values()) {
            models.put(kind.id(), network(kind));
        }
    }

    /** Every model by its name, in the order of the table. */
    Map<String, Classic> all() {
        return new LinkedHashMap<>(models);
    }

    private static Classic rating(BiFunction<RatingSplit, Long, RatingModel> learning) {
        return new Classic() {
            @Override
            public HeldOutItems.Ranks ranks(RatingSplit split, HeldOutItems heldOut, long seed) {
                RatingModel model = learning.apply(split, seed);
                return heldOut.ranks(model, model.vocabulary());
            }

            @Override
            public Optional<RatingModel> rater(RatingSplit split, long seed) {
                RatingModel model = learning.apply(split, seed);
                return model.scale().map(scale -> model);
            }
        };
    }

    private static Factorization sgd(Ratings ratings, long seed) {
        SgdFactorization.Options usual = SgdFactorization.Options.DEFAULTS;
        return SgdFactorization.train(
                ratings,
                new SgdFactorization.Options(
                        usual.factors(),
                        usual.epochs(),
                        usual.learningRate(),
                        usual.decay(),
                        usual.regularization(),
                        usual.biasRegularization(),
                        seed));
    }

    private static Factorization als(Ratings ratings, long seed) {
        AlsFactorization.Options usual = AlsFactorization.Options.DEFAULTS;
        return AlsFactorization.train(
                ratings,
                new AlsFactorization.Options(
                        usual.factors(),
                        usual.sweeps(),
                        usual.regularization(),
                        usual.biasRegularization(),
                        seed));
    }

    private static Factorization implicitAls(Ratings ratings, long seed) {
        ImplicitAls.Options usual = ImplicitAls.Options.DEFAULTS;
        return ImplicitAls.train(
                ratings,
                new ImplicitAls.Options(
                        usual.factors(),
                        usual.sweeps(),
                        usual.regularization(),
                        usual.confidence(),
                        seed));
    }

    /** What is counted needs no users: their training clicks are asked about as sessions. */
    private static Classic counted(String kind) {
        return (split, heldOut, seed) -> {
            CountedModel model =
                    CountedModel.of(
                            kind, ClickLog.sessions(split.training(), SessionRules.AS_LOGGED));
            try (SessionScorer scorer = model.newScorer()) {
                return heldOut.ranks(scorer, model.vocabulary());
            }
        };
    }

    /** Users are asked about by their own vectors. */
    private static HeldOutItems.Ranks neuralCf(
            NeuralCfKind kind, RatingSplit split, HeldOutItems heldOut, long seed)
            throws ModelFileException {
        List<Session> sessions = ClickLog.sessions(split.training(), SessionRules.AS_LOGGED);
        NeuralCfOptions options = NeuralCfOptions.defaults(kind).withSeed(seed);
        ModelFolder folder =
                NeuralCfTraining.train(sessions, options, epoch -> {})
                        .folder("classic", SessionRules.AS_LOGGED, sessions, Instant.EPOCH);
        try (ServableModel model = ServableModels.load(folder)) {
            return heldOut.ranks(model.userScorer().orElseThrow(), model.vocabulary());
        }
    }

    /**
     * A network of sessions reads each user's latest clicks. The last click of each user's training
     * part chooses the number of epochs, and then all are learnt from.
     */
    private static Classic network(NetworkKind kind) {
        return new Classic() {
            @Override
            public HeldOutItems.Ranks ranks(RatingSplit split, HeldOutItems heldOut, long seed)
                    throws ModelFileException {
                List<Session> sessions =
                        ClickLog.sessions(split.training(), SessionRules.AS_LOGGED);
                TrainingOptions options =
                        TrainingOptions.defaults(kind).toBuilder().seed(seed).build();
                TrainingListener nobody = new TrainingListener() {};
                TrainedModel chosen = Trainer.train(withoutLast(sessions), options, nobody);
                ModelFolder folder =
                        Trainer.refit(
                                        sessions,
                                        options,
                                        chosen.epochs(),
                                        chosen.validation(),
                                        nobody)
                                .folder("classic", SessionRules.AS_LOGGED, sessions, Instant.EPOCH);
                try (ServableModel model = ServableModels.load(folder, ComputeDevice.CPU);
                        SessionScorer scorer = model.newScorer()) {
                    return heldOut.ranks(scorer, model.vocabulary());
                }
            }

            @Override
            public boolean takesLong() {
                return true;
            }
        };
    }

    private static SessionSplit withoutLast(List<Session> sessions) {
        List<Session> training = new ArrayList<>(sessions.size());
        List<Session> validation = new ArrayList<>(sessions.size());
        for (Session session : sessions) {
            int last = session.items().size() - 1;
            if (last > 0) {
                training.add(
                        new Session(
                                session.id(),
                                session.startMillis(),
                                session.items().subList(0, last)));
                validation.add(
                        new Session(session.id(), session.startMillis(), session.items(), last));
            }
        }
        return new SessionSplit(training, validation);
    }
}
