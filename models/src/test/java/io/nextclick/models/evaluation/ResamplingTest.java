package io.nextclick.models.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ResamplingTest {

    private static final int MISS = RankingMetric.MISS;
    private static final long SEED = 4_711;

    /** Every prediction a visit of its own. */
    private static Predictions single(int... ranks) {
        return new Predictions(ranks, IntStream.rangeClosed(0, ranks.length).toArray());
    }

    /**
     * Visits of 1 to 9 clicks, half of them hard to foresee: {@code hr@1} is .4 in the long run,
     * and clicks of one visit resemble each other.
     */
    private static Predictions visits(int count, Random random) {
        int[] bounds = new int[count + 1];
        int[] ranks = new int[9 * count];
        for (int visit = 0; visit < count; visit++) {
            double chance = random.nextBoolean() ? 0.1 : 0.7;
            bounds[visit + 1] = bounds[visit] + 1 + random.nextInt(9);
            for (int at = bounds[visit]; at < bounds[visit + 1]; at++) {
                ranks[at] = random.nextDouble() < chance ? 0 : MISS;
            }
        }
        return new Predictions(Arrays.copyOf(ranks, bounds[count]), bounds);
    }

    @Test
    void intervalsHoldTheTruthAsOftenAsTheySay() {
        Random random = new Random(SEED);
        int logs = 400;
        int held = 0;
        int heldByClicks = 0;
        for (int log = 0; log < logs; log++) {
            Predictions predictions = visits(150, random);
            Resampling resampling = new Resampling(300, 20, 0.9, log);
            held += resampling.intervals(predictions, 1).get("hr@1").contains(0.4) ? 1 : 0;
            int[] ranks = IntStream.range(0, predictions.size()).map(predictions::rank).toArray();
            heldByClicks +=
                    resampling.intervals(single(ranks), 1).get("hr@1").contains(0.4) ? 1 : 0;
        }
        // Three standard deviations of 400 draws are 4.5 %.
        assertThat(held / (double) logs).isBetween(0.85, 0.945);
        // Taking clicks for independent, as if there were no visits, claims far too much.
        assertThat(heldByClicks / (double) logs).isLessThan(0.78);
    }

    @Test
    void intervalsOfManyVisitsAreThoseOfTheNormalApproximation() {
        Predictions predictions = visits(4_000, new Random(SEED));
        double[] sums = predictions.sums(RankingMetric.HR, 1);
        int[] sizes = predictions.sizes();
        double mean = predictions.mean(RankingMetric.HR, 1);
        double squares = 0;
        for (int visit = 0; visit < sizes.length; visit++) {
            squares += Math.pow(sums[visit] - mean * sizes[visit], 2);
        }
        double deviation = Math.sqrt(squares) / predictions.size();
        Interval interval =
                new Resampling(4_000, 20, 0.95, 3).intervals(predictions, 1).get("hr@1");
        assertThat(interval.low()).isCloseTo(mean - 1.96 * deviation, within(0.08 * deviation));
        assertThat(interval.high()).isCloseTo(mean + 1.96 * deviation, within(0.08 * deviation));
    }

    @Test
    void multiplesOfAMetricHaveMultiplesOfItsInterval() {
        Predictions predictions = single(0, 3, MISS, 1, 0, 7, MISS, 2);
        Map<String, Interval> intervals = Resampling.DEFAULT.intervals(predictions, 5, 10);
        assertThat(intervals).hasSize(12);
        assertThat(intervals.get("recall@5")).isEqualTo(intervals.get("hr@5"));
        assertThat(intervals.get("map@10")).isEqualTo(intervals.get("mrr@10"));
        assertThat(intervals.get("precision@5").high())
                .isCloseTo(intervals.get("hr@5").high() / 5, within(1e-12));
        for (RankingMetric metric : RankingMetric.values()) {
            assertThat(intervals.get(metric.at(10)).contains(predictions.mean(metric, 10)))
                    .as(metric.at(10))
                    .isTrue();
        }
    }

    @Test
    void theRandomisationTestIsTheShareOfAllSwaps() {
        int[] one = {0, 2, MISS, 1, 0, 0, 4, MISS, 3, 0, 1, 9};
        int[] other = {1, 2, 5, MISS, 0, 3, MISS, MISS, 1, 2, 6, MISS};
        Predictions left = single(one);
        Predictions right = single(other);
        double[] mrr = new double[one.length];
        for (int i = 0; i < mrr.length; i++) {
            mrr[i] = RankingMetric.MRR.of(one[i], 10) - RankingMetric.MRR.of(other[i], 10);
        }
        double found = Math.abs(Arrays.stream(mrr).sum());
        int asLarge = 0;
        for (int swaps = 0; swaps < 1 << mrr.length; swaps++) {
            double sum = 0;
            for (int i = 0; i < mrr.length; i++) {
                sum += (swaps >> i & 1) == 0 ? mrr[i] : -mrr[i];
            }
            asLarge += Math.abs(sum) >= found - 1e-9 ? 1 : 0;
        }
        double exact = asLarge / (double) (1 << mrr.length);
        Difference difference =
                new Resampling(1_000, 40_000, 0.95, 1).differences(left, right, 10).get("mrr@10");
        assertThat(difference.randomisation()).isCloseTo(exact, within(0.01));
        assertThat(difference.difference())
                .isCloseTo(
                        left.mean(RankingMetric.MRR, 10) - right.mean(RankingMetric.MRR, 10),
                        within(1e-12));
        assertThat(difference.interval().contains(difference.difference())).isTrue();
        assertThat(difference.t()).isCloseTo(exact, within(0.05));
    }

    /** The same visits predicted again, each target at a chance of its own. */
    private static Predictions again(Predictions predictions, double chance, Random random) {
        int[] ranks = new int[predictions.size()];
        for (int at = 0; at < ranks.length; at++) {
            boolean copied = random.nextDouble() < 0.5;
            ranks[at] = copied ? predictions.rank(at) : random.nextDouble() < chance ? 0 : MISS;
        }
        int[] sizes = predictions.sizes();
        int[] bounds = new int[sizes.length + 1];
        for (int visit = 0; visit < sizes.length; visit++) {
            bounds[visit + 1] = bounds[visit] + sizes[visit];
        }
        return new Predictions(ranks, bounds);
    }

    @Test
    void pValuesOfEqualModelsAreUniform() {
        Random random = new Random(SEED);
        int logs = 600;
        int[] below = new int[3];
        double[] levels = {0.05, 0.25, 0.5};
        double largestGap = 0;
        for (int log = 0; log < logs; log++) {
            Predictions visits = visits(80, random);
            // Both are made of the visits in the same way, so that neither is the better one.
            Predictions one = again(visits, 0.4, random);
            Predictions other = again(visits, 0.4, random);
            Difference difference =
                    new Resampling(20, 400, 0.95, log).differences(one, other, 1).get("hr@1");
            for (int i = 0; i < levels.length; i++) {
                below[i] += difference.randomisation() <= levels[i] ? 1 : 0;
            }
            largestGap =
                    Math.max(largestGap, Math.abs(difference.randomisation() - difference.t()));
        }
        for (int i = 0; i < levels.length; i++) {
            double deviation = Math.sqrt(levels[i] * (1 - levels[i]) / logs);
            // Discrete sums tie, and ties count as large: p may only be too high, by a little.
            assertThat(below[i] / (double) logs)
                    .as("p up to " + levels[i])
                    .isBetween(levels[i] - 3.5 * deviation - 0.03, levels[i] + 3.5 * deviation);
        }
        assertThat(largestGap).isLessThan(0.15);
    }

    @Test
    void aBetterModelIsFoundOut() {
        Random random = new Random(SEED);
        Predictions visits = visits(400, random);
        Predictions better = again(visits, 0.55, random);
        Predictions worse = again(visits, 0.4, random);
        Difference difference = Resampling.DEFAULT.differences(better, worse, 1, 20).get("hr@1");
        assertThat(difference.difference()).isPositive();
        assertThat(difference.interval().low()).isPositive();
        assertThat(difference.randomisation()).isLessThan(0.01);
        assertThat(difference.t()).isLessThan(0.01);
    }

    @Test
    void aModelDoesNotDifferFromItself() {
        Predictions visits = visits(50, new Random(SEED));
        Difference difference = Resampling.DEFAULT.differences(visits, visits, 5).get("ndcg@5");
        assertThat(difference).isEqualTo(new Difference(0, new Interval(0, 0), 1, 1));
    }

    @Test
    void theSeedDecidesAndTheThreadsDoNot() throws Exception {
        Random random = new Random(SEED);
        Predictions one = visits(100, random);
        Predictions other = again(one, 0.5, random);
        Resampling resampling = new Resampling(200, 230, 0.95, 8);
        Map<String, Difference> here = resampling.differences(one, other, 1, 3);
        ForkJoinPool single = new ForkJoinPool(1);
        try {
            assertThat(single.submit(() -> resampling.differences(one, other, 1, 3)).get())
                    .isEqualTo(here);
        } finally {
            single.shutdown();
        }
        assertThat(new Resampling(200, 230, 0.95, 9).differences(one, other, 1, 3))
                .isNotEqualTo(here);
    }

    @Test
    void wrongUseIsNamed() {
        assertThatThrownBy(() -> new Resampling(19, 100, 0.95, 1)).hasMessageContaining("19");
        assertThatThrownBy(() -> new Resampling(100, 3, 0.95, 1)).hasMessageContaining("3");
        assertThatThrownBy(() -> new Resampling(100, 100, 95, 1)).hasMessageContaining("95");
        Predictions three = single(0, 1, 2);
        Predictions paired = new Predictions(new int[3], new int[] {0, 2, 3});
        assertThatThrownBy(() -> Resampling.DEFAULT.differences(three, paired, 5))
                .hasMessageContaining("same clicks");
        assertThat(Resampling.DEFAULT.intervals(single(1), 5)).isEmpty();
        assertThat(Resampling.DEFAULT.differences(single(1), single(0), 5)).isEmpty();
    }
}
