package io.nextclick.models.evaluation;

/**
 * By how much one model is better than another on the same clicks.
 *
 * @param difference the one's figure minus the other's
 * @param interval where the difference lies, by the bootstrap
 * @param randomisation two-sided p-value of the paired randomisation test: how often a difference
 *     this large comes about if it is a coin that says which model's answers are whose in a visit
 * @param t two-sided p-value of the paired t-test over visits, which should agree with it
 */
public record Difference(double difference, Interval interval, double randomisation, double t) {

    /** The same of a metric that is a multiple of this one's. */
    Difference times(double multiple) {
        return new Difference(difference * multiple, interval.times(multiple), randomisation, t);
    }
}
