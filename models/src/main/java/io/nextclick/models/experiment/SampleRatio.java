package io.nextclick.models.experiment;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.apache.commons.numbers.gamma.LogGamma;
import org.apache.commons.statistics.inference.ChiSquareTest;

/**
 * Whether the variants got the traffic that they were to get. If they didn't, something treats
 * their units differently before they are counted (a crash, a redirect, a filter), and no figure of
 * the experiment can be believed.
 *
 * @param chiSquare p-value of Pearson's chi-square test, which is right if it is looked at once
 * @param alwaysValid p-value that may be looked at after every unit: the inverse of the Bayes
 *     factor of a Dirichlet mixture around the shares (M. Lindon and A. Malek, "Anytime-valid
 *     inference for multinomial count data", NeurIPS 2022), exact at any number of units. Tuned to
 *     deviations of one or two points in a hundred.
 */
public record SampleRatio(double chiSquare, double alwaysValid) {

    /** Below this {@link #alwaysValid} raises the alarm. */
    public static final double ALARM = 0.001;

    /** Deviations that the mixture expects have a standard deviation of √(s (1 − s) / this). */
    private static final double CONCENTRATION = 1_000;

    /**
     * @param counts units of each variant
     * @param proportions what part of the units each was to get; positive, the sum is 1
     */
    public static SampleRatio of(long[] counts, double[] proportions) {
        if (counts.length != proportions.length) {
            throw new IllegalArgumentException(
                    counts.length + " counts for " + proportions.length + " proportions");
        }
        long total = LongStream.of(counts).sum();
        if (counts.length < 2 || total == 0) {
            return new SampleRatio(1, 1);
        }
        double[] expected = Arrays.stream(proportions).map(part -> part * total).toArray();
        double chiSquare = ChiSquareTest.withDefaults().test(expected, counts).getPValue();
        double logBayesFactor =
                LogGamma.value(CONCENTRATION) - LogGamma.value(CONCENTRATION + total);
        for (int variant = 0; variant < counts.length; variant++) {
            double prior = CONCENTRATION * proportions[variant];
            logBayesFactor +=
                    LogGamma.value(prior + counts[variant])
                            - LogGamma.value(prior)
                            - counts[variant] * Math.log(proportions[variant]);
        }
        return new SampleRatio(chiSquare, Math.min(1, Math.exp(-logBayesFactor)));
    }

    /** Whether the figures of the experiment can't be believed. */
    public boolean isAlarm() {
        return alwaysValid < ALARM;
    }
}
