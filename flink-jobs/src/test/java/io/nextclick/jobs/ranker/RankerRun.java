package io.nextclick.jobs.ranker;

import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.kafka.TopicEntrySerializer;
import io.nextclick.schemas.ModelRelease;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.clusterframework.types.ResourceID;
import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;
import org.apache.flink.runtime.metrics.groups.TaskManagerMetricGroup;
import org.apache.flink.runtime.metrics.groups.TaskMetricGroup;
import org.apache.flink.runtime.metrics.util.TestingMetricRegistry;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;

/** A ranker's trainer with its surroundings, fed by hand. */
final class RankerRun implements AutoCloseable {

    private final OneInputStreamOperatorTestHarness<RankerInput, TopicEntry<ModelRelease>> harness;
    private final Map<String, Metric> metrics = new LinkedHashMap<>();
    private long now;

    RankerRun(RankerTrainSettings settings) throws Exception {
        harness =
                new OneInputStreamOperatorTestHarness<>(
                        new RankerTrainOperator(settings, "run"),
                        new MockEnvironmentBuilder()
                                .setTaskName("train-ranker")
                                .setMaxParallelism(128)
                                .setParallelism(1)
                                .setSubtaskIndex(0)
                                .setMetricGroup(taskMetrics())
                                .build());
        harness.setup(TopicEntrySerializer.MODEL_RELEASE.createSerializer(null));
    }

    private TaskMetricGroup taskMetrics() {
        TestingMetricRegistry registry =
                TestingMetricRegistry.builder()
                        .setRegisterConsumer(
                                (metric, name, group) ->
                                        metrics.put(group.getMetricIdentifier(name), metric))
                        .build();
        return TaskManagerMetricGroup.createTaskManagerMetricGroup(
                        registry, "localhost", ResourceID.generate())
                .addJob(new JobID(), "job")
                .addTask(ExecutionAttemptID.randomId(), "train-ranker");
    }

    private Metric metric(String name) {
        return metrics.entrySet().stream()
                .filter(entry -> entry.getKey().endsWith("." + name))
                .map(Map.Entry::getValue)
                .reduce((first, second) -> second)
                .orElseThrow(() -> new AssertionError(name + " is not in " + metrics.keySet()));
    }

    long counter(String name) {
        return ((Counter) metric(name)).getCount();
    }

    Object gauge(String name) {
        return ((Gauge<?>) metric(name)).getValue();
    }

    RankerRun open() throws Exception {
        harness.open();
        return this;
    }

    RankerRun restore(OperatorSubtaskState state) throws Exception {
        harness.initializeState(state);
        return open();
    }

    RankerRun give(List<RankerInput> inputs) throws Exception {
        for (RankerInput input : inputs) {
            harness.processElement(new StreamRecord<>(input));
        }
        return this;
    }

    /** Lets time go on by so much. */
    RankerRun pass(Duration time) throws Exception {
        now += time.toMillis();
        harness.setProcessingTime(now);
        return this;
    }

    OperatorSubtaskState snapshot() throws Exception {
        harness.prepareSnapshotPreBarrier(1);
        return harness.snapshot(1, 1);
    }

    RankerRun endInput() throws Exception {
        harness.endInput();
        return this;
    }

    List<ModelRelease> releases() {
        return harness.extractOutputValues().stream().map(TopicEntry::value).toList();
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
