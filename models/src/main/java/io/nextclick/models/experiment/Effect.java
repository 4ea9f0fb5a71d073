package io.nextclick.models.experiment;

import io.nextclick.models.evaluation.Interval;
import org.apache.commons.statistics.distribution.TDistribution;
import org.apache.commons.statistics.inference.TTest;

/**
 * By how much a variant's rate exceeds the control's, as it looks now, and how sure that is.
 *
 * @param difference the variant's rate minus the control's
 * @param squaredError square of the difference's standard error; NaN while a group has fewer than
 *     two units
 * @param information the number of units that tell as much when they are shared out evenly; in
 *     proportion to 1 / squaredError as units are added
 * @param fewestUnits units of the smaller group
 * @param t two-sided p-value of Welch's t-test, which is right if it is looked at once, at a number
 *     of units fixed beforehand; NaN while a group has fewer than two units
 * @param degrees degrees of freedom of that test (Welch and Satterthwaite)
 */
public record Effect(
        double difference,
        double squaredError,
        double information,
        long fewestUnits,
        double t,
        double degrees) {

    /**
     * Between units that were shared out: a split.
     *
     * @param control what the others are compared with
     */
    public static Effect between(RateTotals control, RateTotals variant) {
        double difference = variant.rate() - control.rate();
        double squaredError = control.squaredError() + variant.squaredError();
        double information = 4 / (1.0 / control.units() + 1.0 / variant.units());
        long fewest = Math.min(control.units(), variant.units());
        if (!(squaredError > 0)) {
            return withoutSpread(difference, squaredError, information, fewest);
        }
        TTest.Result welch =
                TTest.withDefaults()
                        .test(
                                variant.rate(),
                                variant.unitVariance(),
                                variant.units(),
                                control.rate(),
                                control.unitVariance(),
                                control.units());
        return new Effect(
                difference,
                squaredError,
                information,
                fewest,
                welch.getPValue(),
                welch.getDegreesOfFreedom());
    }

    /**
     * Within units that saw both: interleaving.
     *
     * @param preference of each unit the variant's credit minus the control's, and its lists
     */
    public static Effect within(RateTotals preference) {
        double squaredError = preference.squaredError();
        double information = preference.units();
        if (!(squaredError > 0)) {
            return withoutSpread(preference.rate(), squaredError, information, preference.units());
        }
        TTest.Result student =
                TTest.withDefaults()
                        .test(preference.rate(), preference.unitVariance(), preference.units());
        return new Effect(
                preference.rate(),
                squaredError,
                information,
                preference.units(),
                student.getPValue(),
                student.getDegreesOfFreedom());
    }

    /** All units alike, or too few to tell. */
    private static Effect withoutSpread(
            double difference, double squaredError, double information, long fewest) {
        double t = Double.isNaN(squaredError) ? Double.NaN : difference == 0 ? 1 : 0;
        return new Effect(difference, squaredError, information, fewest, t, Double.NaN);
    }

    /**
     * Where the difference lies, to be looked at once, as {@link #t} is.
     *
     * @param confidence that the interval holds the true difference, in (0, 1)
     * @return without ends while a group has fewer than two units
     */
    public Interval interval(double confidence) {
        if (Double.isNaN(squaredError)) {
            return new Interval(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
        }
        double radius =
                squaredError == 0
                        ? 0
                        : Math.sqrt(squaredError)
                                * TDistribution.of(degrees)
                                        .inverseSurvivalProbability((1 - confidence) / 2);
        return new Interval(difference - radius, difference + radius);
    }
}
