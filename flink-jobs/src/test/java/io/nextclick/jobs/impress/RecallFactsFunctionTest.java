package io.nextclick.jobs.impress;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import io.nextclick.schemas.RankingFacts;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.co.KeyedCoProcessOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class RecallFactsFunctionTest {

    private static final Duration MEMORY = Duration.ofSeconds(60);
    private static final long T = 1_700_000_000_000L;
    private static final RankingFacts FACTS = new RankingFacts(List.of(), 0.5, 3, 7.0, null);

    private static final class Run implements AutoCloseable {

        private final KeyedTwoInputStreamOperatorTestHarness<
                        String, Impression, Impression, Impression>
                harness;

        Run(OperatorSubtaskState state) throws Exception {
            harness =
                    new KeyedTwoInputStreamOperatorTestHarness<>(
                            new KeyedCoProcessOperator<>(new RecallFactsFunction(MEMORY, 3)),
                            Impression::sessionId,
                            Impression::sessionId,
                            Types.STRING);
            harness.setup(ImpressionSerializer.TYPE.createSerializer(null));
            if (state != null) {
                harness.initializeState(state);
            }
            harness.open();
        }

        Run shown(Impression impression) throws Exception {
            harness.processElement1(new StreamRecord<>(impression));
            return this;
        }

        Run recommended(Impression list) throws Exception {
            harness.processElement2(new StreamRecord<>(list));
            return this;
        }

        Run watermark(long time) throws Exception {
            harness.processBothWatermarks(new Watermark(time));
            return this;
        }

        List<Impression> out() {
            return harness.extractOutputValues();
        }

        @Override
        public void close() throws IOException {
            try {
                harness.close();
            } catch (Exception e) {
                throw new IOException("the operator can't be closed", e);
            }
        }
    }

    private static Impression recommended(String id, long time) {
        return new Impression(
                id,
                "s",
                null,
                time,
                null,
                List.of(new ShownItem("a", 1, 0.5, "model", FACTS)),
                id,
                null);
    }

    private static Impression shown(String id, long time, RankingFacts ofA) {
        return new Impression(
                id,
                "s",
                null,
                time,
                "home",
                List.of(new ShownItem("b", 1, null, null), new ShownItem("a", 2, null, null, ofA)),
                "r",
                null);
    }

    @Test
    void waitsForItsRecommendationWhicheverComesFirst() throws Exception {
        for (boolean first : new boolean[] {true, false}) {
            try (Run run = new Run(null)) {
                if (first) {
                    run.recommended(recommended("r", T));
                }
                run.shown(shown("v", T + 5, null)).watermark(T + 4);
                assertThat(run.out()).isEmpty();
                if (!first) {
                    run.recommended(recommended("r", T));
                }
                run.watermark(T + 5);
                assertThat(run.out()).containsExactly(shown("v", T + 5, FACTS));
                // Late, and shown again.
                run.shown(shown("w", T + 1, null));
                assertThat(run.out()).hasSize(2).contains(shown("w", T + 1, FACTS));
                run.watermark(T + MEMORY.toMillis());
                assertThat(run.harness.numKeyedStateEntries()).isZero();
                assertThat(run.harness.numEventTimeTimers()).isZero();
                run.shown(shown("x", T + 1, null));
                assertThat(run.out()).as("forgotten").contains(shown("x", T + 1, null));
            }
        }
    }

    @Test
    void whatNeedsNothingDoesNotWait() throws Exception {
        Impression elsewhere =
                new Impression(
                        "v",
                        "s",
                        null,
                        T,
                        null,
                        List.of(new ShownItem("a", 1, null, null)),
                        null,
                        null);
        Impression whole = recommended("r", T);
        try (Run run = new Run(null)) {
            run.shown(elsewhere).shown(whole);
            assertThat(run.out()).containsExactly(elsewhere, whole);
            assertThat(run.harness.numKeyedStateEntries()).isZero();
        }
    }

    @Test
    void whatWaitsIsKeptThroughARestart() throws Exception {
        OperatorSubtaskState state;
        try (Run run = new Run(null)) {
            run.recommended(recommended("r", T)).shown(shown("v", T + 5, null));
            state = run.harness.snapshot(1, 1);
        }
        try (Run run = new Run(state)) {
            run.watermark(T + 5);
            assertThat(run.out()).containsExactly(shown("v", T + 5, FACTS));
        }
    }

    @Test
    void withoutARecommendationItGoesOnAsItIs() throws Exception {
        try (Run run = new Run(null)) {
            run.recommended(recommended("other", T)).shown(shown("v", T + 5, null));
            run.watermark(T + 5);
            assertThat(run.out()).containsExactly(shown("v", T + 5, null));
        }
    }

    /** A robot's session must not grow without end. */
    @Test
    void whatASessionHoldsIsBounded() throws Exception {
        try (Run run = new Run(null)) {
            run.recommended(recommended("r", T));
            run.shown(shown("v", T + 5, null)).shown(shown("w", T + 5, null));
            // No room to wait, nor to be remembered.
            run.recommended(recommended("more", T)).shown(shown("x", T + 5, null));
            assertThat(run.out()).containsExactly(shown("x", T + 5, FACTS));
            run.watermark(T + 5);
            assertThat(run.out()).hasSize(3);
            run.recommended(recommended("more", T + 6)).watermark(T + 10 * MEMORY.toMillis());
            assertThat(run.harness.numKeyedStateEntries()).isZero();
        }
    }
}
