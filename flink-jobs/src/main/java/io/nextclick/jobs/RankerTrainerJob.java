package io.nextclick.jobs;

import io.nextclick.jobs.impress.ImpressionDecoder;
import io.nextclick.jobs.impress.ImpressionDecoder.Content;
import io.nextclick.jobs.impress.ImpressionJoinFunction;
import io.nextclick.jobs.impress.ImpressionRecord;
import io.nextclick.jobs.impress.ImpressionRecordSerializer;
import io.nextclick.jobs.impress.ImpressionSerializer;
import io.nextclick.jobs.impress.LabelledImpressionSerializer;
import io.nextclick.jobs.impress.RecallFactsFunction;
import io.nextclick.jobs.impress.SetAsideUnreadable;
import io.nextclick.jobs.kafka.ClickRecord;
import io.nextclick.jobs.kafka.ClickRecordSerializer;
import io.nextclick.jobs.kafka.ClickTimes;
import io.nextclick.jobs.kafka.KafkaEnds;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.kafka.ReceivedClickSerializer;
import io.nextclick.jobs.kafka.RejectedClick;
import io.nextclick.jobs.kafka.SetAsideRejected;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.kafka.TopicEntrySerializer;
import io.nextclick.jobs.ranker.RankerInput;
import io.nextclick.jobs.ranker.RankerInputSerializer;
import io.nextclick.jobs.ranker.RankerTrainOperator;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Topics;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Lists that were shown and clicks in, rankers out: what orders candidates learns from the stream
 * while it is served.
 *
 * <pre>
 * clicks ──────▶ Clicks from Kafka ──────▶ Set aside rejected clicks ─────── by session ─┐
 * impressions ─▶ Impressions from Kafka ─▶ Set aside unreadable impressions ─ by session ─┴─▶ Join impressions and clicks ─▶ Train ranker ─▶ model-releases
 *                                                    └─▶ clicks-rejected                                                        ▲
 * item-catalog ─▶ Catalogue from Kafka ─▶ Describe items ───────────────────────────────────────────────────────────────────────┘
 * </pre>
 *
 * Where no topic of impressions is named, recommendations are read as such. Where one is,
 * recommendations are read besides, so that impressions that only name theirs get its facts
 * (<em>Recall facts</em>, before the join).
 *
 * <p>Rejected clicks are counted and left: the recommender, which reads the same topic, writes them
 * to the dead letters. Impressions have no other reader, so theirs leave here.
 */
public final class RankerTrainerJob {

    /** The job's name on the dashboard. */
    public static final String NAME = "nextclick ranker trainer";

    /** How often a checkpoint is taken unless the configuration says otherwise. */
    public static final Duration CHECKPOINT_INTERVAL = Duration.ofMinutes(1);

    /** Longest that a record waits in a network buffer for others: nobody waits for it. */
    private static final Duration BUFFER_TIMEOUT = Duration.ofMillis(100);

    private RankerTrainerJob() {}

    /**
     * Submits the job to the cluster it is started on.
     *
     * @param arguments {@code --key value} for any of {@link RankerTrainerOptions}, {@link
     *     JobOptions}, {@code kafka.*} and Flink's own; {@code --options FILE} for a file of
     *     properties with more of them
     */
    public static void main(String[] arguments) throws Exception {
        Configuration configuration = JobArguments.read(arguments);
        RankerTrainerConfig config = RankerTrainerConfig.of(configuration);
        Prerequisites.of(config).require();
        StreamExecutionEnvironment environment = environment(configuration);
        define(environment, config);
        environment.execute(NAME);
    }

    /**
     * Where the job reads from and writes to.
     *
     * @param clicks a source whose splits are the partitions that event time is tracked for
     * @param impressions likewise
     * @param recommendations likewise, as impressions, for the facts of those that lack them; null
     *     for none
     * @param catalogue null for none
     * @param releases of rankers
     * @param rejected records without a usable impression
     */
    public record Ends(
            Source<ClickRecord, ?, ?> clicks,
            Source<ImpressionRecord, ?, ?> impressions,
            Source<ImpressionRecord, ?, ?> recommendations,
            Source<TopicEntry<CatalogItem>, ?, ?> catalogue,
            Sink<TopicEntry<ModelRelease>> releases,
            Sink<RejectedClick> rejected) {}

    /** The job between Kafka's topics. */
    public static void define(StreamExecutionEnvironment environment, RankerTrainerConfig config) {
        boolean published = config.impressionsTopic() != null;
        define(
                environment,
                config,
                new Ends(
                        KafkaEnds.clicks(config.clicks(), config.clients()),
                        published
                                ? shown(config, config.impressionsTopic(), Content.IMPRESSIONS)
                                : recommended(config),
                        published ? recommended(config) : null,
                        config.catalogTopic() == null
                                ? null
                                : KafkaEnds.entries(
                                        Topics.ITEM_CATALOG,
                                        config.catalogTopic(),
                                        config.clicks().groupId(),
                                        config.clicks().bounded(),
                                        config.clicks().writers(),
                                        config.clients()),
                        KafkaEnds.entrySink(
                                Topics.MODEL_RELEASES,
                                config.releasesTopic(),
                                Encoding.JSON,
                                config.clients()),
                        KafkaEnds.rejected(config.rejectedTopic(), config.clients())));
    }

