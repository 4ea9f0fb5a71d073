package io.nextclick.jobs.recommend;

import static io.nextclick.jobs.experiment.SomeExperiments.experiment;
import static io.nextclick.jobs.experiment.SomeExperiments.halves;
import static io.nextclick.jobs.experiment.SomeExperiments.plain;
import static io.nextclick.jobs.recommend.OperatorRun.SETTINGS;
import static io.nextclick.jobs.recommend.OperatorRun.items;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.retrieve.HandFeed;
import io.nextclick.models.experiment.Assignment;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.Method;
import io.nextclick.schemas.Experiment.State;
import io.nextclick.schemas.Experiment.Unit;
import io.nextclick.schemas.Experiment.Variant;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.ExperimentOutcome.Credit;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ExperimentReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Experiments in the operator's answers. */
class LiveExperimentsTest {

    private static final long MINUTE = 60_000;
    private static final long AFTER_THE_GAP = 31 * MINUTE;
    private static final int KEY_GROUPS = 128;

    private static final float[] EAST = {1, 0};
    private static final float[] NORTH = {0, 1};

    private final HandFeed feed = new HandFeed();

    @AfterEach
    void freesItsModel() {
        assertThat(FakeModels.OPEN).hasValue(0);
    }

    // ------------------------------------------------------------------ taking part

    @Test
    void namesTheVariantAndTellsWhatTheSessionCameTo() throws Exception {
        try (OperatorRun run = run()) {
            run.tell(halves("e")).click("s", "i1", 1_000).watermark(1_000);
            Recommendation first = run.answers().get(0);
            String variant = variantOf("e", "s");
            assertThat(first.experiment()).isEqualTo(new ExperimentReference("e", variant));
            run.click("s", items(first).get(2), 2_000).watermark(2_000);
            // Not in the list, and then the same once more.
            run.click("s", "unknown", 3_000).click("s", "unknown", 3_500).watermark(3_500);
            assertThat(run.outcomes()).as("the session goes on").isEmpty();
            run.watermark(3_500 + AFTER_THE_GAP);
            ExperimentOutcome outcome = run.outcomes().get(0);
            assertThat(run.outcomes())
                    .containsExactly(
                            new ExperimentOutcome(
                                    outcome.id(),
                                    "e",
                                    "salt of e",
                                    variant,
                                    "s",
                                    "s",
                                    1_000,
                                    3_500,
                                    4,
                                    2,
                                    1,
                                    List.of(),
                                    Map.of()));
            assertThat(run.counter("experimentAnswers")).isEqualTo(4);
            assertThat(run.counter("experimentOutcomes")).isEqualTo(1);
            run.endOfTime();
            assertThat(run.outcomes()).hasSize(1);
        }
    }

    @Test
    void aSessionTakesPartFromItsFirstClickOrNotAtAll() throws Exception {
        try (OperatorRun run = run()) {
            run.click("before", "i1", 1).watermark(1);
            run.tell(halves("e")).click("before", "i2", 2).click("s", "i2", 2).watermark(2);
            assertThat(experimentsOf(run)).containsExactly(null, null, "e");
            // Under an id used again, after the gap, a session begins.
            long later = AFTER_THE_GAP + 2;
            run.click("before", "i3", later).click("s", "i3", later).watermark(2);
            assertThat(experimentsOf(run)).endsWith("e", "e");
            assertThat(run.outcomes()).as("of the first session of s").hasSize(1);
            run.endOfTime();
            assertThat(run.outcomes())
                    .extracting(ExperimentOutcome::sessionId)
                    .containsExactlyInAnyOrder("s", "s", "before");
            assertThat(run.outcomes()).extracting(ExperimentOutcome::id).doesNotHaveDuplicates();
        }
    }

