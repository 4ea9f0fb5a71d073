package io.nextclick.models.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.nextclick.models.evaluation.Interval;
import java.util.Arrays;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/**
 * Rates, effects and tests against figures that {@code make_experiment.py} worked out otherwise.
 */
class StatisticsTest {

    private static final Offset<Double> CLOSE = within(1e-9);
    private static final SequentialTest TEST = new SequentialTest(0.95, 500, 100);

    private final JsonNode split = ExperimentFixture.read("split");
    private final RateTotals control = ExperimentFixture.totals(split.get("control"));
    private final RateTotals variant = ExperimentFixture.totals(split.get("variant"));
    private final Effect effect = Effect.between(control, variant);

    private double expected(String name) {
        return split.get(name).asDouble();
    }

    @Test
    void theRateAndItsErrorAreThoseOfTheDeltaMethod() {
        assertThat(control.rate()).isCloseTo(expected("control_rate"), CLOSE);
        assertThat(effect.difference()).isCloseTo(expected("difference"), CLOSE);
        assertThat(effect.squaredError()).isCloseTo(expected("squared_error"), CLOSE);
    }

    @Test
    void whatWasAddedCanBeTakenBackAndPutTogether() {
        RateTotals grown = control.minus(2, 3).plus(4, 7).minus(4, 7).plus(2, 3);
        assertThat(grown).isEqualTo(control);
        assertThat(control.plus(variant).units()).isEqualTo(250);
        assertThat(RateTotals.NONE.plus(variant)).isEqualTo(variant);
    }

    @Test
    void welchsTestIsTheOneWorkedOutElsewhere() {
        assertThat(effect.degrees()).isCloseTo(expected("degrees"), within(1e-6));
        assertThat(effect.t()).isCloseTo(expected("p_t"), CLOSE);
        assertClose(effect.interval(0.95), "interval", 1e-9);
    }

    @Test
    void theSequentialTestIntegratesOverItsMixture() {
        assertThat(TEST.pValue(effect)).isCloseTo(expected("p_always_valid"), CLOSE);
        assertClose(TEST.interval(effect), "always_valid_interval", 1e-8);
        assertThat(TEST.finds(effect)).isTrue();
    }

    private void assertClose(Interval interval, String name, double precision) {
        assertThat(interval.low()).isCloseTo(split.get(name).get(0).asDouble(), within(precision));
        assertThat(interval.high()).isCloseTo(split.get(name).get(1).asDouble(), within(precision));
    }

    @Test
    void theIntervalExcludesNoDifferenceJustWhenItIsFound() {
        for (double difference = -0.2; difference <= 0.2; difference += 0.001) {
            Effect some = new Effect(difference, 0.0008, 700, 300, 0.5, 600);
            Interval interval = TEST.interval(some);
            assertThat(TEST.finds(some)).isEqualTo(interval.low() > 0 || interval.high() < 0);
        }
    }

    @Test
    void itIsTightestWhereItIsAskedToBe() {
        double[] widths = new double[3];
        for (int i = 0; i < widths.length; i++) {
            SequentialTest test = new SequentialTest(0.95, new long[] {50, 500, 5_000}[i], 2);
            Interval interval = test.interval(new Effect(0, 1, 500, 250, 1, 498));
            widths[i] = interval.high();
        }
        assertThat(widths[1]).isLessThan(widths[0]).isLessThan(widths[2]);
        // The fixed interval's is 1.96.
        assertThat(widths[1]).isBetween(2.9, 3.2);
    }

    @Test
    void tooFewUnitsSayNothing() {
        Effect small = Effect.between(variant, RateTotals.NONE.plus(1, 1).plus(1, 2));
        assertThat(TEST.pValue(small)).isEqualTo(1);
        assertThat(TEST.interval(small).low()).isEqualTo(Double.NEGATIVE_INFINITY);
        Effect none = Effect.between(variant, RateTotals.NONE);
        assertThat(none.t()).isNaN();
        assertThat(none.interval(0.95).high()).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(new SequentialTest(0.9, 10, 2).pValue(none)).isEqualTo(1);
    }

    @Test
    void groupsWithoutSpreadAreEqualOrNot() {
        RateTotals ones = RateTotals.NONE;
        RateTotals zeros = RateTotals.NONE;
        for (int i = 0; i < 200; i++) {
            ones = ones.plus(2, 2);
            zeros = zeros.plus(0, 2);
        }
        assertThat(Effect.between(ones, ones).t()).isEqualTo(1);
        assertThat(TEST.finds(Effect.between(ones, ones))).isFalse();
        assertThat(Effect.between(zeros, ones).t()).isZero();
        assertThat(TEST.finds(Effect.between(zeros, ones))).isTrue();
        assertThat(Effect.within(ones).interval(0.95)).isEqualTo(new Interval(1, 1));
    }

    @Test
    void theGuardEndsWhatIsWorseByMoreThanItsMargin() {
        Effect worse = new Effect(-0.12, 0.0004, 500, 250, 0, 400);
        Interval interval = TEST.interval(worse);
        assertThat(interval.high()).isBetween(-0.07, -0.05);
        assertThat(new Guard(TEST, 0.05).ends(worse)).isTrue();
        assertThat(new Guard(TEST, 0.07).ends(worse)).isFalse();
        assertThat(new Guard(TEST, 0).ends(new Effect(0.12, 0.0004, 500, 250, 0, 400))).isFalse();
        assertThat(new Guard(TEST, Double.POSITIVE_INFINITY).ends(worse)).isFalse();
        assertThatIllegalArgumentException().isThrownBy(() -> new Guard(TEST, -0.01));
        assertThatIllegalArgumentException().isThrownBy(() -> new Guard(TEST, Double.NaN));
    }

    @Test
    void aMismatchOfTheSampleRatioIsFoundByBothTests() {
        for (JsonNode known : ExperimentFixture.read("sample_ratios")) {
            double[] counts = ExperimentFixture.numbers(known.get("counts"));
            SampleRatio ratio =
                    SampleRatio.of(
                            Arrays.stream(counts).mapToLong(n -> (long) n).toArray(),
                            ExperimentFixture.numbers(known.get("proportions")));
            double expected = known.get("p_always_valid").asDouble();
            assertThat(ratio.alwaysValid()).isCloseTo(expected, within(1e-8 * expected));
            assertThat(ratio.isAlarm()).isEqualTo(expected < 0.001);
        }
        // 2 · 300² / 5,000 = 36 with one degree of freedom.
        assertThat(SampleRatio.of(new long[] {4_700, 5_300}, new double[] {0.5, 0.5}).chiSquare())
                .isCloseTo(1.973e-9, within(1e-12));
        assertThat(SampleRatio.of(new long[] {0, 0}, new double[] {0.5, 0.5}).chiSquare())
                .isEqualTo(1);
    }

    @Test
    void refusesTestsThatCannotBe() {
        assertThatIllegalArgumentException().isThrownBy(() -> new SequentialTest(1, 10, 10));
        assertThatIllegalArgumentException().isThrownBy(() -> new SequentialTest(0.9, 0, 10));
        assertThatIllegalArgumentException().isThrownBy(() -> new SequentialTest(0.9, 10, 1));
    }
}
