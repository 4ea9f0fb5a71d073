package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TrainingBatchesTest {

    private static List<int[]> sessions(int count) {
        List<int[]> sessions = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(9);
        for (int i = 0; i < count; i++) {
            int[] session = new int[2 + random.nextInt(12)];
            session[0] = i;
            sessions.add(session);
        }
        return sessions;
    }

    @Test
    void everySessionIsInOneBatchThoseOfTheUnfilledLastIncluded() {
        List<int[]> sessions = sessions(1013);
        List<int[][]> batches = TrainingBatches.shuffled(sessions, 100, new SplittableRandom(1));
        List<Integer> seen = new ArrayList<>();
        for (int[][] batch : batches) {
            for (int[] session : batch) {
                seen.add(session[0]);
            }
        }
        assertThat(seen).doesNotHaveDuplicates().hasSize(1013);
    }

    @Test
    void batchesHoldAboutTheWantedPredictionsAndLittlePadding() {
        List<int[]> sessions = sessions(5000);
        long padded = 0;
        long predictions = 0;
        for (int[][] batch : TrainingBatches.shuffled(sessions, 200, new SplittableRandom(1))) {
            int longest = 0;
            int own = 0;
            for (int[] session : batch) {
                longest = Math.max(longest, session.length - 1);
                own += session.length - 1;
            }
            assertThat(own).isLessThan(200 + 13);
            predictions += own;
            padded += (long) longest * batch.length;
        }
        assertThat((double) padded / predictions).isLessThan(1.05);
    }

    @Test
    void aSeedGivesAnOrderAndAnotherSeedAnother() {
        assertThat(order(1)).isEqualTo(order(1)).isNotEqualTo(order(2));
    }

    private static List<Integer> order(long seed) {
        List<Integer> order = new ArrayList<>();
        for (int[][] batch :
                TrainingBatches.shuffled(sessions(300), 50, new SplittableRandom(seed))) {
            for (int[] session : batch) {
                order.add(session[0]);
            }
        }
        return order;
    }
}