    /** Two sessions of one id within one bundle: each keeps its own. */
    @Test
    void aBundleMayHoldTheEndOfASessionAndTheNext() throws Exception {
        try (OperatorRun run = run()) {
            run.tell(halves("e")).click("s", "i1", 1).watermark(1);
            // The first is the item just clicked.
            String listed = items(run.answers().get(0)).get(1);
            long later = AFTER_THE_GAP + 2;
            run.click("s", listed, 2).click("s", "i3", later).click("s", "i4", later + 1);
            run.watermark(2);
            run.endOfTime();
            assertThat(run.outcomes()).extracting(ExperimentOutcome::clicks).containsExactly(2, 2);
            assertThat(run.outcomes()).extracting(ExperimentOutcome::lists).containsExactly(1, 1);
            assertThat(run.outcomes().get(0).hits()).isEqualTo(1);
        }
    }

    @Test
    void whatASessionCameToIsToldAtItsFirstClickAfterTheExperiment() throws Exception {
        Experiment running = halves("e");
        try (OperatorRun run = run()) {
            run.tell(running).click("s", "i1", 1).click("t", "i1", 1).watermark(1);
            // The first is the item just clicked.
            String listed = items(run.answers().get(0)).get(1);
            run.tell(running.with(State.STOPPED, 5, "enough"));
            assertThat(run.gauge("experimentsRunning")).isEqualTo(0);
            run.click("s", listed, 2).watermark(2);
            assertThat(run.answers().get(2).experiment()).isNull();
            assertThat(run.outcomes()).hasSize(1);
            assertThat(run.outcomes().get(0).clicks()).isEqualTo(1);
            assertThat(run.outcomes().get(0).hits()).as("of the last list").isEqualTo(1);
            run.click("s", "i5", 3).watermark(3);
            run.endOfTime();
            assertThat(run.outcomes())
                    .extracting(ExperimentOutcome::sessionId)
                    .containsExactly("s", "t");
        }
    }

    @Test
    void theExperimentThatBeganFirstTakesItsUnitsAndLeavesTheRest() throws Exception {
        Experiment first =
                started(
                        experiment(
                                "z", Unit.SESSION, Method.SPLIT, plain("a", 0.3), plain("b", 0.3)),
                        1);
        Experiment second = started(halves("a"), 2);
        try (OperatorRun run = run()) {
            run.tell(second).tell(first);
            Map<String, Integer> sessions = new TreeMap<>();
            for (int i = 0; i < 4_000; i++) {
                run.click("s" + i, "i1", i);
            }
            run.watermark(4_000);
            for (Recommendation answer : run.answers()) {
                assertThat(answer.experiment().variant())
                        .isEqualTo(variantOf(answer.experiment().name(), answer.sessionId()));
                sessions.merge(answer.experiment().name(), 1, Integer::sum);
            }
            assertThat(sessions.get("z") / 4_000.0).isCloseTo(0.6, within(0.025));
            // When it is over, the other takes all.
            run.tell(TopicEntry.withdrawal("z"));
            run.click("new", "i1", 4_001).watermark(4_001);
            assertThat(run.answers().get(4_000).experiment().name()).isEqualTo("a");
            run.endOfTime();
            assertThat(run.outcomes()).hasSize(4_001);
        }
    }

    @Test
    void aVisitorKeepsTheVariantAndVisitorsUnknownTakeNoPart() throws Exception {
        try (OperatorRun run = run()) {
            run.tell(experiment("e", Unit.USER, Method.SPLIT, plain("a", 0.5), plain("b", 0.5)));
            Set<String> seen = new HashSet<>();
            for (int user = 0; user < 50; user++) {
                for (int visit = 0; visit < 3; visit++) {
                    String session = user + "-" + visit;
                    run.click(click(session, "u" + user, "i1", 10L * user + visit));
                    // Whoever logs out, or in as another, stays what the session began as.
                    run.click(click(session, visit == 0 ? null : "other", "i2", 10L * user + 5));
                }
            }
            run.click(click("anonymous", null, "i1", 500)).watermark(500);
            for (Recommendation answer : run.answers()) {
                if (answer.sessionId().equals("anonymous")) {
                    assertThat(answer.experiment()).isNull();
                    continue;
                }
                String user = 'u' + answer.sessionId().split("-")[0];
                assertThat(answer.experiment().variant()).isEqualTo(variantOf("e", user));
                seen.add(answer.experiment().variant());
            }
            assertThat(seen).containsExactlyInAnyOrder("a", "b");
            run.endOfTime();
            assertThat(run.outcomes()).hasSize(150);
            assertThat(run.outcomes())
                    .allSatisfy(
                            outcome ->
                                    assertThat(outcome.unitId())
                                            .isEqualTo('u' + outcome.sessionId().split("-")[0]));
        }
    }

