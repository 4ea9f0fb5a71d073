package io.nextclick.models.experiment;

import io.nextclick.models.evaluation.Interval;

/**
 * A test that may be looked at after every unit, for as long as one likes, and stopped at whatever
 * was seen: the chance that it <em>ever</em> finds a difference where there is none is at most 1 −
 * confidence. The price is an interval about one and a half times as wide as that of a test that is
 * looked at once.
 *
 * <p>The mixture sequential probability ratio test of a normal mean (R. Johari, P. Koomen, L.
 * Pekelis and D. Walsh, "Always valid inference", Operations Research 2022; H. Robbins 1970), with
 * the estimated variance, for which its guarantee is asymptotic (I. Waudby-Smith et al.,
 * "Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics
 * 2024). With z the difference over its standard error and n its information,
 *
 * <pre>
 *   Λ = (x + 1)^-½ · exp( z² x / (2 (x + 1)) ),   x = n · k / tightestAt,
 *   k = −2 ln α + ln(1 − 2 ln α),   α = 1 − confidence;
 *
 *   p = min(1, 1 / Λ),   interval: difference ± standard error · √( (x + 1) / x · ln((x + 1) / α²) )
 * </pre>
 *
 * <p>The interval excludes 0 just when p is below α.
 *
 * @param confidence that all intervals together hold the true difference, in (0, 1)
 * @param tightestAt at how many units the interval is tightest compared with what is possible; a
 *     matter of power, not of validity
 * @param fewestUnits units of each group below which it says nothing, since means of very few units
 *     aren't normal; 2 or more
 */
public record SequentialTest(double confidence, long tightestAt, long fewestUnits) {

    /** 95 %, tightest at 10,000 units, from 100 units a group on. */
    public static final SequentialTest DEFAULT = new SequentialTest(0.95, 10_000, 100);

    public SequentialTest {
        if (!(confidence > 0 && confidence < 1)) {
            throw new IllegalArgumentException(
                    "confidence is " + confidence + ", it must be between 0 and 1");
        }
        if (tightestAt < 1) {
            throw new IllegalArgumentException(
                    "the test is to be tightest at " + tightestAt + " units, at least 1 is needed");
        }
        if (fewestUnits < 2) {
            throw new IllegalArgumentException(
                    "a group must have " + fewestUnits + " units, at least 2 are needed");
        }
    }

    /** Where the difference lies; without ends while there are too few units. */
    public Interval interval(Effect effect) {
        if (!speaks(effect)) {
            return new Interval(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
        }
        double x = relativeInformation(effect);
        double radius =
                Math.sqrt(effect.squaredError() * (x + 1) / x * (Math.log(x + 1) - 2 * logAlpha()));
        return new Interval(effect.difference() - radius, effect.difference() + radius);
    }

    /** How surprising what is seen would be without a difference; 1 while there are too few. */
    public double pValue(Effect effect) {
        if (!speaks(effect) || effect.difference() == 0) {
            return 1;
        }
        double x = relativeInformation(effect);
        double squaredZ = effect.difference() * effect.difference() / effect.squaredError();
        return Math.min(1, Math.exp(Math.log(x + 1) / 2 - squaredZ * x / (2 * (x + 1))));
    }

    /** Whether a difference is found. */
    public boolean finds(Effect effect) {
        return pValue(effect) <= 1 - confidence;
    }

    private boolean speaks(Effect effect) {
        return effect.fewestUnits() >= fewestUnits && !Double.isNaN(effect.squaredError());
    }

    private double relativeInformation(Effect effect) {
        double k = -2 * logAlpha() + Math.log(1 - 2 * logAlpha());
        return effect.information() * k / tightestAt;
    }

    private double logAlpha() {
        return Math.log(1 - confidence);
    }
}
