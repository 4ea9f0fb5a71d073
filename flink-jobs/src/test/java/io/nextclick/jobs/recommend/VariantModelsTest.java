package io.nextclick.jobs.recommend;

import static io.nextclick.jobs.experiment.SomeExperiments.experiment;
import static io.nextclick.jobs.experiment.SomeExperiments.plain;
import static io.nextclick.jobs.recommend.OperatorRun.items;
import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.model.ApprovedRelease;
import io.nextclick.jobs.model.LoadedModel;
import io.nextclick.models.experiment.Assignment;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.Method;
import io.nextclick.schemas.Experiment.State;
import io.nextclick.schemas.Experiment.Unit;
import io.nextclick.schemas.Experiment.Variant;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Recommendation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Variants of experiments that answer with models of their own. */
@Timeout(60)
class VariantModelsTest {

    private static final int KEY_GROUPS = 128;
    private static final int SESSIONS = 40;
    private static final long AFTER_THE_GAP = 31 * 60_000;

    private static final Experiment RUNNING =
            experiment(
                    "e",
                    Unit.SESSION,
                    Method.SPLIT,
                    plain("a", 0.5),
                    new Variant("b", 0.5, "large", Map.of(), Map.of()));

    private final FakeReleases models =
            new FakeReleases("variants")
                    .with("one", FakeModels.recurrent("v1"))
                    .with("two", FakeModels.recurrent("v2"))
                    .with("three", FakeModels.encoding("v3"))
                    .with("broken", FakeModels.recurrent("broken"));

    /** By session what it has clicked, as one after the other is fed. */
    private final Map<String, List<String>> clicked = new HashMap<>();

    @AfterEach
    void freesItsModels() {
        assertThat(FakeModels.OPEN).hasValue(0);
        assertThat(LoadedModel.count()).isZero();
    }

    private static RecommendSettings settings(boolean releases, boolean experiments) {
        return settings("one", null, releases, experiments);
    }

    private static RecommendSettings settings(
            String modelPath, CandidateSettings candidates, boolean releases, boolean experiments) {
        return new RecommendSettings(
                modelPath,
                false,
                5,
                false,
                null,
                null,
                null,
                Duration.ofDays(7),
                32,
                1 << 20,
                4,
                Duration.ofMillis(5),
                Duration.ZERO,
                1_000,
                1_000,
                candidates,
                releases,
                experiments);
    }

    private OperatorRun run() throws Exception {
        return run(1, 0);
    }

    private OperatorRun run(int parallelism, int subtask) throws Exception {
        return new OperatorRun(settings(true, true), models, parallelism, subtask);
    }

    private ModelRelease large(String path) {
        return models.release("large", path);
    }

    private static boolean isLarge(String unit) {
        return new Assignment("salt of e", 0.5, 0.5).variantOf(unit) == 1;
    }

    /** A click in each of the sessions of a subtask. */
    private void clickAll(OperatorRun run, int parallelism, int subtask, int round)
            throws Exception {
        for (int i = 0; i < SESSIONS; i++) {
            String session = "s" + i;
            if (KeyGroupRangeAssignment.assignKeyToParallelOperator(
                            session, KEY_GROUPS, parallelism)
                    == subtask) {
                String item = "i" + (i * 7 + round * 3) % FakeModels.ITEMS;
                clicked.computeIfAbsent(session, key -> new ArrayList<>()).add(item);
                run.click(session, item, 1_000L * round + i);
            }
        }
        run.watermark(1_000L * round + SESSIONS);
    }

    private void clickAll(OperatorRun run, int round) throws Exception {
        clickAll(run, 1, 0, round);
    }

    /** The answers to the last clicks of all sessions. */
    private static List<Recommendation> last(OperatorRun run) {
        List<Recommendation> answers = run.answers();
        return answers.subList(answers.size() - SESSIONS, answers.size());
    }

    /** Each session by its variant's model, from all that it has clicked. */
    private void requireSplit(List<Recommendation> answers, String own, String large) {
        for (Recommendation answer : answers) {
            boolean isLarge = isLarge(answer.sessionId());
            assertThat(answer.experiment().variant()).isEqualTo(isLarge ? "b" : "a");
            requireModel(answer, isLarge ? large : own);
        }
    }

    private void requireModel(Recommendation answer, String version) {
        List<String> session = clicked.get(answer.sessionId()).subList(0, answer.step());
        boolean isEncoding = version.equals("v3");
        List<String> read =
                isEncoding
                        ? session.subList(Math.max(0, session.size() - 3), session.size())
                        : session;
        assertThat(answer.model().version()).isEqualTo(version);
        assertThat(answer.fallback()).isNull();
        assertThat(items(answer)).isEqualTo(FakeModels.expected(read, version, 5));
    }

