package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.nextclick.models.files.CheckpointFolder;
import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.network.Parameter;
import io.nextclick.models.session.Session;
import io.nextclick.models.training.TrainingListener.Epoch;
import io.nextclick.models.training.TrainingListener.Progress;
import io.nextclick.models.training.TrainingOptions.ItemOptimizer;
import io.nextclick.models.training.TrainingOptions.Loss;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Trainings that are cut off, and what is left of them. */
class InterruptedTrainingTest {

    private static final TrainingOptions SMALL =
            TrainingOptions.DEFAULTS.toBuilder()
                    .embeddingSize(8)
                    .hiddenSize(8)
                    .batchPredictions(64)
                    .learningRate(0.02)
                    .fullSoftmaxUpTo(0)
                    .negatives(12)
                    .epochs(3)
                    .build();

    @TempDir Path directory;

    /** Stands for a process that ends: nothing of the trainer's comes after it. */
    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private static List<Session> sessions(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Session> sessions = new ArrayList<>();
        for (int i = 0; i < 150; i++) {
            int start = random.nextInt(30);
            int length = 2 + random.nextInt(5);
            List<String> items =
                    IntStream.range(start, start + length).mapToObj(n -> "" + n % 30).toList();
            sessions.add(new Session("s" + i, i, items));
        }
        return sessions;
    }

    private static List<float[]> weights(TrainedModel trained) {
        return trained.network().parameters().stream().map(Parameter::copy).toList();
    }

    static Stream<TrainingOptions> trainings() {
        return Stream.of(
                SMALL,
                SMALL.toBuilder().loss(Loss.BPR_MAX).momentum(0.4).build(),
                SMALL.toBuilder().loss(Loss.GBCE).validationFraction(0).build(),
                TrainingOptions.defaults(NetworkKind.SASREC).toBuilder()
                        .embeddingSize(8)
                        .hiddenSize(8)
                        .innerSize(12)
                        .maximumLength(5)
                        .batchPredictions(64)
                        .fullSoftmaxUpTo(0)
                        .negatives(12)
                        .epochs(3)
                        .build(),
                TrainingOptions.defaults(NetworkKind.BERT4REC).toBuilder()
                        .embeddingSize(8)
                        .hiddenSize(8)
                        .innerSize(12)
                        .maximumLength(5)
                        .batchPredictions(64)
                        .fullSoftmaxUpTo(0)
                        .negatives(12)
                        .epochs(3)
                        .build(),
                // Early stopping: the best epoch isn't the last one.
                SMALL.toBuilder().itemLearningRate(3).epochs(6).patience(2).build(),
                SMALL.toBuilder()
                        .tied(false)
                        .embeddingSize(6)
                        .itemOptimizer(ItemOptimizer.ADAM)
                        .itemLearningRate(0.02)
                        .fullSoftmaxUpTo(100)
                        .build());
    }

    @ParameterizedTest
    @MethodSource("trainings")
    void killedAfterAnyEpochItEndsWithTheSameModelBitForBit(TrainingOptions options)
            throws IOException {
        int[] epochs = {0};
        TrainedModel whole =
                Trainer.train(
                        sessions(1),
                        options,
                        new TrainingListener() {
                            @Override
                            public void epochEnded(Epoch epoch) {
                                epochs[0]++;
                            }
                        });
        for (int kill = 1; kill <= epochs[0]; kill++) {
            CheckpointFolder folder = new CheckpointFolder(directory.resolve("" + kill));
            assertThatThrownBy(trainingKilledAfter(kill, options, folder))
                    .isInstanceOf(Killed.class);
            List<Integer> resumed = new ArrayList<>();
            TrainedModel rest =
                    Trainer.train(
                            sessions(1),
                            options,
                            new TrainingListener() {
                                @Override
                                public void resumed(int epoch, boolean refitting) {
                                    resumed.add(epoch);
                                }

                                @Override
                                public void epochEnded(Epoch epoch) {
                                    resumed.add(epoch.epoch());
                                }
                            },
                            new CheckpointFolder(folder.path()));
            assertThat(resumed).as("epochs done after the kill").hasSize(1 + epochs[0] - kill);
            assertThat(weights(rest)).usingRecursiveComparison().isEqualTo(weights(whole));
            assertThat(rest.epochs()).isEqualTo(whole.epochs());
            assertThat(rest.loss()).isEqualTo(whole.loss());
            assertThat(rest.sessions()).isEqualTo(whole.sessions());
            assertThat(rest.validation()).isEqualTo(whole.validation());
            folder.delete();
        }
    }

    private static org.assertj.core.api.ThrowableAssert.ThrowingCallable trainingKilledAfter(
            int epochs, TrainingOptions options, CheckpointFolder folder) {
        int[] done = {0};
        return () ->
                Trainer.train(
                        sessions(1),
                        options,
                        new TrainingListener() {
                            @Override
                            public void epochEnded(Epoch epoch) {
                                if (++done[0] == epochs) {
                                    throw new Killed();
                                }
                            }
                        },
                        folder);
    }

