package io.nextclick.models.ranker;

/**
 * Learning from all positives and a share w of the negatives, and the correction that this asks for
 * (He et al., "Practical Lessons from Predicting Clicks on Ads at Facebook", ADKDD 2014): odds
 * learnt from the sample are 1/w times the true ones, so that log(w) has to be added to log-odds.
 * Rankings don't change by it; probabilities do.
 *
 * @param rate w, in (0, 1]
 */
public record NegativeSampling(double rate) {

    /** Every negative is learnt from. */
    public static final NegativeSampling NONE = new NegativeSampling(1);

    public NegativeSampling {
        requireRate(rate);
    }

    static void requireRate(double rate) {
        if (!(rate > 0 && rate <= 1)) {
            throw new IllegalArgumentException(
                    "rate of negatives is " + rate + ", it must be in (0, 1]");
        }
    }

    /**
     * Whether an example is learnt from. The same key gets the same answer, so that an example that
     * comes again after a failure is chosen again.
     *
     * @param key anything that tells examples apart, such as a hash of their id
     */
    public boolean keeps(boolean positive, long key) {
        return positive || (FeatureSpace.mixed(key) >>> 11) * 0x1.0p-53 < rate;
    }

    /** log(w), what has to be added to the log-odds that were learnt. */
    public double correction() {
        return Math.log(rate);
    }
}