    @Test
    void otherSharesMoveNobodyWhoIsOnTheWay() throws Exception {
        Experiment before = halves("e");
        Experiment after =
                new Experiment(
                        "e",
                        before.salt(),
                        before.unit(),
                        before.method(),
                        List.of(plain("a", 0.9), plain("b", 0.1)),
                        State.RUNNING,
                        null,
                        1,
                        2,
                        null);
        try (OperatorRun run = run()) {
            run.tell(before);
            for (int i = 0; i < 100; i++) {
                run.click("s" + i, "i1", i);
            }
            run.watermark(100).tell(after);
            for (int i = 0; i < 100; i++) {
                run.click("s" + i, "i2", 100 + i);
            }
            run.watermark(200);
            run.endOfTime();
            Map<String, Set<String>> variants = new HashMap<>();
            for (Recommendation answer : run.answers()) {
                variants.computeIfAbsent(answer.sessionId(), key -> new HashSet<>())
                        .add(answer.experiment().variant());
            }
            assertThat(variants.values()).allSatisfy(each -> assertThat(each).hasSize(1));
            assertThat(run.outcomes()).hasSize(100);
        }
    }

    @Test
    void sharesAreKeptOver200_000Sessions() throws Exception {
        int sessions = 200_000;
        double[] shares = {0.35, 0.2, 0.05};
        Experiment thirds =
                experiment(
                        "e",
                        Unit.SESSION,
                        Method.SPLIT,
                        plain("a", shares[0]),
                        plain("b", shares[1]),
                        plain("c", shares[2]));
        RecommendSettings settings = settings(null, null);
        Map<String, Integer> answered = new TreeMap<>();
        Map<String, Integer> told = new TreeMap<>();
        try (OperatorRun run = new OperatorRun(settings, FakeModels.recurrent("v1")).open()) {
            run.tell(thirds);
            for (int i = 0; i < sessions; i++) {
                run.click("session-" + i, "i" + i % 40, i);
                if (i % 1_000 == 999) {
                    run.watermark(i);
                }
            }
            for (Recommendation answer : run.answers()) {
                if (answer.experiment() != null) {
                    answered.merge(answer.experiment().variant(), 1, Integer::sum);
                }
            }
            run.endOfTime();
            for (ExperimentOutcome outcome : run.outcomes()) {
                told.merge(outcome.variant(), 1, Integer::sum);
            }
        }
        assertThat(told).isEqualTo(answered);
        for (int variant = 0; variant < shares.length; variant++) {
            String name = thirds.variants().get(variant).name();
            assertThat((double) answered.get(name) / sessions)
                    .as("share of %s", name)
                    .isCloseTo(shares[variant], within(0.005));
        }
    }

    // ------------------------------------------------------------------ state

