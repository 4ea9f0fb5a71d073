package io.nextclick.models.rating;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.scoring.RatingScale;
import io.nextclick.models.session.SessionRules;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FactorizationTest {

    private static final SgdFactorization.Options SGD =
            new SgdFactorization.Options(8, 60, 0.03, 0.97, 0.03, 0.01, 1);
    private static final AlsFactorization.Options ALS =
            new AlsFactorization.Options(4, 12, 0.05, 1, 1);

    @TempDir Path folder;

    private static Factorization trained(String kind, Ratings ratings) {
        return switch (kind) {
            case Factorization.SGD -> SgdFactorization.train(ratings, SGD);
            case Factorization.ALS -> AlsFactorization.train(ratings, ALS);
            default -> ImplicitAls.train(ratings, new ImplicitAls.Options(4, 8, 2, 5, 1));
        };
    }

    private static double rmse(Factorization model, List<LoggedClick> test) {
        double squares = 0;
        for (LoggedClick click : test) {
            double score =
                    model.score(model.user(click.userId()), model.vocabulary().row(click.itemId()));
            squares += Math.pow(score - Ratings.rating(click), 2);
        }
        return Math.sqrt(squares / test.size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"mf", "als"})
    void tastesAreFoundAgain(String kind) {
        RatingSplit split = RatingSplit.random(RatedClicks.simulated(150, 120, 0.3, 11), 0.2, 1);
        Factorization model = trained(kind, Ratings.explicit(split.training()));

        // Errors alone come to a bit less than .3, as ratings end at 1 and 5; the mean to over .9.
        assertThat(rmse(model, split.test())).isLessThan(0.42);
        RatingScale scale = model.scale().orElseThrow();
        assertThat(scale.highest()).isEqualTo(5);
        assertThat(scale.deviation()).isCloseTo(rmse(model, split.test()), within(0.06));
    }

    @ParameterizedTest
    @ValueSource(strings = {"mf", "als", "implicit-als"})
    void theResultDoesNotDependOnTheThreads(String kind) throws Exception {
        Ratings ratings = Ratings.explicit(RatedClicks.simulated(40, 30, 0.4, 5));
        Factorization here = trained(kind, ratings);
        ForkJoinPool alone = new ForkJoinPool(1);
        Factorization there;
        try {
            there = alone.submit(() -> trained(kind, ratings)).get();
        } finally {
            alone.shutdown();
        }
        for (int user = 0; user < 40; user++) {
            for (int item = 0; item < 30; item++) {
                assertThat(here.score(user, item)).isEqualTo(there.score(user, item));
            }
        }
    }

    private static float[] floats(Factorization model, String tensor) {
        return ((Tensor.Floats) model.tensors().get(tensor)).values();
    }

    /** At its end the items' side is a minimum: the slopes of the objective are 0. */
    @Test
    void alternatingLeastSquaresEndInAMinimumOfTheItems() {
        List<LoggedClick> clicks = new ArrayList<>();
        RatedClicks.simulated(20, 15, 0.5, 3)
                .forEach(
                        click ->
                                clicks.add(
                                        RatedClicks.rated(
                                                click.userId(),
                                                click.itemId(),
                                                Ratings.rating(click),
                                                "genres",
                                                click.itemId().length() > 2 ? "long" : "short",
                                                "gender",
                                                click.userId().endsWith("1") ? "M" : "F")));
        Ratings ratings = Ratings.explicit(clicks, List.of(), List.of("gender"), List.of("genres"));
        Factorization model = AlsFactorization.train(ratings, ALS);
        float[] vectors = floats(model, Factorization.ITEM_VECTORS);
        float[] biases = floats(model, Factorization.ITEM_BIASES);
        int learnt = 4 + 2;
        int dimension = learnt + 2;
        double here = objective(model, ratings, learnt, dimension);
        for (int item = 0; item < ratings.items().size(); item++) {
            for (int d = 0; d < learnt; d++) {
                assertSlope(
                        vectors,
                        item * dimension + d,
                        () -> objective(model, ratings, learnt, dimension),
                        here);
            }
            assertSlope(biases, item, () -> objective(model, ratings, learnt, dimension), here);
        }
    }

    private static void assertSlope(float[] values, int at, DoubleSupplier objective, double here) {
        float value = values[at];
        float step = 1e-2f;
        values[at] = value + step;
        double above = objective.getAsDouble();
        values[at] = value - step;
        double below = objective.getAsDouble();
        values[at] = value;
        assertThat((above - below) / (2 * step)).isCloseTo(0, within(2e-3));
        assertThat(Math.min(above, below)).isGreaterThan(here - 1e-6);
    }

    private static double objective(
            Factorization model, Ratings ratings, int learnt, int dimension) {
        float[] vectors = floats(model, Factorization.ITEM_VECTORS);
        float[] biases = floats(model, Factorization.ITEM_BIASES);
        Ratings.Rows rows = ratings.byItem();
        double sum = 0;
        for (int item = 0; item < rows.size(); item++) {
            for (int at = rows.starts()[item]; at < rows.starts()[item + 1]; at++) {
                sum += Math.pow(model.score(rows.columns()[at], item) - rows.values()[at], 2);
            }
            for (int d = 0; d < learnt; d++) {
                sum +=
                        ALS.regularization()
                                * rows.length(item)
                                * Math.pow(vectors[item * dimension + d], 2);
            }
            sum += ALS.biasRegularization() * Math.pow(biases[item], 2);
        }
        return sum;
    }

    /** The objective of Hu, Koren and Volinsky over all pairs, written out. */
    @Test
    void implicitAlternatingLeastSquaresEndInAMinimumOfTheItems() {
        List<LoggedClick> clicks = new ArrayList<>(RatedClicks.simulated(20, 15, 0.3, 4));
        clicks.addAll(clicks.subList(0, 30));
        Ratings ratings = Ratings.counts(clicks);
        ImplicitAls.Options options = new ImplicitAls.Options(3, 6, 2, 5, 1);
        Factorization model = ImplicitAls.train(ratings, options);
        float[] vectors = floats(model, Factorization.ITEM_VECTORS);
        double here = implicitObjective(model, ratings, options);
        for (int at = 0; at < vectors.length; at++) {
            assertSlope(vectors, at, () -> implicitObjective(model, ratings, options), here);
        }
    }

    private static double implicitObjective(
            Factorization model, Ratings ratings, ImplicitAls.Options options) {
        double[][] counts = new double[ratings.users()][ratings.items().size()];
        Ratings.Rows rows = ratings.byUser();
        for (int user = 0; user < rows.size(); user++) {
            for (int at = rows.starts()[user]; at < rows.starts()[user + 1]; at++) {
                counts[user][rows.columns()[at]] = rows.values()[at];
            }
        }
        double sum = 0;
        for (int user = 0; user < counts.length; user++) {
            for (int item = 0; item < counts[user].length; item++) {
                double preference = counts[user][item] > 0 ? 1 : 0;
                sum +=
                        (1 + options.confidence() * counts[user][item])
                                * Math.pow(preference - model.score(user, item), 2);
            }
        }
        for (float value : floats(model, Factorization.ITEM_VECTORS)) {
            sum += options.regularization() * value * value;
        }
        return sum;
    }

    @ParameterizedTest
    @ValueSource(strings = {"mf", "als"})
    void whoeverHasNoRatingsGetsTheMean(String kind) {
        List<LoggedClick> clicks = RatedClicks.simulated(40, 30, 0.4, 5);
        Factorization model = trained(kind, Ratings.explicit(clicks));
        double mean = clicks.stream().mapToDouble(Ratings::rating).average().orElseThrow();

        assertThat(model.user("nobody")).isEqualTo(Factorization.UNKNOWN);
        assertThat(model.score(Factorization.UNKNOWN, Factorization.UNKNOWN))
                .isCloseTo(mean, within(1e-6));
        // A good item stays a good item to a user of whom nothing is known, and the other way
        // round.
        float[] itemBiases = floats(model, Factorization.ITEM_BIASES);
        float[] userBiases = floats(model, Factorization.USER_BIASES);
        assertThat(model.score(Factorization.UNKNOWN, 3))
                .isCloseTo(mean + itemBiases[3], within(1e-6));
        assertThat(model.score(2, Factorization.UNKNOWN))
                .isCloseTo(mean + userBiases[2], within(1e-6));
    }

    @ParameterizedTest
    @ValueSource(strings = {"mf", "als"})
    void anUnratedItemIsForetoldByWhatIsKnownOfIt(String kind) {
        List<LoggedClick> clicks = new ArrayList<>();
        for (int user = 0; user < 20; user++) {
            for (int item = 0; item < 20; item++) {
                boolean alike = user % 2 == item % 2;
                clicks.add(
                        RatedClicks.rated(
                                "u" + user,
                                "i" + item,
                                alike ? 5 : 1,
                                "genres",
                                item % 2 == 0 ? "Comedy|Drama" : "War"));
            }
        }
        List<LoggedClick> others =
                List.of(
                        RatedClicks.rated("u0", "new comedy", 1, "genres", "Comedy|Drama"),
                        RatedClicks.rated("u0", "new war", 5, "genres", "War"),
                        RatedClicks.rated("u0", "unheard of", 5));
        Ratings ratings = Ratings.explicit(clicks, others, List.of(), List.of("genres"));
        Factorization model =
                kind.equals("mf")
                        ? SgdFactorization.train(
                                ratings,
                                new SgdFactorization.Options(0, 200, 0.05, 0.98, 1e-3, 0.01, 1))
                        : AlsFactorization.train(
                                ratings, new AlsFactorization.Options(0, 10, 0.01, 1, 1));

        int user = model.user("u0");
        assertThat(model.score(user, model.vocabulary().row("new comedy"))).isGreaterThan(4.5);
        assertThat(model.score(user, model.vocabulary().row("new war"))).isLessThan(1.5);
        assertThat(model.score(user, model.vocabulary().row("unheard of")))
                .isCloseTo(3, within(0.2));
        assertThatThrownBy(() -> Ratings.explicit(clicks, others, List.of("rating"), List.of()))
                .hasMessageContaining("what is to be foretold");
        assertThatThrownBy(() -> Ratings.explicit(clicks, others, List.of("mood"), List.of()))
                .hasMessage("nothing has an attribute 'mood'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mf", "als", "implicit-als"})
    void theFolderHoldsTheModel(String kind) throws Exception {
        List<LoggedClick> clicks = RatedClicks.simulated(40, 30, 0.4, 5);
        Factorization model = trained(kind, Ratings.explicit(clicks));
        model.folder(
                        "1",
                        SessionRules.AS_LOGGED,
                        ClickLog.sessions(clicks, SessionRules.AS_LOGGED),
                        Instant.EPOCH)
                .write(folder.resolve(kind));

        RatingModel read = RatingModel.read(ModelFolder.read(folder.resolve(kind)));

        assertThat(read.kind()).isEqualTo(kind);
        assertThat(read.scale()).isEqualTo(model.scale());
        for (String user : new String[] {"u0", "u39", "nobody"}) {
            for (int item = -1; item < 30; item++) {
                assertThat(read.score(read.user(user), item))
                        .isEqualTo(model.score(model.user(user), item));
            }
        }
    }

    /** The dual of folding in gives what the users' own equations give. */
    @Test
    void aSessionIsFoldedInLikeAUser() {
        Ratings ratings = Ratings.counts(RatedClicks.simulated(40, 30, 0.3, 5));
        ImplicitAls.Options options = new ImplicitAls.Options(4, 8, 2, 5, 1);
        Factorization model = ImplicitAls.train(ratings, options);
        int[] session = {3, 17, 8, 17};
        float[] vectors = floats(model, Factorization.ITEM_VECTORS);
        NormalEquations equations = new NormalEquations(4);
        equations.clear(ImplicitAls.gram(vectors, 4, options.regularization()));
        for (int item : new int[] {3, 17, 8}) {
            double[] vector = new double[4];
            for (int d = 0; d < 4; d++) {
                vector[d] = vectors[item * 4 + d];
            }
            equations.add(vector, options.confidence(), 1 + options.confidence());
        }
        double[] user = equations.solve();

        assertFolds(
                model.folding(),
                session,
                item -> {
                    double score = 0;
                    for (int d = 0; d < 4; d++) {
                        score += user[d] * vectors[item * 4 + d];
                    }
                    return score;
                });
    }

    @Test
    void aSessionOfRatedItemsIsFoldedInAsOnesOwnFavourites() {
        Ratings ratings = Ratings.explicit(RatedClicks.simulated(40, 30, 0.3, 5));
        Factorization model = AlsFactorization.train(ratings, ALS);
        int[] session = {3, 17, 8};
        float[] vectors = floats(model, Factorization.ITEM_VECTORS);
        float[] biases = floats(model, Factorization.ITEM_BIASES);
        double mean = model.score(Factorization.UNKNOWN, Factorization.UNKNOWN);
        NormalEquations equations = new NormalEquations(4);
        for (int item : session) {
            double[] vector = new double[4];
            for (int d = 0; d < 4; d++) {
                vector[d] = vectors[item * 4 + d];
            }
            equations.add(vector, 1, 5 - mean - biases[item]);
        }
        for (int d = 0; d < 4; d++) {
            equations.addDiagonal(d, 3 * ALS.regularization());
        }
        double[] user = equations.solve();

        assertFolds(
                model.folding(),
                session,
                item -> {
                    double score = biases[item];
                    for (int d = 0; d < 4; d++) {
                        score += user[d] * vectors[item * 4 + d];
                    }
                    return score;
                });
    }

    private static void assertFolds(
            SessionFolding folding, int[] session, Function<Integer, Double> expected) {
        float[] query = new float[folding.dimension()];
        folding.fold(session, query);
        for (int item = 0; item < 30; item++) {
            double score = folding.biases() == null ? 0 : folding.biases()[item];
            for (int d = 0; d < query.length; d++) {
                score += query[d] * folding.vectors()[item * query.length + d];
            }
            assertThat(score).isCloseTo(expected.apply(item), within(1e-4));
        }
    }

    @Test
    void ofSeveralRatingsTheLastCountsOfSeveralClicksTheirNumber() {
        List<LoggedClick> clicks =
                List.of(
                        RatedClicks.rated("u", "i", 1),
                        RatedClicks.rated("u", "j", 2),
                        RatedClicks.rated("u", "i", 5));

        assertThat(Ratings.explicit(clicks).byUser().values()).containsExactly(5, 2);
        assertThat(Ratings.counts(clicks).byUser().values()).containsExactly(2, 1);
        assertThat(Ratings.counts(clicks).byItem().columns()).containsExactly(0, 0);
    }

    @Test
    void aClickWithoutARatingIsSaid() {
        List<LoggedClick> clicks = List.of(new LoggedClick(null, "s", "u", "i", 0, Map.of()));

        assertThatThrownBy(() -> Ratings.explicit(clicks))
                .hasMessage("user u clicked item i without a rating");
        assertThatThrownBy(() -> Ratings.explicit(List.of(RatedClicks.rated("u", "i", Double.NaN))))
                .hasMessage("user u clicked item i, rated 'NaN'");
        assertThatThrownBy(() -> SgdFactorization.train(Ratings.explicit(List.of()), SGD))
                .hasMessage("there are no ratings to learn from");
        assertThatThrownBy(() -> new AlsFactorization.Options(4, 0, 1, 1, 1))
                .hasMessage("sweeps is 0.0, it must be in [1.0, 1000.0]");
    }

    @Test
    void aRateThatIsTooLargeIsSaid() {
        Ratings ratings = Ratings.explicit(RatedClicks.simulated(40, 30, 0.4, 5));

        assertThatThrownBy(
                        () ->
                                SgdFactorization.train(
                                        ratings,
                                        new SgdFactorization.Options(8, 50, 5, 1, 0.1, 0, 1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("a smaller learning rate is needed");
    }
}
