package io.nextclick.jobs.impress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.nextclick.jobs.impress.LabelledImpression.Outcome;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.types.Fingerprint;
import io.nextclick.schemas.Impression;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ImpressionJoinFunctionTest {

    /** Window 100 ms, lateness 10 ms, no memory, three of each a session. */
    private static final JoinSettings SETTINGS =
            new JoinSettings(
                    Duration.ofMillis(100), Duration.ofMillis(10), Duration.ofMillis(50), 0, 3);

    /** The last two clicks of 50 ms leave with an impression. */
    private static final JoinSettings WITH_MEMORY =
            new JoinSettings(
                    Duration.ofMillis(100), Duration.ofMillis(10), Duration.ofMillis(50), 2, 9);

    private JoinRun run;

    @BeforeEach
    void open() throws Exception {
        run = new JoinRun(SETTINGS).open();
    }

    @AfterEach
    void close() throws Exception {
        run.close();
    }

    // ------------------------------------------------------------------ labels

    @Test
    void anImpressionLeavesWithWhatBecameOfItsItems() throws Exception {
        run.show("v", "s", 1_000, "a", "b", "c");
        run.click("s", "b", 1_020).click("s", "x", 1_050).click("s", "c", 1_090);
        run.click("t", "a", 1_030);
        run.watermark(1_109);
        assertThat(run.labelled()).as("clicks may still come").isEmpty();
        run.watermark(1_110);
        assertThat(run.labelled())
                .containsExactly(
                        new LabelledImpression(
                                JoinRun.impression("v", "s", 1_000, "a", "b", "c"),
                                List.of(),
                                List.of(
                                        Outcome.NOT_CLICKED,
                                        new Outcome(20, 30),
                                        new Outcome(90, Outcome.NONE))));
        run.watermark(Long.MAX_VALUE);
        assertThat(run.isEmpty()).isTrue();
        assertThat(run.metrics().labelledImpressions.getCount()).isEqualTo(1);
        assertThat(run.metrics().labelledItems.getCount()).isEqualTo(3);
        assertThat(run.metrics().clickedItems.getCount()).isEqualTo(2);
    }

    @Test
    void theWindowOpensAfterTheImpressionAndItsLastMomentCounts() throws Exception {
        run.show("v", "s", 1_000, "a", "b", "c");
        // The click at the very moment is what led to the impression.
        run.click("s", "a", 1_000).click("s", "b", 1_100).click("s", "c", 1_101);
        run.watermark(Long.MAX_VALUE);
        assertThat(run.texts()).containsExactly("v: a b+100 c");
    }

    @Test
    void aClickIsTheDoingOfTheLastImpressionThatShowedItsItem() throws Exception {
        run.show("v1", "s", 1_000, "a", "b").click("s", "b", 1_005);
        run.show("v2", "s", 1_010, "b", "a").click("s", "a", 1_020);
        run.show("v3", "s", 1_030, "c").click("s", "b", 1_040);
        run.watermark(Long.MAX_VALUE);
        assertThat(run.texts()).containsExactly("v1: a b+5+15", "v2: b+30 a+10+20", "v3: c");
    }

    @Test
    void ofImpressionsOfOneMomentTheLastByIdCounts() throws Exception {
        run.show("v2", "s", 1_000, "a").show("v1", "s", 1_000, "a").show("v3", "s", 1_000, "b");
        run.click("s", "a", 1_010);
        run.watermark(Long.MAX_VALUE);
        assertThat(run.texts()).containsExactly("v1: a", "v2: a+10", "v3: b");
    }

    @Test
    void theFirstOfSeveralClicksCountsWhateverTheirOrder() throws Exception {
        run.click("s", "a", 1_030).click("s", "a", 1_010).click("s", "a", 1_060);
        run.show("v", "s", 1_000, "a", "b", "a");
        run.watermark(Long.MAX_VALUE);
        assertThat(run.texts()).containsExactly("v: a+10+20 b a+10+20");
    }

    @Test
    void clicksOfOneMomentAreNoDwell() throws Exception {
        run.show("v", "s", 1_000, "a", "b");
        run.click("s", "a", 1_010).click("s", "b", 1_010).click("s", "x", 1_025);
        run.watermark(Long.MAX_VALUE);
        assertThat(run.texts()).containsExactly("v: a+10+15 b+10+15");
    }

    @Test
    void anImpressionOfNothingLeavesToo() throws Exception {
        run.show("v", "s", 1_000).watermark(1_110);
        assertThat(run.texts()).containsExactly("v:");
        assertThat(run.isEmpty()).isTrue();
    }

    @Test
    void anImpressionLeavesWithTheLastClicksBeforeIt() throws Exception {
        try (JoinRun remembering = new JoinRun(WITH_MEMORY).open()) {
            SortedMap<String, String> phone = new TreeMap<>(Map.of("device", "phone"));
            remembering.click(
                    new ReceivedClick("e", "s", "u", "b", 1_000, "clicks", 0, 1, 1_000, phone));
            remembering.click("s", "a", 949).click("s", "c", 990).click("s", "d", 980);
            remembering.click("s", "x", 1_001).click("t", "y", 999);
            remembering.show("v1", "s", 1_000, "x").show("v2", "s", 1_030, "x");
            remembering.show("v3", "s", 998, "z");
            remembering.watermark(Long.MAX_VALUE);
            assertThat(remembering.labelled())
                    .extracting(
                            each -> each.impression().id(),
                            each -> each.before().stream().map(SessionClick::itemId).toList())
                    .containsExactly(
                            tuple("v3", List.of("d", "c")),
                            tuple("v1", List.of("c", "b")),
                            tuple("v2", List.of("b", "x")));
            assertThat(remembering.labelled().get(1).before().get(1))
                    .isEqualTo(new SessionClick("b", 1_000, "u", phone, Fingerprint.of("e")));
            assertThat(remembering.isEmpty()).isTrue();
        }
    }

    @Test
    void aClickIsRememberedForImpressionsThatMayYetCome() throws Exception {
        try (JoinRun remembering = new JoinRun(WITH_MEMORY).open()) {
            remembering.click("s", "a", 1_000).watermark(1_059);
            remembering.show("v", "s", 1_050, "b").show("w", "s", 1_051, "b").watermark(1_160);
            assertThat(remembering.labelled())
                    .extracting(each -> each.before().size())
                    .containsExactly(1);
            remembering.watermark(1_161);
            assertThat(remembering.labelled())
                    .extracting(each -> each.before().size())
                    .containsExactly(1, 0);
            assertThat(remembering.isEmpty()).isTrue();
            remembering.click("s", "a", 2_000).watermark(2_059);
            assertThat(remembering.isEmpty()).isFalse();
            remembering.watermark(2_060);
            assertThat(remembering.isEmpty()).isTrue();
        }
    }

    // ------------------------------------------------------------------ duplicates, late records

    @Test
    void duplicatesAreCountedAndChangeNothing() throws Exception {
        run.show("v", "s", 1_000, "a", "b").show("v", "s", 1_000, "a", "b");
        run.show("v", "other session", 1_000, "a");
        run.click("s", "a", 1_010, "e1").click("s", "a", 1_010, "e1").click("s", "a", 1_010, "e2");
        run.click("s", "b", 1_020).click("s", "b", 1_020);
        run.watermark(Long.MAX_VALUE);
        assertThat(run.texts()).containsExactlyInAnyOrder("v: a+10+10 b+20", "v: a");
        assertThat(run.metrics().impressions.getCount()).isEqualTo(3);
        assertThat(run.metrics().duplicateImpressions.getCount()).isEqualTo(1);
        assertThat(run.metrics().clicks.getCount()).isEqualTo(5);
        assertThat(run.metrics().duplicateClicks.getCount()).isEqualTo(2);
        assertThat(run.metrics().crowdedOut.getCount()).isZero();
        assertThat(run.isEmpty()).isTrue();
    }

    @Test
    void whatIsFurtherBehindTheWatermarkThanAllowedIsCountedAndLeftOut() throws Exception {
        run.show("v1", "s", 1_000, "a", "b").watermark(1_029);
        run.click("s", "a", 1_020).click("s", "b", 1_019);
        run.show("v2", "s", 1_020, "c").show("v3", "s", 1_019, "c");
        assertThat(run.metrics().lateClicks.getCount()).isEqualTo(1);
        assertThat(run.metrics().lateImpressions.getCount()).isEqualTo(1);
        run.watermark(Long.MAX_VALUE);
        assertThat(run.texts()).containsExactly("v1: a+20 b", "v2: c");
        assertThat(run.isEmpty()).isTrue();
    }

    @Test
    void aRepeatOfWhatHasLeftIsLate() throws Exception {
        run.show("v", "s", 1_000, "a").watermark(1_110).show("v", "s", 1_000, "a");
        run.watermark(Long.MAX_VALUE);
        assertThat(run.texts()).containsExactly("v: a");
        assertThat(run.metrics().lateImpressions.getCount()).isEqualTo(1);
    }

    @Test
    void theSlowerInputSaysWhatIsLate() throws Exception {
        run.show("v", "s", 1_000, "a");
        run.harness.processWatermark1(new Watermark(5_000));
        run.click("s", "a", 1_010);
        assertThat(run.labelled()).isEmpty();
        assertThat(run.metrics().lateClicks.getCount()).isZero();
        run.harness.processWatermark2(new Watermark(1_200));
        assertThat(run.texts()).containsExactly("v: a+10");
    }

    // ------------------------------------------------------------------ state

    @Test
    void aSessionHasOneTimerWhateverItsOrder() throws Exception {
        run.click("s", "a", 1_050);
        run.show("v2", "s", 1_040, "a").show("v1", "s", 1_000, "a").show("v3", "s", 1_060, "a");
        assertThat(run.harness.numEventTimeTimers()).isEqualTo(1);
        run.watermark(1_110);
        assertThat(run.texts()).containsExactly("v1: a");
        assertThat(run.harness.numEventTimeTimers()).isEqualTo(1);
        run.watermark(1_170);
        assertThat(run.texts()).containsExactly("v1: a", "v2: a+10", "v3: a");
        assertThat(run.isEmpty()).isTrue();
    }

    @Test
    void clicksWithoutImpressionsAreForgottenOnceTheseWouldBeLate() throws Exception {
        run.click("s", "a", 1_000).click("s", "b", 1_008).watermark(1_010);
        assertThat(run.harness.numKeyedStateEntries()).isEqualTo(1);
        run.watermark(1_017);
        assertThat(run.harness.numKeyedStateEntries()).isEqualTo(1);
        run.watermark(1_018);
        assertThat(run.isEmpty()).isTrue();
    }

    @Test
    void whatIsTooManyForASessionIsCountedAndLeftOut() throws Exception {
        for (int i = 0; i < 5; i++) {
            run.show("v" + i, "s", 1_000 + i, "a").click("s", "b", 1_000 + i);
        }
        run.watermark(Long.MAX_VALUE);
        assertThat(run.texts()).containsExactly("v0: a", "v1: a", "v2: a");
        assertThat(run.metrics().crowdedOut.getCount()).isEqualTo(4);
        assertThat(run.isEmpty()).isTrue();
    }

    // ------------------------------------------------------------------ restarts

    @Test
    void aRestoreGoesOnWithImpressionsClicksAndTimers() throws Exception {
        run.show("v1", "s", 1_000, "a", "b").click("s", "a", 1_010, "e").watermark(1_012);
        OperatorSubtaskState state = run.snapshot();
        try (JoinRun restored = new JoinRun(SETTINGS).restore(state)) {
            restored.show("v1", "s", 1_000, "a", "b").click("s", "a", 1_010, "e");
            restored.click("s", "b", 1_030);
            assertThat(restored.metrics().duplicateClicks.getCount()).isEqualTo(1);
            restored.watermark(Long.MAX_VALUE);
            assertThat(restored.texts()).containsExactly("v1: a+10+20 b+30");
            assertThat(restored.isEmpty()).isTrue();
        }
    }

    /** Flink's own watermark begins anew; a repeat must not make the examples leave again. */
    @Test
    void whatWasLateBeforeARestartIsLateAfterIt() throws Exception {
        run.show("v", "s", 1_000, "a").watermark(1_110);
        assertThat(run.texts()).containsExactly("v: a");
        OperatorSubtaskState state = run.snapshot();
        try (JoinRun restored = new JoinRun(SETTINGS).restore(state)) {
            restored.show("v", "s", 1_000, "a").click("s", "a", 1_099).show("w", "s", 1_101, "a");
            assertThat(restored.metrics().lateImpressions.getCount()).isEqualTo(1);
            assertThat(restored.metrics().lateClicks.getCount()).isEqualTo(1);
            state = restored.snapshot();
        }
        // Also when no watermark came between two restarts.
        try (JoinRun restored = new JoinRun(SETTINGS).restore(state)) {
            restored.show("v", "s", 1_000, "a").watermark(Long.MAX_VALUE);
            assertThat(restored.texts()).containsExactly("w: a");
            assertThat(restored.isEmpty()).isTrue();
        }
    }

    /** A savepoint with --drain ends event time; the job that goes on from it has its own. */
    @Test
    void theEndOfInputMakesNothingLateForEver() throws Exception {
        run.show("v", "s", 1_000, "a").watermark(1_050).click("s", "a", 1_060);
        run.watermark(Long.MAX_VALUE);
        OperatorSubtaskState state = run.snapshot();
        try (JoinRun restored = new JoinRun(SETTINGS).restore(state)) {
            restored.show("w", "s", 1_041, "a").show("x", "s", 1_040, "a");
            restored.watermark(Long.MAX_VALUE);
            assertThat(restored.texts()).containsExactly("w: a");
            assertThat(restored.metrics().lateImpressions.getCount()).isEqualTo(1);
        }
    }

    @Test
    void eachSessionKeepsItsWatermarkWhenTheJobIsRescaled() throws Exception {
        List<OperatorSubtaskState> states = new ArrayList<>();
        List<String> early = new ArrayList<>();
        List<String> far = new ArrayList<>();
        for (int subtask = 0; subtask < 2; subtask++) {
            try (JoinRun one = new JoinRun(SETTINGS, 2, subtask).open()) {
                // One subtask has come further than the other.
                long now = subtask == 0 ? 1_000 : 2_000;
                one.watermark(now);
                for (int i = 0; i < 40; i++) {
                    String session = "s" + i;
                    if (one.owns(session)) {
                        one.show("v" + i, session, now, "a");
                        (subtask == 0 ? early : far).add(session);
                    }
                }
                states.add(one.snapshot());
            }
        }
        assertThat(early).isNotEmpty();
        assertThat(far).isNotEmpty();
        OperatorSubtaskState whole =
                AbstractStreamOperatorTestHarness.repackageState(
                        states.toArray(OperatorSubtaskState[]::new));
        int labelled = 0;
        for (int subtask = 0; subtask < 3; subtask++) {
            OperatorSubtaskState part =
                    AbstractStreamOperatorTestHarness.repartitionOperatorState(
                            whole, JoinRun.KEY_GROUPS, 2, 3, subtask);
            try (JoinRun one = new JoinRun(SETTINGS, 3, subtask).restore(part)) {
                int late = 0;
                for (int i = 0; i < 40; i++) {
                    String session = "s" + i;
                    if (one.owns(session)) {
                        one.click(session, "a", 1_005);
                        late += far.contains(session) ? 1 : 0;
                    }
                }
                assertThat(one.metrics().lateClicks.getCount()).isEqualTo(late);
                one.watermark(Long.MAX_VALUE);
                for (LabelledImpression each : one.labelled()) {
                    Impression impression = each.impression();
                    assertThat(each.outcomes().get(0).clicked())
                            .isEqualTo(early.contains(impression.sessionId()));
                    labelled++;
                }
                assertThat(one.isEmpty()).isTrue();
            }
        }
        assertThat(labelled).isEqualTo(40);
    }
}
