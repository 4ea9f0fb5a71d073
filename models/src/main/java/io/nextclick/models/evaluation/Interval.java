package io.nextclick.models.evaluation;

/**
 * Where a figure lies, with the {@link Resampling#confidence()} it was asked for.
 *
 * @param high not below {@code low}
 */
public record Interval(double low, double high) {

    public Interval {
        if (!(low <= high)) {
            throw new IllegalArgumentException("no interval reaches from " + low + " to " + high);
        }
    }

    /** Both ends multiplied, by a positive number. */
    Interval times(double multiple) {
        return new Interval(low * multiple, high * multiple);
    }

    public boolean contains(double figure) {
        return low <= figure && figure <= high;
    }
}
