package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class NegativeSamplerTest {

    private static final long[] COUNTS = {0, 16, 1, 0, 81, 0};

    @Test
    void drawsAsOftenAsItSays() {
        NegativeSampler sampler = new NegativeSampler(COUNTS, 0.5, 0.25);
        int draws = 200_000;
        int[] drawn = new int[COUNTS.length];
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < draws; i++) {
            drawn[sampler.next(random)]++;
        }
        double sum = 0;
        for (int row = 0; row < COUNTS.length; row++) {
            assertThat((double) drawn[row] / draws)
                    .as("item %d", row)
                    .isCloseTo(sampler.probability(row), within(0.005));
            sum += sampler.probability(row);
        }
        assertThat(sum).isCloseTo(1, within(1e-12));
        // √16 : √1 : √81 = 4 : 1 : 9, a quarter spread evenly
        assertThat(sampler.probability(4)).isCloseTo(0.75 * 9 / 14 + 0.25 / 6, within(1e-12));
    }

    @Test
    void neverDrawsAnItemWithoutClicksUnlessUniformly() {
        NegativeSampler sampler = new NegativeSampler(COUNTS, 0, 0);
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 20_000; i++) {
            assertThat(COUNTS[sampler.next(random)]).isPositive();
        }
        assertThat(sampler.probability(1)).isCloseTo(1.0 / 3, within(1e-12));
    }
}
