package io.nextclick.models.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RankingMetricsTest {

    @Test
    void figuresWorkedOutByHand() {
        RankingMetrics metrics = new RankingMetrics(5, 1, 3);
        metrics.add(0);
        metrics.add(2);
        metrics.add(5);
        metrics.add(RankingMetrics.MISS);
        assertThat(metrics.predictions()).isEqualTo(4);
        assertThat(metrics.cutoffs()).containsExactly(1, 3, 5);
        assertThat(metrics.hitRate(1)).isEqualTo(0.25);
        assertThat(metrics.recall(3)).isEqualTo(0.5);
        assertThat(metrics.hitRate(5)).isEqualTo(0.5);
        assertThat(metrics.reciprocalRank(3)).isCloseTo((1 + 1.0 / 3) / 4, within(1e-12));
        // log2(3 + 1) = 2
        assertThat(metrics.ndcg(3)).isCloseTo((1 + 0.5) / 4, within(1e-12));
    }

    @Test
    void nothingCountedIsZeroAndWrongUseIsNamed() {
        assertThat(new RankingMetrics(20).ndcg(20)).isZero();
        assertThatThrownBy(() -> new RankingMetrics()).hasMessageContaining("no cut-off");
        assertThatThrownBy(() -> new RankingMetrics(0)).hasMessageContaining("[0]");
        assertThatThrownBy(() -> new RankingMetrics(5, 5)).hasMessageContaining("[5, 5]");
        assertThatThrownBy(() -> new RankingMetrics(5).hitRate(10)).hasMessageContaining("10");
        assertThatThrownBy(() -> new RankingMetrics(5).add(-1)).hasMessageContaining("-1");
    }
}
