package io.nextclick.models.ranking;

import java.util.Arrays;
import java.util.List;

/**
 * How far each source of a {@link Blend} is to be believed, fixed or learnt from what sessions
 * click next.
 *
 * <p>Learnt weights are those of a mixture model, fitted by stepwise expectation maximisation
 * (Cappé and Moulines, JRSS B 2009). For a click on an item to which the sources gave the
 * probabilities p_s, the responsibility of source s is
 *
 * <pre>  r_s = w_s · p_s / Σ w_t · p_t  </pre>
 *
 * and the weights move towards it, w ← w + η · (r − w), with η = 1 / (labels so far + {@link
 * #PRIOR_LABELS}), but never less than 1 / window: weights settle quickly and then follow what
 * changes. A click on an item that no source gave a probability says nothing of their weights. No
 * weight falls below {@link #FLOOR}, as one at 0 could never rise again.
 *
 * <p>Weights are learnt for each situation apart, such as whether the sequence model knows the last
 * item: a source may be the best in one and useless in another. Not safe for use by several
 * threads.
 */
public final class SourceWeights {

    /** Least weight of a source while weights are learnt. */
    public static final double FLOOR = 0.02;

    /** How many labels the weights at the start count for. */
    public static final int PRIOR_LABELS = 50;

    private final double[] start;

    /** Least step's inverse; 0: weights are fixed. */
    private final int window;

    private final double[][] weights;
    private final long[] labels;

    private SourceWeights(int situations, double[] start, int window) {
        if (situations < 1) {
            throw new IllegalArgumentException("situations is " + situations + ", less than 1");
        }
        this.start = normalised(start);
        this.window = window;
        weights = new double[situations][];
        labels = new long[situations];
        for (int situation = 0; situation < situations; situation++) {
            weights[situation] = this.start.clone();
            if (window > 0) {
                keepAboveFloor(weights[situation]);
            }
        }
    }

    /**
     * Weights that stay as they are, in every situation.
     *
     * @param weights one a source, none negative, not all 0; scaled to add up to 1
     */
    public static SourceWeights fixed(int situations, double... weights) {
        return new SourceWeights(situations, weights, 0);
    }

    /**
     * Weights that are learnt.
     *
     * @param window labels that the weights look back over, about; at least {@link #PRIOR_LABELS}
     * @param start weights to start from, one a source, none negative, not all 0
     */
    public static SourceWeights learnt(int situations, int window, double... start) {
        if (window < PRIOR_LABELS) {
            throw new IllegalArgumentException(
                    "window is " + window + ", less than " + PRIOR_LABELS);
        }
        return new SourceWeights(situations, start, window);
    }

    public int situations() {
        return weights.length;
    }

    public int sources() {
        return start.length;
    }

    /** The weights in a situation, which add up to 1: the array itself, for reading. */
    public double[] of(int situation) {
        return weights[situation];
    }

    /** Labels learnt from in a situation. */
    public long labels(int situation) {
        return labels[situation];
    }

    /**
     * Learns from one click. Does nothing where weights are fixed.
     *
     * @param probabilities of the clicked item, one a source, when the session's last list was
     *     made; only their ratios count. NaN for a source that had nothing to say: its weight
     *     stays, and those of the others are learnt among themselves, if there are two of them
     */
    public void learn(int situation, float... probabilities) {
        if (window == 0) {
            return;
        }
        double[] weight = weights[situation];
        double sum = 0;
        double silent = 0;
        int speaking = 0;
        for (int source = 0; source < weight.length; source++) {
            if (Float.isNaN(probabilities[source])) {
                silent += weight[source];
            } else {
                sum += weight[source] * probabilities[source];
                speaking++;
            }
        }
        if (!(sum > 0) || speaking < 2) {
            return;
        }
        double step = Math.max(1.0 / window, 1.0 / (PRIOR_LABELS + labels[situation]));
        for (int source = 0; source < weight.length; source++) {
            if (!Float.isNaN(probabilities[source])) {
                double responsibility = (1 - silent) * weight[source] * probabilities[source] / sum;
                weight[source] += step * (responsibility - weight[source]);
            }
        }
        keepAboveFloor(weight, probabilities);
        labels[situation]++;
    }

    /**
     * What has been learnt in one situation, for keeping.
     *
     * @param labels how many clicks it was learnt from
     * @param weights one a source
     */
    public record Learnt(long labels, List<Double> weights) {

        public Learnt {
            weights = List.copyOf(weights);
        }
    }

    /** What has been learnt in a situation. */
    public Learnt learntIn(int situation) {
        return new Learnt(labels[situation], Arrays.stream(weights[situation]).boxed().toList());
    }

    /**
     * Goes on from what was learnt before, by one or several: from the mean of their weights, each
     * counting by its labels. What was learnt of another number of sources is left out. Does
     * nothing where weights are fixed.
     */
    public void resume(int situation, List<Learnt> before) {
        if (window == 0) {
            return;
        }
        double[] sum = new double[start.length];
        long total = 0;
        long most = 0;
        for (Learnt learnt : before) {
            if (learnt.weights().size() == sum.length && learnt.labels() > 0) {
                for (int source = 0; source < sum.length; source++) {
                    sum[source] += learnt.labels() * learnt.weights().get(source);
                }
                total += learnt.labels();
                most = Math.max(most, learnt.labels());
            }
        }
        if (total > 0) {
            weights[situation] = normalised(sum);
            keepAboveFloor(weights[situation]);
            labels[situation] = most;
        }
    }

    private static double[] normalised(double[] weights) {
        if (weights.length == 0) {
            throw new IllegalArgumentException("there are no weights");
        }
        double sum = 0;
        for (double weight : weights) {
            if (!(weight >= 0 && weight < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("a weight is " + weight);
            }
            sum += weight;
        }
        if (!(sum > 0 && sum < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("weights add up to " + sum);
        }
        double[] result = new double[weights.length];
        for (int source = 0; source < result.length; source++) {
            result[source] = weights[source] / sum;
        }
        return result;
    }

    /**
     * Raises weights to the floor at the others' expense; they add up to the same before and after.
     *
     * @param heard NaN for a source whose weight stays, neither raised nor lowered
     */
    private static void keepAboveFloor(double[] weights, float... heard) {
        double floor = Math.min(FLOOR, 1.0 / (2 * weights.length));
        double missing = 0;
        double above = 0;
        for (int source = 0; source < weights.length; source++) {
            if (!isSilent(heard, source)) {
                missing += Math.max(0, floor - weights[source]);
                above += Math.max(0, weights[source] - floor);
            }
        }
        if (missing > 0) {
            for (int source = 0; source < weights.length; source++) {
                if (!isSilent(heard, source)) {
                    double spare = Math.max(0, weights[source] - floor);
                    weights[source] = floor + spare * (above - missing) / above;
                }
            }
        }
    }

    private static boolean isSilent(float[] heard, int source) {
        return heard.length > 0 && Float.isNaN(heard[source]);
    }
}
