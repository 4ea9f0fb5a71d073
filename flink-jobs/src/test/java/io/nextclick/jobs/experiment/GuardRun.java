package io.nextclick.jobs.experiment;

import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.ExperimentOutcome;
import java.io.IOException;
import java.util.List;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.operators.co.KeyedCoProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;

/** The guard with its surroundings, fed by hand. */
public final class GuardRun implements AutoCloseable {

    private final KeyedTwoInputStreamOperatorTestHarness<
                    String, ExperimentOutcome, TopicEntry<Experiment>, TopicEntry<Experiment>>
            harness;

    public GuardRun() throws Exception {
        harness = harness();
        harness.open();
    }

    static KeyedTwoInputStreamOperatorTestHarness<
                    String, ExperimentOutcome, TopicEntry<Experiment>, TopicEntry<Experiment>>
            harness() throws Exception {
        return new KeyedTwoInputStreamOperatorTestHarness<>(
                new KeyedCoProcessOperator<>(new ExperimentGuardFunction()),
                ExperimentOutcome::experiment,
                TopicEntry::key,
                Types.STRING);
    }

    public void tell(TopicEntry<Experiment> entry) throws Exception {
        harness.processElement2(new StreamRecord<>(entry));
    }

    public void add(ExperimentOutcome outcome) throws Exception {
        harness.processElement1(new StreamRecord<>(outcome));
    }

    /** What it has stopped so far. */
    public List<TopicEntry<Experiment>> stopped() {
        return harness.extractOutputValues();
    }

    @Override
    public void close() throws IOException {
        try {
            harness.close();
        } catch (Exception e) {
            throw new IOException("the guard can't be closed", e);
        }
    }
}
