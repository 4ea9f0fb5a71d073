package io.nextclick.jobs.ranker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ListQualityTest {

    private static final boolean[] CLICKED = {true, false, false, true};

    @Test
    void countsThePairsOfAListThatStandRight() {
        ListQuality quality =
                new ListQuality(100)
                        // The first stands above one of two and level with the other, the last
                        // below both.
                        .with(new double[] {1, 0, 1, -1}, new int[] {0, 1, 2, 3}, CLICKED, 1);
        assertThat(quality.auc()).isEqualTo(1.5 / 4);
        assertThat(quality.retrievalAuc()).isEqualTo(2.0 / 4);
        assertThat(quality.lists()).isEqualTo(1);
        double logLoss =
                Math.log1p(Math.exp(-1))
                        + Math.log(2)
                        + Math.log1p(Math.exp(1))
                        + Math.log1p(Math.exp(1));
        assertThat(quality.logLoss()).isCloseTo(logLoss / 4, within(1e-12));
        assertThat(quality.isWorthReleasing(1)).isFalse();
    }

    @Test
    void itemsThatStandForOthersWeighAsManyInTheLogLoss() {
        ListQuality quality =
                new ListQuality(100)
                        .with(
                                new double[] {3, 0},
                                new int[] {0, 1},
                                new boolean[] {true, false},
                                0.25);
        double logLoss = (Math.log1p(Math.exp(-3)) + 4 * Math.log(2)) / 5;
        assertThat(quality.logLoss()).isCloseTo(logLoss, within(1e-12));
    }

    @Test
    void aListOfOneKindSaysNothingOfTheOrder() {
        ListQuality quality =
                new ListQuality(100)
                        .with(
                                new double[] {3, 0},
                                new int[] {0, 1},
                                new boolean[] {false, false},
                                1);
        assertThat(quality.auc()).isNaN();
        assertThat(quality.lists()).isZero();
        assertThat(quality.logLoss()).isPositive();
        assertThat(quality.isWorthReleasing(0)).isFalse();
    }

    @Test
    void olderListsFade() {
        double[] right = {1, 0, 0, 1};
        double[] wrong = {0, 1, 1, 0};
        int[] places = {2, 0, 1, 3};
        ListQuality quality = new ListQuality(10);
        for (int i = 0; i < 200; i++) {
            quality = quality.with(right, places, CLICKED, 1);
        }
        assertThat(quality.auc()).isCloseTo(1, within(1e-12));
        assertThat(quality.isWorthReleasing(200)).isTrue();
        assertThat(quality.isWorthReleasing(201)).as("too few").isFalse();
        for (int i = 0; i < 10; i++) {
            quality = quality.with(wrong, places, CLICKED, 1);
        }
        assertThat(quality.auc()).isCloseTo(Math.pow(0.9, 10), within(1e-6));
        ListQuality again = new ListQuality(10, quality.lists(), quality.sums());
        assertThat(again.with(right, places, CLICKED, 1).auc())
                .isEqualTo(quality.with(right, places, CLICKED, 1).auc());
    }
}
