package io.nextclick.models.evaluation;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.apache.commons.statistics.inference.TTest;

/**
 * How sure a figure is, found by drawing the test log anew: which visits a log holds is chance, so
 * whole visits are drawn, and all clicks of a visit stay together. Nothing is assumed of how a
 * metric is distributed. The same seed gives the same result on any number of threads.
 *
 * <ul>
 *   <li>Intervals: the percentile bootstrap (Efron and Tibshirani 1993). A resample draws as many
 *       visits as there are, with replacement; its figure is the mean over all their predictions.
 *       Below some thirty visits such intervals are too narrow; a figure that is the same for every
 *       visit, such as 0, gets an interval without width.
 *   <li>Differences of two models: the bootstrap of the difference, each visit keeping both models'
 *       answers, and Fisher's randomisation test, which swaps the two models' answers in a random
 *       half of the visits and counts how often the difference is as large as the one found; p is
 *       (1 + count) / (1 + permutations), so that it is valid at any number of them. Beside it
 *       stands the paired t-test. Smucker, Allan and Carterette (CIKM 2007) find that these agree
 *       on rankings and advise against the signed-rank test, which tests something else.
 * </ul>
 *
 * <p>P-values are of one comparison each. Who looks at many has to expect one in twenty below .05.
 *
 * <p>Shapes: G = visits, M = metrics times cut-offs, R = resamples.
 *
 * @param resamples how many logs the bootstrap draws, at least 20
 * @param permutations how many swaps the randomisation test tries, at least 20
 * @param confidence that an interval holds the true figure, in (0, 1)
 */
public record Resampling(int resamples, int permutations, double confidence, long seed) {

    /** 1,000 resamples, 10,000 permutations, 95 %, seed 1. */
    public static final Resampling DEFAULT = new Resampling(1_000, 10_000, 0.95, 1);

    private static final int FEWEST = 20;

    /** Permutations that share a buffer. */
    private static final int CHUNK = 50;

    /** Sums of the same numbers in another order differ by less. */
    private static final double ROUNDING = 1e-12;

    /** Keeps the draws of the two methods apart. */
    private static final long PERMUTATION_SEED = 0x5DEE_CE66_D1CE_4E5BL;

    public Resampling {
        requireAtLeastFewest("resamples", resamples);
        requireAtLeastFewest("permutations", permutations);
        if (!(confidence > 0 && confidence < 1)) {
            throw new IllegalArgumentException(
                    "confidence is " + confidence + ", it must be between 0 and 1");
        }
    }

    private static void requireAtLeastFewest(String name, int number) {
        if (number < FEWEST) {
            throw new IllegalArgumentException(
                    name + " are " + number + ", there must be " + FEWEST + " or more");
        }
    }

    /**
     * Where each metric lies at each cut-off, by its name, such as {@code mrr@20}. Empty if there
     * are fewer than two visits.
     */
    public Map<String, Interval> intervals(Predictions predictions, int... cutoffs) {
        double[][] sums = columns(cutoffs, metric -> cutoff -> predictions.sums(metric, cutoff));
        return predictions.visits() < 2
                ? Map.of()
                : named(cutoffs, bootstrap(sums, predictions.sizes()), Interval::times);
    }

    /**
     * By how much each metric of one model exceeds the other's, by its name. Empty if there are
     * fewer than two visits.
     *
     * @throws IllegalArgumentException if the two were not asked to predict the same clicks
     */
    public Map<String, Difference> differences(Predictions one, Predictions other, int... cutoffs) {
        if (!one.matches(other)) {
            throw new IllegalArgumentException(
                    "one model predicted "
                            + one.size()
                            + " clicks of "
                            + one.visits()
                            + " visits, the other "
                            + other.size()
                            + " of "
                            + other.visits()
                            + ": they must be the same clicks");
        }
        if (one.visits() < 2) {
            return Map.of();
        }
        double[][] sums =
                columns(
                        cutoffs,
                        metric ->
                                cutoff ->
                                        minus(
                                                one.sums(metric, cutoff),
                                                other.sums(metric, cutoff)));
        Interval[] intervals = bootstrap(sums, one.sizes());
        double[] randomisation = randomisation(sums);
        Difference[] differences = new Difference[sums.length];
        for (int m = 0; m < sums.length; m++) {
            differences[m] =
                    new Difference(
                            Arrays.stream(sums[m]).sum() / one.size(),
                            intervals[m],
                            randomisation[m],
                            t(sums[m]));
        }
        return named(cutoffs, differences, Difference::times);
    }

