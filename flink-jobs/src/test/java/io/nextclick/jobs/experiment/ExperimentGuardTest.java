package io.nextclick.jobs.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.models.experiment.RateTotals;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.Method;
import io.nextclick.schemas.Experiment.State;
import io.nextclick.schemas.Experiment.Unit;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.ExperimentOutcome.Credit;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ExperimentGuardTest {

    private static final Experiment HALVES = SomeExperiments.halves("e");

    private KeyedTwoInputStreamOperatorTestHarness<
                    String, ExperimentOutcome, TopicEntry<Experiment>, TopicEntry<Experiment>>
            guard;

    private int sessions;

    /** Of the experiment that was told last. */
    private String salt;

    @BeforeEach
    void open() throws Exception {
        guard = GuardRun.harness();
        guard.open();
    }

    @AfterEach
    void close() throws Exception {
        guard.close();
    }

    // ------------------------------------------------------------------ what it stops

    @Test
    void stopsWhatIsWorseBeyondDoubtAndSaysWhy() throws Exception {
        guard.setProcessingTime(9_000);
        tell(HALVES);
        SplittableRandom random = new SplittableRandom(7);
        int needed = untilStopped(random, 0.3, 0.2, 20_000);
        assertThat(needed).as("sessions").isBetween(200, 5_000);
        Experiment stopped = stopped().get(0).value();
        assertThat(stopped).isEqualTo(HALVES.with(State.STOPPED, 9_000, stopped.reason()));
        assertThat(stopped.reason())
                .startsWith("the guard found b worse than the control: its rate is lower by 0.");
        assertThat(guard.numKeyedStateEntries()).isZero();
        // Sessions that were on their way change nothing.
        for (int i = 0; i < 500; i++) {
            split(random, "b", 0);
        }
        assertThat(stopped()).hasSize(1);
        assertThat(guard.numKeyedStateEntries()).isZero();
    }

    @Test
    void leavesAloneWhatIsBetterAsGoodOrHardlyWorse() throws Exception {
        for (double rate : new double[] {0.4, 0.3, 0.26}) {
            tell(SomeExperiments.again(HALVES, "rate " + rate, rate < 0.3 ? 0.1 : 0.0));
            SplittableRandom random = new SplittableRandom(8);
            assertThat(untilStopped(random, 0.3, rate, 4_000)).as("rate %s", rate).isEqualTo(-1);
        }
    }

    @Test
    void anExperimentWithoutAGuardGoesOn() throws Exception {
        tell(SomeExperiments.again(HALVES, HALVES.salt(), null));
        assertThat(untilStopped(new SplittableRandom(7), 0.9, 0.1, 2_000)).isEqualTo(-1);
        assertThat(guard.numKeyedStateEntries()).isZero();
    }

    @Test
    void stopsInterleavedListsByTheirCredits() throws Exception {
        tell(
                SomeExperiments.experiment(
                        "e",
                        Unit.SESSION,
                        Method.INTERLEAVE,
                        SomeExperiments.plain("a", 0.5),
                        SomeExperiments.plain("b", 0.5)));
        SplittableRandom random = new SplittableRandom(9);
        while (stopped().isEmpty() && sessions < 5_000) {
            int control = hits(random, 5, 0.2);
            int other = hits(random, 5, 0.1);
            outcome(null, "s" + sessions, 10, control + other, control, other);
        }
        assertThat(sessions).isBetween(100, 2_000);
        assertThat(stopped().get(0).value().state()).isEqualTo(State.STOPPED);
        assertThat(guard.numKeyedStateEntries()).isZero();
    }

    // ------------------------------------------------------------------ units

    /** Thirty sessions of one visitor say no more than one long one. */
    @Test
    void aVisitorsSessionsAreOneUnit() throws Exception {
        tell(
                SomeExperiments.experiment(
                        "e",
                        Unit.USER,
                        Method.SPLIT,
                        SomeExperiments.plain("a", 0.5),
                        SomeExperiments.plain("b", 0.5)));
        for (int session = 0; session < 30; session++) {
            for (int user = 0; user < 50; user++) {
                outcome("a", "ua" + user, 4, 3);
                outcome("b", "ub" + user, 4, 0);
                // Under another variant than before it counts for neither.
                outcome("b", "ua" + user, 4, 4);
            }
        }
        assertThat(stopped()).as("3,000 sessions, but 100 visitors").isEmpty();
        for (int user = 50; user < 101; user++) {
            outcome("a", "ua" + user, 4, 3);
            outcome("b", "ub" + user, 4, 0);
        }
        assertThat(stopped()).hasSize(1);
        assertThat(stopped().get(0).value().reason()).contains("lower by 0.7500");
        assertThat(guard.numKeyedStateEntries()).isZero();
    }

    @Test
    void countsWhatIsOfItsRunAndItsVariantsAlone() throws Exception {
        tell(HALVES);
        SplittableRandom random = new SplittableRandom(10);
        for (int i = 0; i < 300; i++) {
            split(random, "a", 1);
            send("salt of another run", "b", "s", 4, 0, List.of());
            split(random, "c", 0);
            outcome(null, "s", 4, 0);
        }
        assertThat(stopped()).isEmpty();
        tell(SomeExperiments.again(HALVES, "another run", 0.0));
        assertThat(guard.numKeyedStateEntries()).as("the experiment alone").isEqualTo(1);
    }

    // ------------------------------------------------------------------ state

    @Test
    void goesOnWhereItStopped() throws Exception {
        tell(HALVES);
        int uninterrupted = untilStopped(new SplittableRandom(7), 0.3, 0.2, 20_000);
        close();
        open();
        sessions = 0;
        tell(HALVES);
        SplittableRandom random = new SplittableRandom(7);
        int before = untilStopped(random, 0.3, 0.2, uninterrupted / 2);
        assertThat(before).isEqualTo(-1);
        // Other shares, the same run: it goes on with what it has.
        tell(SomeExperiments.again(HALVES, HALVES.salt(), 0.0));
        OperatorSubtaskState state = guard.snapshot(1, 1);
        guard.close();
        guard = GuardRun.harness();
        guard.initializeState(state);
        guard.open();
        assertThat(untilStopped(random, 0.3, 0.2, 20_000))
                .isEqualTo(uninterrupted - uninterrupted / 2);
    }

    @Test
    void aWithdrawnExperimentLeavesNothing() throws Exception {
        tell(HALVES);
        untilStopped(new SplittableRandom(7), 0.3, 0.3, 10);
        assertThat(guard.numKeyedStateEntries()).isPositive();
        guard.processElement2(new StreamRecord<>(TopicEntry.withdrawal("e")));
        assertThat(guard.numKeyedStateEntries()).isZero();
        assertThat(guard.numEventTimeTimers() + guard.numProcessingTimeTimers()).isZero();
    }

    /** Layout 1 of each stands in savepoints: it must keep reading. */
    @Test
    void keptBytesAreRead() throws IOException {
        assertKept(
                RateTotalsSerializer.TYPE.createSerializer(null),
                new RateTotals(3, 2, 12, 4, 8, 50),
                "0000000000000003"
                        + "4000000000000000"
                        + "4028000000000000"
                        + "4010000000000000"
                        + "4020000000000000"
                        + "4049000000000000");
        assertKept(
                VisitorTotalsSerializer.TYPE.createSerializer(null),
                new VisitorTotals("b", 12, new TreeMap<>(Map.of("b", 3L, "ü", 1L))),
                "0362"
                        + "000000000000000c"
                        + "02"
                        + "0362"
                        + "0000000000000003"
                        + "0400fc"
                        + "0000000000000001");
        assertKept(
                VisitorTotalsSerializer.TYPE.createSerializer(null),
                new VisitorTotals(null, 0, Map.of()),
                "00" + "0000000000000000" + "00");
        ExperimentOutcome outcome =
                new ExperimentOutcome(
                        "i",
                        "e",
                        "s",
                        null,
                        "v",
                        "u",
                        1,
                        2,
                        3,
                        2,
                        1,
                        List.of(new Credit("b", 1)),
                        Map.of("m", 0.5));
        TypeSerializer<ExperimentOutcome> outcomes =
                ExperimentOutcomeSerializer.TYPE.createSerializer(null);
        DataOutputSerializer out = new DataOutputSerializer(64);
        outcomes.serialize(outcome, out);
        assertThat(outcomes.deserialize(new DataInputDeserializer(out.getCopyOfBuffer())))
                .isEqualTo(outcome);
        DataInputDeserializer nothing = new DataInputDeserializer(new byte[0]);
        for (TypeSerializerSnapshot<?> snapshot :
                List.of(
                        new RateTotalsSerializer.Snapshot(),
                        new VisitorTotalsSerializer.Snapshot(),
                        new ExperimentOutcomeSerializer.Snapshot())) {
            assertThatThrownBy(() -> snapshot.readSnapshot(2, nothing, getClass().getClassLoader()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Unknown version 2");
        }
    }

    private static <T> void assertKept(TypeSerializer<T> serializer, T value, String hex)
            throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(value, out);
        assertThat(HexFormat.of().formatHex(out.getCopyOfBuffer())).isEqualTo(hex);
        assertThat(serializer.deserialize(new DataInputDeserializer(HexFormat.of().parseHex(hex))))
                .isEqualTo(value);
    }

    // ------------------------------------------------------------------ by hand

    private void tell(Experiment experiment) throws Exception {
        salt = experiment.salt();
        guard.processElement2(new StreamRecord<>(TopicEntry.of(Topics.EXPERIMENTS, experiment)));
    }

    /** Sessions of either variant in turn; how many it took, or -1. */
    private int untilStopped(SplittableRandom random, double control, double other, int most)
            throws Exception {
        int before = stopped().size();
        for (int i = 0; i < most; i++) {
            split(random, i % 2 == 0 ? "a" : "b", i % 2 == 0 ? control : other);
            if (stopped().size() > before) {
                return i + 1;
            }
        }
        return -1;
    }

    private void split(SplittableRandom random, String variant, double rate) throws Exception {
        int lists = random.nextInt(12);
        outcome(variant, "s" + sessions, lists, hits(random, lists, rate));
    }

    private static int hits(SplittableRandom random, int lists, double rate) {
        int hits = 0;
        for (int i = 0; i < lists; i++) {
            hits += random.nextDouble() < rate ? 1 : 0;
        }
        return hits;
    }

    private void outcome(String variant, String unit, int lists, int hits, int... credits)
            throws Exception {
        List<Credit> earned = new ArrayList<>();
        for (int i = 0; i < credits.length; i++) {
            earned.add(new Credit(i == 0 ? "a" : "b", credits[i]));
        }
        send(salt, variant, unit, lists, hits, earned);
    }

    private void send(
            String run, String variant, String unit, int lists, int hits, List<Credit> credits)
            throws Exception {
        sessions++;
        guard.processElement1(
                new StreamRecord<>(
                        new ExperimentOutcome(
                                "o" + sessions,
                                "e",
                                run,
                                variant,
                                "session " + sessions,
                                unit,
                                sessions,
                                sessions,
                                lists + 1,
                                lists,
                                hits,
                                credits,
                                Map.of())));
    }

    private List<TopicEntry<Experiment>> stopped() {
        return guard.extractOutputValues();
    }
}
