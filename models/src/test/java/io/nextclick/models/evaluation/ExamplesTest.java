package io.nextclick.models.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExamplesTest {

    private static final Resampling RESAMPLING = new Resampling(400, 20, 0.95, 7);

    @Test
    void ratingErrorsAreWorkedOutByHand() {
        ExampleReport report =
                new RatedExamples(
                                List.of("a", "a", "b", "c"),
                                new double[] {3.5, 2, 5, 1},
                                new double[] {4, 4, 5, 2})
                        .report(RESAMPLING);

        // Errors −.5, −2, 0, −1: (.25 + 4 + 0 + 1) / 4 and 3.5 / 4.
        assertThat(report.figure("rmse")).isCloseTo(Math.sqrt(5.25 / 4), within(1e-12));
        assertThat(report.figure("mae")).isCloseTo(3.5 / 4, within(1e-12));
        assertThat(report.examples()).isEqualTo(4);
        assertThat(report.groups()).isEqualTo(3);
        // User b alone: no error; user a alone: the root of 2.125.
        assertThat(report.intervals().get("rmse").low()).isZero();
        assertThat(report.intervals().get("rmse").high())
                .isCloseTo(Math.sqrt(2.125), within(1e-12));
        assertThat(report.toTable()).contains("rmse").contains("95 %: 0.0000 – ");
        assertThat(report.toJson().at("/intervals/mae").size()).isEqualTo(2);
    }

    @Test
    void aucAndLogLossAreWorkedOutByHand() {
        // Positives at .5, 2, 2; negatives at −1, 2: of six pairs 3 won, 2 tied, 1 lost.
        ExampleReport report =
                LabelledExamples.ofLogOdds(
                                List.of("a", "b", "a", "b", "a"),
                                new double[] {0.5, -1, 2, 2, 2},
                                new boolean[] {true, false, true, true, false})
                        .report(RESAMPLING);

        assertThat(report.figure("auc")).isCloseTo(4.0 / 6, within(1e-12));
        double loss =
                -(Math.log(sigmoid(0.5))
                                + Math.log(1 - sigmoid(-1))
                                + 2 * Math.log(sigmoid(2))
                                + Math.log(1 - sigmoid(2)))
                        / 5;
        assertThat(report.figure("log_loss")).isCloseTo(loss, within(1e-12));
    }

    private static double sigmoid(double z) {
        return 1 / (1 + Math.exp(-z));
    }

    @Test
    void aucIsTheShareOfPairsWonWhateverTheTies() {
        SplittableRandom random = new SplittableRandom(3);
        int size = 300;
        double[] scores = random.ints(size, 0, 12).asDoubleStream().toArray();
        boolean[] labels = new boolean[size];
        for (int i = 0; i < size; i++) {
            labels[i] = random.nextInt(12) < scores[i];
        }
        double won = 0;
        double pairs = 0;
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                if (labels[i] && !labels[j]) {
                    won += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
                    pairs++;
                }
            }
        }
        List<String> users = IntStream.range(0, size).mapToObj(i -> "u" + i / 5).toList();
        ExampleReport report = LabelledExamples.ofScores(users, scores, labels).report(RESAMPLING);

        assertThat(report.figure("auc")).isCloseTo(won / pairs, within(1e-12));
        assertThat(report.intervals().get("auc").contains(won / pairs)).isTrue();
        assertThat(report.figures()).doesNotContainKey("log_loss");
        assertThatThrownBy(() -> report.figure("log_loss"))
                .hasMessage("no figure 'log_loss', there are [auc]");
    }

    @Test
    void certaintyCostsNothingIfItIsRightAndEverythingIfNot() {
        List<String> users = List.of("a", "b");
        double[] certain = {1_000, Double.NEGATIVE_INFINITY};
        assertThat(
                        LabelledExamples.ofLogOdds(users, certain, new boolean[] {true, false})
                                .report(RESAMPLING)
                                .figure("log_loss"))
                .isZero();
        assertThat(
                        LabelledExamples.ofLogOdds(users, certain, new boolean[] {false, false})
                                .report(RESAMPLING)
                                .figure("log_loss"))
                .isEqualTo(500);
    }

    @Test
    void examplesOfOneLabelHaveNoAuc() {
        ExampleReport report =
                LabelledExamples.ofLogOdds(
                                List.of("a", "b"), new double[] {1, 2}, new boolean[] {true, true})
                        .report(RESAMPLING);

        assertThat(report.figures()).containsOnlyKeys("log_loss");
    }

    @Test
    void intervalsGrowWithWhatUsersHaveInCommon() {
        // The same errors; in one log each user's are alike.
        SplittableRandom random = new SplittableRandom(5);
        int size = 2_000;
        double[] given = new double[size];
        double[] foretold = new double[size];
        for (int i = 0; i < size; i++) {
            foretold[i] = i % 20 == 0 ? random.nextDouble(4) : foretold[i - 1];
        }
        List<String> alike = IntStream.range(0, size).mapToObj(i -> "u" + i / 20).toList();
        List<String> apart = IntStream.range(0, size).mapToObj(i -> "u" + i).toList();

        assertThat(width(alike, foretold, given)).isGreaterThan(2 * width(apart, foretold, given));
    }

    private static double width(List<String> users, double[] foretold, double[] given) {
        Interval interval =
                new RatedExamples(users, foretold, given).report(RESAMPLING).intervals().get("mae");
        return interval.high() - interval.low();
    }

    @Test
    void theIntervalOfAMeanIsStudents() {
        // Mean 3, standard error √(2.5 / 5), and 2.776445 is t's quantile of four degrees.
        Interval interval = Interval.ofMean(0.95, 1, 2, 3, 4, 5);
        assertThat(interval.high()).isCloseTo(3 + 2.776445 * Math.sqrt(0.5), within(1e-5));
        assertThat(interval.low()).isCloseTo(3 - 2.776445 * Math.sqrt(0.5), within(1e-5));
        assertThat(Interval.ofMean(0.95, 2, 2)).isEqualTo(new Interval(2, 2));
        assertThatThrownBy(() -> Interval.ofMean(0.95, 2)).hasMessage("one number has no interval");
    }

    @Test
    void whatDoesNotFitIsRefused() {
        List<String> two = Collections.nCopies(2, "a");
        assertThatThrownBy(() -> new RatedExamples(two, new double[2], new double[3]))
                .hasMessage("2 examples with 3 given ratings");
        assertThatThrownBy(
                        () ->
                                new RatedExamples(
                                        two, new double[] {1, Double.NaN}, new double[] {1, 2}))
                .hasMessage("example 1: NaN foretold, 2.0 given");
        assertThatThrownBy(
                        () ->
                                LabelledExamples.ofScores(
                                        two, new double[] {1, Double.NaN}, new boolean[2]))
                .hasMessage("the score of example 1 is NaN");
    }
}