    /** M columns of G sums. */
    private static double[][] columns(
            int[] cutoffs, Function<RankingMetric, IntFunction<double[]>> sums) {
        double[][] columns = new double[cutoffs.length * RankingMetric.BASES.size()][];
        int column = 0;
        for (int cutoff : cutoffs) {
            for (RankingMetric metric : RankingMetric.BASES) {
                columns[column++] = sums.apply(metric).apply(cutoff);
            }
        }
        return columns;
    }

    @FunctionalInterface
    private interface Multiple<T> {
        T of(T result, double multiple);
    }

    /** What was found for M columns, under the names of all metrics. */
    private static <T> Map<String, T> named(int[] cutoffs, T[] found, Multiple<T> multiple) {
        Map<String, T> named = new LinkedHashMap<>();
        for (int i = 0; i < cutoffs.length; i++) {
            for (RankingMetric metric : RankingMetric.values()) {
                int column =
                        i * RankingMetric.BASES.size() + RankingMetric.BASES.indexOf(metric.base());
                named.put(
                        metric.at(cutoffs[i]),
                        multiple.of(found[column], metric.multiple(cutoffs[i])));
            }
        }
        return named;
    }

    private static double[] minus(double[] one, double[] other) {
        double[] difference = new double[one.length];
        Arrays.setAll(difference, i -> one[i] - other[i]);
        return difference;
    }

    /**
     * @param sums M columns of G sums over a visit's predictions
     * @param sizes how many predictions each of the G visits holds
     */
    private Interval[] bootstrap(double[][] sums, int[] sizes) {
        return bootstrap(
                sizes.length,
                sums.length,
                drawn -> {
                    double size = 0;
                    for (int visit = 0; visit < sizes.length; visit++) {
                        size += drawn[visit] * sizes[visit];
                    }
                    double[] means = new double[sums.length];
                    for (int m = 0; m < sums.length; m++) {
                        means[m] = product(drawn, sums[m]) / size;
                    }
                    return means;
                });
    }

    /** Figures of a log in which each of G groups occurs as often as it was drawn. */
    @FunctionalInterface
    interface Statistic {

        /**
         * @param drawn G times
         * @return M figures; NaN where the log that was drawn has none
         */
        double[] of(double[] drawn);
    }

    /**
     * Where M figures lie, by the bootstrap over G groups. A log without a figure doesn't count;
     * null for a figure that no drawn log has.
     */
    Interval[] bootstrap(int groups, int figures, Statistic statistic) {
        double[][] found = new double[figures][resamples];
        IntStream.range(0, resamples)
                .parallel()
                .forEach(
                        resample -> {
                            SplittableRandom random = random(seed, resample);
                            double[] drawn = new double[groups];
                            for (int i = 0; i < groups; i++) {
                                drawn[random.nextInt(groups)]++;
                            }
                            double[] of = statistic.of(drawn);
                            for (int m = 0; m < figures; m++) {
                                found[m][resample] = of[m];
                            }
                        });
        Interval[] intervals = new Interval[figures];
        for (int m = 0; m < figures; m++) {
            double[] sorted =
                    Arrays.stream(found[m])
                            .filter(figure -> !Double.isNaN(figure))
                            .sorted()
                            .toArray();
            if (sorted.length > 0) {
                intervals[m] =
                        new Interval(
                                quantile(sorted, (1 - confidence) / 2),
                                quantile(sorted, (1 + confidence) / 2));
            }
        }
        return intervals;
    }