    private static Source<ImpressionRecord, ?, ?> recommended(RankerTrainerConfig config) {
        return shown(config, config.recommendationsTopic(), Content.RECOMMENDATIONS);
    }

    private static Source<ImpressionRecord, ?, ?> shown(
            RankerTrainerConfig config, String topic, Content content) {
        return KafkaEnds.besideClicks(
                config.clicks(),
                topic,
                new ImpressionDecoder(
                        content, config.clicks().futureTolerance(), config.clicks().writers()),
                config.clients());
    }

    /** The job between any sources and sinks. Connects to nothing and starts nothing. */
    public static void define(
            StreamExecutionEnvironment environment, RankerTrainerConfig config, Ends ends) {
        SingleOutputStreamOperator<Impression> readable =
                environment
                        .fromSource(
                                ends.impressions(),
                                ImpressionDecoder.watermarks(
                                        config.outOfOrderness(), config.idleness()),
                                "Impressions from Kafka",
                                ImpressionRecordSerializer.TYPE)
                        .uid("impressions")
                        .process(new SetAsideUnreadable(), ImpressionSerializer.TYPE)
                        .name("Set aside unreadable impressions")
                        .uid("set-aside-unreadable");
        readable.getSideOutput(SetAsideRejected.REJECTED)
                .sinkTo(ends.rejected())
                .name("Unreadable impressions to Kafka")
                .uid("rejected");
        DataStream<Impression> impressions =
                ends.recommendations() == null
                        ? readable
                        : withFacts(environment, config, readable, ends.recommendations());
        DataStream<RankerInput> input =
                impressions
                        .keyBy(Impression::sessionId, Types.STRING)
                        .connect(
                                clicks(environment, config, ends.clicks())
                                        .keyBy(ReceivedClick::sessionId, Types.STRING))
                        .process(
                                new ImpressionJoinFunction(config.join()),
                                LabelledImpressionSerializer.TYPE)
                        .name("Join impressions and clicks")
                        .uid("join-impressions")
                        .map(RankerInput.Labelled::new, RankerInputSerializer.TYPE)
                        .name("Give lists")
                        .uid("give-lists");
        if (ends.catalogue() != null) {
            input = input.union(described(environment, ends.catalogue()));
        }
        input.transform(
                        "Train ranker",
                        TopicEntrySerializer.MODEL_RELEASE,
                        new RankerTrainOperator(config.train()))
                .uid("train-ranker")
                .setParallelism(1)
                .sinkTo(ends.releases())
                .name("Releases of rankers to Kafka")
                .uid("releases")
                .setParallelism(1);
    }

    private static DataStream<Impression> withFacts(
            StreamExecutionEnvironment environment,
            RankerTrainerConfig config,
            DataStream<Impression> impressions,
            Source<ImpressionRecord, ?, ?> recommendations) {
        // Rejects are our own writing: counted, and left where they stand.
        DataStream<Impression> recommended =
                environment
                        .fromSource(
                                recommendations,
                                ImpressionDecoder.watermarks(
                                        config.outOfOrderness(), config.idleness()),
                                "Recommendations from Kafka",
                                ImpressionRecordSerializer.TYPE)
                        .uid("recommendations")
                        .process(new SetAsideUnreadable(), ImpressionSerializer.TYPE)
                        .name("Set aside unreadable recommendations")
                        .uid("set-aside-unreadable-recommendations");
        return impressions
                .keyBy(Impression::sessionId, Types.STRING)
                .connect(recommended.keyBy(Impression::sessionId, Types.STRING))
                .process(
                        new RecallFactsFunction(
                                config.join().memory(), config.join().mostPerSession()),
                        ImpressionSerializer.TYPE)
                .name("Recall facts")
                .uid("recall-facts");
    }

    private static DataStream<ReceivedClick> clicks(
            StreamExecutionEnvironment environment,
            RankerTrainerConfig config,
            Source<ClickRecord, ?, ?> source) {
        return environment
                .fromSource(
                        source,
                        ClickTimes.watermarks(config.outOfOrderness(), config.idleness()),
                        "Clicks from Kafka",
                        ClickRecordSerializer.TYPE)
                .uid("clicks")
                .process(new SetAsideRejected(), ReceivedClickSerializer.TYPE)
                .name("Set aside rejected clicks")
                .uid("set-aside-rejected");
    }

    private static DataStream<RankerInput> described(
            StreamExecutionEnvironment environment, Source<TopicEntry<CatalogItem>, ?, ?> source) {
        return environment
                .fromSource(
                        source,
                        WatermarkStrategy.noWatermarks(),
                        "Catalogue from Kafka",
                        TopicEntrySerializer.CATALOG_ITEM)
                .uid("catalogue")
                .setParallelism(1)
                .map(RankerInput.Described::new, RankerInputSerializer.TYPE)
                .name("Describe items")
                .uid("describe-items")
                .setParallelism(1);
    }

    /**
     * An environment with the settings that this job's speed and safety rest on, where neither the
     * cluster nor {@code configuration} has others.
     *
     * @param configuration Flink's options, {@code nextclick.*} and {@code kafka.*} together
     */
    public static StreamExecutionEnvironment environment(Configuration configuration) {
        return SessionRecommenderJob.environment(
                configuration, CHECKPOINT_INTERVAL, BUFFER_TIMEOUT);
    }
}
