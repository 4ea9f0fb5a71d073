package io.nextclick.jobs.recommend;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.model.ApprovedRelease;
import io.nextclick.jobs.model.ModelLoader;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.typeinfo.Types;
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
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.StreamTaskActionExecutor;
import org.apache.flink.streaming.runtime.tasks.mailbox.MailboxExecutorImpl;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;

/** A recommending operator with its surroundings, fed by hand. */
final class OperatorRun implements AutoCloseable {

    static final RecommendSettings SETTINGS =
            new RecommendSettings(
                    "model",
                    true,
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
                    null,
                    false,
                    false);

    private final KeyedOneInputStreamOperatorTestHarness<String, ReceivedClick, Recommendation>
            harness;
    private final Map<String, Metric> metrics = new LinkedHashMap<>();
    private final RecommendOperator operator;
    private long offset;

    OperatorRun(RecommendSettings settings, ModelLoader loader) throws Exception {
        this(settings, loader, 1, 0);
    }

    OperatorRun(RecommendSettings settings, ModelLoader loader, int parallelism, int subtask)
            throws Exception {
        operator = new RecommendOperator(settings, loader);
        harness =
                new KeyedOneInputStreamOperatorTestHarness<>(
                        operator,
                        ReceivedClick::sessionId,
                        Types.STRING,
                        new MockEnvironmentBuilder()
                                .setTaskName("recommend")
                                .setMaxParallelism(128)
                                .setParallelism(parallelism)
                                .setSubtaskIndex(subtask)
                                .setMetricGroup(taskMetrics())
                                .build());
        operator.setMailboxExecutor(
                new MailboxExecutorImpl(
                        harness.getTaskMailbox(), 0, StreamTaskActionExecutor.IMMEDIATE));
        harness.setup(RecommendationSerializer.TYPE.createSerializer(null));
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
                .addTask(ExecutionAttemptID.randomId(), "recommend");
    }

    /** A metric of the operator by its name, a group's before it with a dot. */
    Metric metric(String name) {
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

    OperatorRun open() throws Exception {
        harness.open();
        return this;
    }

    OperatorRun restore(OperatorSubtaskState state) throws Exception {
        harness.initializeState(state);
        harness.open();
        return this;
    }

    KeyedOneInputStreamOperatorTestHarness<String, ReceivedClick, Recommendation> harness() {
        return harness;
    }

    /** A click on partition 0 at the next offset, its Kafka timestamp its event time. */
    OperatorRun click(String session, String item, long eventTimeMillis) throws Exception {
        return click(session, item, eventTimeMillis, null);
    }

    OperatorRun click(String session, String item, long eventTimeMillis, String eventId)
            throws Exception {
        return click(
                new ReceivedClick(
                        eventId,
                        session,
                        null,
                        item,
                        eventTimeMillis,
                        "clicks",
                        0,
                        offset++,
                        eventTimeMillis));
    }

    OperatorRun click(ReceivedClick click) throws Exception {
        harness.processElement(new StreamRecord<>(click, click.eventTimeMillis()));
        return this;
    }

    /** A released model on the second input. */
    OperatorRun release(ApprovedRelease release) {
        return tell(new Bulletin.Released(release));
    }

    /** The second input has no key. */
    OperatorRun tell(Bulletin bulletin) {
        operator.processElement2(new StreamRecord<>(bulletin));
        return this;
    }

    /** What the topic of experiments says, on the second input. */
    OperatorRun tell(Experiment experiment) {
        return tell(TopicEntry.of(Topics.EXPERIMENTS, experiment));
    }

    /** A release that a variant may name, on the second input. */
    OperatorRun offer(ModelRelease release) {
        return tell(new Bulletin.Offered(release));
    }

    /** Does what the task is told, until variants answer with these models. */
    OperatorRun awaitVariantModels(String described) throws Exception {
        while (!gauge("variantModels").equals(described)) {
            harness.getTaskMailbox().take(0).run();
        }
        return this;
    }

    OperatorRun tell(TopicEntry<Experiment> entry) {
        operator.processElement2(new StreamRecord<>(new Bulletin.Experimenting(entry)));
        return this;
    }

    /** What sessions have come to in experiments so far, in order. */
    List<ExperimentOutcome> outcomes() {
        Collection<StreamRecord<ExperimentOutcome>> records =
                harness.getSideOutput(RecommendOperator.OUTCOMES);
        return records == null ? List.of() : records.stream().map(StreamRecord::getValue).toList();
    }

    OperatorRun watermarkOfReleases(long timeMillis) throws Exception {
        operator.processWatermark2(new Watermark(timeMillis));
        return this;
    }

    /** Does what the task is told, until it answers with a version of the model. */
    OperatorRun awaitModel(String version) throws Exception {
        while (!gauge("modelVersion").equals(version)) {
            harness.getTaskMailbox().take(0).run();
        }
        return this;
    }

    /** Waits until a counter has reached a number; the task does nothing meanwhile. */
    void awaitMetric(String name, long least) {
        while (counter(name) < least) {
            Thread.onSpinWait();
        }
    }

    OperatorRun watermark(long timeMillis) throws Exception {
        harness.processWatermark(new Watermark(timeMillis));
        return this;
    }

    OperatorSubtaskState snapshot() throws Exception {
        harness.prepareSnapshotPreBarrier(1);
        return harness.snapshot(1, 1);
    }

    /** The answers so far, in order. */
    List<Recommendation> answers() {
        return harness.extractOutputValues();
    }

    /** The first numbers of a session's clicks answered so far. */
    List<Integer> steps(String session) {
        return answers().stream()
                .filter(answer -> answer.sessionId().equals(session))
                .map(Recommendation::step)
                .toList();
    }

    /** Event time comes to its end: every session should have been forgotten then. */
    OperatorRun endOfTime() throws Exception {
        watermark(Long.MAX_VALUE);
        assertThat(harness.numEventTimeTimers()).isZero();
        assertThat(harness.numKeyedStateEntries()).isZero();
        assertThat(gauge("liveSessions")).isEqualTo(0L);
        return this;
    }

    static List<String> items(Recommendation recommendation) {
        return recommendation.items().stream().map(Recommendation.RecommendedItem::itemId).toList();
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
