package io.nextclick.models.evaluation;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Examples with a label, clicked or not, liked or not, beside what a model said of them.
 *
 * <ul>
 *   <li>{@code auc}: the probability that a positive example has a higher score than a negative
 *       one, half of it if they are equal; the rank-sum statistic of Mann and Whitney divided by
 *       the number of pairs. It needs examples of both labels.
 *   <li>{@code log_loss}: the mean of −log p(label), in nats, of a model that says log-odds.
 * </ul>
 *
 * <p>Immutable. Shapes: N = examples, G = users (or visits).
 */
public final class LabelledExamples {

    private static final String[] NAMES = {"auc", "log_loss"};

    private final GroupedExamples examples;
    private final boolean[] labels;
    private final double[] scores;

    /** Whether scores are log-odds. */
    private final boolean calibrated;

    /** Examples by ascending score. */
    private final int[] order;

    private LabelledExamples(
            List<String> users, double[] scores, boolean[] labels, boolean calibrated) {
        examples = new GroupedExamples(users);
        examples.requireSize(scores.length, "scores");
        examples.requireSize(labels.length, "labels");
        for (int i = 0; i < scores.length; i++) {
            if (Double.isNaN(scores[i])) {
                throw new IllegalArgumentException("the score of example " + i + " is NaN");
            }
        }
        this.scores = scores.clone();
        this.labels = labels.clone();
        this.calibrated = calibrated;
        order =
                IntStream.range(0, scores.length)
                        .boxed()
                        .sorted(Comparator.comparingDouble(i -> this.scores[i]))
                        .mapToInt(Integer::intValue)
                        .toArray();
    }

    /**
     * Examples of a model that says how probable the positive label is.
     *
     * @param users N ids: whose example it is
     * @param logOdds N values of log(p / (1 − p)); an infinite one is certainty
     * @param labels N labels
     * @throws IllegalArgumentException if the lengths differ or a number is NaN
     */
    public static LabelledExamples ofLogOdds(
            List<String> users, double[] logOdds, boolean[] labels) {
        return new LabelledExamples(users, logOdds, labels, true);
    }

    /** Examples of a model whose scores only order them: there is no {@code log_loss}. */
    public static LabelledExamples ofScores(List<String> users, double[] scores, boolean[] labels) {
        return new LabelledExamples(users, scores, labels, false);
    }

    /** The figures and where they lie, by drawing users. */
    public ExampleReport report(Resampling resampling) {
        double[] losses = new double[examples.groups()];
        double[] sizes = new double[examples.groups()];
        for (int i = 0; i < scores.length; i++) {
            losses[examples.group(i)] += calibrated ? loss(scores[i], labels[i]) : Double.NaN;
            sizes[examples.group(i)]++;
        }
        return ExampleReport.of(
                examples,
                resampling,
                NAMES,
                drawn -> new double[] {auc(drawn), mean(losses, sizes, drawn)});
    }

    /**
     * −log p(label) = log(1 + e^(∓z)), of which neither the exponential nor the logarithm
     * overflows.
     */
    private static double loss(double logOdds, boolean label) {
        double wrong = label ? -logOdds : logOdds;
        return Math.max(wrong, 0) + Math.log1p(Math.exp(-Math.abs(wrong)));
    }

    private static double mean(double[] sums, double[] sizes, double[] drawn) {
        double sum = 0;
        double size = 0;
        for (int group = 0; group < drawn.length; group++) {
            // Nothing times an infinite loss would be NaN.
            if (drawn[group] > 0) {
                sum += drawn[group] * sums[group];
                size += drawn[group] * sizes[group];
            }
        }
        return sum / size;
    }

    /** One pass over ascending scores: positives above all negatives passed, ties by halves. */
    private double auc(double[] drawn) {
        double negatives = 0;
        double positives = 0;
        double above = 0;
        int at = 0;
        while (at < order.length) {
            double score = scores[order[at]];
            double tiedNegatives = 0;
            double tiedPositives = 0;
            while (at < order.length && scores[order[at]] == score) {
                double weight = drawn[examples.group(order[at])];
                if (labels[order[at]]) {
                    tiedPositives += weight;
                } else {
                    tiedNegatives += weight;
                }
                at++;
            }
            above += tiedPositives * (negatives + tiedNegatives / 2);
            positives += tiedPositives;
            negatives += tiedNegatives;
        }
        return above / (positives * negatives);
    }
}
