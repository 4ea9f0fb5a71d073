package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.training.NetworkTraining.PaddedBatch;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MaskedSessionTest {

    private static final long SEED = 31;

    @Test
    void eachClickIsHiddenAsOftenAsAsked() {
        System.out.println("seed " + SEED);
        SplittableRandom random = new SplittableRandom(SEED);
        int[] items = IntStream.range(100, 140).toArray();
        int[] times = new int[items.length];
        int draws = 20_000;
        for (int draw = 0; draw < draws; draw++) {
            MaskedSession session = MaskedSession.draw(items, 0.2, 0, random);
            assertThat(session.items()).isEqualTo(items);
            for (int hidden : session.hidden()) {
                times[hidden]++;
            }
        }
        for (int click = 0; click < times.length; click++) {
            // Four standard deviations of a share of 20,000.
            assertThat((double) times[click] / draws)
                    .as("click %d", click)
                    .isCloseTo(0.2, within(4 * Math.sqrt(0.2 * 0.8 / draws)));
        }
    }

    @Test
    void neverNoneAndNeverAllAreHidden() {
        SplittableRandom random = new SplittableRandom(SEED);
        for (double share : new double[] {0.01, 0.5, 0.99}) {
            for (int draw = 0; draw < 1_000; draw++) {
                int[] items = new int[2 + random.nextInt(4)];
                int hidden = MaskedSession.draw(items, share, 0, random).hidden().length;
                assertThat(hidden).isBetween(1, items.length - 1);
            }
        }
    }

    @Test
    void aBeginningEndsAtAnyClickButTheFirstEquallyOften() {
        SplittableRandom random = new SplittableRandom(SEED);
        int[] items = {7, 8, 9, 10, 11};
        int[] ends = new int[items.length];
        for (int draw = 0; draw < 20_000; draw++) {
            MaskedSession session = MaskedSession.draw(items, 0.2, 1, random);
            int last = session.items().length - 1;
            assertThat(session.hidden()).containsExactly(last);
            assertThat(session.items()).isEqualTo(Arrays.copyOf(items, last + 1));
            ends[last]++;
        }
        assertThat(ends[0]).isZero();
        for (int end = 1; end < ends.length; end++) {
            assertThat(ends[end] / 20_000.0).isCloseTo(0.25, within(0.0125));
        }
    }

    @Test
    void aBatchHoldsNoHiddenItemWhereItIsHidden() {
        PaddedBatch batch =
                PaddedBatch.ofMasked(
                        List.of(
                                new MaskedSession(new int[] {5, 6, 7, 8}, new int[] {0, 2}),
                                MaskedSession.last(new int[] {3, 4})));
        assertThat(batch.longest()).isEqualTo(4);
        assertThat(batch.inputs()).containsExactly(6, 6, 6, 8, 3, 3, 3, 3);
        assertThat(batch.lengths()).containsExactly(4, 2);
        assertThat(batch.targets()).containsExactly(5, 7, 4);
        assertThat(batch.positions()).containsExactly(0, 2, 5);
    }
}
