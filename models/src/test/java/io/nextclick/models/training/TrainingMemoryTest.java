package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.nextclick.models.network.AttentionSizes;
import io.nextclick.models.network.Bert4Rec;
import io.nextclick.models.network.Gru4Rec;
import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.network.SasRec;
import io.nextclick.models.network.SessionNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Native memory is invisible to the garbage collector: a step must give back all it took. */
class TrainingMemoryTest {

    private static final int STEPS = 500;
    private static final int ITEMS = 5_000;

    @ParameterizedTest
    @EnumSource
    void fiveHundredStepsLeaveNothingBehind(NetworkKind kind) throws IOException {
        TrainingOptions options =
                TrainingOptions.DEFAULTS.toBuilder()
                        .embeddingSize(32)
                        .hiddenSize(32)
                        .negatives(256)
                        .build();
        long[] counts = new long[ITEMS];
        Arrays.fill(counts, 1);
        SplittableRandom random = new SplittableRandom(8);
        SessionNetwork network =
                switch (kind) {
                    case GRU4REC ->
                            new Gru4Rec(
                                    new Gru4Rec.HyperParameters(ITEMS, 32, 32, true),
                                    random.split());
                    case SASREC ->
                            new SasRec(
                                    new AttentionSizes(ITEMS, 32, 8, 2, 2, 64, true),
                                    random.split());
                    case BERT4REC ->
                            new Bert4Rec(
                                    new AttentionSizes(ITEMS, 32, 8, 2, 2, 64, true),
                                    random.split());
                };
        try (NDManager manager = NDManager.newBaseManager(null, "PyTorch")) {
            JniUtils.setNumThreads(1); // several would wait for each other on a busy machine
            NetworkTraining training =
                    new NetworkTraining(network, counts, options, false, manager, random.split());
            run(training, random, 50);
            long before = residentKibibytes();
            run(training, random, STEPS);
            assertThat(manager.getManagedArrays()).isEmpty();
            // Each step takes some 4 MB: 500 kept ones would be 2 GB.
            assertThat(residentKibibytes() - before).isLessThan(200 * 1024);
        }
    }

    private static void run(NetworkTraining training, SplittableRandom random, int steps) {
        for (int step = 0; step < steps; step++) {
            int[][] batch = new int[40][2 + random.nextInt(6)];
            for (int[] session : batch) {
                Arrays.setAll(session, t -> random.nextInt(ITEMS));
            }
            assertThat(training.step(batch, 0.001f)).isFinite();
        }
    }

    /** From the kernel's view of this process; 0 where there is no such view. */
    private static long residentKibibytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(0);
    }
}
