package io.nextclick.jobs;

import static org.apache.flink.configuration.ConfigOptions.key;

import io.nextclick.models.device.DeviceChoice;
import io.nextclick.schemas.Encoding;
import java.time.Duration;
import java.util.List;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.MemorySize;

/**
 * Every option of the recommender's job. Flink's own options stand beside them unchanged, and
 * {@code kafka.*} goes to the Kafka clients ({@code kafka.consumer.*} and {@code kafka.producer.*}
 * to one side only). {@link RecommenderConfig} checks the values.
 */
public final class JobOptions {

    /** What all of our own keys begin with. */
    public static final String PREFIX = "nextclick.";

    /** What is passed through to the Kafka clients begins with this. */
    public static final String KAFKA_PREFIX = "kafka.";

    private JobOptions() {}

    /** Where reading begins when no savepoint says so. */
    public enum StartOffsets {
        /** The oldest record there is. */
        EARLIEST,
        /** Only what arrives after the start. */
        LATEST,
        /** Where the consumer group left off; the oldest record where it never was. */
        COMMITTED
    }

    /** What a failure may do to the output. */
    public enum Guarantee {
        /** Some records are written twice, under the same id. */
        AT_LEAST_ONCE("at-least-once"),
        /** Kafka transactions: readers of committed records wait for a checkpoint. */
        EXACTLY_ONCE("exactly-once");

        private final String value;

        Guarantee(String value) {
            this.value = value;
        }

        /** As it is written in a configuration. */
        @Override
        public String toString() {
            return value;
        }
    }

    public static final ConfigOption<String> CLICKS_TOPIC =
            key("nextclick.clicks.topic")
                    .stringType()
                    .defaultValue("clicks")
                    .withDescription("Topic that clicks are read from.");

    public static final ConfigOption<String> CLICKS_GROUP_ID =
            key("nextclick.clicks.group-id")
                    .stringType()
                    .defaultValue("nextclick")
                    .withDescription(
                            "Consumer group under which read offsets are published at checkpoints.");

    public static final ConfigOption<StartOffsets> CLICKS_START =
            key("nextclick.clicks.start")
                    .enumType(StartOffsets.class)
                    .defaultValue(StartOffsets.COMMITTED)
                    .withDescription(
                            "Where reading begins without a savepoint: earliest, latest or"
                                    + " committed (earliest where the group committed nothing).");

    public static final ConfigOption<Boolean> CLICKS_BOUNDED =
            key("nextclick.clicks.bounded")
                    .booleanType()
                    .defaultValue(false)
                    .withDescription(
                            "Stop at the offsets that are the latest when the job starts.");

    public static final ConfigOption<MemorySize> CLICKS_MAX_RECORD_SIZE =
            key("nextclick.clicks.max-record-size")
                    .memoryType()
                    .defaultValue(MemorySize.ofMebiBytes(1))
                    .withDescription("A longer click is rejected unread. In [64 b, 64 mb].");

