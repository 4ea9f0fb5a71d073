package io.nextclick.jobs;

import io.nextclick.jobs.kafka.ClickRecord;
import io.nextclick.jobs.kafka.ClickRecordSerializer;
import io.nextclick.jobs.kafka.ClickTimes;
import io.nextclick.jobs.kafka.KafkaEnds;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.kafka.ReceivedClickSerializer;
import io.nextclick.jobs.kafka.SetAsideRejected;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.kafka.TopicEntrySerializer;
import io.nextclick.jobs.learn.ExampleFunction;
import io.nextclick.jobs.learn.PeerMessage;
import io.nextclick.jobs.learn.PeerMessageDecoder;
import io.nextclick.jobs.learn.PeerMessageRecords;
import io.nextclick.jobs.learn.PeerMessageSerializer;
import io.nextclick.jobs.learn.RelatedItemsOperator;
import io.nextclick.jobs.learn.TrainOperator;
import io.nextclick.jobs.learn.TrainingInput;
import io.nextclick.jobs.learn.TrainingInputSerializer;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ItemEmbedding;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.RelatedItems;
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
 * Clicks in, item vectors and query towers out: two towers that learn from the stream while it is
 * served.
 *
 * <pre>
 * clicks ─▶ Clicks from Kafka ─▶ Set aside rejected clicks ─▶ by session ─▶ Make examples ─▶ Train two towers ─▶ item-embeddings
 *                                                                                          ▲   │   ▲  ├─▶ model-releases
 * item-catalog ─▶ Catalogue from Kafka ─▶ to every trainer ────────────────────────────────┘   │   │  │
 *                                                     with several trainers only:   tower-sync ◀───┴──┘
 * </pre>
 *
 * With {@code nextclick.related.topic} item vectors also go to <em>Relate items</em> ─▶
 * related-items.
 *
 * <p>Rejected clicks are counted and left: the recommender, which reads the same topic, writes them
 * to the dead letters.
 */
public final class TwoTowerTrainerJob {

    /** The job's name on the dashboard. */
    public static final String NAME = "nextclick two-tower trainer";

    /**
     * How often a checkpoint is taken unless the configuration says otherwise: each writes the
     * whole model.
     */
    public static final Duration CHECKPOINT_INTERVAL = Duration.ofMinutes(1);

    /** Longest that an example waits in a network buffer for others: nobody waits for it. */
    private static final Duration BUFFER_TIMEOUT = Duration.ofMillis(100);

    private TwoTowerTrainerJob() {}

    /**
     * Submits the job to the cluster it is started on.
     *
     * @param arguments {@code --key value} for any of {@link TrainerOptions}, {@link JobOptions},
     *     {@code kafka.*} and Flink's own; {@code --options FILE} for a file of properties with
     *     more of them
     */
    public static void main(String[] arguments) throws Exception {
        Configuration configuration = JobArguments.read(arguments);
        TrainerConfig config = TrainerConfig.of(configuration);
        Prerequisites.of(config).require();
        StreamExecutionEnvironment environment = environment(configuration);
        define(environment, config);
        environment.execute(NAME);
    }

    /**
     * Where the job reads from and writes to.
     *
     * @param clicks a source whose splits are the partitions that event time is tracked for
     * @param catalogue null for none
     * @param embeddings item vectors and their withdrawals
     * @param releases of query towers
     * @param related lists of related items; null for none
     * @param fromPeers what trainers told each other, in one order; null for a single trainer
     * @param toPeers where they tell it; null for a single trainer
     */
    public record Ends(
            Source<ClickRecord, ?, ?> clicks,
            Source<TopicEntry<CatalogItem>, ?, ?> catalogue,
            Sink<TopicEntry<ItemEmbedding>> embeddings,
            Sink<TopicEntry<ModelRelease>> releases,
            Sink<TopicEntry<RelatedItems>> related,
            Source<PeerMessage, ?, ?> fromPeers,
            Sink<PeerMessage> toPeers) {

        /** Without lists of related items. */
        public Ends(
                Source<ClickRecord, ?, ?> clicks,
                Source<TopicEntry<CatalogItem>, ?, ?> catalogue,
                Sink<TopicEntry<ItemEmbedding>> embeddings,
                Sink<TopicEntry<ModelRelease>> releases,
                Source<PeerMessage, ?, ?> fromPeers,
                Sink<PeerMessage> toPeers) {
            this(clicks, catalogue, embeddings, releases, null, fromPeers, toPeers);
        }
    }

