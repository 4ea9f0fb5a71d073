package io.nextclick.models.ranking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SourceWeightsTest {

    @Test
    void fixedWeightsAreScaledAndStay() {
        SourceWeights weights = SourceWeights.fixed(2, 3, 1);
        weights.learn(0, 0, 1);
        weights.resume(1, List.of(new SourceWeights.Learnt(9, List.of(.1, .9))));
        assertThat(weights.of(0)).containsExactly(.75, .25);
        assertThat(weights.of(1)).containsExactly(.75, .25);
    }

    @Test
    void oneLabelMovesTheWeightsTowardsTheResponsibilities() {
        SourceWeights weights = SourceWeights.learnt(1, 1_000, .8, .2);
        weights.learn(0, .1f, .4f);
        // Responsibility of the first: .8 · .1 / (.8 · .1 + .2 · .4) = .5.
        assertThat(weights.of(0)[0]).isCloseTo(.8 + (.5 - .8) / 50, within(1e-6));
        assertThat(weights.of(0)[0] + weights.of(0)[1]).isCloseTo(1, within(1e-12));
        assertThat(weights.labels(0)).isEqualTo(1);
    }

    @Test
    void aSourceThatHadNothingToSayKeepsItsWeight() {
        SourceWeights weights = SourceWeights.learnt(1, 50, .5, .3, .2);
        for (int label = 0; label < 500; label++) {
            weights.learn(0, .9f, Float.NaN, .1f);
        }
        assertThat(weights.of(0)[1]).isEqualTo(.3);
        assertThat(weights.of(0)[0]).isCloseTo(.7 - SourceWeights.FLOOR, within(1e-3));
        assertThat(weights.of(0)[2]).isCloseTo(SourceWeights.FLOOR, within(1e-3));
        weights.learn(0, Float.NaN, .5f, Float.NaN);
        assertThat(weights.labels(0)).isEqualTo(500);
    }

    @Test
    void aClickOnAnItemThatNobodyListedSaysNothing() {
        SourceWeights weights = SourceWeights.learnt(1, 1_000, .8, .2);
        weights.learn(0, 0, 0);
        weights.learn(0, Float.NaN, 1);
        assertThat(weights.of(0)).containsExactly(.8, .2);
        assertThat(weights.labels(0)).isZero();
    }

    /** Clicks drawn from a mixture of two sources that propose different and common items. */
    @Test
    void theSharesOfAMixtureAreFoundAndFollowedWhenTheyChange() {
        long seed = 20260923;
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        float[][] sources = {{.5f, .3f, .2f, 0, 0}, {0, .1f, .2f, .3f, .4f}};
        SourceWeights weights = SourceWeights.learnt(1, 2_000, .5, .5);
        double mean = 0;
        for (double share : new double[] {.8, .3}) {
            mean = 0;
            for (int label = 0; label < 20_000; label++) {
                float[] drawn = sources[random.nextDouble() < share ? 0 : 1];
                int item = 0;
                double left = random.nextDouble() - drawn[0];
                while (left > 0 && item < 4) {
                    left -= drawn[++item];
                }
                weights.learn(0, sources[0][item], sources[1][item]);
                if (label >= 10_000) {
                    mean += weights.of(0)[0] / 10_000;
                }
            }
            // The maximum-likelihood estimate of 10,000 labels errs by .006 or so.
            assertThat(mean).isCloseTo(share, within(.02));
        }
    }

    @Test
    void aSourceThatWasUselessComesBack() {
        SourceWeights weights = SourceWeights.learnt(1, 1_000, .5, .5);
        for (int label = 0; label < 100_000; label++) {
            weights.learn(0, 1, 0);
        }
        assertThat(weights.of(0)[1]).isCloseTo(SourceWeights.FLOOR, within(1e-9));
        for (int label = 0; label < 5_000; label++) {
            weights.learn(0, .01f, .3f);
        }
        assertThat(weights.of(0)[1]).isGreaterThan(.9);
    }

    @Test
    void situationsAreLearntApart() {
        SourceWeights weights = SourceWeights.learnt(2, 100, .5, .5);
        for (int label = 0; label < 1_000; label++) {
            weights.learn(0, 1, 0);
            weights.learn(1, 0, 1);
        }
        assertThat(weights.of(0)[0]).isGreaterThan(.95);
        assertThat(weights.of(1)[0]).isLessThan(.05);
    }

    @Test
    void goesOnFromTheMeanOfWhatSeveralHaveLearnt() {
        SourceWeights weights = SourceWeights.learnt(2, 1_000, .5, .5);
        weights.resume(
                0,
                List.of(
                        new SourceWeights.Learnt(300, List.of(.8, .2)),
                        new SourceWeights.Learnt(100, List.of(.4, .6)),
                        new SourceWeights.Learnt(0, List.of(.1, .9)),
                        new SourceWeights.Learnt(500, List.of(1.0))));
        assertThat(weights.of(0)[0]).isCloseTo(.7, within(1e-9));
        assertThat(weights.labels(0)).isEqualTo(300);
        assertThat(weights.of(1)).containsExactly(.5, .5);
        SourceWeights same = SourceWeights.learnt(2, 1_000, .5, .5);
        same.resume(0, List.of(weights.learntIn(0)));
        assertThat(same.of(0)).containsExactly(weights.of(0));
    }

    @Test
    void boundsAreNamed() {
        assertThatThrownBy(() -> SourceWeights.learnt(1, 49, 1, 1))
                .hasMessage("window is 49, less than 50");
        assertThatThrownBy(() -> SourceWeights.fixed(0, 1)).hasMessageContaining("situations");
        assertThatThrownBy(() -> SourceWeights.fixed(1)).hasMessage("there are no weights");
        assertThatThrownBy(() -> SourceWeights.fixed(1, 0, 0)).hasMessage("weights add up to 0.0");
        assertThatThrownBy(() -> SourceWeights.fixed(1, 2, -1)).hasMessage("a weight is -1.0");
    }
}
