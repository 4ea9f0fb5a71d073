package io.nextclick.models.experiment;

/**
 * Ends a variant that is worse than the control beyond doubt: its always-valid interval lies below
 * −margin as a whole. It may ask after every session; the chance that it ever ends a variant that
 * isn't worse than the margin is at most 1 − confidence, and nearer to half of that, since the
 * other half is that the interval lies above.
 *
 * @param test what says where the difference lies
 * @param margin how much worse a variant may be, in units of the rate; 0 or more, infinite if
 *     nothing is ever ended
 */
public record Guard(SequentialTest test, double margin) {

    public Guard {
        // Written so that NaN is refused.
        if (!(margin >= 0)) {
            throw new IllegalArgumentException(
                    "the guard's margin is " + margin + ", it must be 0 or more");
        }
    }

    /** Whether the variant is to be ended. */
    public boolean ends(Effect effect) {
        return test.interval(effect).high() < -margin;
    }
}
