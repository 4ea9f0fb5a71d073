package io.nextclick.jobs;

import io.nextclick.jobs.JobOptions.Guarantee;
import io.nextclick.jobs.kafka.KafkaSettings;
import io.nextclick.jobs.recommend.RecommendSettings;
import io.nextclick.models.session.SessionRules;
import io.nextclick.schemas.ClickMapping;
import io.nextclick.schemas.RecordLimits;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;

/**
 * The job's options, read and checked as a whole: whoever holds one may rely on every bound that
 * {@link JobOptions} states.
 *
 * @param kafka reading and writing
 * @param recommend answering
 * @param outOfOrderness how far event times may run backwards within a partition
 * @param idleness silence after which a partition no longer holds back event time; zero: never
 */
public record RecommenderConfig(
        KafkaSettings kafka,
        RecommendSettings recommend,
        Duration outOfOrderness,
        Duration idleness) {

    /** The longest that Kafka's brokers let a transaction stay open unless told otherwise. */
    private static final Duration LONGEST_TRANSACTION = Duration.ofMinutes(15);

    private static final String TRANSACTION_TIMEOUT = "transaction.timeout.ms";

    private static final MemorySize MOST_HOT_MEMORY = MemorySize.ofMebiBytes(16 << 10);

    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration LONG = Duration.ofDays(3650);

    /**
     * @param configuration Flink's options, {@code nextclick.*} and {@code kafka.*} together
     * @throws IllegalArgumentException naming the option, its bound and its value if one is out of
     *     bounds, can't be read or is unknown
     */
    public static RecommenderConfig of(Configuration configuration) {
        Reader options = new Reader(configuration);
        options.refuseUnknown();
        Duration restart =
                options.duration(JobOptions.RESTART_ALLOWANCE, Duration.ZERO, Duration.ofDays(1));
        Guarantee guarantee = options.get(JobOptions.DELIVERY_GUARANTEE);
        Map<String, String> clientProperties = options.kafkaProperties();
        Duration leastTransaction =
                configuration
                        .getOptional(CheckpointingOptions.CHECKPOINTING_INTERVAL)
                        .orElse(SessionRecommenderJob.CHECKPOINT_INTERVAL)
                        .plus(configuration.get(CheckpointingOptions.CHECKPOINTING_TIMEOUT))
                        .plus(restart);
        KafkaSettings kafka =
                new KafkaSettings(
                        options.text(JobOptions.CLICKS_TOPIC),
                        options.text(JobOptions.RECOMMENDATIONS_TOPIC),
                        options.text(JobOptions.REJECTED_TOPIC),
                        options.text(JobOptions.CLICKS_GROUP_ID),
                        options.get(JobOptions.CLICKS_START),
                        options.get(JobOptions.CLICKS_BOUNDED),
                        options.size(
                                JobOptions.CLICKS_MAX_RECORD_SIZE,
                                new MemorySize(64),
                                MemorySize.ofMebiBytes(64)),
                        options.mapping(),
                        options.duration(JobOptions.CLICKS_FUTURE_TOLERANCE, Duration.ZERO, LONG),
                        options.get(JobOptions.RECOMMENDATIONS_FORMAT),
                        guarantee,
                        options.text(JobOptions.TRANSACTIONAL_ID_PREFIX),
                        transactionTimeout(guarantee, clientProperties, leastTransaction),
                        clientProperties);
        RecommendSettings recommend =
                new RecommendSettings(
                        options.get(JobOptions.MODEL_PATH),
                        options.get(JobOptions.MODEL_REQUIRED),
                        options.number(
                                JobOptions.RECOMMENDATIONS_COUNT,
                                1,
                                RecordLimits.DEFAULT.listElements()),
                        options.get(JobOptions.RECOMMENDATIONS_EXCLUDE_SEEN),
                        options.duration(JobOptions.SESSION_INACTIVITY_GAP, Duration.ZERO, LONG),
                        options.number(
                                JobOptions.SESSION_MAXIMUM_LENGTH,
                                1,
                                SessionRules.LARGEST_MAXIMUM_LENGTH),
                        options.get(JobOptions.SESSION_COLLAPSE_REPEATS),
                        options.duration(JobOptions.SESSION_RETENTION, Duration.ofSeconds(1), LONG),
                        options.number(JobOptions.SESSION_REMEMBERED_EVENT_IDS, 0, 10_000),
                        options.bytes(
                                JobOptions.SESSION_HOT_MEMORY, MemorySize.ZERO, MOST_HOT_MEMORY),
                        options.number(JobOptions.BUNDLE_SIZE, 1, 10_000),
                        options.duration(JobOptions.BUNDLE_TIMEOUT, Duration.ZERO, MINUTE),
                        options.duration(JobOptions.OVERRUN_BUDGET, Duration.ZERO, LONG),
                        options.number(JobOptions.LIVE_POPULARITY_SIZE, 1_000, 1_000_000),
                        options.number(JobOptions.LIVE_QUALITY_WINDOW, 1, 1_000_000));
        if (recommend.modelRequired() && recommend.modelPath() == null) {
            throw new IllegalArgumentException(
                    JobOptions.MODEL_PATH.key()
                            + " is not set: name a model's folder, or set "
                            + JobOptions.MODEL_REQUIRED.key()
                            + " to false to recommend what is popular");
        }
        return new RecommenderConfig(
                kafka,
                recommend,
                options.duration(JobOptions.CLICKS_OUT_OF_ORDERNESS, Duration.ZERO, LONG),
                options.duration(JobOptions.CLICKS_IDLENESS, Duration.ZERO, LONG));
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

    /** Reads options one by one, with messages that name option, bound and value. */
    private record Reader(Configuration configuration) {

        void refuseUnknown() {
            Set<String> known =
                    JobOptions.ALL.stream().map(ConfigOption::key).collect(Collectors.toSet());
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
}
