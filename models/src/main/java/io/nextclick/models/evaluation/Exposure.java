package io.nextclick.models.evaluation;

import io.nextclick.models.baseline.Popularity;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How often each item of the catalogue stood somewhere: in the first k places of a model's lists,
 * or as the target of a click. It shows what hit rates don't: how much of the catalogue a model
 * ever shows, and how strongly it leans towards what is popular already. A leaning is judged beside
 * that of the clicks themselves, which lean too.
 *
 * <p>Shapes: V = items. Immutable.
 */
public final class Exposure {

    /** The head of a catalogue: this share of its items, the most clicked ones in training. */
    public static final double HEAD = 0.2;

    private final long[] counts;
    private final Leaning leaning;
    private final long total;

    /**
     * @param counts V occurrences
     */
    Exposure(long[] counts, Leaning leaning) {
        this.counts = counts;
        this.leaning = leaning;
        this.total = Arrays.stream(counts).sum();
    }

    /** Share of the catalogue that occurs at least once, in [0, 1]. */
    public double coverage() {
        return counts.length == 0
                ? 0
                : (double) Arrays.stream(counts).filter(count -> count > 0).count() / counts.length;
    }

    /**
     * Mean popularity percentile of the occurrences: the share of the other items that had fewer
     * clicks in training, items with as many counting half. 0.5 for items drawn evenly from the
     * catalogue, near 1 for best-sellers only; 0 if nothing occurs.
     */
    public double popularityPercentile() {
        double sum = 0;
        for (int row = 0; row < counts.length; row++) {
            sum += counts[row] * leaning.percentiles[row];
        }
        return total == 0 ? 0 : sum / total;
    }

    /** Share of the occurrences that fall to the {@link #HEAD} of the catalogue, in [0, 1]. */
    public double headShare() {
        long head = 0;
        for (int row : leaning.head) {
            head += counts[row];
        }
        return total == 0 ? 0 : (double) head / total;
    }

    /**
     * The Gini coefficient of the occurrences over the whole catalogue: 0 if all items occur
     * equally often, 1 − 1/V if a single one does.
     */
    public double gini() {
        long[] sorted = counts.clone();
        Arrays.sort(sorted);
        double weighted = 0;
        for (int i = 0; i < sorted.length; i++) {
            weighted += (2.0 * i + 1 - sorted.length) * sorted[i];
        }
        return total == 0 ? 0 : weighted / ((double) sorted.length * total);
    }

    /**
     * The share of the occurrences that fall to the most frequent items, as a curve.
     *
     * @param steps at least 1
     * @return {@code steps + 1} shares; entry i is that of the i/steps most frequent items
     */
    public double[] concentration(int steps) {
        long[] sorted = counts.clone();
        Arrays.sort(sorted);
        double[] curve = new double[steps + 1];
        long sum = 0;
        int taken = 0;
        for (int step = 1; step <= steps; step++) {
            int upTo = (int) Math.round((double) step * sorted.length / steps);
            while (taken < upTo) {
                sum += sorted[sorted.length - 1 - taken++];
            }
            curve[step] = total == 0 ? 0 : (double) sum / total;
        }
        return curve;
    }

    /** What the training log says of the popularity of each item. */
    static final class Leaning {

        /** V shares. */
        private final double[] percentiles;

        /** Rows of the most popular items. */
        private final int[] head;

        Leaning(Popularity popularity) {
            int items = popularity.size();
            float[] counts = popularity.counts();
            int[] ascending =
                    IntStream.range(0, items)
                            .boxed()
                            .sorted((one, other) -> Float.compare(counts[one], counts[other]))
                            .mapToInt(Integer::intValue)
                            .toArray();
            percentiles = new double[items];
            for (int from = 0, to; from < items; from = to) {
                to = from + 1;
                while (to < items && counts[ascending[to]] == counts[ascending[from]]) {
                    to++;
                }
                double below = from + (to - from - 1) / 2.0;
                for (int i = from; i < to; i++) {
                    percentiles[ascending[i]] = items == 1 ? 0.5 : below / (items - 1);
                }
            }
            head = popularity.top((int) Math.ceil(HEAD * items), null).rows();
        }
    }
}