    public static final ConfigOption<String> CLICKS_MAPPING =
            key("nextclick.clicks.mapping")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Where a foreign JSON event holds a click's fields: one JSON pointer"
                                    + " per field, as session_id=/visit/id,item_id=/product/sku,"
                                    + "event_time=/at,time_format=epoch-seconds. Unset: clicks are"
                                    + " in our own formats.");

    public static final ConfigOption<Duration> CLICKS_FUTURE_TOLERANCE =
            key("nextclick.clicks.future-tolerance")
                    .durationType()
                    .defaultValue(Duration.ofDays(1))
                    .withDescription(
                            "A click whose event time is later than its Kafka timestamp by more"
                                    + " than this is rejected: a single one would end every live"
                                    + " session. 0 turns the check off.");

    public static final ConfigOption<Duration> CLICKS_OUT_OF_ORDERNESS =
            key("nextclick.clicks.out-of-orderness")
                    .durationType()
                    .defaultValue(Duration.ofSeconds(5))
                    .withDescription(
                            "How far event times may run backwards within a partition before a"
                                    + " click counts as late.");

    public static final ConfigOption<Duration> CLICKS_IDLENESS =
            key("nextclick.clicks.idleness")
                    .durationType()
                    .defaultValue(Duration.ofSeconds(10))
                    .withDescription(
                            "A partition silent for this long no longer holds back event time. 0:"
                                    + " every partition is always waited for.");

    public static final ConfigOption<List<String>> CONTEXT_ATTRIBUTES =
            key("nextclick.context.attributes")
                    .stringType()
                    .asList()
                    .defaultValues()
                    .withDescription(
                            "Names of the attributes of a click that models may read, separated by"
                                    + " semicolons, as device;country. The jobs drop all others"
                                    + " where clicks are read.");

    public static final ConfigOption<String> SCHEMAS_PATH =
            key("nextclick.schemas.path")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Folder of Avro schemas (*.avsc) of writers that this version doesn't"
                                    + " know: those of a later version, or a publisher's own with"
                                    + " fields added. Read when the job is submitted, from any file"
                                    + " system Flink can read. This version's own and those before"
                                    + " it are always known.");

    public static final ConfigOption<String> CATALOG_TOPIC =
            key("nextclick.catalog.topic")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Topic of the item catalogue. Unset: both jobs do without one.");

    public static final ConfigOption<String> EMBEDDINGS_TOPIC =
            key("nextclick.embeddings.topic")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Topic of the items' live vectors. Unset: the recommender does without,"
                                    + " the trainer writes to item-embeddings.");

    public static final ConfigOption<String> RELEASES_TOPIC =
            key("nextclick.releases.topic")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Topic of released models. Unset: the recommender stays with the model"
                                    + " it was started with, the trainer writes to"
                                    + " model-releases.");

    public static final ConfigOption<String> RELEASES_NAME =
            key("nextclick.releases.name")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "The name whose releases the recommender follows. Unset: the name of"
                                    + " the model at nextclick.model.path; without one, that of the"
                                    + " first release of a model that answers clicks.");

    public static final ConfigOption<Double> RELEASES_SAMPLED_SESSIONS =
            key("nextclick.releases.sampled-sessions")
                    .doubleType()
                    .defaultValue(0.1)
                    .withDescription(
                            "Share of the sessions on whose clicks a release is tried out. In [0,"
                                    + " 1].");

    public static final ConfigOption<Integer> RELEASES_TRIAL_CLICKS =
            key("nextclick.releases.trial-clicks")
                    .intType()
                    .defaultValue(500)
                    .withDescription(
                            "On how many of the latest of these clicks a release is tried out. In"
                                    + " [1, 100000].");

    public static final ConfigOption<Duration> RELEASES_TRIAL_TIMEOUT =
            key("nextclick.releases.trial-timeout")
                    .durationType()
                    .defaultValue(Duration.ofMinutes(1))
                    .withDescription(
                            "Longest that a release waits for so many clicks; then those there are"
                                    + " have to do, none if none came.");

    public static final ConfigOption<Double> RELEASES_KNOWN_ITEMS =
            key("nextclick.releases.known-items")
                    .doubleType()
                    .defaultValue(0.5)
                    .withDescription(
                            "A release that knows the items of less than this share of these clicks"
                                    + " is refused. In [0, 1].");

    public static final ConfigOption<Double> RELEASES_QUALITY_FLOOR =
            key("nextclick.releases.quality-floor")
                    .doubleType()
                    .defaultValue(0.8)
                    .withDescription(
                            "A release whose recall@20 on these clicks is below this share of that"
                                    + " of the model in force, by more than chance explains, is"
                                    + " refused. In [0, 1]; 0 lets any pass.");

    public static final ConfigOption<String> EXPERIMENTS_TOPIC =
            key("nextclick.experiments.topic")
                    .stringType()
                    .noDefaultValue()
                    .withDescription(
                            "Topic of the experiments that the recommender answers by, and that it"
                                    + " writes to when a guard stops one. Unset: it takes part in"
                                    + " none.");

    public static final ConfigOption<String> EXPERIMENTS_OUTCOMES_TOPIC =
            key("nextclick.experiments.outcomes-topic")
                    .stringType()
                    .defaultValue("experiment-outcomes")
                    .withDescription(
                            "With experiments: topic that is told what each session came to.");

    public static final ConfigOption<String> RECOMMENDATIONS_TOPIC =
            key("nextclick.recommendations.topic")
                    .stringType()
                    .defaultValue("recommendations")
                    .withDescription("Topic that recommendations are written to.");

    public static final ConfigOption<Encoding> RECOMMENDATIONS_FORMAT =
            key("nextclick.recommendations.format")
                    .enumType(Encoding.class)
                    .defaultValue(Encoding.JSON)
                    .withDescription("How recommendations are written: json or avro.");

    public static final ConfigOption<Integer> RECOMMENDATIONS_COUNT =
            key("nextclick.recommendations.count")
                    .intType()
                    .defaultValue(20)
                    .withDescription("Items in a recommendation. In [1, 256].");

    public static final ConfigOption<Boolean> RECOMMENDATIONS_EXCLUDE_SEEN =
            key("nextclick.recommendations.exclude-seen")
                    .booleanType()
                    .defaultValue(false)
                    .withDescription("Leave out the items that the session remembers clicking.");

    public static final ConfigOption<Integer> BLEND_CANDIDATES =
            key("nextclick.blend.candidates")
                    .intType()
                    .defaultValue(50)
                    .withDescription(
                            "Where items are blended or left out: how many items the session model"
                                    + " and the query tower propose for a click each, unless"
                                    + " nextclick.candidates says otherwise; at least as many as a"
                                    + " recommendation has. In [1, 1000].");

    public static final ConfigOption<Integer> CANDIDATES_MODEL =
            key("nextclick.candidates.model")
                    .intType()
                    .noDefaultValue()
                    .withDescription(
                            "How many items the session model proposes for a click where other"
                                    + " sources do, too; at least as many as a recommendation has."
                                    + " In [1, 1000]. Unset: nextclick.blend.candidates.");

    public static final ConfigOption<Integer> CANDIDATES_TWO_TOWER =
            key("nextclick.candidates.two-tower")
                    .intType()
                    .noDefaultValue()
                    .withDescription(
                            "How many items the query tower proposes for a click, where live"
                                    + " vectors are read; at least as many as a recommendation has."
                                    + " In [1, 1000]. Unset: nextclick.blend.candidates.");

    public static final ConfigOption<Integer> CANDIDATES_CO_VISITATION =
            key("nextclick.candidates.co-visitation")
                    .intType()
                    .defaultValue(0)
                    .withDescription(
                            "How many items are proposed for a click that are visited together with"
                                    + " the session's last three, by the table in the session"
                                    + " model's folder. In [0, 1000]. 0: none.");

    public static final ConfigOption<Integer> CANDIDATES_TRENDING =
            key("nextclick.candidates.trending")
                    .intType()
                    .defaultValue(0)
                    .withDescription(
                            "How many items are proposed for a click that are clicked most now. In"
                                    + " [0, 1000]. 0: none.");

    public static final ConfigOption<Integer> CANDIDATES_TRENDING_CATEGORY =
            key("nextclick.candidates.trending-category")
                    .intType()
                    .defaultValue(0)
                    .withDescription(
                            "How many items are proposed for a click that are clicked most now in"
                                    + " the categories of the session's last five; needs a"
                                    + " catalogue. In [0, 1000]. 0: none.");

    public static final ConfigOption<Duration> TRENDING_HALF_LIFE =
            key("nextclick.trending.half-life")
                    .durationType()
                    .defaultValue(Duration.ofHours(1))
                    .withDescription(
                            "After how long a click counts half for what is clicked now. At least"
                                    + " 1 s.");

    public static final ConfigOption<Integer> TRENDING_ITEMS =
            key("nextclick.trending.items")
                    .intType()
                    .defaultValue(10_000)
                    .withDescription(
                            "How many items are counted for what is clicked now; those with the"
                                    + " least counts are forgotten. In [100, 1000000].");

    public static final ConfigOption<Double> BLEND_TOWER_WEIGHT =
            key("nextclick.blend.tower-weight")
                    .doubleType()
                    .defaultValue(0.5)
                    .withDescription(
                            "Share of the query tower in the blend with the session model; where"
                                    + " weights are learnt, to begin with. In [0, 1].");

    public static final ConfigOption<Boolean> BLEND_LEARN_WEIGHTS =
            key("nextclick.blend.learn-weights")
                    .booleanType()
                    .defaultValue(true)
                    .withDescription(
                            "Whether the weights of the blend are learnt from the clicks that"
                                    + " follow, apart for sessions whose last item the session"
                                    + " model doesn't know.");

    public static final ConfigOption<Integer> BLEND_WINDOW =
            key("nextclick.blend.window")
                    .intType()
                    .defaultValue(2_000)
                    .withDescription(
                            "Over how many clicks of a subtask learnt weights look back, about. In"
                                    + " [50, 1000000].");

    public static final ConfigOption<Duration> LIVE_ITEMS_START_TIMEOUT =
            key("nextclick.live-items.start-timeout")
                    .durationType()
                    .defaultValue(Duration.ofSeconds(30))
                    .withDescription(
                            "How long a starting task waits until item vectors and the catalogue"
                                    + " have been read, before it answers with what there is. In"
                                    + " [0 ms, 1 h].");

    public static final ConfigOption<Boolean> CATALOG_REQUIRED =
            key("nextclick.catalog.required")
                    .booleanType()
                    .defaultValue(false)
                    .withDescription(
                            "Whether items without an entry in the catalogue are left out, like"
                                    + " those that are unavailable, withdrawn or blocked (attribute"
                                    + " blocked=true).");

    public static final ConfigOption<Boolean> RANKING_ENABLED =
            key("nextclick.ranking.enabled")
                    .booleanType()
                    .defaultValue(false)
                    .withDescription(
                            "Whether the ranker released last (kind ranker, in"
                                    + " nextclick.releases.topic) puts candidates in order. Until"
                                    + " there is one, and where it fails, they stay in the order of"
                                    + " the blend.");

    public static final ConfigOption<Duration> RANKING_BUDGET =
            key("nextclick.ranking.budget")
                    .durationType()
                    .defaultValue(Duration.ofMillis(10))
                    .withDescription(
                            "Longest that the clicks of a bundle are ranked for; those that there"
                                    + " is no time left for stay in the order of the blend, with"
                                    + " fallback unranked. In [1 ms, 1 min].");

    public static final ConfigOption<Duration> RANKING_OVERRUN_BUDGET =
            key("nextclick.ranking.overrun-budget")
                    .durationType()
                    .defaultValue(Duration.ZERO)
                    .withDescription(
                            "A click that ranking would make older than this, by its Kafka"
                                    + " timestamp, stays in the order of the blend, so that the job"
                                    + " catches up. 0: however old it is.");

    public static final ConfigOption<Boolean> RANKING_LOGS_FACTS =
            key("nextclick.ranking.logs-facts")
                    .booleanType()
                    .defaultValue(false)
                    .withDescription(
                            "With nextclick.ranking.enabled: whether recommendations carry what a"
                                    + " ranker reads of their items (sources, blend, popularity,"
                                    + " age), for one to learn from.");

    public static final ConfigOption<Integer> RERANK_MOST_PER_CATEGORY =
            key("nextclick.rerank.most-per-category")
                    .intType()
                    .defaultValue(0)
                    .withDescription(
                            "Most items of one category, the narrowest that the catalogue names, in"
                                    + " a recommendation. In [0, 256]. 0: any number.");

    public static final ConfigOption<Double> RERANK_RELEVANCE =
            key("nextclick.rerank.relevance")
                    .doubleType()
                    .defaultValue(1.0)
                    .withDescription(
                            "Weight of relevance against variety (maximal marginal relevance over"
                                    + " live vectors) when a list is put in order. In [0.01, 1]. 1:"
                                    + " relevance alone.");

    public static final ConfigOption<String> REJECTED_TOPIC =
            key("nextclick.rejected.topic")
                    .stringType()
                    .defaultValue("clicks-rejected")
                    .withDescription(
                            "Topic that records without a usable click are written to, byte for"
                                    + " byte.");

    public static final ConfigOption<String> MODEL_PATH =
            key("nextclick.model.path")
                    .stringType()
                    .noDefaultValue()
                    .withDescription("Folder of the model, on any file system Flink can read.");

    public static final ConfigOption<Boolean> MODEL_REQUIRED =
            key("nextclick.model.required")
                    .booleanType()
                    .defaultValue(true)
                    .withDescription(
                            "Whether the job fails without a model. If false, the items most"
                                    + " clicked so far are recommended until there is one.");

    public static final ConfigOption<DeviceChoice> DEVICE =
            key("nextclick.device")
                    .enumType(DeviceChoice.class)
                    .defaultValue(DeviceChoice.AUTO)
                    .withDescription(
                            "What models compute on: auto takes a GPU where PyTorch sees one,"
                                    + " otherwise the CPU; cpu; gpu fails without one. GPUs are"
                                    + " dealt out to the subtasks of a task manager in turn.");

    public static final ConfigOption<Duration> SESSION_INACTIVITY_GAP =
            key("nextclick.session.inactivity-gap")
                    .durationType()
                    .noDefaultValue()
                    .withDescription(
                            "A click later than this after its session's last begins a new one; 0:"
                                    + " the session id alone decides. Unset: as the model was"
                                    + " trained; without a model 30 min.");

    public static final ConfigOption<Integer> SESSION_MAXIMUM_LENGTH =
            key("nextclick.session.maximum-length")
                    .intType()
                    .noDefaultValue()
                    .withDescription(
                            "How many of its last items a session remembers. In [1, 10000]. Unset:"
                                    + " as the model was trained; without a model 50.");

    public static final ConfigOption<Boolean> SESSION_COLLAPSE_REPEATS =
            key("nextclick.session.collapse-repeats")
                    .booleanType()
                    .noDefaultValue()
                    .withDescription(
                            "Whether a click on the item just clicked leaves the session as it is."
                                    + " Unset: as the model was trained; without a model true.");

    public static final ConfigOption<Duration> SESSION_RETENTION =
            key("nextclick.session.retention")
                    .durationType()
                    .defaultValue(Duration.ofDays(7))
                    .withDescription(
                            "With an inactivity gap of 0: how long, in event time, a silent"
                                    + " session's state is kept. At least 1 s.");

    public static final ConfigOption<Integer> SESSION_REMEMBERED_EVENT_IDS =
            key("nextclick.session.remembered-event-ids")
                    .intType()
                    .defaultValue(32)
                    .withDescription(
                            "How many of its last event ids a session remembers, to ignore"
                                    + " repeated ones (8 bytes of state each). In [0, 10000].");

    public static final ConfigOption<MemorySize> SESSION_HOT_MEMORY =
            key("nextclick.session.hot-memory")
                    .memoryType()
                    .defaultValue(MemorySize.ofMebiBytes(128))
                    .withDescription(
                            "Heap per subtask for the sessions that clicked last, which are written"
                                    + " to RocksDB when room is needed and before a checkpoint; at"
                                    + " most an eighth of the heap is taken. In [0, 16 gb]. 0: every"
                                    + " click is written at once.");

    public static final ConfigOption<Integer> BUNDLE_SIZE =
            key("nextclick.bundle.size")
                    .intType()
                    .defaultValue(256)
                    .withDescription("Most clicks that are answered in one batch. In [1, 10000].");

    public static final ConfigOption<Duration> BUNDLE_TIMEOUT =
            key("nextclick.bundle.timeout")
                    .durationType()
                    .defaultValue(Duration.ofMillis(4))
                    .withDescription(
                            "Longest a click waits for others to join its bundle, in [0 ms, 1 min]."
                                    + " 0: a bundle is answered as soon as no click is waiting.");

    public static final ConfigOption<Duration> OVERRUN_BUDGET =
            key("nextclick.overrun.budget")
                    .durationType()
                    .defaultValue(Duration.ZERO)
                    .withDescription(
                            "A click that is older than this, by its Kafka timestamp, when its"
                                    + " bundle is answered gets the fallback instead of the"
                                    + " model's ranking, so that the job catches up. 0: never.");

    public static final ConfigOption<Integer> LIVE_POPULARITY_SIZE =
            key("nextclick.live-popularity.size")
                    .intType()
                    .defaultValue(10_000)
                    .withDescription(
                            "Without a model: how many items are counted, in each subtask. In"
                                    + " [1000, 1000000].");

    public static final ConfigOption<Integer> LIVE_QUALITY_WINDOW =
            key("nextclick.live-quality.window")
                    .intType()
                    .defaultValue(10_000)
                    .withDescription(
                            "Over how many of the last labelled lists of a subtask the recall and"
                                    + " MRR gauges look back. In [1, 1000000].");

    public static final ConfigOption<Guarantee> DELIVERY_GUARANTEE =
            key("nextclick.delivery.guarantee")
                    .enumType(Guarantee.class)
                    .defaultValue(Guarantee.AT_LEAST_ONCE)
                    .withDescription(
                            "at-least-once: an answer may be written again, under the same id,"
                                    + " after a failure. exactly-once: Kafka transactions, so that"
                                    + " readers of committed records wait for a checkpoint.");

    public static final ConfigOption<String> TRANSACTIONAL_ID_PREFIX =
            key("nextclick.delivery.transactional-id-prefix")
                    .stringType()
                    .defaultValue("nextclick")
                    .withDescription(
                            "With exactly-once: what the transactions' ids begin with. Must differ"
                                    + " between jobs that write to one cluster.");

    public static final ConfigOption<Duration> RESTART_ALLOWANCE =
            key("nextclick.delivery.restart-allowance")
                    .durationType()
                    .defaultValue(Duration.ofMinutes(2))
                    .withDescription(
                            "With exactly-once: the longest a restart is expected to take. The"
                                    + " transactions' timeout must exceed a checkpoint's interval"
                                    + " and timeout and this, or a restored job loses records.");

    /** All of our own options, in the order of this file. */
    public static final List<ConfigOption<?>> ALL =
            List.of(
                    CLICKS_TOPIC,
                    CLICKS_GROUP_ID,
                    CLICKS_START,
                    CLICKS_BOUNDED,
                    CLICKS_MAX_RECORD_SIZE,
                    CLICKS_MAPPING,
                    CLICKS_FUTURE_TOLERANCE,
                    CLICKS_OUT_OF_ORDERNESS,
                    CLICKS_IDLENESS,
                    CONTEXT_ATTRIBUTES,
                    SCHEMAS_PATH,
                    CATALOG_TOPIC,
                    EMBEDDINGS_TOPIC,
                    RELEASES_TOPIC,
                    RELEASES_NAME,
                    RELEASES_SAMPLED_SESSIONS,
                    RELEASES_TRIAL_CLICKS,
                    RELEASES_TRIAL_TIMEOUT,
                    RELEASES_KNOWN_ITEMS,
                    RELEASES_QUALITY_FLOOR,
                    EXPERIMENTS_TOPIC,
                    EXPERIMENTS_OUTCOMES_TOPIC,
                    RECOMMENDATIONS_TOPIC,
                    RECOMMENDATIONS_FORMAT,
                    RECOMMENDATIONS_COUNT,
                    RECOMMENDATIONS_EXCLUDE_SEEN,
                    BLEND_CANDIDATES,
                    CANDIDATES_MODEL,
                    CANDIDATES_TWO_TOWER,
                    CANDIDATES_CO_VISITATION,
                    CANDIDATES_TRENDING,
                    CANDIDATES_TRENDING_CATEGORY,
                    TRENDING_HALF_LIFE,
                    TRENDING_ITEMS,
                    BLEND_TOWER_WEIGHT,
                    BLEND_LEARN_WEIGHTS,
                    BLEND_WINDOW,
                    LIVE_ITEMS_START_TIMEOUT,
                    CATALOG_REQUIRED,
                    RANKING_ENABLED,
                    RANKING_BUDGET,
                    RANKING_OVERRUN_BUDGET,
                    RANKING_LOGS_FACTS,
                    RERANK_MOST_PER_CATEGORY,
                    RERANK_RELEVANCE,
                    REJECTED_TOPIC,
                    MODEL_PATH,
                    MODEL_REQUIRED,
                    DEVICE,
                    SESSION_INACTIVITY_GAP,
                    SESSION_MAXIMUM_LENGTH,
                    SESSION_COLLAPSE_REPEATS,
                    SESSION_RETENTION,
                    SESSION_REMEMBERED_EVENT_IDS,
                    SESSION_HOT_MEMORY,
                    BUNDLE_SIZE,
                    BUNDLE_TIMEOUT,
                    OVERRUN_BUDGET,
                    LIVE_POPULARITY_SIZE,
                    LIVE_QUALITY_WINDOW,
                    DELIVERY_GUARANTEE,
                    TRANSACTIONAL_ID_PREFIX,
                    RESTART_ALLOWANCE);
}