    /** The quantile of sorted numbers, between two of them in proportion. */
    private static double quantile(double[] sorted, double share) {
        double place = share * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        // Between equal numbers rounding must not leave them.
        return sorted[below] == sorted[above]
                ? sorted[below]
                : sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    /** P-values of the randomisation test of M columns of differences. */
    private double[] randomisation(double[][] differences) {
        int visits = differences[0].length;
        // Swapping equal answers changes nothing.
        int[] unequal =
                IntStream.range(0, visits)
                        .filter(
                                visit ->
                                        Arrays.stream(differences)
                                                .anyMatch(column -> column[visit] != 0))
                        .toArray();
        double[][] columns = new double[differences.length][];
        double[] found = new double[differences.length];
        for (int m = 0; m < columns.length; m++) {
            double[] column = differences[m];
            columns[m] = Arrays.stream(unequal).mapToDouble(visit -> column[visit]).toArray();
            double magnitude = Arrays.stream(columns[m]).map(Math::abs).sum();
            found[m] = Math.abs(Arrays.stream(columns[m]).sum()) - ROUNDING * magnitude;
        }
        long[] asLarge =
                IntStream.range(0, (permutations + CHUNK - 1) / CHUNK)
                        .parallel()
                        .mapToObj(chunk -> asLarge(columns, found, chunk))
                        .reduce(new long[columns.length], Resampling::plus);
        return Arrays.stream(asLarge)
                .mapToDouble(count -> (1.0 + count) / (1 + permutations))
                .toArray();
    }

    /** Per column, how many of a chunk's permutations differ by as much as was found. */
    private long[] asLarge(double[][] columns, double[] found, int chunk) {
        long[] counts = new long[columns.length];
        double[] signs = new double[columns[0].length];
        int end = Math.min(permutations, (chunk + 1) * CHUNK);
        for (int permutation = chunk * CHUNK; permutation < end; permutation++) {
            SplittableRandom random = random(seed ^ PERMUTATION_SEED, permutation);
            long bits = 0;
            for (int i = 0; i < signs.length; i++) {
                bits = i % Long.SIZE == 0 ? random.nextLong() : bits >>> 1;
                signs[i] = 1 - ((int) bits & 1) * 2;
            }
            for (int m = 0; m < columns.length; m++) {
                counts[m] += Math.abs(product(signs, columns[m])) >= found[m] ? 1 : 0;
            }
        }
        return counts;
    }

    private static long[] plus(long[] one, long[] other) {
        long[] sum = new long[one.length];
        Arrays.setAll(sum, i -> one[i] + other[i]);
        return sum;
    }

    /** Four sums side by side: one alone would wait for its last addition. */
    private static double product(double[] weights, double[] numbers) {
        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        int i = 0;
        for (; i + 3 < numbers.length; i += 4) {
            sum0 += weights[i] * numbers[i];
            sum1 += weights[i + 1] * numbers[i + 1];
            sum2 += weights[i + 2] * numbers[i + 2];
            sum3 += weights[i + 3] * numbers[i + 3];
        }
        for (; i < numbers.length; i++) {
            sum0 += weights[i] * numbers[i];
        }
        return sum0 + sum1 + (sum2 + sum3);
    }

    private static double t(double[] differences) {
        boolean equal = Arrays.stream(differences).allMatch(difference -> difference == 0);
        return equal ? 1 : TTest.withDefaults().test(differences).getPValue();
    }

    private static SplittableRandom random(long seed, int draw) {
        // Neighbouring seeds are steps of one sequence: only their mixed values are apart.
        return new SplittableRandom(new SplittableRandom(seed).nextLong() + draw);
    }
}
