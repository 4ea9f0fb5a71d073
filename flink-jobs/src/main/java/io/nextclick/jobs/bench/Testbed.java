package io.nextclick.jobs.bench;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.RecommenderConfig;
import io.nextclick.jobs.SessionRecommenderJob;
import io.nextclick.jobs.demo.EmbeddedFlink;
import io.nextclick.jobs.demo.EmbeddedKafka;
import io.nextclick.jobs.model.FileSystemModels;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Topic;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A broker and a Flink cluster in this process, for one benchmark: topics with a partition a
 * subtask, jobs on them and how fast they go. What is found is printed as it is found.
 */
public final class Testbed {

    /** Items of each recommendation. */
    static final int LIST_LENGTH = 20;

    /** Of models and clicks. */
    static final long SEED = 42;

    private static final Duration PATIENCE = Duration.ofMinutes(15);

    private final int parallelism;
    private final Path directory;
    private final PrintWriter out;
    private final EmbeddedKafka kafka;
    private final EmbeddedFlink flink;
    private int topics;
    private int jobs;

    private Testbed(
            int parallelism,
            Path directory,
            PrintWriter out,
            EmbeddedKafka kafka,
            EmbeddedFlink flink) {
        this.parallelism = parallelism;
        this.directory = directory;
        this.out = out;
        this.kafka = kafka;
        this.flink = flink;
    }

