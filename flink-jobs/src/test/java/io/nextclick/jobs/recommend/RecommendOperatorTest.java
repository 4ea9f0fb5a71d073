package io.nextclick.jobs.recommend;

import static io.nextclick.jobs.recommend.OperatorRun.SETTINGS;
import static io.nextclick.jobs.recommend.OperatorRun.items;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.model.CannotStartException;
import io.nextclick.jobs.model.LoadedModel;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.Recommendation.Trigger;
import java.io.FileNotFoundException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecommendOperatorTest {

    private static final long MINUTE = 60_000;

    /** After every test: whatever was loaded has been freed. */
    @AfterEach
    void freesItsModel() {
        assertThat(FakeModels.OPEN).hasValue(0);
        assertThat(LoadedModel.count()).isZero();
    }

    // ------------------------------------------------------------------ one answer

    @Test
    void answersWithTheModelsItemsAndSaysWhatItAnswers() throws Exception {
        try (OperatorRun run = new OperatorRun(SETTINGS, FakeModels.recurrent("v1")).open()) {
            run.harness().setProcessingTime(9_000);
            run.click(new ReceivedClick("e1", "s", "u", "i7", 5_000, "shop", 3, 1742, 6_000));
            run.watermark(5_000);

            assertThat(run.answers()).hasSize(1);
            Recommendation answer = run.answers().get(0);
            assertThat(answer.id()).isEqualTo("shop-3-1742");
            assertThat(answer.sessionId()).isEqualTo("s");
            assertThat(answer.userId()).isEqualTo("u");
            assertThat(answer.step()).isEqualTo(1);
            assertThat(answer.trigger()).isEqualTo(new Trigger(3, 1742, "e1", 5_000));
            assertThat(items(answer)).isEqualTo(FakeModels.expected(List.of("i7"), "v1", 5));
            assertThat(answer.items()).extracting(RecommendedItem::source).containsOnly("model");
            assertThat(answer.model()).isEqualTo(new ModelReference("fake", "v1"));
            assertThat(answer.fallback()).isNull();
            assertThat(answer.emittedAtMillis()).isEqualTo(9_000);
            run.endOfTime();
        }
    }

    // ------------------------------------------------------------------ bundles

    @Test
    void waitsForABundleToFillUp() throws Exception {
        try (OperatorRun run = new OperatorRun(SETTINGS, FakeModels.recurrent("v1")).open()) {
            int batches = FakeModels.RANKED_BATCHES.get();
            run.click("a", "i1", 1).click("b", "i2", 2).click("c", "i3", 3);
            assertThat(run.answers()).isEmpty();
            run.click("d", "i4", 4);
            assertThat(run.answers())
                    .extracting(Recommendation::sessionId)
                    .containsExactly("a", "b", "c", "d");
            assertThat(FakeModels.RANKED_BATCHES.get() - batches).isEqualTo(1);
            run.endOfTime();
        }
    }

    @Test
    void waitsNoLongerThanItsTimeout() throws Exception {
        try (OperatorRun run = new OperatorRun(SETTINGS, FakeModels.recurrent("v1")).open()) {
            run.harness().setProcessingTime(100);
            run.click("a", "i1", 1);
            run.harness().setProcessingTime(103);
            run.click("b", "i2", 2);
            run.harness().setProcessingTime(104);
            assertThat(run.answers()).isEmpty();
            run.harness().setProcessingTime(105);
            assertThat(run.answers()).hasSize(2);

            // The next bundle waits as long, though one timer serves many bundles.
            run.click("a", "i1", 1).click("b", "i2", 2).click("c", "i3", 3).click("d", "i4", 4);
            run.harness().setProcessingTime(108);
            run.click("e", "i5", 5);
            run.harness().setProcessingTime(112);
            assertThat(run.answers()).hasSize(6);
            run.harness().setProcessingTime(113);
            assertThat(run.answers()).hasSize(7);
            run.harness().setProcessingTime(1_000);
            assertThat(run.harness().getProcessingTimeService().getNumActiveTimers()).isZero();
            run.endOfTime();
        }
    }

    @Test
    void answersBeforeAWatermarkABarrierAndTheEnd() throws Exception {
        try (OperatorRun run = new OperatorRun(SETTINGS, FakeModels.recurrent("v1")).open()) {
            run.click("a", "i1", 1).watermark(1);
            assertThat(run.harness().getOutput()).hasSize(2);
            assertThat(run.harness().getOutput().toArray()[1])
                    .isEqualTo(new org.apache.flink.streaming.api.watermark.Watermark(1));
            run.click("b", "i2", 2);
            run.harness().prepareSnapshotPreBarrier(1);
            assertThat(run.answers()).hasSize(2);
            run.click("c", "i3", 3);
            run.harness().endInput();
            assertThat(run.answers()).hasSize(3);
            run.endOfTime();
        }
    }

    @Test
    void answersAtOnceWhenNothingIsWaitingAndNoTimeoutIsSet() throws Exception {
        RecommendSettings settings =
                new Change(SETTINGS).bundleSize(100).timeout(Duration.ZERO).done();
        try (OperatorRun run = new OperatorRun(settings, FakeModels.recurrent("v1")).open()) {
            run.click("a", "i1", 1);
            runMails(run);
            assertThat(run.answers()).as("another click may be waiting").isEmpty();
            run.click("b", "i2", 2);
            runMails(run);
            assertThat(run.answers()).isEmpty();
            runMails(run);
            assertThat(run.answers()).hasSize(2);
            assertThat(run.harness().getTaskMailbox().hasMail()).isFalse();
            run.endOfTime();
        }
    }

    /** Runs the mails that are there, not those that they send, as the task does. */
    private static void runMails(OperatorRun run) throws Exception {
        run.harness().getTaskMailbox().createBatch();
        for (var mail = run.harness().getTaskMailbox().tryTakeFromBatch();
                mail.isPresent();
                mail = run.harness().getTaskMailbox().tryTakeFromBatch()) {
            mail.get().run();
        }
    }

    @Test
    void keepsTheOrderOfASessionWithinABundle() throws Exception {
        RecommendSettings settings = new Change(SETTINGS).bundleSize(8).done();
        try (OperatorRun run = new OperatorRun(settings, FakeModels.recurrent("v1")).open()) {
            int batches = FakeModels.RANKED_BATCHES.get();
            run.click("a", "i1", 1).click("b", "i9", 2).click("a", "i2", 3).click("a", "i3", 4);
            run.click("b", "i8", 5).click("a", "i4", 6).click("c", "i5", 7).click("a", "i5", 8);

            assertThat(run.answers())
                    .extracting(Recommendation::id)
                    .containsExactly(
                            "clicks-0-0",
                            "clicks-0-1",
                            "clicks-0-2",
                            "clicks-0-3",
                            "clicks-0-4",
                            "clicks-0-5",
                            "clicks-0-6",
                            "clicks-0-7");
            assertThat(run.steps("a")).containsExactly(1, 2, 3, 4, 5);
            assertThat(run.steps("b")).containsExactly(1, 2);
            assertThat(items(run.answers().get(7)))
                    .isEqualTo(FakeModels.expected(List.of("i1", "i2", "i3", "i4", "i5"), "v1", 5));
            assertThat(items(run.answers().get(4)))
                    .isEqualTo(FakeModels.expected(List.of("i9", "i8"), "v1", 5));
            assertThat(FakeModels.RANKED_BATCHES.get() - batches).isEqualTo(1);
            run.endOfTime();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void answersTheSameInBundlesOfAnySize(boolean isRecurrent) throws Exception {
        List<ReceivedClick> clicks = clicks(2_000, 20_260_101);
        FakeModels models = isRecurrent ? FakeModels.recurrent("v1") : FakeModels.encoding("v1");
        for (boolean excludeSeen : new boolean[] {false, true}) {
            List<Recommendation> expected = answers(clicks, models, 1, excludeSeen);
            assertThat(expected).hasSizeGreaterThan(1_900);
            assertThat(answers(clicks, models, 32, excludeSeen)).isEqualTo(expected);
            assertThat(answers(clicks, models, 256, excludeSeen)).isEqualTo(expected);
        }
    }

    private static List<Recommendation> answers(
            List<ReceivedClick> clicks, FakeModels models, int bundleSize, boolean excludeSeen)
            throws Exception {
        RecommendSettings settings =
                new Change(SETTINGS).bundleSize(bundleSize).excludeSeen(excludeSeen).done();
        try (OperatorRun run = new OperatorRun(settings, models).open()) {
            for (ReceivedClick click : clicks) {
                run.click(click);
            }
            run.endOfTime();
            return run.answers();
        }
    }

    /** Few sessions, some items unknown, some repeated, some event ids repeated, some gaps. */
    private static List<ReceivedClick> clicks(int count, long seed) {
        Random random = new Random(seed);
        List<ReceivedClick> clicks = new ArrayList<>();
        long time = 1_000_000;
        for (int i = 0; i < count; i++) {
            time += random.nextInt(100) == 0 ? 20 * MINUTE : random.nextInt(1_000);
            clicks.add(
                    new ReceivedClick(
                            random.nextInt(4) == 0 ? "e" + random.nextInt(500) : null,
                            "s" + random.nextInt(30),
                            null,
                            "i" + random.nextInt(FakeModels.ITEMS + 4),
                            time - random.nextInt(2_000),
                            "clicks",
                            0,
                            i,
                            time));
        }
        return clicks;
    }

    // ------------------------------------------------------------------ session rules

    @Test
    void ignoresDuplicatesAndAnswersRepeatsFromTheUnchangedSession() throws Exception {
        RecommendSettings settings = new Change(SETTINGS).bundleSize(1).done();
        try (OperatorRun run = new OperatorRun(settings, FakeModels.recurrent("v1")).open()) {
            int steps = FakeModels.STEPS.get();
            run.click("a", "i1", 1, "e1").click("a", "i2", 2, "e2");
            run.click("a", "i1", 1, "e1");
            run.click("a", "i2", 3, "e3");
            run.click("a", "i2", 3, "e3");
            run.click("a", "i3", 4, "e4");

            assertThat(run.steps("a")).containsExactly(1, 2, 2, 3);
            assertThat(items(run.answers().get(2))).isEqualTo(items(run.answers().get(1)));
            assertThat(run.counter("duplicates")).isEqualTo(2);
            assertThat(run.counter("repeats")).isEqualTo(1);
            assertThat(run.counter("clicks")).isEqualTo(6);
            assertThat(run.counter("recommendations")).isEqualTo(4);
            assertThat(FakeModels.STEPS.get() - steps).as("one step a click").isEqualTo(3);
            run.endOfTime();
        }
    }

    @Test
    void keepsRepeatsWhereTheRulesDo() throws Exception {
        FakeModels models = new FakeModels("v1", true, true);
        try (OperatorRun run = new OperatorRun(SETTINGS, models).open()) {
            run.click("a", "i1", 1).click("a", "i1", 2).watermark(2);
            assertThat(run.steps("a")).containsExactly(1, 2);
            assertThat(run.counter("repeats")).isZero();
            run.endOfTime();
        }
    }

    @Test
    void countsLateClicksAndAnswersThem() throws Exception {
        RecommendSettings settings = new Change(SETTINGS).bundleSize(1).done();
        try (OperatorRun run = new OperatorRun(settings, FakeModels.recurrent("v1")).open()) {
            run.click("a", "i1", 10_000).click("b", "i1", 1_000);
            assertThat(run.counter("late")).isZero();
            run.click("a", "i2", 9_000);
            assertThat(run.counter("late")).as("older than its session").isEqualTo(1);
            run.watermark(12_000).click("c", "i3", 12_000);
            assertThat(run.counter("late")).as("not after the watermark").isEqualTo(2);
            assertThat(run.steps("a")).containsExactly(1, 2);
            assertThat(run.steps("c")).containsExactly(1);
            run.endOfTime();
        }
    }

    @Test
    void beginsANewSessionAfterTheGap() throws Exception {
        try (OperatorRun run = new OperatorRun(SETTINGS, FakeModels.recurrent("v1")).open()) {
            run.click("a", "i1", MINUTE).click("a", "i2", 31 * MINUTE);
            run.click("a", "i3", 61 * MINUTE + 1).click("a", "i4", 62 * MINUTE);
            assertThat(run.steps("a")).containsExactly(1, 2, 1, 2);
            assertThat(items(run.answers().get(3)))
                    .isEqualTo(FakeModels.expected(List.of("i3", "i4"), "v1", 5));
            assertThat(run.harness().numEventTimeTimers()).as("one timer a session").isEqualTo(1);
            assertThat(run.gauge("liveSessions")).isEqualTo(1L);
            run.endOfTime();
        }
    }

    @Test
    void forgetsASessionWhenItsGapHasPassedAndNotBefore() throws Exception {
        try (OperatorRun run = new OperatorRun(SETTINGS, FakeModels.recurrent("v1")).open()) {
            run.click("a", "i1", 0).click("b", "i1", 0).click("a", "i2", 20 * MINUTE);
            run.watermark(30 * MINUTE);
            assertThat(run.gauge("liveSessions")).isEqualTo(2L);
            run.watermark(30 * MINUTE + 1);
            assertThat(run.gauge("liveSessions")).as("b has ended").isEqualTo(1L);
            run.snapshot();
            assertThat(run.harness().numKeyedStateEntries()).isEqualTo(1);
            assertThat(run.harness().numEventTimeTimers()).isEqualTo(1);
            run.watermark(50 * MINUTE);
            assertThat(run.gauge("liveSessions")).isEqualTo(1L);
            run.watermark(50 * MINUTE + 1);
            assertThat(run.gauge("liveSessions")).isEqualTo(0L);
            run.endOfTime();
        }
    }

    @Test
    void keepsSessionsWithoutAGapForTheirRetention() throws Exception {
        FakeModels models = new FakeModels("v1", true, true);
        try (OperatorRun run = new OperatorRun(SETTINGS, models).open()) {
            run.click("a", "i1", 0).click("a", "i2", Duration.ofDays(6).toMillis());
            run.watermark(Duration.ofDays(13).toMillis());
            assertThat(run.steps("a")).containsExactly(1, 2);
            assertThat(run.gauge("liveSessions")).isEqualTo(1L);
            run.watermark(Duration.ofDays(13).toMillis() + 1);
            assertThat(run.gauge("liveSessions")).isEqualTo(0L);
            run.endOfTime();
        }
    }

    @Test
    void anEncodingModelReadsItsLastKnownItems() throws Exception {
        try (OperatorRun run = new OperatorRun(SETTINGS, FakeModels.encoding("v1")).open()) {
            run.click("a", "i1", 1).click("a", "i2", 2).click("a", "new", 3).click("a", "i3", 4);
            run.click("a", "i4", 5).watermark(5);
            assertThat(items(run.answers().get(2)))
                    .isEqualTo(FakeModels.expected(List.of("i1", "i2"), "v1", 5));
            assertThat(items(run.answers().get(4)))
                    .isEqualTo(FakeModels.expected(List.of("i2", "i3", "i4"), "v1", 5));
            run.endOfTime();
        }
    }

    @Test
    void remembersNoMoreItemsThanTheRulesAllow() throws Exception {
        RecommendSettings settings = new Change(SETTINGS).excludeSeen(true).maximumLength(3).done();
        try (OperatorRun run = new OperatorRun(settings, FakeModels.recurrent("v1")).open()) {
            for (int i = 0; i < 40; i++) {
                run.click("a", "i" + i, i);
            }
            Recommendation last = run.answers().get(39);
            assertThat(last.step()).as("goes on counting").isEqualTo(40);
            List<String> all = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                all.add("i" + i);
            }
            List<String> expected = new ArrayList<>(FakeModels.expected(all, "v1", 8));
            expected.removeAll(List.of("i37", "i38", "i39"));
            assertThat(items(last)).isEqualTo(expected.subList(0, 5));
            run.endOfTime();
        }
    }

    // ------------------------------------------------------------------ fallbacks

    @Test
    void recommendsWhatIsPopularToASessionOfUnknownItems() throws Exception {
        try (OperatorRun run = new OperatorRun(SETTINGS, FakeModels.recurrent("v1")).open()) {
            run.click("a", "new", 1).click("a", "i5", 2).click("a", "newer", 3).watermark(3);
            Recommendation first = run.answers().get(0);
            assertThat(first.fallback()).isEqualTo("unknown-items");
            assertThat(items(first)).containsExactly("i0", "i1", "i2", "i3", "i4");
            assertThat(first.items())
                    .extracting(RecommendedItem::source)
                    .containsOnly("popularity");
            assertThat(run.answers().get(1).fallback()).isNull();
            assertThat(items(run.answers().get(2)))
                    .as("an unknown item does not advance the state")
                    .isEqualTo(FakeModels.expected(List.of("i5"), "v1", 5));
            assertThat(run.steps("a")).containsExactly(1, 2, 3);
            assertThat(run.counter("fallbacks.unknown-items")).isEqualTo(1);
            run.endOfTime();
        }
    }

    @Test
    void recommendsNeighboursThenWhatIsPopularToAClickThatIsTooOld() throws Exception {
        RecommendSettings settings =
                new Change(SETTINGS).budget(Duration.ofSeconds(1)).excludeSeen(true).done();
        try (OperatorRun run = new OperatorRun(settings, FakeModels.recurrent("v1")).open()) {
            run.harness().setProcessingTime(10_000);
            run.click("a", "i3", 8_000).click("a", "i5", 8_999).click("a", "i1", 9_000);
            run.watermark(9_000);
            assertThat(run.answers())
                    .extracting(Recommendation::fallback)
                    .containsExactly("overrun", "overrun", null);
            assertThat(items(run.answers().get(0))).containsExactly("i4", "i5", "i0", "i1", "i2");
            assertThat(items(run.answers().get(1))).containsExactly("i6", "i7", "i0", "i1", "i2");
            assertThat(run.answers().get(1).items())
                    .extracting(RecommendedItem::source)
                    .containsExactly(
                            "co-visitation",
                            "co-visitation",
                            "popularity",
                            "popularity",
                            "popularity");
            List<String> expected =
                    new ArrayList<>(FakeModels.expected(List.of("i3", "i5", "i1"), "v1", 8));
            expected.removeAll(List.of("i3", "i5", "i1"));
            assertThat(items(run.answers().get(2)))
                    .as("the state went on meanwhile")
                    .isEqualTo(expected.subList(0, 5));
            assertThat(run.counter("fallbacks.overrun")).isEqualTo(2);
            run.endOfTime();
        }
    }

    @Test
    void recommendsWhatIsClickedMostWithoutAModel() throws Exception {
        RecommendSettings settings = new Change(SETTINGS).model("absent", false).done();
        OperatorSubtaskState state;
        try (OperatorRun run = new OperatorRun(settings, FakeModels.recurrent("v1")).open()) {
            run.click("a", "x", 1).click("b", "y", 2).click("c", "y", 3).click("d", "z", 4);
            assertThat(items(run.answers().get(0))).containsExactly("x");
            assertThat(items(run.answers().get(3))).containsExactly("y", "x", "z");
            assertThat(run.answers().get(3).items().get(0))
                    .isEqualTo(new RecommendedItem("y", 2, "popularity"));
            assertThat(run.answers()).extracting(Recommendation::model).containsOnlyNulls();
            assertThat(run.answers()).extracting(Recommendation::fallback).containsOnly("no-model");
            assertThat(run.gauge("modelVersion")).isEqualTo("none");
            state = run.snapshot();
        }
        try (OperatorRun run = new OperatorRun(settings, FakeModels.recurrent("v1"))) {
            run.restore(state).click("e", "z", 5).watermark(5);
            assertThat(items(run.answers().get(0))).containsExactly("y", "z", "x");
            run.endOfTime();
        }
    }

    @Test
    void failsWithoutTheModelItRequires() throws Exception {
        RecommendSettings settings = new Change(SETTINGS).model("absent", true).done();
        try (OperatorRun run = new OperatorRun(settings, FakeModels.recurrent("v1"))) {
            assertThatThrownBy(run::open)
                    .isInstanceOf(CannotStartException.class)
                    .hasMessageContaining("absent")
                    .hasCauseInstanceOf(FileNotFoundException.class);
        }
    }

    // ------------------------------------------------------------------ restoring

    @ParameterizedTest
    @ValueSource(ints = {1, 777, 1_999})
    void answersTheSameWhenRestoredInMidStream(int snapshotAfter) throws Exception {
        List<ReceivedClick> clicks = clicks(2_000, 7);
        RecommendSettings settings = new Change(SETTINGS).bundleSize(32).done();
        FakeModels models = FakeModels.recurrent("v1");
        List<Recommendation> uninterrupted = answers(clicks, models, 32, false);

        List<Recommendation> answers = new ArrayList<>();
        OperatorSubtaskState state;
        Object live;
        try (OperatorRun run = new OperatorRun(settings, models).open()) {
            for (ReceivedClick click : clicks.subList(0, snapshotAfter)) {
                run.click(click);
            }
            state = run.snapshot();
            live = run.gauge("liveSessions");
            answers.addAll(run.answers());
        }
        try (OperatorRun run = new OperatorRun(settings, models).restore(state)) {
            assertThat(run.gauge("liveSessions")).isEqualTo(live);
            for (ReceivedClick click : clicks.subList(snapshotAfter, clicks.size())) {
                run.click(click);
            }
            run.endOfTime();
            answers.addAll(run.answers());
        }
        assertThat(answers).isEqualTo(uninterrupted);
    }

    @Test
    void countsLiveSessionsRightWhenRescaled() throws Exception {
        FakeModels models = FakeModels.recurrent("v1");
        OperatorSubtaskState state;
        try (OperatorRun run = new OperatorRun(SETTINGS, models).open()) {
            for (int i = 0; i < 100; i++) {
                run.click("s" + i, "i1", i);
            }
            state = run.snapshot();
        }
        long live = 0;
        for (int subtask = 0; subtask < 2; subtask++) {
            OperatorSubtaskState part =
                    org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness
                            .repartitionOperatorState(state, 128, 1, 2, subtask);
            try (OperatorRun run = new OperatorRun(SETTINGS, models, 2, subtask).restore(part)) {
                long here = (Long) run.gauge("liveSessions");
                assertThat(here).isEqualTo(run.harness().numKeyedStateEntries()).isPositive();
                live += here;
                run.endOfTime();
            }
        }
        assertThat(live).isEqualTo(100);
    }

    @Test
    void rebuildsStatesThatAnotherModelMade() throws Exception {
        OperatorSubtaskState state;
        try (OperatorRun run = new OperatorRun(SETTINGS, FakeModels.recurrent("v1")).open()) {
            run.click("a", "i1", 1).click("a", "i2", 2).click("b", "i3", 3).click("c", "new", 4);
            state = run.snapshot();
        }
        try (OperatorRun run = new OperatorRun(SETTINGS, FakeModels.recurrent("v2"))) {
            run.restore(state);
            run.click("a", "i4", 5).click("b", "i5", 6).click("c", "i6", 7).click("a", "i7", 8);
            assertThat(items(run.answers().get(0)))
                    .isEqualTo(FakeModels.expected(List.of("i1", "i2", "i4"), "v2", 5));
            assertThat(items(run.answers().get(1)))
                    .isEqualTo(FakeModels.expected(List.of("i3", "i5"), "v2", 5));
            assertThat(items(run.answers().get(2)))
                    .isEqualTo(FakeModels.expected(List.of("i6"), "v2", 5));
            assertThat(items(run.answers().get(3)))
                    .isEqualTo(FakeModels.expected(List.of("i1", "i2", "i4", "i7"), "v2", 5));
            assertThat(run.steps("a")).containsExactly(3, 4);
            assertThat(run.counter("sessionsRebuilt")).isEqualTo(2);
            assertThat(run.gauge("modelVersion")).isEqualTo("v2");
            assertThat(run.gauge("labels"))
                    .as("a list of the old model is not held against the new")
                    .isEqualTo(1L);
            int steps = FakeModels.STEPS.get();
            run.click("a", "i8", 9).watermark(9);
            assertThat(FakeModels.STEPS.get() - steps).as("rebuilt once").isEqualTo(1);
            run.endOfTime();
        }
    }

    @Test
    void rebuildsAfterATimeWithoutAModel() throws Exception {
        RecommendSettings without = new Change(SETTINGS).model("absent", false).done();
        OperatorSubtaskState first;
        OperatorSubtaskState second;
        try (OperatorRun run = new OperatorRun(SETTINGS, FakeModels.recurrent("v1")).open()) {
            run.click("a", "i1", 1);
            first = run.snapshot();
        }
        try (OperatorRun run = new OperatorRun(without, FakeModels.recurrent("v1"))) {
            run.restore(first).click("a", "i2", 2);
            second = run.snapshot();
        }
        try (OperatorRun run = new OperatorRun(SETTINGS, FakeModels.recurrent("v1"))) {
            run.restore(second).click("a", "i3", 3).watermark(3);
            assertThat(items(run.answers().get(0)))
                    .isEqualTo(FakeModels.expected(List.of("i1", "i2", "i3"), "v1", 5));
            run.endOfTime();
        }
    }

    // ------------------------------------------------------------------ quality

    @Test
    void eachNextClickLabelsTheListBeforeIt() throws Exception {
        RecommendSettings settings = new Change(SETTINGS).bundleSize(3).done();
        try (OperatorRun run = new OperatorRun(settings, FakeModels.recurrent("v1")).open()) {
            String second = FakeModels.expected(List.of("i1"), "v1", 5).get(1);
            run.click("a", "i1", 1, "e1");
            run.click("a", second, 2, "e2");
            run.click("a", second, 2, "e2");
            run.click("a", second, 3, "e3");
            assertThat(run.gauge("labels")).as("not by duplicates and repeats").isEqualTo(1L);
            run.click("a", "nowhere", 4, "e4");
            run.click("b", "i0", 5).click("b", "i2", 31 * MINUTE).watermark(31 * MINUTE);
            assertThat(run.gauge("labels")).as("not by first clicks").isEqualTo(2L);
            assertThat(run.gauge("recall@20")).isEqualTo(0.5);
            assertThat(run.gauge("mrr@20")).isEqualTo(0.25);
            int place = Integer.parseInt(second.substring(1));
            assertThat(run.gauge("popularityMrr@20"))
                    .isEqualTo(place < 20 ? 1.0 / (place + 1) / 2 : 0.0);
            run.endOfTime();
        }
    }

    // ------------------------------------------------------------------ hot sessions

    /** None, fewer than a bundle's, some and all sessions on the heap; restored half-way. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1_000, 4_000, 1 << 20})
    void answersAlikeHoweverManySessionsAreHot(long hotSessionBytes) throws Exception {
        List<Recommendation> expected = answersOfRandomClicks(1 << 20, false);
        assertThat(answersOfRandomClicks(hotSessionBytes, true)).isEqualTo(expected);
        assertThat(answersOfRandomClicks(hotSessionBytes, false)).isEqualTo(expected);
    }

    private static List<Recommendation> answersOfRandomClicks(
            long hotSessionBytes, boolean restoredHalfWay) throws Exception {
        RecommendSettings settings = new Change(SETTINGS).hotSessionBytes(hotSessionBytes).done();
        Random random = new Random(3);
        OperatorRun run = new OperatorRun(settings, FakeModels.recurrent("v1")).open();
        try {
            List<Recommendation> answers = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                if (i == 200) {
                    OperatorSubtaskState state = run.snapshot();
                    if (restoredHalfWay) {
                        answers.addAll(run.answers());
                        // What comes after the snapshot is not in it.
                        run.click("s1", "i8", 100 * MINUTE).watermark(100 * MINUTE);
                        run.close();
                        run = new OperatorRun(settings, FakeModels.recurrent("v1")).restore(state);
                    }
                }
                long time = i * MINUTE / 2;
                String event = "e" + random.nextInt(1_000);
                String session = "s" + random.nextInt(20);
                String item = "i" + random.nextInt(9);
                run.click(
                        new ReceivedClick(event, session, null, item, time, "clicks", 0, i, time));
                if (i % 50 == 49) {
                    run.watermark(time - 1);
                }
            }
            run.endOfTime();
            answers.addAll(run.answers());
            return answers;
        } finally {
            run.close();
        }
    }

    @Test
    void touchesTheBackendOnlyWhereItMust() throws Exception {
        try (OperatorRun run = new OperatorRun(SETTINGS, FakeModels.recurrent("v1")).open()) {
            for (int i = 0; i < 8; i++) {
                run.click("a", "i" + i, i).click("b", "i" + i, i);
            }
            assertThat(run.gauge("sessionReads")).isEqualTo(2L);
            assertThat(run.gauge("sessionWrites")).isEqualTo(0L);
            assertThat(run.gauge("hotSessions")).isEqualTo(2);
            run.snapshot();
            assertThat(run.gauge("sessionWrites")).isEqualTo(2L);
            run.click("a", "i1", 9).watermark(9).snapshot();
            assertThat(run.gauge("sessionReads")).isEqualTo(2L);
            assertThat(run.gauge("sessionWrites")).as("b has not changed").isEqualTo(3L);
            run.endOfTime();
            assertThat(run.gauge("hotSessions")).isEqualTo(0);
        }
    }

    /** So that clicks don't wait at a checkpoint until all sessions are written. */
    @Test
    void writesSomeSessionsBetweenBundlesThatArentFull() throws Exception {
        RecommendSettings settings = new Change(SETTINGS).bundleSize(8).done();
        try (OperatorRun run = new OperatorRun(settings, FakeModels.recurrent("v1")).open()) {
            for (int i = 0; i < 16; i++) {
                run.click("s" + i, "i1", i);
            }
            assertThat(run.gauge("sessionWrites")).as("both bundles were full").isEqualTo(0L);
            run.click("s0", "i2", 20).click("s20", "i1", 20).watermark(20);
            assertThat(run.gauge("sessionWrites")).as("twice the bundle").isEqualTo(4L);
            run.click("s1", "i2", 21).watermark(21);
            assertThat(run.gauge("sessionWrites")).isEqualTo(6L);
            run.snapshot();
            // 17 sessions, and s1 again if it had been written before its second click.
            assertThat((long) run.gauge("sessionWrites")).isBetween(17L, 18L);
            run.endOfTime();
        }
    }

    /** Settings with some of them changed. */
    private static final class Change {

        private String modelPath;
        private boolean modelRequired;
        private boolean excludeSeen;
        private Integer maximumLength;
        private int bundleSize;
        private Duration timeout;
        private Duration budget;
        private long hotSessionBytes;
        private final RecommendSettings base;

        Change(RecommendSettings base) {
            this.base = base;
            modelPath = base.modelPath();
            modelRequired = base.modelRequired();
            excludeSeen = base.excludeSeen();
            maximumLength = base.maximumLength();
            bundleSize = base.bundleSize();
            timeout = base.bundleTimeout();
            budget = base.overrunBudget();
            hotSessionBytes = base.hotSessionBytes();
        }

        Change model(String path, boolean required) {
            modelPath = path;
            modelRequired = required;
            return this;
        }

        Change excludeSeen(boolean value) {
            excludeSeen = value;
            return this;
        }

        Change maximumLength(int value) {
            maximumLength = value;
            return this;
        }

        Change bundleSize(int value) {
            bundleSize = value;
            return this;
        }

        Change timeout(Duration value) {
            timeout = value;
            return this;
        }

        Change budget(Duration value) {
            budget = value;
            return this;
        }

        Change hotSessionBytes(long value) {
            hotSessionBytes = value;
            return this;
        }

        RecommendSettings done() {
            return new RecommendSettings(
                    modelPath,
                    modelRequired,
                    base.count(),
                    excludeSeen,
                    base.inactivityGap(),
                    maximumLength,
                    base.collapseRepeats(),
                    base.retention(),
                    base.rememberedEventIds(),
                    hotSessionBytes,
                    bundleSize,
                    timeout,
                    budget,
                    base.livePopularitySize(),
                    base.liveQualityWindow(),
                    base.candidates(),
                    base.releases(),
                    base.experiments());
        }
    }
}
