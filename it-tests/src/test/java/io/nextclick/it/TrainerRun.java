package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.TrainerConfig;
import io.nextclick.jobs.TrainerOptions;
import io.nextclick.jobs.TwoTowerTrainerJob;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.Tensor;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ItemEmbedding;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The trainer's job on a topic of clicks. It publishes and saves many times a second, trains full
 * batches only, and goes on until it is stopped. Belongs to one thread.
 */
final class TrainerRun implements AutoCloseable {

    private static final Duration SYNC = Duration.ofMillis(250);

    private final LiveSystem system;
    private final Configuration options = new Configuration();
    private final Path models;
    private String embeddings;
    private JobID job;

    TrainerRun(LiveSystem system, ClicksTopic clicks, int batch) throws Exception {
        this.system = system;
        models = system.folder("towers");
        options.setString("kafka.bootstrap.servers", system.kafka().bootstrapServers());
        options.set(JobOptions.CLICKS_TOPIC, clicks.name());
        options.set(JobOptions.CLICKS_START, JobOptions.StartOffsets.EARLIEST);
        options.set(JobOptions.CLICKS_IDLENESS, Duration.ZERO);
        options.set(JobOptions.RELEASES_TOPIC, system.topic("model-releases", 1));
        options.set(TrainerOptions.GROUP_ID, system.unique("trainer"));
        options.set(TrainerOptions.SYNC_TOPIC, system.topic("tower-sync", 1));
        options.set(TrainerOptions.MODELS, models.toUri().toString());
        options.set(TrainerOptions.SYNC_INTERVAL, SYNC);
        options.set(TrainerOptions.SNAPSHOT_INTERVAL, SYNC);
        options.set(TrainerOptions.BATCH_WAIT, Duration.ZERO);
        options.set(TrainerOptions.BATCH_SIZE, batch);
        options.set(TrainerOptions.DIMENSION, 16);
        options.set(TrainerOptions.HIDDEN, 16);
        options.set(TrainerOptions.NEGATIVES, 32);
        options.set(TrainerOptions.ADMISSION, 1);
        options.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        options.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(500));
        options.set(
                CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                system.folder("checkpoints").toUri().toString());
        options.set(
                CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
                ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    }

    <T> TrainerRun with(ConfigOption<T> option, T value) {
        options.set(option, value);
        return this;
    }

    /** Starts with as many trainers, which publish to a topic of their own. */
    TrainerRun start(int trainers) throws Exception {
        embeddings = system.topic("item-embeddings", 1);
        options.set(JobOptions.EMBEDDINGS_TOPIC, embeddings);
        options.set(TrainerOptions.PARALLELISM, trainers);
        StreamExecutionEnvironment environment = TwoTowerTrainerJob.environment(options);
        environment.setParallelism(1);
        TwoTowerTrainerJob.define(environment, TrainerConfig.of(options));
        job = system.flink().submit(environment);
        return this;
    }

    /** Starts again from a checkpoint or a savepoint. */
    TrainerRun restore(String path, int trainers) throws Exception {
        options.set(StateRecoveryOptions.SAVEPOINT_PATH, path);
        // A single trainer has no peers whose messages it would have been reading.
        options.set(StateRecoveryOptions.SAVEPOINT_IGNORE_UNCLAIMED_STATE, trainers == 1);
        return start(trainers);
    }

    /** Ends the job without letting it finish anything, and returns its last checkpoint. */
    String kill() throws Exception {
        system.flink().cancel(job);
        return system.flink().lastCheckpoint(job).getExternalPath();
    }

    String stopWithSavepoint() throws Exception {
        // Flink refuses a savepoint of a job that is only being started.
        system.flink().awaitRunning(job);
        return system.flink().stopWithSavepoint(job, system.folder("savepoints"));
    }

    JobID job() {
        return job;
    }

    long completedCheckpoints() throws Exception {
        return system.dashboard().completedCheckpoints(job);
    }

    /** The last step of which the whole model has been saved; 0 before the first. */
    long savedStep() throws IOException {
        return lastSaved()
                .map(name -> name.substring(name.lastIndexOf('-') + 1))
                .map(Long::parseLong)
                .orElse(0L);
    }

    private Optional<String> lastSaved() throws IOException {
        try (Stream<Path> folders = Files.list(models)) {
            return folders.map(folder -> folder.getFileName().toString())
                    .filter(name -> name.startsWith("two-tower-"))
                    .max(String::compareTo);
        }
    }

    /** Waits until the model of a step has been saved. */
    TrainerRun awaitStep(long step) throws Exception {
        Await.until(
                "step " + step + " is saved",
                () -> {
                    requireRunning();
                    return savedStep() >= step;
                });
        return this;
    }

    private void requireRunning() throws Exception {
        if (system.flink().status(job).isGloballyTerminalState()) {
            throw new AssertionError("the trainer ended", system.flink().failure(job));
        }
    }

    /**
     * All parameters of the model that was saved last, bit by bit: rows by the item they are of,
     * since their order in memory is of no account.
     */
    Map<String, String> savedBits() throws IOException {
        ModelFolder model = ModelFolder.read(models.resolve(lastSaved().orElseThrow()));
        List<String> items = model.vocabulary().items();
        Map<String, String> bits = new TreeMap<>();
        model.tensors()
                .forEach(
                        (name, tensor) -> {
                            if (name.startsWith("query.")) {
                                bits.put(name, bits(tensor, 0, tensor.size()));
                            } else if (name.equals("item.rows")
                                    || name.equals("item.accumulators")
                                    || name.equals("item.touched")) {
                                int columns = tensor.size() / items.size();
                                for (int i = 0; i < items.size(); i++) {
                                    bits.put(
                                            name + ' ' + items.get(i),
                                            bits(tensor, i * columns, columns));
                                }
                            }
                        });
        return bits;
    }

    private static String bits(Tensor tensor, int from, int count) {
        StringBuilder text = new StringBuilder();
        for (int i = from; i < from + count; i++) {
            if (tensor instanceof Tensor.Floats floats) {
                text.append(Integer.toHexString(Float.floatToRawIntBits(floats.values()[i])));
            } else {
                text.append(((Tensor.Longs) tensor).values()[i]);
            }
            text.append(' ');
        }
        return text.toString();
    }

    /** The vectors that the trainers have published since the last start, the last of each item. */
    Map<String, ItemEmbedding> published() throws MalformedRecordException {
        Codec<ItemEmbedding> codec = Topics.ITEM_EMBEDDINGS.codec(Encoding.AVRO);
        Map<String, ItemEmbedding> published = new TreeMap<>();
        for (ConsumerRecord<byte[], byte[]> record : ClicksTopic.records(system, embeddings)) {
            String key = new String(record.key(), StandardCharsets.UTF_8);
            if (record.value() == null) {
                published.remove(key);
            } else {
                ItemEmbedding value = codec.decode(record.value());
                assertThat(value.itemId()).isEqualTo(key);
                published.put(key, value);
            }
        }
        return published;
    }

    TrainerRun awaitPublished(int items) throws Exception {
        Await.until(
                items + " items are published",
                () -> {
                    requireRunning();
                    return published().size() >= items;
                });
        return this;
    }

    @Override
    public void close() {
        if (job != null) {
            try {
                system.flink().cancel(job);
            } catch (Exception e) {
                throw new IllegalStateException("job " + job + " can't be cancelled", e);
            }
        }
    }
}
