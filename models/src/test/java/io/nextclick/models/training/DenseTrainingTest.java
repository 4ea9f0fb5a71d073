package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.nextclick.models.network.Gru4Rec;
import io.nextclick.models.training.TrainingBenchmark.Method;
import io.nextclick.models.training.TrainingOptions.ItemOptimizer;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What training is measured against has to do the same. */
class DenseTrainingTest {

    private static final int ITEMS = 60;

    @Test
    void denseAndRowWiseAdamGoTheSameWay() {
        TrainingOptions options =
                TrainingOptions.DEFAULTS.toBuilder()
                        .embeddingSize(8)
                        .hiddenSize(8)
                        .negatives(20)
                        .itemOptimizer(ItemOptimizer.ADAM)
                        .learningRate(0.01)
                        .itemLearningRate(0)
                        .vectorNorm(0)
                        .gradientNorm(0)
                        .build();
        long[] counts = new long[ITEMS];
        Arrays.fill(counts, 1);
        SplittableRandom random = new SplittableRandom(3);
        try (NDManager manager = NDManager.newBaseManager(null, "PyTorch")) {
            JniUtils.setNumThreads(1);
            NetworkTraining rows =
                    new NetworkTraining(
                            network(), counts, options, false, manager, new SplittableRandom(5));
            try (DenseTraining dense =
                    new DenseTraining(
                            network(), counts, options, manager, new SplittableRandom(5))) {
                for (int step = 0; step < 60; step++) {
                    int[][] batch = new int[10][2 + step % 4];
                    for (int[] session : batch) {
                        Arrays.setAll(session, t -> random.nextInt(ITEMS));
                    }
                    assertThat((double) rows.step(batch, 0.01f))
                            .as("loss of step %d", step)
                            .isCloseTo(dense.step(batch), within(0.01));
                }
            }
        }
    }

    private static Gru4Rec network() {
        return new Gru4Rec(new Gru4Rec.HyperParameters(ITEMS, 8, 8, true), new SplittableRandom(7));
    }

    @Test
    void theBenchmarkMeasuresEveryMethodAndEpochs() {
        assertThat(TrainingBenchmark.speeds(300, Duration.ofMillis(20), 3))
                .containsOnlyKeys(Method.values())
                .allSatisfy((method, speed) -> assertThat(speed.clicksPerSecond()).isPositive());
        assertThat(TrainingBenchmark.epochSeconds(300, 600)).isPositive();
    }
}