    /** On 1, then 3, then 2 subtasks: nobody changes sides, and nothing is told twice or lost. */
    @Test
    void isStickyThroughRestartsAndRescaling() throws Exception {
        int sessions = 300;
        List<Recommendation> answers = new ArrayList<>();
        List<ExperimentOutcome> outcomes = new ArrayList<>();
        OperatorSubtaskState state = null;
        int[] parallelism = {1, 3, 2};
        for (int stage = 0; stage < parallelism.length; stage++) {
            int subtasks = parallelism[stage];
            int before = stage == 0 ? 1 : parallelism[stage - 1];
            OperatorSubtaskState[] after = new OperatorSubtaskState[subtasks];
            for (int subtask = 0; subtask < subtasks; subtask++) {
                OperatorRun run =
                        new OperatorRun(
                                settings(null, "model"),
                                FakeModels.recurrent("v1"),
                                subtasks,
                                subtask);
                try (run) {
                    if (state == null) {
                        run.open().tell(halves("e"));
                    } else {
                        run.restore(
                                AbstractStreamOperatorTestHarness.repartitionOperatorState(
                                        state, KEY_GROUPS, before, subtasks, subtask));
                        assertThat(run.gauge("experimentsRunning")).isEqualTo(1);
                    }
                    // All sessions so far go on, and as many begin.
                    for (int i = 0; i < (stage + 1) * sessions; i++) {
                        String session = "s" + i;
                        if (KeyGroupRangeAssignment.assignKeyToParallelOperator(
                                        session, KEY_GROUPS, subtasks)
                                == subtask) {
                            run.click(session, "i" + (i + stage) % 40, 1_000L * stage + i);
                        }
                    }
                    after[subtask] = run.snapshot();
                    if (stage == parallelism.length - 1) {
                        run.endOfTime();
                    }
                    answers.addAll(run.answers());
                    outcomes.addAll(run.outcomes());
                }
            }
            state = AbstractStreamOperatorTestHarness.repackageState(after);
        }
        assertThat(answers)
                .allSatisfy(
                        answer ->
                                assertThat(answer.experiment())
                                        .isEqualTo(
                                                new ExperimentReference(
                                                        "e", variantOf("e", answer.sessionId()))));
        assertThat(outcomes).hasSize(3 * sessions);
        assertThat(outcomes).extracting(ExperimentOutcome::sessionId).doesNotHaveDuplicates();
        for (ExperimentOutcome outcome : outcomes) {
            int began = Integer.parseInt(outcome.sessionId().substring(1)) / sessions;
            assertThat(outcome.clicks()).isEqualTo(3 - began);
            assertThat(outcome.variant()).isEqualTo(variantOf("e", outcome.sessionId()));
        }
    }

    /** Where experiments are no longer followed, what is left of them goes. */
    @Test
    void forgetsExperimentsWhereTheyAreNoLongerFollowed() throws Exception {
        OperatorSubtaskState followed;
        try (OperatorRun run = run()) {
            run.tell(halves("e")).click("s", "i1", 1);
            followed = run.snapshot();
        }
        OperatorSubtaskState notFollowed;
        try (OperatorRun run =
                new OperatorRun(SETTINGS, FakeModels.recurrent("v1")).restore(followed)) {
            run.click("s", "i2", 2).watermark(2);
            assertThat(run.answers().get(0).experiment()).isNull();
            assertThat(run.answers().get(0).step()).as("the session is known").isEqualTo(2);
            notFollowed = run.snapshot();
            run.endOfTime();
            assertThat(run.outcomes()).isEmpty();
        }
        try (OperatorRun run =
                new OperatorRun(settings(null, "model"), FakeModels.recurrent("v1"))
                        .restore(notFollowed)) {
            assertThat(run.gauge("experimentsRunning")).isEqualTo(0);
            run.endOfTime();
        }
    }

    // ------------------------------------------------------------------ what variants set

    @Test
    void refusesWhatItCantCarryOut() throws Exception {
        try (OperatorRun run = run()) {
            run.tell(
                    experiment(
                            "e",
                            Unit.SESSION,
                            Method.SPLIT,
                            plain("a", 0.5),
                            new Variant("b", 0.5, null, Map.of("two-tower", 1.0), Map.of())));
            assertThat(run.counter("experimentsRefused")).isEqualTo(1);
            assertThat(run.gauge("experimentsRunning")).isEqualTo(0);
            run.click("s", "i1", 1).watermark(1);
            assertThat(run.answers().get(0).experiment()).isNull();
            // Put right, it runs.
            run.tell(halves("e")).click("t", "i1", 2).watermark(2);
            assertThat(run.answers().get(1).experiment()).isNotNull();
            run.endOfTime();
        }
    }

