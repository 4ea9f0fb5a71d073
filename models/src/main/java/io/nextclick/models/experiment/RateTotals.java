package io.nextclick.models.experiment;

/**
 * What is kept of a group of units (sessions, or visitors) to know their rate and how sure it is:
 * six numbers, which add up. A unit has a numerator and a denominator, such as hits and lists; the
 * rate is the sum of the one over the sum of the other, R = Σ x / Σ y. With y = 1 it is the mean of
 * x.
 *
 * <p>Clicks of one session resemble each other, so the unit and not the list is what is drawn. The
 * rate's error is that of the mean of the linearised values (x − R y) / ȳ, which is the delta
 * method (Deng, Knoblich and Lu, "Applying the delta method in metric analytics", KDD 2018): the
 * statistics of means hold for it.
 *
 * @param units how many there are
 * @param numerator Σ x
 * @param denominator Σ y
 * @param numeratorSquares Σ x²
 * @param products Σ x y
 * @param denominatorSquares Σ y²
 */
public record RateTotals(
        long units,
        double numerator,
        double denominator,
        double numeratorSquares,
        double products,
        double denominatorSquares) {

    /** Of no unit. */
    public static final RateTotals NONE = new RateTotals(0, 0, 0, 0, 0, 0);

    /** With another unit. */
    public RateTotals plus(double x, double y) {
        return new RateTotals(
                units + 1,
                numerator + x,
                denominator + y,
                numeratorSquares + x * x,
                products + x * y,
                denominatorSquares + y * y);
    }

    /** Without a unit that was added before, such as one that has grown since. */
    public RateTotals minus(double x, double y) {
        return new RateTotals(
                units - 1,
                numerator - x,
                denominator - y,
                numeratorSquares - x * x,
                products - x * y,
                denominatorSquares - y * y);
    }

    /** Of both groups. */
    public RateTotals plus(RateTotals other) {
        return new RateTotals(
                units + other.units,
                numerator + other.numerator,
                denominator + other.denominator,
                numeratorSquares + other.numeratorSquares,
                products + other.products,
                denominatorSquares + other.denominatorSquares);
    }

    /** R; NaN if the denominators are 0. */
    public double rate() {
        return numerator / denominator;
    }

    /** Variance between units of their linearised values; NaN of fewer than two units. */
    public double unitVariance() {
        if (units < 2) {
            return Double.NaN;
        }
        double rate = rate();
        double squares = numeratorSquares - 2 * rate * products + rate * rate * denominatorSquares;
        double meanDenominator = denominator / units;
        // Rounding must not leave a root of something below 0.
        return Math.max(0, squares) / (units - 1) / (meanDenominator * meanDenominator);
    }

    /** Square of the rate's standard error; NaN of fewer than two units. */
    public double squaredError() {
        return unitVariance() / units;
    }
}