    // ------------------------------------------------------------------ answering

    @Test
    void eachSessionIsAnsweredByItsVariantsModel() throws Exception {
        try (OperatorRun run = run().open()) {
            run.offer(large("two")).tell(RUNNING).awaitVariantModels("{large=v2}");
            for (int round = 0; round < 4; round++) {
                clickAll(run, round);
                requireSplit(last(run), "v1", "v2");
            }
            assertThat(run.counter("sessionsRebuilt")).isZero();
            assertThat(run.gauge("modelVersion")).as("the job's own").isEqualTo("v1");
            run.endOfTime();
            assertThat(run.outcomes()).hasSize(SESSIONS);
            assertThat(run.outcomes()).extracting(ExperimentOutcome::clicks).containsOnly(4);
        }
    }

    /** One bundle: a session of one variant ends, and one of the other begins under its id. */
    @Test
    void aBundleMayHoldSessionsOfOneIdByTwoModels() throws Exception {
        Experiment byVisitor =
                experiment(
                        "e",
                        Unit.USER,
                        Method.SPLIT,
                        plain("a", 0.5),
                        new Variant("b", 0.5, "large", Map.of(), Map.of()));
        String own = visitor(false);
        String large = visitor(true);
        try (OperatorRun run = run().open()) {
            run.offer(large("two")).tell(byVisitor).awaitVariantModels("{large=v2}");
            run.click(click(own, "i1", 0)).click(click(own, "i2", 1));
            run.click(click(large, "i3", AFTER_THE_GAP))
                    .click(click(large, "i4", AFTER_THE_GAP + 1));
            run.click(click(large, "i5", AFTER_THE_GAP + 2)).watermark(0);
            assertThat(run.answers())
                    .extracting(answer -> answer.model().version())
                    .containsExactly("v1", "v1", "v2", "v2", "v2");
            assertThat(items(run.answers().get(1)))
                    .isEqualTo(FakeModels.expected(List.of("i1", "i2"), "v1", 5));
            assertThat(items(run.answers().get(3)))
                    .isEqualTo(FakeModels.expected(List.of("i3", "i4"), "v2", 5));
            assertThat(items(run.answers().get(4)))
                    .as("from what was kept")
                    .isEqualTo(FakeModels.expected(List.of("i3", "i4", "i5"), "v2", 5));
            run.endOfTime();
        }
    }

    private static String visitor(boolean wantsLarge) {
        int number = 0;
        while (isLarge("u" + number) != wantsLarge) {
            number++;
        }
        return "u" + number;
    }

    private static ReceivedClick click(String user, String item, long time) {
        return new ReceivedClick(null, "s", user, item, time, "clicks", 0, time, time);
    }

    @Test
    void nobodyTakesPartWhileAModelIsMissing() throws Exception {
        try (OperatorRun run = run().open()) {
            run.tell(RUNNING);
            clickAll(run, 0);
            assertThat(run.gauge("experimentsRunning")).isEqualTo(1);
            models.hold();
            run.offer(large("two"));
            clickAll(run, 1);
            for (Recommendation answer : run.answers()) {
                assertThat(answer.experiment()).as("of either variant").isNull();
                requireModel(answer, "v1");
            }
            models.letGo(1);
            run.awaitVariantModels("{large=v2}");
            clickAll(run, 2);
            for (Recommendation answer : last(run)) {
                assertThat(answer.experiment()).as("from its first click or not at all").isNull();
                requireModel(answer, "v1");
            }
            run.watermark(2 * AFTER_THE_GAP);
            assertThat(run.outcomes()).as("nobody is counted").isEmpty();
            String session = isLarge("x") ? "x" : isLarge("y") ? "y" : "z";
            assertThat(isLarge(session)).isTrue();
            run.click(session, "i1", 2 * AFTER_THE_GAP + 1).watermark(2 * AFTER_THE_GAP + 1);
            Recommendation answer = run.answers().get(run.answers().size() - 1);
            assertThat(answer.experiment().variant()).isEqualTo("b");
            assertThat(answer.model().version()).isEqualTo("v2");
            run.endOfTime();
            assertThat(run.outcomes()).hasSize(1);
        }
    }

