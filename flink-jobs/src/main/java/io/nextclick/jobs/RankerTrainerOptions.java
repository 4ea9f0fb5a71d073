package io.nextclick.jobs;

import static org.apache.flink.configuration.ConfigOptions.key;

import io.nextclick.jobs.impress.JoinSettings;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.RankerKind;
import java.time.Duration;
import java.util.List;
import org.apache.flink.configuration.ConfigOption;

/**
 * The options that only the ranker trainer's job has. It reads clicks by the options of {@link
 * JobOptions}, in a consumer group of its own; each job ignores what is the others'. {@link
 * RankerTrainerConfig} checks the values.
 */
public final class RankerTrainerOptions {

    private static final JoinSettings JOIN = JoinSettings.DEFAULTS;

    private RankerTrainerOptions() {}

    public static final ConfigOption<String> IMPRESSIONS_TOPIC =
            key("nextclick.impressions.topic")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Topic of what pages have shown. Unset: a recommendation counts as"
                                    + " shown at the event time of its click.");

    public static final ConfigOption<Duration> IMPRESSIONS_WINDOW =
            key("nextclick.impressions.window")
                    .durationType()
                    .defaultValue(JOIN.window())
                    .withDescription(
                            "How long after an impression a click may be its doing, in event time."
                                    + " In [1 ms, 30 d].");

    public static final ConfigOption<Duration> IMPRESSIONS_LATENESS =
            key("nextclick.impressions.lateness")
                    .durationType()
                    .defaultValue(JOIN.lateness())
                    .withDescription(
                            "How far behind the watermark an impression or a click may be and still"
                                    + " count; what is learnt waits for it. In [0 ms, 30 d].");

    public static final ConfigOption<Duration> IMPRESSIONS_MEMORY =
            key("nextclick.impressions.memory")
                    .durationType()
                    .defaultValue(JOIN.memory())
                    .withDescription(
                            "How far before an impression a click may lie that counts to its"
                                    + " session. In [0 ms, 30 d].");

    public static final ConfigOption<Integer> IMPRESSIONS_REMEMBERED =
            key("nextclick.impressions.remembered")
                    .intType()
                    .defaultValue(JOIN.remembered())
                    .withDescription("Most of these clicks, the last ones. In [0, 10000].");

    public static final ConfigOption<Integer> IMPRESSIONS_PER_SESSION =
            key("nextclick.impressions.per-session")
                    .intType()
                    .defaultValue(JOIN.mostPerSession())
                    .withDescription(
                            "Most impressions, and most clicks, of a session that wait at a time;"
                                    + " what comes on top is left out. In [1, 1000000].");

    public static final ConfigOption<String> GROUP_ID =
            key("nextclick.ranker-trainer.group-id")
                    .stringType()
                    .defaultValue("nextclick-ranker-trainer")
                    .withDescription(
                            "Consumer group under which the ranker's trainer publishes its read"
                                    + " offsets at checkpoints.");

    public static final ConfigOption<String> TRANSACTIONAL_ID_PREFIX =
            key("nextclick.ranker-trainer.transactional-id-prefix")
                    .stringType()
                    .defaultValue("nextclick-ranker-trainer")
                    .withDescription(
                            "With exactly-once: what the ids of its transactions begin with.");

    public static final ConfigOption<String> MODELS =
            key("nextclick.ranker-trainer.models")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Folder that rankers are written to, on a file system that the"
                                    + " recommender can read too. The trainer needs it.");

    public static final ConfigOption<Integer> KEPT_MODELS =
            key("nextclick.ranker-trainer.kept-models")
                    .intType()
                    .defaultValue(10)
                    .withDescription("How many of the last are kept there. In [2, 10000].");

    public static final ConfigOption<String> START_MODEL =
            key("nextclick.ranker-trainer.start-model")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Folder of a ranker to go on from, with its fields and options, where"
                                    + " no savepoint is given. Unset: from nothing.");

    public static final ConfigOption<Duration> INTERVAL =
            key("nextclick.ranker-trainer.interval")
                    .durationType()
                    .defaultValue(Duration.ofMinutes(1))
                    .withDescription(
                            "How often what has been learnt is released, while lists ordered by it"
                                    + " are at least as good as in the order of retrieval. In"
                                    + " [100 ms, 1 d].");

    public static final ConfigOption<Integer> WINDOW =
            key("nextclick.ranker-trainer.window")
                    .intType()
                    .defaultValue(5_000)
                    .withDescription(
                            "Lists that this, and the gauges of AUC and log-loss, look back over,"
                                    + " about. In [10, 10000000].");

    public static final ConfigOption<Integer> LEAST_LISTS =
            key("nextclick.ranker-trainer.least-lists")
                    .intType()
                    .defaultValue(500)
                    .withDescription(
                            "Lists with a click that are judged before the first release. In"
                                    + " [1, 10000000].");

    public static final ConfigOption<Integer> BIN_EXAMPLES =
            key("nextclick.ranker-trainer.bin-examples")
                    .intType()
                    .defaultValue(10_000)
                    .withDescription(
                            "Shown items by which the bins of numbers are found, once for all;"
                                    + " learning begins then, with these. In [1, 1000000].");

    public static final ConfigOption<RankerKind> RANKER =
            key("nextclick.ranker-trainer.ranker")
                    .enumType(RankerKind.class)
                    .defaultValue(RankerKind.FM)
                    .withDescription(
                            "What is trained: logistic-regression, fm, ffm, deepfm, wide-and-deep"
                                    + " or neumf-ranker.");

    public static final ConfigOption<List<String>> FIELDS =
            key("nextclick.ranker-trainer.fields")
                    .stringType()
                    .asList()
                    .defaultValues(
                            Field.usual().stream().map(Field::toString).toArray(String[]::new))
                    .withDescription(
                            "What it reads, FACT[.NAME][/hash:N|/bins:N|/values:N|/offset:N] each,"
                                    + " separated by semicolons.");

    public static final ConfigOption<List<String>> CROSSES =
            key("nextclick.ranker-trainer.crosses")
                    .stringType()
                    .asList()
                    .defaultValues()
                    .withDescription(
                            "Of wide-and-deep: crossed fields, FIELD*FIELD each, separated by"
                                    + " semicolons.");

    public static final ConfigOption<Integer> FACTORS =
            key("nextclick.ranker-trainer.factors")
                    .intType()
                    .noDefaultValue()
                    .withDescription(
                            "Length of a feature's vector. Unset: 8, of ffm 4 a field. In"
                                    + " [1, 256].");

    public static final ConfigOption<List<Integer>> HIDDEN =
            key("nextclick.ranker-trainer.hidden")
                    .intType()
                    .asList()
                    .noDefaultValue()
                    .withDescription(
                            "Widths of the network's layers, separated by semicolons. Unset: 32;16"
                                    + " where there is one.");

    public static final ConfigOption<Double> LINEAR_RATE =
            key("nextclick.ranker-trainer.linear-rate")
                    .doubleType()
                    .defaultValue(0.05)
                    .withDescription("Learning rate of weights (FTRL-proximal). In (0, 100].");

    public static final ConfigOption<Double> RATE =
            key("nextclick.ranker-trainer.rate")
                    .doubleType()
                    .defaultValue(0.01)
                    .withDescription(
                            "Learning rate of vectors and networks (AdaGrad). In (0, 100].");

    public static final ConfigOption<Double> RIDGE =
            key("nextclick.ranker-trainer.ridge")
                    .doubleType()
                    .noDefaultValue()
                    .withDescription(
                            "Ridge of both. Unset: 0.001, of logistic-regression 1. In"
                                    + " [0, 1000000].");

    public static final ConfigOption<Integer> BATCH_SIZE =
            key("nextclick.ranker-trainer.batch-size")
                    .intType()
                    .defaultValue(16)
                    .withDescription("Examples of a step. In [1, 65536].");

    public static final ConfigOption<Double> NEGATIVE_RATE =
            key("nextclick.ranker-trainer.negative-rate")
                    .doubleType()
                    .defaultValue(1.0)
                    .withDescription(
                            "Share of the items that weren't clicked that is learnt from; log-odds"
                                    + " are corrected by it. In (0, 1].");

    public static final ConfigOption<Long> SEED =
            key("nextclick.ranker-trainer.seed")
                    .longType()
                    .defaultValue(1L)
                    .withDescription("Fixes the first vectors.");

    /** All of the ranker trainer's own options, in the order of this file. */
    public static final List<ConfigOption<?>> ALL =
            List.of(
                    IMPRESSIONS_TOPIC,
                    IMPRESSIONS_WINDOW,
                    IMPRESSIONS_LATENESS,
                    IMPRESSIONS_MEMORY,
                    IMPRESSIONS_REMEMBERED,
                    IMPRESSIONS_PER_SESSION,
                    GROUP_ID,
                    TRANSACTIONAL_ID_PREFIX,
                    MODELS,
                    KEPT_MODELS,
                    START_MODEL,
                    INTERVAL,
                    WINDOW,
                    LEAST_LISTS,
                    BIN_EXAMPLES,
                    RANKER,
                    FIELDS,
                    CROSSES,
                    FACTORS,
                    HIDDEN,
                    LINEAR_RATE,
                    RATE,
                    RIDGE,
                    BATCH_SIZE,
                    NEGATIVE_RATE,
                    SEED);
}
