package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.network.Parameter;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionSplit;
import io.nextclick.models.training.TrainingListener.Epoch;
import io.nextclick.models.training.TrainingListener.Progress;
import io.nextclick.models.training.TrainingListener.TrainingPlan;
import io.nextclick.models.training.TrainingOptions.ItemOptimizer;
import io.nextclick.models.training.TrainingOptions.Loss;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainerTest {

    private static final TrainingOptions SMALL =
            TrainingOptions.DEFAULTS.toBuilder()
                    .embeddingSize(16)
                    .hiddenSize(16)
                    .embeddingDropout(0)
                    .hiddenDropout(0)
                    .batchPredictions(64)
                    .learningRate(0.02)
                    .epochs(6)
                    .threads(1)
                    .build();

    /** Sessions that walk around a ring of items in steps of one, from a random start. */
    private static List<Session> ring(int sessions, int items, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Session> ring = new ArrayList<>();
        for (int i = 0; i < sessions; i++) {
            int start = random.nextInt(items);
            int length = 2 + random.nextInt(6);
            ring.add(
                    new Session(
                            "s" + i,
                            i,
                            IntStream.range(start, start + length)
                                    .mapToObj(item -> "item-" + item % items)
                                    .toList()));
        }
        return ring;
    }

    @Test
    void learnsATransitionWithTheFullSoftmax() {
        TrainedModel trained = Trainer.train(ring(600, 40, 1), SMALL, TrainingListener.SILENT);
        assertThat(trained.validation().mrr20()).isGreaterThan(0.95);
        assertThat(trained.vocabulary().size()).isEqualTo(40);
    }

    @Test
    void sasRecLearnsATransition() {
        for (ItemOptimizer optimizer : ItemOptimizer.values()) {
            for (int most : new int[] {0, 8_000}) {
                TrainingOptions options =
                        TrainingOptions.defaults(NetworkKind.SASREC).toBuilder()
                                .embeddingSize(16)
                                .hiddenSize(16)
                                .innerSize(16)
                                .embeddingDropout(0.1)
                                .hiddenDropout(0.1)
                                .batchPredictions(64)
                                .learningRate(0.01)
                                .itemOptimizer(optimizer)
                                .itemLearningRate(optimizer == ItemOptimizer.ADAM ? 0.02 : 0.15)
                                .fullSoftmaxUpTo(most)
                                .negatives(16)
                                .epochs(10)
                                .build();
                TrainedModel trained =
                        Trainer.train(ring(600, 40, 1), options, TrainingListener.SILENT);
                assertThat(trained.validation().mrr20())
                        .as("%s, up to %d", optimizer, most)
                        .isGreaterThan(0.9);
            }
        }
    }

    @Test
    void bert4RecLearnsATransition() {
        TrainingOptions options =
                TrainingOptions.defaults(NetworkKind.BERT4REC).toBuilder()
                        .embeddingSize(16)
                        .hiddenSize(16)
                        .innerSize(16)
                        .embeddingDropout(0)
                        .hiddenDropout(0)
                        .batchPredictions(64)
                        .learningRate(0.01)
                        .itemLearningRate(0.15)
                        .epochs(15)
                        .refit(false)
                        .build();
        TrainedModel trained = Trainer.train(ring(600, 40, 1), options, TrainingListener.SILENT);
        assertThat(trained.validation().mrr20()).isGreaterThan(0.9);
    }

    @Test
    void learnsItWithSampledNegativesUntiedAndWithEitherOptimizer() {
        for (ItemOptimizer optimizer : ItemOptimizer.values()) {
            TrainingOptions options =
                    SMALL.toBuilder()
                            .tied(false)
                            .embeddingSize(12)
                            .fullSoftmaxUpTo(0)
                            .negatives(16)
                            .itemOptimizer(optimizer)
                            .itemLearningRate(optimizer == ItemOptimizer.ADAM ? 0.02 : 0.15)
                            .epochs(10)
                            .build();
            TrainedModel trained =
                    Trainer.train(ring(600, 40, 1), options, TrainingListener.SILENT);
            assertThat(trained.validation().mrr20()).as("%s", optimizer).isGreaterThan(0.9);
        }
    }

    @Test
    void learnsItWithEveryLossSampledAndWhole() {
        for (Loss loss : Loss.values()) {
            for (int fullUpTo : new int[] {0, 100}) {
                TrainingOptions options =
                        SMALL.toBuilder()
                                .loss(loss)
                                .fullSoftmaxUpTo(fullUpTo)
                                .negatives(24)
                                .uniform(1)
                                .momentum(0.3)
                                .epochs(10)
                                .build();
                TrainedModel trained =
                        Trainer.train(ring(600, 40, 1), options, TrainingListener.SILENT);
                assertThat(trained.validation().mrr20())
                        .as("%s, whole up to %d", loss, fullUpTo)
                        .isGreaterThan(0.9);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Loss.class)
    void aSeedGivesTheSameModelBitForBitAndAnotherSeedAnother(Loss loss) {
        TrainingOptions options =
                SMALL.toBuilder()
                        .loss(loss)
                        .momentum(0.5)
                        .fullSoftmaxUpTo(0)
                        .hiddenDropout(0.2)
                        .epochs(2)
                        .build();
        List<float[]> first = weights(options);
        assertThat(weights(options)).usingRecursiveComparison().isEqualTo(first);
        List<float[]> other = weights(options.toBuilder().seed(options.seed() + 1).build());
        assertThat(other.get(0)).isNotEqualTo(first.get(0));
    }

    /** What the engine keeps for a gradient mustn't lie in memory that the collector takes back. */
    @Test
    void collectionsOfGarbageChangeNothing() {
        TrainingListener littering =
                new TrainingListener() {
                    @Override
                    public void stepped(Progress progress) {
                        litter();
                    }
                };
        TrainingOptions sampled =
                SMALL.toBuilder().fullSoftmaxUpTo(0).negatives(16).epochs(2).refit(false).build();
        for (TrainingOptions options :
                List.of(
                        sampled.toBuilder().network(NetworkKind.SASREC).hiddenDropout(0.2).build(),
                        sampled.toBuilder()
                                .network(NetworkKind.BERT4REC)
                                .hiddenDropout(0.2)
                                .build(),
                        sampled.toBuilder().labelSmoothing(0.1).build(),
                        sampled.toBuilder().loss(Loss.BPR_MAX).build(),
                        sampled.toBuilder().loss(Loss.GBCE).build())) {
            // The collector runs when it likes, between a step's two passes too.
            Thread collecting = new Thread(TrainerTest::collect);
            collecting.setDaemon(true);
            List<float[]> quiet = weights(options, TrainingListener.SILENT);
            collecting.start();
            try {
                assertThat(weights(options, littering))
                        .as("%s, %s", options.network(), options.loss())
                        .usingRecursiveComparison()
                        .isEqualTo(quiet);
            } finally {
                collecting.interrupt();
            }
        }
    }

    private static void collect() {
        while (!Thread.currentThread().isInterrupted()) {
            System.gc();
            litter();
        }
    }

    /** Fills small native blocks, the freed ones among them, with what is no number. */
    private static void litter() {
        for (int i = 0; i < 200; i++) {
            ByteBuffer.allocateDirect(4 + i % 16)
                    .order(ByteOrder.nativeOrder())
                    .putFloat(0, Float.NaN);
        }
    }

    private static List<float[]> weights(TrainingOptions options) {
        return weights(options, TrainingListener.SILENT);
    }

    private static List<float[]> weights(TrainingOptions options, TrainingListener listener) {
        return Trainer.train(ring(200, 40, 1), options, listener).network().parameters().stream()
                .map(Parameter::values)
                .toList();
    }

    @Test
    void theLatestSessionsAreHeldOutAndRefittedOn() {
        List<Epoch> epochs = new ArrayList<>();
        List<TrainingPlan> plans = new ArrayList<>();
        List<Integer> refits = new ArrayList<>();
        TrainingListener listener =
                new TrainingListener() {
                    @Override
                    public void started(TrainingPlan plan) {
                        plans.add(plan);
                    }

                    @Override
                    public void epochEnded(Epoch epoch) {
                        epochs.add(epoch);
                    }

                    @Override
                    public void refitting(int count) {
                        refits.add(count);
                    }

                    @Override
                    public void stepped(Progress progress) {
                        assertThat(progress.step()).isBetween(1, progress.steps());
                        assertThat(progress.timeLeft().isNegative()).isFalse();
                    }
                };
        TrainedModel trained =
                Trainer.train(ring(200, 40, 1), SMALL.toBuilder().epochs(3).build(), listener);
        assertThat(plans)
                .singleElement()
                .satisfies(
                        plan -> {
                            assertThat(plan.trainingSessions()).isEqualTo(180);
                            assertThat(plan.validationSessions()).isEqualTo(20);
                            assertThat(plan.fullSoftmax()).isTrue();
                            assertThat(plan.seed()).isEqualTo(SMALL.seed());
                        });
        assertThat(refits).containsExactly(trained.epochs());
        assertThat(epochs).hasSize(3 + trained.epochs());
        assertThat(trained.sessions()).isEqualTo(200);
    }

    @Test
    void aSplitDecidesWhatValidatesAndItemsThatOnlyItHasAreMisses() {
        List<Session> learnt = ring(300, 40, 1);
        List<Session> known =
                learnt.stream()
                        .limit(30)
                        .map(session -> session.items().get(session.items().size() - 1))
                        .map(last -> (Integer.parseInt(last.substring(5)) + 1) % 40)
                        .map(next -> session((next + 38) % 40, (next + 39) % 40, next))
                        .toList();
        List<Session> validation = new ArrayList<>(known);
        for (int i = 0; i < 10; i++) {
            validation.add(new Session("n" + i, 0, List.of("item-3", "unknown-" + i), 1));
        }
        TrainingOptions options = SMALL.toBuilder().validationFraction(0).build();
        TrainedModel trained =
                Trainer.train(
                        new SessionSplit(learnt, validation), options, TrainingListener.SILENT);
        assertThat(trained.vocabulary().size()).isEqualTo(40);
        assertThat(trained.sessions()).isEqualTo(300);
        assertThat(trained.validation().predictions()).isEqualTo(40);
        assertThat(trained.validation().recall20()).isEqualTo(0.75);
        assertThat(trained.validation().mrr20()).isBetween(0.7, 0.75);
    }

    /** Items in a row of which only the last is to be predicted. */
    private static Session session(int... items) {
        return new Session(
                "v",
                0,
                IntStream.of(items).mapToObj(item -> "item-" + item).toList(),
                items.length - 1);
    }

    @Test
    void aRefitByItselfGivesTheModelThatATrainingEndsWith() {
        TrainedModel trained =
                Trainer.train(
                        ring(200, 40, 1),
                        SMALL.toBuilder().epochs(3).hiddenDropout(0.2).build(),
                        TrainingListener.SILENT);
        TrainedModel again =
                Trainer.refit(
                        ring(200, 40, 1),
                        trained.options(),
                        trained.epochs(),
                        trained.validation(),
                        TrainingListener.SILENT);
        assertThat(again.network().parameters())
                .usingRecursiveComparison()
                .isEqualTo(trained.network().parameters());
        assertThat(again.validation()).isEqualTo(trained.validation());
        assertThat(again.sessions()).isEqualTo(200);
        assertThat(again.epochs()).isEqualTo(trained.epochs());
    }

    @Test
    void stopsWhenValidationNoLongerImprovesAndKeepsTheBestEpoch() {
        List<Epoch> epochs = new ArrayList<>();
        TrainingListener listener =
                new TrainingListener() {
                    @Override
                    public void epochEnded(Epoch epoch) {
                        epochs.add(epoch);
                    }
                };
        // Nothing can be learnt from random sessions, so the best epoch comes early.
        SplittableRandom random = new SplittableRandom(4);
        List<Session> noise =
                IntStream.range(0, 120)
                        .mapToObj(
                                i ->
                                        new Session(
                                                "s" + i,
                                                i,
                                                List.of(
                                                        "" + random.nextInt(50),
                                                        "" + random.nextInt(50))))
                        .toList();
        TrainedModel trained =
                Trainer.train(
                        noise,
                        SMALL.toBuilder().epochs(60).patience(4).refit(false).build(),
                        listener);
        assertThat(epochs).hasSizeLessThan(60).hasSize(trained.epochs() + 4);
        double best = epochs.get(trained.epochs() - 1).validation().mrr20();
        assertThat(epochs)
                .allSatisfy(e -> assertThat(e.validation().mrr20()).isLessThanOrEqualTo(best));
        assertThat(trained.validation().mrr20()).isEqualTo(best);
    }

    @Test
    void sessionsLongerThanTheMaximumAreCutAndNoTargetIsLost() {
        List<TrainingPlan> plans = new ArrayList<>();
        List<String> items = IntStream.range(0, 101).mapToObj(i -> "" + i % 10).toList();
        TrainingListener listener =
                new TrainingListener() {
                    @Override
                    public void started(TrainingPlan plan) {
                        plans.add(plan);
                    }

                    @Override
                    public void epochEnded(Epoch epoch) {
                        assertThat(epoch.loss()).isFinite();
                    }
                };
        TrainedModel trained =
                Trainer.train(
                        List.of(new Session("long", 0, items)),
                        SMALL.toBuilder().maximumLength(8).epochs(40).build(),
                        listener);
        assertThat(plans).extracting(TrainingPlan::predictions).containsExactly(100L);
        assertThat(trained.loss()).isLessThan(0.5);
        assertThat(trained.validation()).isNull();
    }

    @Test
    void aLossThatIsNoNumberStopsTheTrainingAndLeavesTheLastGoodModel() {
        // Each step turns and stretches the item vectors some 20 times: they overflow within
        // a few epochs.
        TrainingOptions runaway =
                SMALL.toBuilder()
                        .itemOptimizer(ItemOptimizer.ADAM)
                        .itemLearningRate(2)
                        .patience(20)
                        .weightDecay(10)
                        .vectorNorm(0)
                        .build();
        TrainingDivergedException thrown =
                catchThrowableOfType(
                        TrainingDivergedException.class,
                        () -> Trainer.train(ring(200, 40, 1), runaway, TrainingListener.SILENT));
        assertThat(thrown).hasMessageContaining("learning rate").hasMessageContaining("seed 42");
        assertThat(thrown.lastGood())
                .hasValueSatisfying(
                        good -> {
                            assertThat(good.epochs()).isPositive();
                            for (Parameter parameter : good.network().parameters()) {
                                for (float value : parameter.values()) {
                                    assertThat(value).isFinite();
                                }
                            }
                        });
    }

    @Test
    void refusesLogsWithNothingToLearn() {
        List<Session> single = List.of(new Session("a", 0, List.of("x")));
        assertThatThrownBy(() -> Trainer.train(single, SMALL, TrainingListener.SILENT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("none of the 1 sessions has two clicks");
    }

    @Test
    void refusesASecondTrainingAtTheSameTime() throws InterruptedException {
        List<Throwable> refusals = new ArrayList<>();
        Trainer.train(
                ring(50, 10, 1),
                SMALL.toBuilder().epochs(1).refit(false).build(),
                new TrainingListener() {
                    @Override
                    public void epochEnded(Epoch epoch) {
                        Thread second =
                                new Thread(
                                        () -> {
                                            try {
                                                Trainer.train(ring(50, 10, 1), SMALL, SILENT);
                                            } catch (IllegalStateException e) {
                                                refusals.add(e);
                                            }
                                        });
                        second.start();
                        try {
                            second.join();
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                    }
                });
        assertThat(refusals)
                .singleElement()
                .satisfies(e -> assertThat(e).hasMessageContaining("another training is running"));
    }
}
