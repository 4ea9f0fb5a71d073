package io.nextclick.models.evaluation;

import java.util.Arrays;
import org.apache.commons.statistics.inference.TTest;

/**
 * Where a figure lies, with the {@link Resampling#confidence()} it was asked for.
 *
 * @param high not below {@code low}
 */
public record Interval(double low, double high) {

    /** To the last digits of a double. */
    private static final int HALVINGS = 60;

    public Interval {
        if (!(low <= high)) {
            throw new IllegalArgumentException("no interval reaches from " + low + " to " + high);
        }
    }

    /**
     * Where the mean lies that numbers such as the figures of several seeds are drawn about, by
     * Student's t: the means that a t-test would not reject.
     *
     * @param confidence in (0, 1)
     * @param numbers two or more
     */
    public static Interval ofMean(double confidence, double... numbers) {
        double mean = Arrays.stream(numbers).average().orElseThrow();
        double spread = Math.sqrt(Arrays.stream(numbers).map(x -> (x - mean) * (x - mean)).sum());
        if (numbers.length < 2) {
            throw new IllegalArgumentException("one number has no interval");
        }
        if (spread == 0) {
            return new Interval(mean, mean);
        }
        double inside = 0;
        double outside = spread;
        while (pValue(mean + outside, numbers) > 1 - confidence) {
            outside *= 2;
        }
        for (int halving = 0; halving < HALVINGS; halving++) {
            double middle = (inside + outside) / 2;
            if (pValue(mean + middle, numbers) > 1 - confidence) {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        return new Interval(mean - inside, mean + inside);
    }

    private static double pValue(double mean, double[] numbers) {
        return TTest.withDefaults().withMu(mean).test(numbers).getPValue();
    }

    /** Both ends multiplied, by a positive number. */
    Interval times(double multiple) {
        return new Interval(low * multiple, high * multiple);
    }

    public boolean contains(double figure) {
        return low <= figure && figure <= high;
    }
}