    /** Also when it takes its place: states are made anew, as one model can't read another's. */
    @Test
    void aLaterReleaseOfTheNameTakesItsPlace() throws Exception {
        models.with("two again", FakeModels.recurrent("v4"));
        try (OperatorRun run = run().open()) {
            run.tell(RUNNING).offer(large("two")).awaitVariantModels("{large=v2}");
            clickAll(run, 0);
            run.offer(large("two again")).awaitVariantModels("{large=v4}");
            clickAll(run, 1);
            requireSplit(last(run), "v1", "v4");
            long large = last(run).stream().filter(each -> isLarge(each.sessionId())).count();
            assertThat(run.counter("sessionsRebuilt")).isEqualTo(large);
            run.offer(large("three")).awaitVariantModels("{large=v3}");
            clickAll(run, 2);
            requireSplit(last(run), "v1", "v3");
            // And the job's own changes beside it.
            run.release(approved(large("two again"))).awaitModel("v4");
            clickAll(run, 3);
            requireSplit(last(run), "v4", "v3");
            run.endOfTime();
            assertThat(run.outcomes()).extracting(ExperimentOutcome::clicks).containsOnly(4);
        }
    }

    private static ApprovedRelease approved(ModelRelease release) {
        return new ApprovedRelease(1, "shop", release.version(), release.uri(), release.sha256());
    }

    @Test
    void whenTheExperimentIsOverItsModelIsClosedAndTheJobsOwnGoesOn() throws Exception {
        try (OperatorRun run = run().open()) {
            run.tell(RUNNING).offer(large("two")).awaitVariantModels("{large=v2}");
            clickAll(run, 0);
            run.tell(RUNNING.with(State.STOPPED, 5, "enough"));
            assertThat(run.gauge("variantModels")).isEqualTo("none");
            while (LoadedModel.count() > 1) {
                Thread.onSpinWait();
            }
            clickAll(run, 1);
            for (Recommendation answer : last(run)) {
                assertThat(answer.experiment()).isNull();
                requireModel(answer, "v1");
            }
            assertThat(run.outcomes()).hasSize(SESSIONS);
            // The release is remembered for the next experiment that names it.
            run.tell(RUNNING.with(State.RUNNING, 6, null)).awaitVariantModels("{large=v2}");
            run.endOfTime();
        }
    }

    /**
     * The variant's model stands in the blend for the job's own, which learns from its own alone.
     */
    @Test
    void aVariantsModelIsBlendedInThePlaceOfTheJobsOwn() throws Exception {
        CandidateSettings candidates =
                new CandidateSettings(
                        null,
                        new CandidateSettings.Quotas(20, 0, 20, 0, 0),
                        null,
                        .5,
                        true,
                        50,
                        0,
                        1,
                        null);
        Variant alone =
                new Variant(
                        "b", 0.5, "large", Map.of("model", 1.0, "co-visitation", 0.0), Map.of());
        Experiment blended = experiment("e", Unit.SESSION, Method.SPLIT, plain("a", 0.5), alone);
        RecommendSettings settings = settings("one", candidates, true, true);
        try (OperatorRun run = new OperatorRun(settings, models).open()) {
            run.offer(large("two")).tell(blended).awaitVariantModels("{large=v2}");
            clickAll(run, 0);
            clickAll(run, 1);
            int others = 0;
            for (Recommendation answer : last(run)) {
                if (isLarge(answer.sessionId())) {
                    requireModel(answer, "v2");
                } else {
                    assertThat(answer.model().version()).isEqualTo("v1");
                    others++;
                }
            }
            assertThat(others).isBetween(1, SESSIONS - 1);
            assertThat(run.gauge("labels")).as("of the job's own lists").isEqualTo((long) others);
            run.endOfTime();
            assertThat(run.outcomes()).hasSize(SESSIONS);
        }
    }

    /** The job has no model yet, and its own way is to recommend what is popular. */
    @Test
    void aVariantsModelAnswersBesideWhatIsPopular() throws Exception {
        RecommendSettings settings = settings(null, null, true, true);
        try (OperatorRun run = new OperatorRun(settings, models).open()) {
            run.offer(large("two")).tell(RUNNING).awaitVariantModels("{large=v2}");
            clickAll(run, 0);
            clickAll(run, 1);
            for (Recommendation answer : last(run)) {
                if (isLarge(answer.sessionId())) {
                    requireModel(answer, "v2");
                } else {
                    assertThat(answer.model()).isNull();
                    assertThat(answer.fallback()).isEqualTo(RecommendOperator.NO_MODEL);
                }
            }
            run.endOfTime();
        }
    }

    // ------------------------------------------------------------------ what can't answer

    @Test
    void aModelThatScoresWithoutNumbersNeverAnswers() throws Exception {
        try (OperatorRun run = run().open()) {
            run.tell(RUNNING).offer(large("broken"));
            run.awaitMetric("modelLoadFailures", 1);
            clickAll(run, 0);
            last(run).forEach(answer -> requireModel(answer, "v1"));
            // Which a good one needn't wait for.
            run.offer(large("two")).awaitVariantModels("{large=v2}");
            run.endOfTime();
            assertThat(run.outcomes()).isEmpty();
        }
    }

