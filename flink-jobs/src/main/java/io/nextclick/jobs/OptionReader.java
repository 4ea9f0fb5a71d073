package io.nextclick.jobs;

import io.nextclick.jobs.JobOptions.Guarantee;
import io.nextclick.jobs.kafka.ClickTopic;
import io.nextclick.jobs.kafka.KafkaClients;
import io.nextclick.schemas.ClickMapping;
import io.nextclick.schemas.WriterSchemas;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/**
 * Reads the jobs' options one by one, with messages that name option, bound and value; and those
 * together that the jobs share.
 *
 * @param configuration Flink's options, {@code nextclick.*} and {@code kafka.*} together
 */
record OptionReader(Configuration configuration) {

    /** Longer than anybody means. */
    static final Duration LONG = Duration.ofDays(3650);

    /** The longest that Kafka's brokers let a transaction stay open unless told otherwise. */
    private static final Duration LONGEST_TRANSACTION = Duration.ofMinutes(15);

    private static final String SCHEMA_SUFFIX = ".avsc";

    private static final int LARGEST_SCHEMA_BYTES = 1 << 20;

    private static final String TRANSACTION_TIMEOUT = "transaction.timeout.ms";

    /** How clicks are read under a consumer group. */
    ClickTopic clickTopic(String groupId) {
        return new ClickTopic(
                text(JobOptions.CLICKS_TOPIC),
                groupId,
                get(JobOptions.CLICKS_START),
                get(JobOptions.CLICKS_BOUNDED),
                size(
                        JobOptions.CLICKS_MAX_RECORD_SIZE,
                        new MemorySize(64),
                        MemorySize.ofMebiBytes(64)),
                mapping(),
                duration(JobOptions.CLICKS_FUTURE_TOLERANCE, Duration.ZERO, LONG),
                get(JobOptions.CONTEXT_ATTRIBUTES),
                writerSchemas());
    }

