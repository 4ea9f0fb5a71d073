package io.nextclick.jobs;

import io.nextclick.jobs.impress.JoinSettings;
import io.nextclick.jobs.kafka.ClickTopic;
import io.nextclick.jobs.kafka.KafkaClients;
import io.nextclick.jobs.ranker.RankerTrainSettings;
import io.nextclick.models.ranker.FeatureSpace;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.models.ranker.RankerLearner;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.models.session.SessionRules;
import io.nextclick.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.configuration.Configuration;

/**
 * The ranker trainer's options, read and checked as a whole: whoever holds one may rely on every
 * bound that {@link RankerTrainerOptions} and {@link JobOptions} state.
 *
 * @param clicks where clicks come from
 * @param clients how the brokers are talked to
 * @param impressionsTopic topic of impressions; null where recommendations count as such
 * @param recommendationsTopic topic of recommendations
 * @param catalogTopic topic of the catalogue; null for none
 * @param releasesTopic topic of releases
 * @param rejectedTopic topic of the dead letters
 * @param join how impressions and clicks are joined
 * @param train how the ranker is trained
 * @param outOfOrderness how far event times may run backwards within a partition
 * @param idleness silence after which a partition no longer holds back event time; zero: never
 */
public record RankerTrainerConfig(
        ClickTopic clicks,
        KafkaClients clients,
        String impressionsTopic,
        String recommendationsTopic,
        String catalogTopic,
        String releasesTopic,
        String rejectedTopic,
        JoinSettings join,
        RankerTrainSettings train,
        Duration outOfOrderness,
        Duration idleness) {

    private static final Duration LONGEST = Duration.ofDays(30);
    private static final int MOST_LISTS = 10_000_000;

    /**
     * @param configuration Flink's options, {@code nextclick.*} and {@code kafka.*} together
     * @throws IllegalArgumentException naming the option, its bound and its value if one is out of
     *     bounds, can't be read or is unknown
     */
    public static RankerTrainerConfig of(Configuration configuration) {
        OptionReader options = new OptionReader(configuration);
        options.refuseUnknown();
        return new RankerTrainerConfig(
                options.clickTopic(options.text(RankerTrainerOptions.GROUP_ID)),
                options.clients(
                        options.text(RankerTrainerOptions.TRANSACTIONAL_ID_PREFIX),
                        RankerTrainerJob.CHECKPOINT_INTERVAL),
                options.get(RankerTrainerOptions.IMPRESSIONS_TOPIC),
                options.text(JobOptions.RECOMMENDATIONS_TOPIC),
                options.get(JobOptions.CATALOG_TOPIC),
                options.get(JobOptions.RELEASES_TOPIC) == null
                        ? Topics.MODEL_RELEASES.name()
                        : options.text(JobOptions.RELEASES_TOPIC),
                options.text(JobOptions.REJECTED_TOPIC),
                join(options),
                train(options),
                options.duration(
                        JobOptions.CLICKS_OUT_OF_ORDERNESS, Duration.ZERO, OptionReader.LONG),
                options.duration(JobOptions.CLICKS_IDLENESS, Duration.ZERO, OptionReader.LONG));
    }

    private static JoinSettings join(OptionReader options) {
        return new JoinSettings(
                options.duration(
                        RankerTrainerOptions.IMPRESSIONS_WINDOW, Duration.ofMillis(1), LONGEST),
                options.duration(RankerTrainerOptions.IMPRESSIONS_LATENESS, Duration.ZERO, LONGEST),
                options.duration(RankerTrainerOptions.IMPRESSIONS_MEMORY, Duration.ZERO, LONGEST),
                options.number(RankerTrainerOptions.IMPRESSIONS_REMEMBERED, 0, 10_000),
                options.number(RankerTrainerOptions.IMPRESSIONS_PER_SESSION, 1, 1_000_000));
    }

    private static RankerTrainSettings train(OptionReader options) {
        if (options.get(RankerTrainerOptions.MODELS) == null) {
            throw new IllegalArgumentException(
                    RankerTrainerOptions.MODELS.key()
                            + " is not set: name a folder that the recommender can read too");
        }
        SessionRules standard = SessionRules.DEFAULT;
        Duration gap =
                options.duration(
                        JobOptions.SESSION_INACTIVITY_GAP, Duration.ZERO, OptionReader.LONG);
        Integer length =
                options.number(
                        JobOptions.SESSION_MAXIMUM_LENGTH, 1, SessionRules.LARGEST_MAXIMUM_LENGTH);
        Boolean collapse = options.get(JobOptions.SESSION_COLLAPSE_REPEATS);
        RankerOptions ranker = ranker(options);
        ArrayList<String> fields = new ArrayList<>(options.get(RankerTrainerOptions.FIELDS));
        requireFit(fields, ranker);
        return new RankerTrainSettings(
                ranker,
                fields,
                options.number(RankerTrainerOptions.BIN_EXAMPLES, 1, 1_000_000),
                options.text(RankerTrainerOptions.MODELS),
                options.number(RankerTrainerOptions.KEPT_MODELS, 2, 10_000),
                options.get(RankerTrainerOptions.START_MODEL),
                options.duration(
                        RankerTrainerOptions.INTERVAL, Duration.ofMillis(100), Duration.ofDays(1)),
                options.number(RankerTrainerOptions.WINDOW, 10, MOST_LISTS),
                options.number(RankerTrainerOptions.LEAST_LISTS, 1, MOST_LISTS),
                gap == null ? standard.inactivityGap() : gap,
                length == null ? standard.maximumLength() : length,
                collapse == null ? standard.collapseRepeats() : collapse);
    }

    private static RankerOptions ranker(OptionReader options) {
        RankerKind kind = options.get(RankerTrainerOptions.RANKER);
        RankerOptions usual = RankerOptions.of(kind);
        Integer factors = options.number(RankerTrainerOptions.FACTORS, 1, 256);
        List<Integer> hidden = options.get(RankerTrainerOptions.HIDDEN);
        try {
            return new RankerOptions(
                    kind,
                    factors == null ? usual.factors() : factors,
                    hidden == null ? usual.hidden() : hidden,
                    options.get(RankerTrainerOptions.CROSSES),
                    usual.crossBuckets(),
                    options.real(RankerTrainerOptions.LINEAR_RATE, 1e-9, 100),
                    options.real(RankerTrainerOptions.RATE, 1e-9, 100),
                    usual.lasso(),
                    options.get(RankerTrainerOptions.RIDGE) == null
                            ? usual.ridge()
                            : options.real(RankerTrainerOptions.RIDGE, 0, 1e6),
                    options.number(RankerTrainerOptions.BATCH_SIZE, 1, 65_536),
                    options.real(RankerTrainerOptions.NEGATIVE_RATE, 1e-6, 1),
                    options.get(RankerTrainerOptions.SEED));
        } catch (IllegalArgumentException e) {
            throw named(RankerTrainerOptions.RANKER.key(), e);
        }
    }

    /** Whether there can be such a ranker of such fields, before one has been asked for. */
    private static void requireFit(List<String> fields, RankerOptions ranker) {
        try {
            List<Field> parsed = fields.stream().map(Field::parse).toList();
            new RankerLearner(FeatureSpace.learn(parsed, List.of()), ranker);
        } catch (IllegalArgumentException e) {
            throw named(RankerTrainerOptions.FIELDS.key(), e);
        }
    }

    private static IllegalArgumentException named(String option, IllegalArgumentException fault) {
        String message = fault.getMessage();
        return message.startsWith(JobOptions.PREFIX)
                ? fault
                : new IllegalArgumentException(option + " can't be used: " + message, fault);
    }
}
