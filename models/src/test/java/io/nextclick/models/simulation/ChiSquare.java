package io.nextclick.models.simulation;

import static org.assertj.core.api.Assertions.assertThat;

/** Pearson's test of counts against probabilities. */
final class ChiSquare {

    private ChiSquare() {}

    /**
     * Fails if the counts are six standard deviations further from the probabilities than chance
     * allows. Cells with fewer than five expected are taken together.
     */
    static void assertDrawnFrom(double[] probabilities, long[] counts, String what) {
        double total = 0;
        double probability = 0;
        for (int i = 0; i < counts.length; i++) {
            total += counts[i];
            probability += probabilities[i];
        }
        assertThat(probability).as("probabilities of %s", what).isBetween(1 - 1e-9, 1 + 1e-9);
        double statistic = 0;
        double smallExpected = 0;
        double smallCount = 0;
        int cells = 0;
        for (int i = 0; i < counts.length; i++) {
            double expected = probabilities[i] * total;
            if (expected < 5) {
                smallExpected += expected;
                smallCount += counts[i];
                continue;
            }
            statistic += square(counts[i] - expected) / expected;
            cells++;
        }
        if (smallExpected >= 5) {
            statistic += square(smallCount - smallExpected) / smallExpected;
            cells++;
        } else {
            // Too rare for the statistic: still bounded.
            assertThat(smallCount).as("rare draws of %s", what).isLessThan(25);
        }
        int degrees = cells - 1;
        assertThat(statistic)
                .as("chi-square of %s with %d degrees of freedom", what, degrees)
                .isLessThan(degrees + 6 * Math.sqrt(2.0 * degrees));
    }

    private static double square(double value) {
        return value * value;
    }
}
