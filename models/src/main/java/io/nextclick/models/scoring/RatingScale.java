package io.nextclick.models.scoring;

/**
 * The scale that ratings are given on, and how far foretold ones are off.
 *
 * @param lowest the lowest rating that was given
 * @param highest the highest
 * @param step the smallest difference between two different ratings; 0 if there is only one
 * @param deviation standard deviation of a foretold rating from the one given, on ratings that were
 *     held out; above 0
 */
public record RatingScale(double lowest, double highest, double step, double deviation) {

    /** Of the logistic distribution with scale parameter 1. */
    private static final double LOGISTIC_DEVIATION = Math.PI / Math.sqrt(3);

    public RatingScale {
        boolean isScale = lowest <= highest && step >= 0 && deviation > 0;
        if (!isScale || !Double.isFinite(highest - lowest + step + deviation)) {
            throw new IllegalArgumentException(
                    "ratings from "
                            + lowest
                            + " to "
                            + highest
                            + " in steps of "
                            + step
                            + " with deviation "
                            + deviation
                            + " are no scale");
        }
    }

    /** A score as the nearest rating within the scale. */
    public double clip(double score) {
        return Math.max(lowest, Math.min(highest, score));
    }

    /**
     * The log-odds that a rating is {@code liked} or more where {@code score} is foretold: errors
     * are taken for logistic with the scale's deviation, and the border lies half a step below
     * {@code liked}.
     */
    public double logOdds(double score, double liked) {
        return (score - (liked - step / 2)) * LOGISTIC_DEVIATION / deviation;
    }
}
