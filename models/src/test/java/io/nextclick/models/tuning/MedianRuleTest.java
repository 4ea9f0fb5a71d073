package io.nextclick.models.tuning;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.models.training.TrainingListener.Epoch;
import io.nextclick.models.training.TrainingListener.Validation;
import io.nextclick.models.training.TrainingOptions;
import io.nextclick.models.tuning.Trial.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MedianRuleTest {

    static List<Epoch> epochs(double... mrr20) {
        return IntStream.rangeClosed(1, mrr20.length)
                .mapToObj(
                        epoch ->
                                new Epoch(
                                        epoch,
                                        1,
                                        new Validation(100, 2 * mrr20[epoch - 1], mrr20[epoch - 1]),
                                        true,
                                        1000,
                                        Duration.ofSeconds(epoch)))
                .toList();
    }

    private static Trial trial(Outcome outcome, int planned, double... mrr20) {
        TrainingOptions options = TrainingOptions.DEFAULTS.toBuilder().epochs(planned).build();
        return new Trial(
                1, Map.of(), options, outcome, "", epochs(mrr20), Instant.EPOCH, Duration.ZERO);
    }

    private static Trial completed(double... mrr20) {
        return trial(Outcome.COMPLETED, mrr20.length, mrr20);
    }

    private static final List<Trial> THREE =
            List.of(
                    completed(.1, .2, .3, .4),
                    completed(.2, .3, .4, .5),
                    completed(.3, .4, .5, .6));

    @Test
    void belowTheMedianIsHopelessAndAtItIsNot() {
        assertThat(MedianRule.verdict(THREE, epochs(.1, .29), 4))
                .hasValue(
                        "MRR@20 0.2900 after 2 of 4 epochs, the median of 3 trials by then is 0.3000");
        assertThat(MedianRule.verdict(THREE, epochs(.1, .3), 4)).isEmpty();
    }

    @Test
    void anEvenNumberHasItsMedianBetweenTheMiddleTwo() {
        List<Trial> four =
                List.of(THREE.get(0), THREE.get(1), THREE.get(2), completed(.4, .5, .6, .7));
        assertThat(MedianRule.verdict(four, epochs(.1, .34), 4)).isPresent();
        assertThat(MedianRule.verdict(four, epochs(.1, .36), 4)).isEmpty();
    }

    @Test
    void theBestEpochSoFarCounts() {
        assertThat(MedianRule.verdict(THREE, epochs(.35, .1), 4)).isEmpty();
    }

    @Test
    void fewTrialsTellNothing() {
        assertThat(MedianRule.verdict(THREE.subList(0, 2), epochs(0, 0), 4)).isEmpty();
    }

    @Test
    void theBeginningIsGraceAndTheEndIsNotGivenUp() {
        assertThat(MedianRule.verdict(THREE, epochs(.0), 5)).isEmpty();
        assertThat(MedianRule.verdict(THREE, epochs(.0), 4)).isPresent();
        assertThat(MedianRule.verdict(THREE, epochs(.0, .0, .0, .0), 4)).isEmpty();
    }

    @Test
    void theSameShareOfTheTrainingIsCompared() {
        // Six of twelve epochs against two of four.
        assertThat(MedianRule.verdict(THREE, epochs(0, 0, 0, 0, 0, .29), 12)).isPresent();
        assertThat(MedianRule.verdict(THREE, epochs(0, 0, 0, 0, 0, .31), 12)).isEmpty();
        // Five of twelve have not passed the second of four.
        assertThat(MedianRule.verdict(THREE, epochs(0, 0, 0, 0, .21), 12)).isEmpty();
    }

    @Test
    void whatEndedByItselfCountsAndWhatWasGivenUpDoesNot() {
        Trial early = trial(Outcome.COMPLETED, 4, .4, .3);
        assertThat(MedianRule.verdict(List.of(early, early, early), epochs(.1, .1, .39), 4))
                .isPresent();
        Trial stopped = trial(Outcome.STOPPED, 4, .4, .3);
        assertThat(MedianRule.verdict(List.of(stopped, stopped, stopped), epochs(.1, .1, .39), 4))
                .isEmpty();
        // Up to where it was stopped it counts.
        assertThat(MedianRule.verdict(List.of(stopped, stopped, stopped), epochs(.1, .39), 4))
                .isPresent();
    }
}
