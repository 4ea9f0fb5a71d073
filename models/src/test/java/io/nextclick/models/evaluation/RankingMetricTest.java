package io.nextclick.models.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RankingMetricTest {

    /** Found first, third and sixth, and not at all. */
    private static final Predictions PREDICTIONS =
            new Predictions(new int[] {0, 2, 5, RankingMetric.MISS}, new int[] {0, 1, 4});

    private static void assertMean(RankingMetric metric, int cutoff, double expected) {
        assertThat(PREDICTIONS.mean(metric, cutoff))
                .as(metric.at(cutoff))
                .isCloseTo(expected, within(1e-12));
    }

    @Test
    void figuresWorkedOutByHand() {
        assertMean(RankingMetric.HR, 1, 0.25);
        assertMean(RankingMetric.HR, 3, 0.5);
        assertMean(RankingMetric.HR, 5, 0.5);
        assertMean(RankingMetric.HR, 6, 0.75);
        assertMean(RankingMetric.PRECISION, 1, 0.25);
        assertMean(RankingMetric.PRECISION, 5, 0.1);
        assertMean(RankingMetric.MRR, 3, (1 + 1.0 / 3) / 4);
        assertMean(RankingMetric.MRR, 6, (1 + 1.0 / 3 + 1.0 / 6) / 4);
        // log2(3 + 1) = 2
        assertMean(RankingMetric.NDCG, 3, (1 + 0.5) / 4);
    }

    @Test
    void withOneTargetSomeCoincide() {
        for (int cutoff : new int[] {1, 3, 5, 10}) {
            double hitRate = PREDICTIONS.mean(RankingMetric.HR, cutoff);
            assertMean(RankingMetric.RECALL, cutoff, hitRate);
            assertMean(RankingMetric.PRECISION, cutoff, hitRate / cutoff);
            assertMean(RankingMetric.MAP, cutoff, PREDICTIONS.mean(RankingMetric.MRR, cutoff));
        }
    }

    @Test
    void predictionsAreKeptByVisit() {
        assertThat(PREDICTIONS.sizes()).containsExactly(1, 3);
        assertThat(PREDICTIONS.sums(RankingMetric.HR, 6)).containsExactly(1, 2);
        Predictions part = PREDICTIONS.where(at -> at > 1);
        assertThat(part.visits()).isEqualTo(1);
        assertThat(part.rank(0)).isEqualTo(5);
        assertThat(part.mean(RankingMetric.HR, 6)).isEqualTo(0.5);
        Predictions none = PREDICTIONS.where(at -> false);
        assertThat(none.visits()).isZero();
        assertThat(none.mean(RankingMetric.NDCG, 20)).isZero();
        assertThatThrownBy(() -> new Predictions(new int[3], new int[] {0, 2}))
                .hasMessageContaining("[0, 2]");
    }

    @Test
    void namesAreThoseOfTheFigures() {
        assertThat(RankingMetric.NDCG.at(10)).isEqualTo("ndcg@10");
        assertThat(RankingMetric.PRECISION.title()).isEqualTo("Precision");
    }
}
