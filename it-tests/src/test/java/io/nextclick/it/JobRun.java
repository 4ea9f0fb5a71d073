package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.ExperimentEnds;
import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.RecommenderConfig;
import io.nextclick.jobs.SessionRecommenderJob;
import io.nextclick.jobs.demo.RecommendationReader;
import io.nextclick.jobs.kafka.KafkaEnds;
import io.nextclick.jobs.model.FileSystemModels;
import io.nextclick.jobs.model.ModelLoader;
import io.nextclick.schemas.Recommendation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The job on a topic of clicks, with topics of its own for what it writes. Stops at the end of the
 * clicks unless told to go on; never restarts unless told to. Belongs to one thread.
 */
final class JobRun implements AutoCloseable {

    private final LiveSystem system;
    private final Configuration options = new Configuration();
    private final String recommendationsTopic;
    private final String rejectedTopic;
    private ModelLoader models = new FileSystemModels();
    private int parallelism = 1;
    private RecommendationReader reader;
    private final List<Recommendation> answers = new ArrayList<>();
    private final Map<String, Recommendation> answersById = new HashMap<>();
    private JobID job;

    JobRun(LiveSystem system, ClicksTopic clicks) throws IOException, InterruptedException {
        this.system = system;
        recommendationsTopic = system.topic("recommendations", 2);
        rejectedTopic = system.topic("clicks-rejected", 2);
        options.setString("kafka.bootstrap.servers", system.kafka().bootstrapServers());
        options.set(JobOptions.CLICKS_TOPIC, clicks.name());
        options.set(JobOptions.CLICKS_GROUP_ID, system.unique("group"));
        options.set(JobOptions.CLICKS_START, JobOptions.StartOffsets.EARLIEST);
        options.set(JobOptions.CLICKS_BOUNDED, true);
        // On a busy machine a partition may be silent for long: no session ends because of that.
        options.set(JobOptions.CLICKS_IDLENESS, Duration.ZERO);
        options.set(JobOptions.RECOMMENDATIONS_TOPIC, recommendationsTopic);
        options.set(JobOptions.REJECTED_TOPIC, rejectedTopic);
        options.set(JobOptions.TRANSACTIONAL_ID_PREFIX, recommendationsTopic);
        options.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
    }

    <T> JobRun with(ConfigOption<T> option, T value) {
        options.set(option, value);
        return this;
    }

    JobRun with(String key, String value) {
        options.setString(key, value);
        return this;
    }

    JobRun without(ConfigOption<?> option) {
        options.removeConfig(option);
        return this;
    }

    JobRun withModel(Path folder) {
        return with(JobOptions.MODEL_PATH, folder.toUri().toString());
    }

    JobRun withModels(ModelLoader loader) {
        models = loader;
        return this;
    }

    JobRun withParallelism(int subtasks) {
        parallelism = subtasks;
        return this;
    }

    /** Goes on at the end of the clicks, restarts after failures, and takes many checkpoints. */
    JobRun unending(Duration checkpointInterval) {
        options.set(JobOptions.CLICKS_BOUNDED, false);
        options.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, checkpointInterval);
        options.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        options.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 3);
        options.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ZERO);
        return this;
    }

    JobRun start() throws Exception {
        RecommenderConfig config = RecommenderConfig.of(options);
        StreamExecutionEnvironment environment = SessionRecommenderJob.environment(options);
        environment.setParallelism(parallelism);
        SessionRecommenderJob.define(
                environment,
                config,
                KafkaEnds.clicks(config.kafka()),
                KafkaEnds.recommendations(config.kafka()),
                KafkaEnds.rejected(config.kafka()),
                config.releases() == null ? null : SessionRecommenderJob.releases(config),
                ExperimentEnds.of(config),
                models);
        job = system.flink().submit(environment);
        return this;
    }

    /** Stops with a savepoint. */
    String stopWithSavepoint() throws Exception {
        // Flink refuses a savepoint of a job that is only being started.
        system.flink().awaitRunning(job);
        return system.flink().stopWithSavepoint(job, system.folder("savepoints"));
    }

    /** Starts again from a savepoint. */
    JobRun restore(String savepoint, int subtasks) throws Exception {
        options.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
        return withParallelism(subtasks).start();
    }

    JobID job() {
        return job;
    }

    String recommendationsTopic() {
        return recommendationsTopic;
    }

    String rejectedTopic() {
        return rejectedTopic;
    }

    /** Waits until the job has read all clicks and ended well. */
    JobRun awaitEnd() throws Exception {
        awaitTerminal();
        assertThat(system.flink().failure(job)).as("failure of %s", job).isNull();
        assertThat(system.flink().status(job)).isEqualTo(JobStatus.FINISHED);
        return this;
    }

    /** Waits until the job has failed, and returns why. */
    Throwable awaitFailure() throws Exception {
        awaitTerminal();
        assertThat(system.flink().status(job)).isEqualTo(JobStatus.FAILED);
        return system.flink().failure(job);
    }

    private void awaitTerminal() throws Exception {
        Await.until("job ends", () -> system.flink().status(job).isGloballyTerminalState());
    }

    /** Waits until so many different clicks have been answered; earlier answers count. */
    JobRun awaitAnswers(int clicks) throws Exception {
        Await.until(
                clicks + " clicks answered",
                () -> {
                    poll();
                    if (system.flink().status(job).isGloballyTerminalState()) {
                        throw new AssertionError(
                                "the job ended with "
                                        + answersById.size()
                                        + " of "
                                        + clicks
                                        + " clicks answered",
                                system.flink().failure(job));
                    }
                    return answersById.size() >= clicks;
                });
        return this;
    }

    /** Every answer that has been committed so far, in the order of its partition. */
    List<Recommendation> answers() throws IOException {
        do {
            poll();
        } while (!reader.isAtEnd());
        return answers;
    }

    /** Answers by id; of several the last. */
    Map<String, Recommendation> answersById() throws IOException {
        answers();
        return answersById;
    }

    private void poll() throws IOException {
        if (reader == null) {
            Properties client = system.client();
            client.setProperty("isolation.level", "read_committed");
            reader = new RecommendationReader(client, recommendationsTopic, true);
        }
        for (RecommendationReader.Received received : reader.poll()) {
            assertThat(received.problem()).isNull();
            answers.add(received.recommendation());
            answersById.put(received.recommendation().id(), received.recommendation());
        }
    }

    /** Every dead letter. */
    List<ConsumerRecord<byte[], byte[]>> rejects() {
        return ClicksTopic.records(system, rejectedTopic);
    }

    /** Ends the job if it runs. */
    @Override
    public void close() {
        if (reader != null) {
            reader.close();
        }
        if (job != null) {
            try {
                system.flink().cancel(job);
            } catch (Exception e) {
                throw new IllegalStateException("job " + job + " can't be cancelled", e);
            }
        }
    }
}