    @Test
    void releasesOfOtherKindsAndNamesChangeNothing() throws Exception {
        try (OperatorRun run = run().open()) {
            run.tell(RUNNING).offer(models.release("small", "two"));
            run.offer(new ModelRelease("large", "v9", "x", "a".repeat(64), "ranker", Map.of(), 1));
            clickAll(run, 0);
            assertThat(run.gauge("variantModels")).isEqualTo("none");
            assertThat(LoadedModel.count()).isEqualTo(1);
            run.endOfTime();
        }
    }

    // ------------------------------------------------------------------ state

    /** On one subtask, then two: every session by its model, from the state that it left. */
    @Test
    void sessionsKeepToTheirModelThroughRescaling() throws Exception {
        OperatorSubtaskState state;
        try (OperatorRun run = run().open()) {
            run.tell(RUNNING).offer(large("two")).awaitVariantModels("{large=v2}");
            clickAll(run, 0);
            clickAll(run, 1);
            state = run.snapshot();
        }
        List<ExperimentOutcome> outcomes = new ArrayList<>();
        OperatorSubtaskState[] after = new OperatorSubtaskState[2];
        for (int subtask = 0; subtask < 2; subtask++) {
            try (OperatorRun run = run(2, subtask)) {
                run.restore(part(state, 1, 2, subtask));
                assertThat(run.gauge("variantModels")).isEqualTo("{large=v2}");
                clickAll(run, 2, subtask, 2);
                requireSplit(run.answers(), "v1", "v2");
                assertThat(run.counter("sessionsRebuilt")).isZero();
                after[subtask] = run.snapshot();
            }
        }
        state = AbstractStreamOperatorTestHarness.repackageState(after);
        try (OperatorRun run = run()) {
            run.restore(part(state, 2, 1, 0));
            clickAll(run, 3);
            requireSplit(run.answers(), "v1", "v2");
            run.endOfTime();
            outcomes.addAll(run.outcomes());
        }
        assertThat(outcomes).hasSize(SESSIONS);
        assertThat(outcomes).extracting(ExperimentOutcome::clicks).containsOnly(4);
    }

    private static OperatorSubtaskState part(
            OperatorSubtaskState state, int before, int subtasks, int subtask) {
        return AbstractStreamOperatorTestHarness.repartitionOperatorState(
                state, KEY_GROUPS, before, subtasks, subtask);
    }

    @Test
    void aModelThatIsGoneAfterARestartEndsItsExperimentsSessions() throws Exception {
        OperatorSubtaskState state;
        try (OperatorRun run = run().open()) {
            run.tell(RUNNING).offer(large("two")).awaitVariantModels("{large=v2}");
            clickAll(run, 0);
            state = run.snapshot();
        }
        ModelRelease release = large("two");
        models.remove("two");
        try (OperatorRun run = run()) {
            run.restore(state);
            clickAll(run, 1);
            for (Recommendation answer : run.answers()) {
                assertThat(answer.experiment()).isNull();
                requireModel(answer, "v1");
            }
            assertThat(run.outcomes()).hasSize(SESSIONS);
            assertThat(run.outcomes()).extracting(ExperimentOutcome::clicks).containsOnly(1);
            models.with("two", FakeModels.recurrent("v2"));
            run.offer(release).awaitVariantModels("{large=v2}");
            run.endOfTime();
        }
    }

    /** State of a job that couldn't do this restores, and what this leaves can be dropped. */
    @Test
    void isTakenUpAndGivenUp() throws Exception {
        OperatorSubtaskState without;
        try (OperatorRun run = new OperatorRun(settings(true, false), models).open()) {
            clickAll(run, 0);
            without = run.snapshot();
        }
        OperatorSubtaskState with;
        try (OperatorRun run = run().restore(without)) {
            run.tell(RUNNING).offer(large("two")).awaitVariantModels("{large=v2}");
            clickAll(run, 1);
            last(run).forEach(answer -> requireModel(answer, "v1"));
            with = run.snapshot();
        }
        try (OperatorRun run = new OperatorRun(settings(false, true), models).restore(with)) {
            assertThat(run.gauge("experimentsRunning")).as("is refused").isEqualTo(0);
            assertThat(run.counter("experimentsRefused")).isEqualTo(1);
            clickAll(run, 2);
            last(run).forEach(answer -> requireModel(answer, "v1"));
            run.endOfTime();
        }
    }
}
