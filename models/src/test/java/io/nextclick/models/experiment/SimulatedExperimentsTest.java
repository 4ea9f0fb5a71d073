package io.nextclick.models.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.nextclick.models.experiment.SimulatedExperiments.Calibration;
import io.nextclick.models.experiment.SimulatedExperiments.Check;
import io.nextclick.models.experiment.SimulatedExperiments.Detection;
import java.util.EnumSet;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A small one of each; {@code bench experiments} runs a thousand. */
class SimulatedExperimentsTest {

    private static final SequentialTest TEST = new SequentialTest(0.95, 1_000, 100);
    private static final SimulatedExperiments SMALL =
            new SimulatedExperiments(1_000, 100, 2, 1, TEST);

    @Test
    void testsLookedAtOnceAndTheSequentialOnesKeepTheirRateAndPeekingDoesNot() {
        int experiments = 200;
        AtomicLong done = new AtomicLong();
        Calibration calibration =
                SMALL.calibrate(experiments, count -> done.accumulateAndGet(count, Math::max));
        assertThat(done.get()).isEqualTo(experiments);
        // Ten of 200 are expected; four standard deviations.
        EnumSet<Check> once = EnumSet.range(Check.WELCH, Check.CHI_SQUARE);
        once.forEach(
                check ->
                        assertThat(calibration.found().get(check))
                                .as("%s", check)
                                .isBetween(1, 22));
        EnumSet.range(Check.SEQUENTIAL, Check.GUARD)
                .forEach(
                        check ->
                                assertThat(calibration.found().get(check))
                                        .as("%s", check)
                                        .isLessThanOrEqualTo(16));
        EnumSet.range(Check.PEEKED_WELCH, Check.PEEKED_CHI_SQUARE)
                .forEach(
                        check ->
                                assertThat(calibration.interval(check).low())
                                        .as("%s", check)
                                        .isGreaterThan(0.07));
    }

    @Test
    void interleavingFindsAKnownDifferenceWithFewerSessions() {
        Detection detection =
                new SimulatedExperiments(2_000, 50, 2, 1, TEST).detect(0.25, 20, count -> {});
        assertThat(detection.difference()).isBetween(0.03, 0.12);
        assertThat(detection.interleaved().found()).isEqualTo(1);
        assertThat(detection.interleaved().fixed()).isPositive();
        assertThat(detection.split().fixed()).isGreaterThan(detection.interleaved().fixed());
        assertThat(detection.split().median()).isGreaterThan(detection.interleaved().median());
    }

    @Test
    void theSameSeedGivesTheSameFigures() {
        SimulatedExperiments few = new SimulatedExperiments(200, 100, 2, 9, TEST);
        assertThat(few.calibrate(7, done -> {})).isEqualTo(few.calibrate(7, done -> {}));
        assertThat(few.detect(0.5, 4, done -> {})).isEqualTo(few.detect(0.5, 4, done -> {}));
    }

    @Test
    void refusesWhatCannotBeRun() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SimulatedExperiments(100, 200, 1, 1, TEST))
                .withMessageContaining("a look every 200");
        assertThatIllegalArgumentException().isThrownBy(() -> SMALL.detect(0, 1, done -> {}));
        assertThatIllegalArgumentException().isThrownBy(() -> SMALL.calibrate(0, done -> {}));
    }
}