    @Test
    void aVariantsWeightsAndRulesMakeItsLists() throws Exception {
        fill();
        Experiment threeWays =
                experiment(
                        "e",
                        Unit.SESSION,
                        Method.SPLIT,
                        plain("own", 0.3),
                        new Variant("tower", 0.3, null, Map.of("two-tower", 1.0), Map.of()),
                        new Variant(
                                "varied", 0.4, null, Map.of(), Map.of("most-per-category", "1")));
        try (OperatorRun run = run(settings(blend(0), "model"))) {
            run.tell(threeWays);
            assertThat(run.gauge("experimentsRunning")).isEqualTo(1);
            Set<String> variants = new HashSet<>();
            for (int i = 0; i < 30; i++) {
                run.click("s" + i, "i1", i).watermark(i);
                Recommendation answer = run.answers().get(i);
                variants.add(answer.experiment().variant());
                List<String> listed = items(answer);
                switch (answer.experiment().variant()) {
                    case "own" ->
                            assertThat(listed)
                                    .isEqualTo(FakeModels.expected(List.of("i1"), "v1", 5));
                    case "tower" -> assertThat(listed).startsWith("t1", "t2", "t3");
                    default -> {
                        assertThat(listed).hasSize(5);
                        assertThat(listed.stream().map(item -> categoryOf(item)).distinct())
                                .hasSize(5);
                    }
                }
            }
            assertThat(variants).containsExactlyInAnyOrder("own", "tower", "varied");
            run.endOfTime();
        }
    }

    @Test
    void interleavedListsCreditWhoeverPutTheItemThere() throws Exception {
        fill();
        Experiment interleaved =
                experiment(
                        "e",
                        Unit.SESSION,
                        Method.INTERLEAVE,
                        plain("own", 0.5),
                        new Variant("tower", 0.5, null, Map.of("two-tower", 1.0), Map.of()));
        List<Recommendation> first;
        try (OperatorRun run = run(settings(blend(0), "model"))) {
            run.tell(interleaved);
            for (int i = 0; i < 200; i++) {
                run.click("s" + i, "i1", i).watermark(i);
                assertThat(run.answers().get(i).experiment())
                        .isEqualTo(new ExperimentReference("e", null));
            }
            first = List.copyOf(run.answers());
            List<String> own = FakeModels.expected(List.of("i1"), "v1", 5);
            int ownFirst = 0;
            for (int i = 0; i < 200; i++) {
                List<String> listed = items(first.get(i));
                assertThat(listed).hasSize(5).doesNotHaveDuplicates();
                assertThat(Set.of(listed.get(0), listed.get(1)))
                        .isEqualTo(Set.of(own.get(0), "t1"));
                ownFirst += listed.get(0).equals("t1") ? 0 : 1;
                // Half of the visitors take what the tower put there.
                run.click("s" + i, i % 2 == 0 ? "t1" : own.get(1), 300 + i);
            }
            assertThat(ownFirst).isBetween(75, 125);
            run.watermark(600);
            run.endOfTime();
            assertThat(run.outcomes()).hasSize(200);
            for (ExperimentOutcome outcome : run.outcomes()) {
                boolean isTowers = Integer.parseInt(outcome.sessionId().substring(1)) % 2 == 0;
                assertThat(outcome.variant()).isNull();
                assertThat(outcome.hits()).isEqualTo(1);
                assertThat(outcome.credits())
                        .containsExactly(new Credit(isTowers ? "tower" : "own", 1));
            }
        }
        // The same clicks again are answered with the same lists.
        try (OperatorRun run = run(settings(blend(0), "model"))) {
            run.tell(interleaved);
            for (int i = 0; i < 200; i++) {
                run.click("s" + i, "i1", i).watermark(i);
            }
            for (int i = 0; i < 200; i++) {
                assertThat(run.answers().get(i).items()).isEqualTo(first.get(i).items());
            }
            run.endOfTime();
        }
    }

