package io.nextclick.schemas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.schemas.Experiment.State;
import io.nextclick.schemas.Experiment.Variant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExperimentTest {

    private static final String JSON =
            "{'name':'e','salt':'s','variants':[{'name':'a','share':0.5},{'name':'b','share':0.5}],"
                    + "'started_at':1,'updated_at':2}";

    private static Experiment decode(String json) throws MalformedRecordException {
        return Topics.EXPERIMENTS
                .codec(Encoding.JSON)
                .decode(json.replace('\'', '"').getBytes(UTF_8));
    }

    @Test
    void whatIsLeftOutIsARunningSplitOfSessions() throws Exception {
        Experiment experiment = decode(JSON);
        assertThat(experiment.unit()).isEqualTo(Experiment.Unit.SESSION);
        assertThat(experiment.method()).isEqualTo(Experiment.Method.SPLIT);
        assertThat(experiment.state()).isEqualTo(State.RUNNING);
        assertThat(experiment.guardMargin()).isNull();
        assertThat(experiment.variants().get(1))
                .isEqualTo(new Variant("b", 0.5, null, Map.of(), Map.of()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'salt':'s' | 'salt':'s','unit':'visit' | the word 'visit', none of [session, user]",
                "'salt':'s' | 'salt':'s','state':'RUNNING' | none of [running, stopped]",
                "'salt':'s' | 'salt':'s','guard_margin':-1 | guard_margin is -1.0",
                "'name':'b' | 'name':'a' | variants has a name twice",
                "'name':'b','share':0.5 | 'name':'b','share':0.7 | more than 1",
                "'name':'b','share':0.5 | 'name':'b','share':0 | the share of variant b is 0.0",
                "'name':'b','share':0.5 | 'name':'b' | the field is missing at variants[].share",
                "'share':0.5}] | 'share':0.5,'blend':{'x':2}}] | the weight of x in variant b",
                ",{'name':'b','share':0.5} | `` | two or more can be compared",
                "'salt':'s', | `` | the field is missing at salt"
            })
    void whatIsNoExperimentIsMalformed(String part, String instead, String what) {
        assertThat(JSON).contains(part);
        assertThatThrownBy(() -> decode(JSON.replace(part, instead)))
                .isInstanceOf(MalformedRecordException.class)
                .hasMessageContaining(what);
    }

    @Test
    void isStoppedWithAReason() {
        Experiment stopped = SampleRecords.BARE_EXPERIMENT.with(State.STOPPED, 7, "worse");
        assertThat(stopped.state()).isEqualTo(State.STOPPED);
        assertThat(stopped.updatedAtMillis()).isEqualTo(7);
        assertThat(stopped.startedAtMillis()).isZero();
        assertThat(stopped.reason()).isEqualTo("worse");
        assertThat(stopped.variants()).isEqualTo(SampleRecords.BARE_EXPERIMENT.variants());
    }

    @ParameterizedTest
    @CsvSource({"0,0,0,clicks", "1,-1,0,lists", "1,2,3,hits", "1,2,-1,hits"})
    void outcomesOfImpossibleCountsAreRefused(int clicks, int lists, int hits, String field) {
        String json =
                "{'id':'o','experiment':'e','salt':'s','session_id':'v','unit_id':'v',"
                        + "'started_at':1,'ended_at':2,'clicks':%d,'lists':%d,'hits':%d}";
        byte[] bytes = json.formatted(clicks, lists, hits).replace('\'', '"').getBytes(UTF_8);
        assertThatThrownBy(() -> Topics.EXPERIMENT_OUTCOMES.codec(Encoding.JSON).decode(bytes))
                .isInstanceOf(MalformedRecordException.class)
                .hasMessageContaining(field);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> outcome(clicks, lists, hits))
                .withMessageContaining(field);
    }

    private static ExperimentOutcome outcome(int clicks, int lists, int hits) {
        ExperimentOutcome some = SampleRecords.BARE_EXPERIMENT_OUTCOME;
        return new ExperimentOutcome(
                some.id(),
                some.experiment(),
                some.salt(),
                some.variant(),
                some.sessionId(),
                some.unitId(),
                some.startedAtMillis(),
                some.endedAtMillis(),
                clicks,
                lists,
                hits,
                some.credits(),
                some.metrics());
    }
}