    @Test
    void stoppedInMidEpochItKeepsTheCompleteOnes() {
        CheckpointFolder folder = new CheckpointFolder(directory.resolve("c"));
        boolean[] enough = {false};
        TrainedModel stopped =
                Trainer.train(
                        sessions(1),
                        SMALL,
                        new TrainingListener() {
                            @Override
                            public void stepped(Progress progress) {
                                enough[0] |= progress.epoch() == 3 && progress.step() == 2;
                            }

                            @Override
                            public boolean enough() {
                                return enough[0];
                            }
                        },
                        folder);
        assertThat(stopped.epochs()).isLessThanOrEqualTo(2);
        TrainedModel whole = Trainer.train(sessions(1), SMALL, TrainingListener.SILENT);
        TrainedModel rest = Trainer.train(sessions(1), SMALL, TrainingListener.SILENT, folder);
        assertThat(weights(rest)).usingRecursiveComparison().isEqualTo(weights(whole));
    }

    @Test
    void anotherTrainingsCheckpointIsRefusedAndSaysWhatDiffers() {
        CheckpointFolder folder = new CheckpointFolder(directory.resolve("c"));
        assertThatThrownBy(trainingKilledAfter(1, SMALL, folder)).isInstanceOf(Killed.class);
        TrainingOptions other = SMALL.toBuilder().negatives(13).build();
        assertThatThrownBy(() -> Trainer.train(sessions(1), other, TrainingListener.SILENT, folder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("its negatives is 12, this one's is 13");
        assertThatThrownBy(() -> Trainer.train(sessions(2), SMALL, TrainingListener.SILENT, folder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("its data is ");
    }

    @Test
    void aDamagedCheckpointIsSaid() throws IOException {
        CheckpointFolder folder = new CheckpointFolder(directory.resolve("c"));
        assertThatThrownBy(trainingKilledAfter(1, SMALL, folder)).isInstanceOf(Killed.class);
        try (Stream<Path> files = Files.list(folder.path())) {
            Path state = files.filter(f -> f.toString().endsWith(".safetensors")).findAny().get();
            byte[] bytes = Files.readAllBytes(state);
            bytes[bytes.length / 2] ^= 1;
            Files.write(state, bytes);
        }
        assertThatThrownBy(() -> Trainer.train(sessions(1), SMALL, TrainingListener.SILENT, folder))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("cannot go on from the checkpoint in")
                .hasMessageContaining("SHA-256");
    }

    /** Fails in the second epoch and hands out the weights that the first one ended with. */
    private static TrainingListener failingWith(RuntimeException failure, Error error) {
        return new TrainingListener() {
            @Override
            public void stepped(Progress progress) {
                if (progress.epoch() == 2 && progress.step() == 3) {
                    if (error != null) {
                        throw error;
                    }
                    throw failure;
                }
            }
        };
    }

    private static void assertFirstEpoch(TrainingStoppedException stopped) {
        TrainingOptions options = SMALL.toBuilder().refit(false).build();
        int[] ended = {0};
        TrainedModel first =
                Trainer.train(
                        sessions(1),
                        options,
                        new TrainingListener() {
                            @Override
                            public void epochEnded(Epoch epoch) {
                                ended[0]++;
                            }

                            @Override
                            public boolean enough() {
                                return ended[0] == 1;
                            }
                        });
        TrainedModel good = stopped.lastGood().orElseThrow();
        assertThat(good.epochs()).isEqualTo(1);
        assertThat(weights(good)).usingRecursiveComparison().isEqualTo(weights(first));
    }

    @Test
    void whenTheHeapIsFullTheLastGoodModelIsLeft() {
        TrainingOutOfMemoryException stopped =
                catchThrowableOfType(
                        TrainingOutOfMemoryException.class,
                        () ->
                                Trainer.train(
                                        sessions(1),
                                        SMALL,
                                        failingWith(
                                                null, new OutOfMemoryError("Java heap space"))));
        assertThat(stopped)
                .hasMessageContaining("Java is out of memory in epoch 2 (Java heap space")
                .hasMessageContaining("-Xmx");
        assertFirstEpoch(stopped);
    }

    @Test
    void whenTheEngineGetsNoMemoryTheLastGoodModelIsLeft() {
        TrainingOutOfMemoryException stopped =
                catchThrowableOfType(
                        TrainingOutOfMemoryException.class,
                        () -> Trainer.train(sessions(1), SMALL, failingWith(refused(), null)));
        assertThat(stopped)
                .hasMessageContaining("the engine is out of native memory in epoch 2")
                .hasMessageContaining("it asked for 4,398,046,511,104 MB more");
        assertFirstEpoch(stopped);
    }

    /** What the engine itself says when it asks for more than any address space holds. */
    private static EngineException refused() {
        try (NDManager manager = NDManager.newBaseManager(null, "PyTorch")) {
            return catchThrowableOfType(
                    EngineException.class, () -> manager.create(new Shape(1L << 60)));
        }
    }

    @Test
    void otherFailuresOfTheEngineStayWhatTheyAre() {
        EngineException other = new EngineException("shapes do not match");
        assertThatThrownBy(() -> Trainer.train(sessions(1), SMALL, failingWith(other, null)))
                .isSameAs(other);
    }
}
