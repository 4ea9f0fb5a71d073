package io.nextclick.jobs.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.schemas.Experiment.Method;
import io.nextclick.schemas.Experiment.Unit;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.ExperimentOutcome.Credit;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class ExperimentTallyTest {

    private static final RunningExperiment SPLIT =
            new RunningExperiment(SomeExperiments.halves("e"), AnsweringMeans.NONE);

    private static final RunningExperiment INTERLEAVED =
            new RunningExperiment(
                    SomeExperiments.experiment(
                            "e",
                            Unit.USER,
                            Method.INTERLEAVE,
                            SomeExperiments.plain("a", 0.5),
                            SomeExperiments.plain("b", 0.5)),
                    AnsweringMeans.NONE);

    @Test
    void countsListsThatAClickFollowed() {
        ExperimentTally tally =
                ExperimentTally.begin(new Participation(SPLIT, 1, "s"), "s", "clicks-0-7", 1_000);
        assertThat(tally.outcome("s")).as("nothing has been answered").isNull();
        tally.answered(1_000);
        tally.followed(3);
        tally.answered(3_000);
        tally.followed(-1);
        tally.answered(2_000);
        ExperimentOutcome outcome = tally.outcome("s");
        assertThat(outcome)
                .isEqualTo(
                        new ExperimentOutcome(
                                outcome.id(),
                                "e",
                                "salt of e",
                                "b",
                                "s",
                                "s",
                                1_000,
                                3_000,
                                3,
                                2,
                                1,
                                List.of(),
                                Map.of()));
        assertThat(outcome.id()).matches("[0-9a-f]{32}");
    }

    @Test
    void whatFollowsAListOfSomebodyElseIsntTheVariants() {
        ExperimentTally tally =
                ExperimentTally.begin(new Participation(SPLIT, 0, "s"), "s", "clicks-0-7", 0);
        tally.answered(0);
        tally.followed(0);
        tally.passedOver();
        tally.followed(0);
        tally.followed(0);
        tally.answered(5);
        tally.followed(1);
        assertThat(tally.outcome("s").lists()).isEqualTo(2);
        assertThat(tally.outcome("s").hits()).isEqualTo(2);
        assertThat(tally.outcome("s").clicks()).isEqualTo(2);
    }

    @Test
    void creditsWhoeverPutTheItemThere() throws IOException {
        ExperimentTally tally =
                ExperimentTally.begin(
                        new Participation(INTERLEAVED, Participation.ALL, "u"), "s", "c-0-1", 0);
        tally.answered(0, Arrays.asList("b", "a", null));
        tally.followed(1);
        tally = throughBytes(tally);
        tally.answered(1, Arrays.asList("a", "b"));
        tally = throughBytes(tally.copy());
        tally.followed(1);
        tally.answered(2, Arrays.asList("c", "a", null));
        tally.followed(2);
        tally.answered(3, Arrays.asList("c", "a", null));
        tally.followed(0);
        tally.answered(4, List.of());
        tally.followed(-1);
        ExperimentOutcome outcome = tally.outcome("s");
        assertThat(outcome.variant()).isNull();
        assertThat(outcome.unitId()).isEqualTo("u");
        assertThat(outcome.lists()).isEqualTo(5);
        assertThat(outcome.hits()).as("one of them nobody's").isEqualTo(4);
        assertThat(outcome.credits())
                .containsExactly(new Credit("b", 1), new Credit("a", 1), new Credit("c", 1));
    }

    @Test
    void anOutcomesIdIsThatOfTheRunAndTheFirstClick() {
        Participation participation = new Participation(SPLIT, 0, "s");
        String id = idOf(participation, "clicks-0-7");
        assertThat(idOf(new Participation(SPLIT, 1, "s"), "clicks-0-7")).isEqualTo(id);
        assertThat(idOf(participation, "clicks-0-8")).isNotEqualTo(id);
        RunningExperiment again =
                new RunningExperiment(
                        SomeExperiments.again(SPLIT.record(), "another", null),
                        AnsweringMeans.NONE);
        assertThat(idOf(new Participation(again, 0, "s"), "clicks-0-7")).isNotEqualTo(id);
    }

    private static String idOf(Participation participation, String firstAnswer) {
        ExperimentTally tally = ExperimentTally.begin(participation, "s", firstAnswer, 0);
        tally.answered(0);
        return tally.outcome("s").id();
    }

    private static ExperimentTally throughBytes(ExperimentTally tally) throws IOException {
        byte[] bytes = bytes(tally);
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        ExperimentTally read = ExperimentTally.read(in);
        assertThat(in.available()).isZero();
        assertThat(HexFormat.of().formatHex(bytes(read)))
                .isEqualTo(HexFormat.of().formatHex(bytes));
        return read;
    }

    private static byte[] bytes(ExperimentTally tally) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        tally.write(out);
        return out.getCopyOfBuffer();
    }
}