    /** Schemas of the writers that this build doesn't know by itself. */
    WriterSchemas writerSchemas() {
        String path = get(JobOptions.SCHEMAS_PATH);
        if (path == null) {
            return WriterSchemas.NONE;
        }
        List<String> schemas = new ArrayList<>();
        String place = path;
        try {
            Path folder = new Path(path);
            FileSystem files = folder.getFileSystem();
            FileStatus[] found = files.listStatus(folder);
            if (found == null) {
                throw new FileNotFoundException("there is no folder " + path);
            }
            for (FileStatus file : found) {
                if (file.getPath().getName().endsWith(SCHEMA_SUFFIX)) {
                    place = file.getPath().toString();
                    schemas.add(schema(files, file.getPath()));
                    // One by one, so that a message says which.
                    new WriterSchemas(schemas);
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    JobOptions.SCHEMAS_PATH.key()
                            + " can't be read: "
                            + place
                            + ": "
                            + e.getMessage(),
                    e);
        }
        if (schemas.isEmpty()) {
            throw new IllegalArgumentException(
                    JobOptions.SCHEMAS_PATH.key()
                            + " is "
                            + path
                            + ", where no file ends in "
                            + SCHEMA_SUFFIX);
        }
        return new WriterSchemas(schemas);
    }

    private static String schema(FileSystem files, Path path) throws IOException {
        try (InputStream in = files.open(path)) {
            byte[] bytes = in.readNBytes(LARGEST_SCHEMA_BYTES + 1);
            if (bytes.length > LARGEST_SCHEMA_BYTES) {
                throw new IOException("longer than " + LARGEST_SCHEMA_BYTES + " bytes");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /**
     * How the brokers are talked to.
     *
     * @param checkpointInterval the job's, where none is configured
     */
    KafkaClients clients(String transactionalIdPrefix, Duration checkpointInterval) {
        Duration restart =
                duration(JobOptions.RESTART_ALLOWANCE, Duration.ZERO, Duration.ofDays(1));
        Guarantee guarantee = get(JobOptions.DELIVERY_GUARANTEE);
        Map<String, String> clientProperties = kafkaProperties();
        Duration leastTransaction =
                configuration
                        .getOptional(CheckpointingOptions.CHECKPOINTING_INTERVAL)
                        .orElse(checkpointInterval)
                        .plus(configuration.get(CheckpointingOptions.CHECKPOINTING_TIMEOUT))
                        .plus(restart);
        return new KafkaClients(
                guarantee,
                transactionalIdPrefix,
                transactionTimeout(guarantee, clientProperties, leastTransaction),
                clientProperties);
    }

    /**
     * A transaction that Kafka ends before the restored job can commit it is lost. So its timeout
     * covers the time to the next checkpoint, that checkpoint, and a restart.
     */
    private static Duration transactionTimeout(
            Guarantee guarantee, Map<String, String> clientProperties, Duration least) {
        String key =
                clientProperties.containsKey("producer." + TRANSACTION_TIMEOUT)
                        ? "producer." + TRANSACTION_TIMEOUT
                        : TRANSACTION_TIMEOUT;
        String given = clientProperties.get(key);
        if (given == null) {
            if (guarantee == Guarantee.EXACTLY_ONCE && least.compareTo(LONGEST_TRANSACTION) > 0) {
                throw new IllegalArgumentException(
                        "exactly-once needs transactions of "
                                + least
                                + " (checkpoint interval, checkpoint timeout and "
                                + JobOptions.RESTART_ALLOWANCE.key()
                                + "), brokers allow "
                                + LONGEST_TRANSACTION
                                + " unless transaction.max.timeout.ms says otherwise: lower those,"
                                + " or set kafka."
                                + TRANSACTION_TIMEOUT
                                + " and the brokers' limit");
            }
            return LONGEST_TRANSACTION;
        }
        Duration timeout;
        try {
            timeout = Duration.ofMillis(Long.parseLong(given.trim()));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "kafka." + key + " is '" + given + "', it must be a number of milliseconds", e);
        }
        if (guarantee == Guarantee.EXACTLY_ONCE && timeout.compareTo(least) < 0) {
            throw new IllegalArgumentException(
                    "kafka."
                            + key
                            + " is "
                            + given
                            + ", it must be at least "
                            + least.toMillis()
                            + ": checkpoint interval, checkpoint timeout and "
                            + JobOptions.RESTART_ALLOWANCE.key());
        }
        return timeout;
    }

    /** Each job knows the others' options too, so that one configuration serves all. */
    void refuseUnknown() {
        Set<String> known =
                Stream.of(JobOptions.ALL, TrainerOptions.ALL, RankerTrainerOptions.ALL)
                        .flatMap(List::stream)
                        .map(ConfigOption::key)
                        .collect(Collectors.toSet());
        for (String key : new TreeSet<>(configuration.keySet())) {
            if (key.startsWith(JobOptions.PREFIX) && !known.contains(key)) {
                throw new IllegalArgumentException("there is no option " + key);
            }
        }
    }

    <T> T get(ConfigOption<T> option) {
        try {
            return configuration.get(option);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    option.key()
                            + " can't be read: "
                            + (e.getCause() == null ? e : e.getCause()).getMessage(),
                    e);
        }
    }

    /** May be null. */
    ClickMapping mapping() {
        String text = get(JobOptions.CLICKS_MAPPING);
        try {
            return text == null ? null : ClickMapping.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    JobOptions.CLICKS_MAPPING.key() + " can't be read: " + e.getMessage(), e);
        }
    }

    String text(ConfigOption<String> option) {
        String value = get(option);
        if (value.isBlank()) {
            throw new IllegalArgumentException(option.key() + " is empty");
        }
        return value;
    }

    Integer number(ConfigOption<Integer> option, int least, int most) {
        return bounded(option, get(option), least, most);
    }

    double real(ConfigOption<Double> option, double least, double most) {
        return bounded(option, get(option), least, most);
    }

    Duration duration(ConfigOption<Duration> option, Duration least, Duration most) {
        return bounded(option, get(option), least, most);
    }

    int size(ConfigOption<MemorySize> option, MemorySize least, MemorySize most) {
        return (int) bytes(option, least, most);
    }

    long bytes(ConfigOption<MemorySize> option, MemorySize least, MemorySize most) {
        return bounded(option, get(option), least, most).getBytes();
    }

    private static <T extends Comparable<? super T>> T bounded(
            ConfigOption<T> option, T value, T least, T most) {
        if (value != null && (value.compareTo(least) < 0 || value.compareTo(most) > 0)) {
            throw new IllegalArgumentException(
                    option.key()
                            + " is "
                            + value
                            + ", it must be in ["
                            + least
                            + ", "
                            + most
                            + "]");
        }
        return value;
    }

    Map<String, String> kafkaProperties() {
        Map<String, String> properties = new HashMap<>();
        configuration
                .toMap()
                .forEach(
                        (key, value) -> {
                            if (key.startsWith(JobOptions.KAFKA_PREFIX)) {
                                properties.put(
                                        key.substring(JobOptions.KAFKA_PREFIX.length()), value);
                            }
                        });
        return properties;
    }
}