    /** The job between Kafka's topics. */
    public static void define(StreamExecutionEnvironment environment, TrainerConfig config) {
        String group = config.clicks().groupId();
        boolean several = config.trainers() > 1;
        define(
                environment,
                config,
                new Ends(
                        KafkaEnds.clicks(config.clicks(), config.clients()),
                        config.catalogTopic() == null
                                ? null
                                : KafkaEnds.entries(
                                        Topics.ITEM_CATALOG,
                                        config.catalogTopic(),
                                        group,
                                        config.clicks().bounded(),
                                        config.clicks().writers(),
                                        config.clients()),
                        KafkaEnds.entrySink(
                                Topics.ITEM_EMBEDDINGS,
                                config.embeddingsTopic(),
                                config.embeddingsFormat(),
                                config.clients()),
                        KafkaEnds.entrySink(
                                Topics.MODEL_RELEASES,
                                config.releasesTopic(),
                                Encoding.JSON,
                                config.clients()),
                        config.relatedTopic() == null
                                ? null
                                : KafkaEnds.entrySink(
                                        Topics.RELATED_ITEMS,
                                        config.relatedTopic(),
                                        config.relatedFormat(),
                                        config.clients()),
                        several
                                ? KafkaEnds.latest(
                                        config.syncTopic(),
                                        PeerMessageRecords.PARTITION,
                                        group,
                                        new PeerMessageDecoder(),
                                        config.clients())
                                : null,
                        several
                                ? KafkaEnds.atLeastOnce(
                                        new PeerMessageRecords(config.syncTopic()),
                                        config.clients())
                                : null));
    }

    /** The job between any sources and sinks. Connects to nothing and starts nothing. */
    public static void define(
            StreamExecutionEnvironment environment, TrainerConfig config, Ends ends) {
        DataStream<TrainingInput> input =
                environment
                        .fromSource(
                                ends.clicks(),
                                ClickTimes.watermarks(config.outOfOrderness(), config.idleness()),
                                "Clicks from Kafka",
                                ClickRecordSerializer.TYPE)
                        .uid("clicks")
                        .process(new SetAsideRejected(), ReceivedClickSerializer.TYPE)
                        .name("Set aside rejected clicks")
                        .uid("set-aside-rejected")
                        .keyBy(ReceivedClick::sessionId, Types.STRING)
                        .process(
                                new ExampleFunction(config.train().examples()),
                                TrainingInputSerializer.TYPE)
                        .name("Make examples")
                        .uid("make-examples");
        if (ends.catalogue() != null) {
            input = input.union(described(environment, ends.catalogue()).broadcast());
        }
        if (ends.fromPeers() != null) {
            input = input.union(fromPeers(environment, ends.fromPeers()).broadcast());
        }
        SingleOutputStreamOperator<TopicEntry<ItemEmbedding>> vectors =
                input.transform(
                                "Train two towers",
                                TopicEntrySerializer.ITEM_EMBEDDING,
                                new TrainOperator(config.train()))
                        .uid("train")
                        .setParallelism(config.trainers());
        vectors.sinkTo(ends.embeddings())
                .name("Item vectors to Kafka")
                .uid("embeddings")
                .setParallelism(config.trainers());
        vectors.getSideOutput(TrainOperator.RELEASES)
                .sinkTo(ends.releases())
                .name("Releases of query towers to Kafka")
                .uid("releases")
                .setParallelism(1);
        if (ends.related() != null) {
            relate(vectors, config, ends.related());
        }
        if (ends.toPeers() != null) {
            vectors.getSideOutput(TrainOperator.TO_PEERS)
                    .sinkTo(ends.toPeers())
                    .name("Changes to the other trainers")
                    .uid("to-peers")
                    .setParallelism(config.trainers());
        }
    }

    private static void relate(
            DataStream<TopicEntry<ItemEmbedding>> vectors,
            TrainerConfig config,
            Sink<TopicEntry<RelatedItems>> related) {
        // In a thread of its own, so that nobody's training waits for it.
        vectors.transform(
                        "Relate items",
                        TopicEntrySerializer.RELATED_ITEMS,
                        new RelatedItemsOperator(
                                config.relatedItems(), config.train().snapshotInterval()))
                .uid("relate-items")
                .setParallelism(1)
                .disableChaining()
                .sinkTo(related)
                .name("Related items to Kafka")
                .uid("related-items")
                .setParallelism(1);
    }

    private static DataStream<TrainingInput> described(
            StreamExecutionEnvironment environment, Source<TopicEntry<CatalogItem>, ?, ?> source) {
        return environment
                .fromSource(
                        source,
                        WatermarkStrategy.noWatermarks(),
                        "Catalogue from Kafka",
                        TopicEntrySerializer.CATALOG_ITEM)
                .uid("catalogue")
                .setParallelism(1)
                .map(TrainingInput.Described::new, TrainingInputSerializer.TYPE)
                .name("Describe items")
                .uid("describe-items")
                .setParallelism(1);
    }

    private static DataStream<TrainingInput> fromPeers(
            StreamExecutionEnvironment environment, Source<PeerMessage, ?, ?> source) {
        return environment
                .fromSource(
                        source,
                        WatermarkStrategy.noWatermarks(),
                        "Changes of the other trainers",
                        PeerMessageSerializer.TYPE)
                .uid("from-peers")
                .setParallelism(1)
                .map(TrainingInput.FromPeer::new, TrainingInputSerializer.TYPE)
                .name("Hear the other trainers")
                .uid("hear-peers")
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
