package io.nextclick.models.rating;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.rating.Neighbourhood.Options;
import io.nextclick.models.rating.Neighbourhood.Similarity;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.session.SessionRules;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NeighbourhoodTest {

    /**
     *
     *
     * <pre>
     *      x  y  z
     *  a   5  1  4
     *  b   5  2  -
     *  c   1  5  2
     * </pre>
     *
     * Mean 25/8. Biases of items: sums above it of three ratings, 1.625, −1.375 and, of two, −.25,
     * by 13, 13 and 12.
     */
    private static final List<LoggedClick> CLICKS =
            List.of(
                    RatedClicks.rated("a", "x", 5),
                    RatedClicks.rated("a", "y", 1),
                    RatedClicks.rated("a", "z", 4),
                    RatedClicks.rated("b", "x", 5),
                    RatedClicks.rated("b", "y", 2),
                    RatedClicks.rated("c", "x", 1),
                    RatedClicks.rated("c", "y", 5),
                    RatedClicks.rated("c", "z", 2));

    private static final double MEAN = 25.0 / 8;
    private static final double[] ITEMS = {1.625 / 13, -1.375 / 13, -0.25 / 12};
    private static final double[][] RATED = {{5, 1, 4}, {5, 2, Double.NaN}, {1, 5, 2}};

    @TempDir Path folder;

    private static double userBias(int user) {
        double sum = 0;
        int count = 0;
        for (int item = 0; item < 3; item++) {
            if (!Double.isNaN(RATED[user][item])) {
                sum += RATED[user][item] - MEAN - ITEMS[item];
                count++;
            }
        }
        return sum / (count + 10);
    }

    private static double mean(int user, int item) {
        return MEAN + userBias(user) + ITEMS[item];
    }

    @Test
    void aRatingIsForetoldFromSimilarUsers() {
        Neighbourhood model =
                Neighbourhood.train(
                        Neighbourhood.OF_USERS,
                        Ratings.explicit(CLICKS),
                        new Options(Similarity.PEARSON, 2, 10, 5));

        // Of two points the correlation is 1 or −1: b is like a, shrunk to 2/(2 + 2), unlike c.
        double expected = mean(1, 2) + (4 - mean(0, 2));
        assertThat(model.score(1, 2)).isCloseTo(expected, within(1e-5));
        float[] similarities =
                ((Tensor.Floats) model.tensors().get(Neighbourhood.SIMILARITIES)).values();
        assertThat(similarities).containsExactly(0.5f, 0.5f);
    }

    @Test
    void aRatingIsForetoldFromSimilarItems() {
        Neighbourhood model =
                Neighbourhood.train(
                        Neighbourhood.OF_ITEMS,
                        Ratings.explicit(CLICKS),
                        new Options(Similarity.COSINE, 0, 10, 5));

        // Cosines of whole columns: z with x (5·4 + 1·2) / √(51·20), with y (1·4 + 5·2) / √(30·20).
        double x = 22 / Math.sqrt(51.0 * 20);
        double y = 14 / Math.sqrt(30.0 * 20);
        double expected = mean(1, 2) + (x * (5 - mean(1, 0)) + y * (2 - mean(1, 1))) / (x + y);
        assertThat(model.score(1, 2)).isCloseTo(expected, within(1e-5));
        Neighbourhood nearest =
                Neighbourhood.train(
                        Neighbourhood.OF_ITEMS,
                        Ratings.explicit(CLICKS),
                        new Options(Similarity.COSINE, 0, 10, 1));
        assertThat(nearest.score(1, 2)).isCloseTo(mean(1, 2) + 5 - mean(1, 0), within(1e-5));
    }

    @Test
    void adjustedCosinesAreOfWhatExceedsTheMean() {
        Neighbourhood model =
                Neighbourhood.train(
                        Neighbourhood.OF_ITEMS,
                        Ratings.explicit(CLICKS),
                        new Options(Similarity.ADJUSTED_COSINE, 0, 10, 5));

        // x and y go against each other; x and z together.
        double product = 0;
        double[] squares = new double[2];
        for (int user = 0; user < 3; user++) {
            double x = RATED[user][0] - mean(user, 0);
            squares[0] += x * x;
            if (user != 1) {
                double z = RATED[user][2] - mean(user, 2);
                product += x * z;
                squares[1] += z * z;
            }
        }
        int[] neighbours = ((Tensor.Ints) model.tensors().get(Neighbourhood.NEIGHBOURS)).values();
        float[] similarities =
                ((Tensor.Floats) model.tensors().get(Neighbourhood.SIMILARITIES)).values();
        assertThat(neighbours).containsExactly(2, 0);
        assertThat((double) similarities[0])
                .isCloseTo(product / Math.sqrt(squares[0] * squares[1]), within(1e-5));
    }

    @ParameterizedTest
    @ValueSource(strings = {"user-neighbours", "item-neighbours"})
    void whoeverHasNoRatingsGetsTheMean(String kind) {
        Neighbourhood model = Neighbourhood.train(kind, Ratings.explicit(CLICKS), Options.DEFAULTS);

        assertThat(model.score(model.user("nobody"), Neighbourhood.UNKNOWN)).isEqualTo(MEAN);
        assertThat(model.score(Neighbourhood.UNKNOWN, 0)).isCloseTo(MEAN + ITEMS[0], within(1e-6));
        assertThat(model.score(1, Neighbourhood.UNKNOWN))
                .isCloseTo(MEAN + userBias(1), within(1e-6));
    }

    @ParameterizedTest
    @ValueSource(strings = {"user-neighbours", "item-neighbours"})
    void tastesAreFoundAgain(String kind) {
        RatingSplit split = RatingSplit.random(RatedClicks.simulated(200, 100, 0.4, 2), 0.2, 1);
        Neighbourhood model =
                Neighbourhood.train(
                        kind,
                        Ratings.explicit(split.training()),
                        new Options(Similarity.PEARSON, 10, 200, 20));
        double squares = 0;
        double ofMeans = 0;
        for (LoggedClick click : split.test()) {
            int user = model.user(click.userId());
            int item = model.vocabulary().row(click.itemId());
            double means =
                    model.score(user, Neighbourhood.UNKNOWN)
                            + model.score(Neighbourhood.UNKNOWN, item)
                            - model.score(Neighbourhood.UNKNOWN, Neighbourhood.UNKNOWN);
            squares += Math.pow(model.score(user, item) - Ratings.rating(click), 2);
            ofMeans += Math.pow(means - Ratings.rating(click), 2);
        }
        assertThat(Math.sqrt(squares)).isLessThan(0.75 * Math.sqrt(ofMeans));
    }

    @ParameterizedTest
    @ValueSource(strings = {"user-neighbours", "item-neighbours"})
    void theFolderHoldsTheModel(String kind) throws Exception {
        List<LoggedClick> clicks = RatedClicks.simulated(30, 20, 0.5, 2);
        Neighbourhood model = Neighbourhood.train(kind, Ratings.explicit(clicks), Options.DEFAULTS);
        SessionRules rules = SessionRules.AS_LOGGED;
        model.folder("1", rules, ClickLog.sessions(clicks, rules), Instant.EPOCH)
                .write(folder.resolve("model"));

        RatingModel read = RatingModel.read(ModelFolder.read(folder.resolve("model")));

        assertThat(read.kind()).isEqualTo(kind);
        assertThat(read.scale()).isEqualTo(model.scale());
        for (int user = 0; user < 30; user++) {
            for (int item = 0; item < 20; item++) {
                assertThat(read.score(user, item)).isEqualTo(model.score(user, item));
            }
        }
    }

    /** Two camps that never rate the same items. */
    @ParameterizedTest
    @ValueSource(strings = {"user-neighbours", "item-neighbours"})
    void aSessionIsAnsweredFromItsOwnCamp(String kind) {
        List<LoggedClick> clicks = new ArrayList<>();
        for (int user = 0; user < 20; user++) {
            for (int item = 0; item < 5; item++) {
                if ((user + item) % 7 != 0) {
                    clicks.add(
                            RatedClicks.rated(
                                    "u" + user,
                                    (user % 2 == 0 ? "even" : "odd") + item,
                                    (user * 3 + item * 5) % 4 + 1));
                }
            }
        }
        Neighbourhood model =
                Neighbourhood.train(
                        kind, Ratings.explicit(clicks), new Options(Similarity.COSINE, 0, 100, 10));
        try (EncodingScorer scorer = model.newScorer(10)) {
            int[][] session = {{model.vocabulary().row("odd1"), model.vocabulary().row("odd2")}};
            int[] rows = scorer.rank(session, 1, 3, session)[0].rows();
            assertThat(Arrays.stream(rows).mapToObj(model.vocabulary()::item))
                    .allMatch(item -> item.startsWith("odd"));
            int best = scorer.ranksOf(session, 1, new int[] {rows[0]}, session)[0];
            assertThat(best).isZero();
        }
    }
}
