package io.nextclick.models.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AssignmentTest {

    private static final int UNITS = 1_000_000;

    @Test
    void isTheOneWorkedOutElsewhere() {
        for (JsonNode known : ExperimentFixture.read("assignments")) {
            Assignment assignment =
                    new Assignment(
                            known.get("salt").asText(),
                            ExperimentFixture.numbers(known.get("shares")));
            known.get("units")
                    .properties()
                    .forEach(
                            unit ->
                                    assertThat(assignment.variantOf(unit.getKey()))
                                            .as(unit.getKey())
                                            .isEqualTo(unit.getValue().asInt()));
            known.get("seeds")
                    .properties()
                    .forEach(
                            unit ->
                                    assertThat(assignment.seed(unit.getKey(), 258))
                                            .as(unit.getKey())
                                            .isEqualTo(Long.parseLong(unit.getValue().asText())));
        }
    }

    @Test
    void sharesAreExactToHalfAPercent() {
        double[] shares = {0.5, 0.2, 0.05, 0.001};
        Assignment assignment = new Assignment("shares", shares);
        int[] counts = counts(assignment);
        for (int variant = 0; variant < shares.length; variant++) {
            double share = (double) counts[variant] / UNITS;
            assertThat(share).isCloseTo(shares[variant], within(0.005));
            // Five standard deviations of a fair draw, and the rounding to buckets.
            double deviation = Math.sqrt(shares[variant] * (1 - shares[variant]) / UNITS);
            assertThat(share).isCloseTo(shares[variant], within(5 * deviation + 1e-4));
        }
        assertThat((double) counts[shares.length] / UNITS).isCloseTo(0.249, within(0.005));
    }

    /** Units of each variant, and those of none. */
    private static int[] counts(Assignment assignment) {
        int[] counts = new int[5];
        for (int unit = 0; unit < UNITS; unit++) {
            int variant = assignment.variantOf("s" + unit);
            counts[variant == Assignment.NONE ? counts.length - 1 : variant]++;
        }
        return counts;
    }

    @Test
    void moreTrafficAtTheSameProportionsMovesNobody() {
        Assignment few = new Assignment("ramp", 0.1, 0.05);
        Assignment many = new Assignment("ramp", 0.6, 0.3);
        int staying = 0;
        for (int unit = 0; unit < 20_000; unit++) {
            int variant = few.variantOf("s" + unit);
            if (variant != Assignment.NONE) {
                staying++;
                assertThat(many.variantOf("s" + unit)).isEqualTo(variant);
            }
        }
        assertThat(staying).isBetween(2_700, 3_300);
    }

    @Test
    void experimentsOfDifferentSaltsAreIndependent() {
        Assignment one = new Assignment("one", 0.5, 0.5);
        Assignment other = new Assignment("other", 0.5, 0.5);
        long same =
                IntStream.range(0, 100_000)
                        .filter(unit -> one.variantOf("s" + unit) == other.variantOf("s" + unit))
                        .count();
        // Five standard deviations.
        assertThat(same).isBetween(50_000L - 791, 50_000L + 791);
    }

    @Test
    void stepsOfAUnitHaveSeedsOfTheirOwn() {
        Assignment assignment = new Assignment("salt", 0.5, 0.5);
        assertThat(IntStream.range(0, 1_000).mapToLong(step -> assignment.seed("s", step)))
                .doesNotHaveDuplicates();
        assertThat(assignment.seed("s", 3)).isEqualTo(assignment.seed("s", 3));
        assertThat(assignment.seed("s", 3)).isNotEqualTo(assignment.seed("t", 3));
    }

    @Test
    void refusesSharesThatTrafficCannotBeDividedBy() {
        for (double[] shares :
                new double[][] {{}, {0}, {0.5, Double.NaN}, {0.7, 0.4}, {-0.1}, {0.00001}}) {
            assertThatIllegalArgumentException().isThrownBy(() -> new Assignment("s", shares));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Assignment("", 1))
                .withMessage("the salt is empty");
        assertThat(new Assignment("s", 0.1, 0.2, 0.7).variantOf("x")).isBetween(0, 2);
    }
}