    /**
     * Runs a benchmark on a testbed of its own.
     *
     * @param parallelism subtasks, partitions and threads
     * @param directory for all files; the caller deletes it
     * @param out where figures are printed
     */
    public static void run(Benchmark benchmark, int parallelism, Path directory, PrintWriter out)
            throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(directory);
                EmbeddedFlink flink =
                        EmbeddedFlink.start(
                                directory, parallelism, "0", benchmark.rocksDbMemory())) {
            benchmark.run(new Testbed(parallelism, directory, out, kafka, flink));
        }
    }

    /** Subtasks of an operator, partitions of a topic. */
    int parallelism() {
        return parallelism;
    }

    /** A place for a file or folder of the benchmark. */
    Path path(String name) {
        return directory.resolve(name);
    }

    void say(String format, Object... arguments) {
        out.printf(Locale.ROOT, format + "%n", arguments);
        out.flush();
    }

    // ------------------------------------------------------------------ topics

    String bootstrapServers() {
        return kafka.bootstrapServers();
    }

    /** A new topic with a partition a subtask. */
    String topic(Map<String, String> configuration) throws IOException, InterruptedException {
        return topic(parallelism, configuration);
    }

    String topic(int partitions, Map<String, String> configuration)
            throws IOException, InterruptedException {
        String topic = "bench-" + topics++;
        kafka.createTopic(topic, partitions, configuration);
        return topic;
    }

    String emptyTopic() throws IOException, InterruptedException {
        return topic(Map.of());
    }

    /** A topic of the load's first clicks. */
    String filledTopic(ClickLoad load, long clicks) throws IOException, InterruptedException {
        String topic = emptyTopic();
        load.publish(
                kafka.bootstrapServers(),
                topic,
                DetectingCodec.of(Topics.CLICKS, Encoding.JSON),
                0,
                clicks);
        return topic;
    }

    /** Appends records to a topic, in their order where the topic has one partition. */
    <T> void publish(String topic, Topic<T> contract, Iterable<T> values) {
        Codec<T> codec = contract.codec(Encoding.AVRO);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            FirstFailure failure = new FirstFailure();
            for (T value : values) {
                Future<RecordMetadata> unused =
                        producer.send(
                                new ProducerRecord<>(
                                        topic,
                                        contract.key(value).getBytes(StandardCharsets.UTF_8),
                                        codec.encode(value)),
                                failure);
            }
            producer.flush();
            failure.rethrow();
        }
    }

    /**
     * Releases a model.
     *
     * @param topic of releases
     * @param name under which it is released
     * @param model its folder
     */
    ModelRelease release(String topic, String name, Path model) throws IOException {
        String uri = model.toUri().toString();
        ModelManifest manifest = ModelFolder.read(model).manifest();
        ModelRelease release =
                new ModelRelease(
                        name,
                        manifest.version(),
                        uri,
                        new FileSystemModels().fingerprint(uri),
                        manifest.kind(),
                        Map.of(),
                        System.currentTimeMillis());
        publish(topic, Topics.MODEL_RELEASES, List.of(release));
        return release;
    }

    // ------------------------------------------------------------------ jobs

    /** Where a job can be defined. */
    StreamExecutionEnvironment environment() {
        Configuration configuration = new Configuration();
        configuration.set(CoreOptions.DEFAULT_PARALLELISM, parallelism);
        configuration.set(
                CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                directory.resolve("checkpoints-" + jobs++).toUri().toString());
        return SessionRecommenderJob.environment(configuration);
    }

    /**
     * The recommender's configuration.
     *
     * @param from topic of clicks
     * @param to topic of recommendations
     * @param model null: it has none
     * @param further options of the job
     */
    RecommenderConfig config(String from, String to, Path model, Map<String, String> further) {
        Configuration configuration = Configuration.fromMap(further);
        configuration.setString("kafka.bootstrap.servers", kafka.bootstrapServers());
        configuration.set(JobOptions.CLICKS_TOPIC, from);
        configuration.set(JobOptions.RECOMMENDATIONS_TOPIC, to);
        configuration.set(JobOptions.CLICKS_GROUP_ID, "bench-" + to);
        configuration.set(JobOptions.RECOMMENDATIONS_COUNT, LIST_LENGTH);
        configuration.set(JobOptions.RECOMMENDATIONS_FORMAT, Encoding.AVRO);
        if (model == null) {
            configuration.set(JobOptions.MODEL_REQUIRED, false);
        } else {
            configuration.set(JobOptions.MODEL_PATH, model.toUri().toString());
        }
        return RecommenderConfig.of(configuration);
    }

    /** The whole job, defined. */
    StreamExecutionEnvironment recommender(
            String from, String to, Path model, Map<String, String> further) {
        StreamExecutionEnvironment environment = environment();
        SessionRecommenderJob.define(environment, config(from, to, model, further));
        return environment;
    }

    /**
     * Runs a job until it has done all clicks and prints how fast it went.
     *
     * @param what it is, for those who read the figures
     * @param done clicks that it has done so far
     * @return clicks a second
     */
    double clicksPerSecond(
            String what, StreamExecutionEnvironment environment, LongSupplier done, long clicks)
            throws Exception {
        Job job = submit(what, environment);
        double rate = job.clicksPerSecond(done, clicks);
        job.cancel();
        say("%s: %,.0f clicks/s", what, rate);
        return rate;
    }

    /**
     * As above, of a job that appends a record a click.
     *
     * @param to where it appends them
     */
    double clicksPerSecond(
            String what, StreamExecutionEnvironment environment, String to, long clicks)
            throws Exception {
        try (TopicEnd end = end(to)) {
            return clicksPerSecond(what, environment, end, clicks);
        }
    }

    TopicEnd end(String topic) {
        return new TopicEnd(kafka.bootstrapServers(), topic, parallelism);
    }

    /**
     * Submits a job.
     *
     * @param what it is, for those who read that it ended early
     */
    Job submit(String what, StreamExecutionEnvironment environment) throws Exception {
        return new Job(what, flink.submit(environment));
    }

    /** A job on the cluster. */
    final class Job {

        private final String what;
        private final JobID id;

        private Job(String what, JobID id) {
            this.what = what;
            this.id = id;
        }

        void awaitRunning() throws Exception {
            flink.awaitRunning(id);
        }

        /**
         * @throws IllegalStateException if it has ended, for the reason that it ended for
         */
        void requireRunning() throws Exception {
            if (flink.status(id).isGloballyTerminalState()) {
                throw new IllegalStateException(what + " ended early", flink.failure(id));
            }
        }

        /** Clicks a second, once all are done. */
        double clicksPerSecond(LongSupplier done, long clicks) throws Exception {
            return SteadyRate.of(done, clicks, PATIENCE, this::requireRunning);
        }

        /** The next checkpoint that completes. */
        CompletedCheckpointStats nextCheckpoint() throws Exception {
            CompletedCheckpointStats before = flink.lastCheckpoint(id);
            CompletedCheckpointStats last = before;
            for (long giveUp = System.nanoTime() + PATIENCE.toNanos();
                    last == null
                            || (before != null
                                    && last.getCheckpointId() <= before.getCheckpointId());
                    last = flink.lastCheckpoint(id)) {
                if (System.nanoTime() > giveUp) {
                    throw new IllegalStateException("no checkpoint completed within " + PATIENCE);
                }
                requireRunning();
                LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
            }
            return last;
        }

        void cancel() throws Exception {
            flink.cancel(id);
        }
    }
}