    @Test
    void withoutLiveItemsListsAreInterleavedWithThemselves() throws Exception {
        try (OperatorRun run = run()) {
            run.tell(
                    experiment(
                            "e",
                            Unit.SESSION,
                            Method.INTERLEAVE,
                            plain("a", 0.5),
                            plain("b", 0.5)));
            run.click("s", "i1", 1).watermark(1);
            Recommendation answer = run.answers().get(0);
            assertThat(items(answer)).isEqualTo(FakeModels.expected(List.of("i1"), "v1", 5));
            assertThat(answer.items()).extracting(RecommendedItem::source).containsOnly("model");
            run.click("s", items(answer).get(1), 2).watermark(2);
            run.endOfTime();
            assertThat(run.outcomes().get(0).credits()).hasSize(1);
        }
    }

    // ------------------------------------------------------------------ by hand

    /** Items that the tower knows and the model doesn't, liked best after i1, in one category. */
    private void fill() throws InterruptedException {
        feed.vectors("a", "i1", EAST, NORTH).tower("a", 1, 2, 1);
        for (int i = 1; i <= 8; i++) {
            feed.vectors("a", "t" + i, new float[] {i * 0.05f, 1}, EAST);
        }
        for (int i = 1; i <= 8; i++) {
            feed.catalog("t" + i, true, List.of("towers"));
        }
        for (int i = 0; i < FakeModels.ITEMS; i++) {
            feed.catalog("i" + i, true, List.of("category " + i % 8));
        }
    }

    private static String categoryOf(String item) {
        return item.startsWith("t")
                ? "towers"
                : "category " + Integer.parseInt(item.substring(1)) % 8;
    }

    private CandidateSettings blend(double towerWeight) {
        return new CandidateSettings(
                new CandidateSettings.Live(
                        feed.source(), feed.loader(), true, true, false, Duration.ofSeconds(30)),
                new CandidateSettings.Quotas(20),
                null,
                towerWeight,
                false,
                50,
                0,
                1,
                null);
    }

    static RecommendSettings settings(CandidateSettings blend, String modelPath) {
        return new RecommendSettings(
                modelPath,
                false,
                SETTINGS.count(),
                false,
                SETTINGS.inactivityGap(),
                SETTINGS.maximumLength(),
                SETTINGS.collapseRepeats(),
                SETTINGS.retention(),
                SETTINGS.rememberedEventIds(),
                SETTINGS.hotSessionBytes(),
                SETTINGS.bundleSize(),
                SETTINGS.bundleTimeout(),
                SETTINGS.overrunBudget(),
                SETTINGS.livePopularitySize(),
                SETTINGS.liveQualityWindow(),
                blend,
                false,
                true);
    }

    private static OperatorRun run() throws Exception {
        return run(settings(null, "model"));
    }

    private static OperatorRun run(RecommendSettings settings) throws Exception {
        return new OperatorRun(settings, FakeModels.recurrent("v1")).open();
    }

    private static ReceivedClick click(String session, String user, String item, long time) {
        return new ReceivedClick(null, session, user, item, time, "clicks", 0, time, time);
    }

    /** As the pure assignment of two halves says; of a and b in the order of their names. */
    private static String variantOf(String experiment, String unit) {
        double share = experiment.equals("z") ? 0.3 : 0.5;
        Assignment assignment = new Assignment("salt of " + experiment, share, share);
        return assignment.variantOf(unit) == 0 ? "a" : "b";
    }

    private static Experiment started(Experiment experiment, long atMillis) {
        return new Experiment(
                experiment.name(),
                experiment.salt(),
                experiment.unit(),
                experiment.method(),
                experiment.variants(),
                experiment.state(),
                null,
                atMillis,
                atMillis,
                null);
    }

    private static List<String> experimentsOf(OperatorRun run) {
        List<String> names = new ArrayList<>();
        for (Recommendation answer : run.answers()) {
            names.add(answer.experiment() == null ? null : answer.experiment().name());
        }
        return names;
    }
}
