package io.nextclick.jobs;

import io.nextclick.jobs.experiment.ExperimentGuardFunction;
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
import io.nextclick.jobs.model.ApprovedRelease;
import io.nextclick.jobs.model.ApprovedReleaseSerializer;
import io.nextclick.jobs.model.FileSystemModels;
import io.nextclick.jobs.model.ModelLoader;
import io.nextclick.jobs.recommend.Bulletin;
import io.nextclick.jobs.recommend.BulletinSerializer;
import io.nextclick.jobs.recommend.CandidateSettings;
import io.nextclick.jobs.recommend.RecommendOperator;
import io.nextclick.jobs.recommend.RecommendationSerializer;
import io.nextclick.jobs.release.ReleaseGateOperator;
import io.nextclick.jobs.release.SampledSessions;
import io.nextclick.jobs.trending.CountClicksOperator;
import io.nextclick.jobs.trending.TrendingCountsSerializer;
import io.nextclick.jobs.trending.TrendingItemsOperator;
import io.nextclick.jobs.trending.TrendingSettings;
import io.nextclick.models.ranking.TrendingCounts;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.state.rocksdb.RocksDBConfigurableOptions;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.rocksdb.CompressionType;

/**
 * Clicks in, recommendations out.
 *
 * <pre>
 * clicks ─▶ Clicks from Kafka ─▶ Set aside rejected clicks ─▶ by session ─▶ Recommend next items ─▶ recommendations
 *                                          └─▶ clicks-rejected
 * </pre>
 *
 * "Recommend next items" has a second input, which goes to every subtask, with a topic of released
 * models:
 *
 * <pre>
 * model-releases ─▶ Released models from Kafka ─▶ Examine releases ─▶ Announce releases
 *                            Sampled sessions ───────┘
 * </pre>
 *
 * and where trending items are proposed:
 *
 * <pre>
 * Set aside rejected clicks ─▶ Count clicks by item ─▶ Trending items ─▶ Announce what is trending
 * </pre>
 *
 * and with a topic of experiments:
 *
 * <pre>
 * experiments ─▶ Experiments from Kafka ─▶ Announce experiments
 *                            └─▶ by name ─▶ Guard experiments ─▶ experiments
 * Recommend next items ─▶ outcomes ─▶ by experiment ─┘
 *                             └─▶ experiment-outcomes
 * </pre>
 */
public final class SessionRecommenderJob {

    /** The job's name on the dashboard. */
    public static final String NAME = "nextclick session recommender";

    private static final String RECOMMEND = "Recommend next items";

    /** How often a checkpoint is taken unless the configuration says otherwise. */
    public static final Duration CHECKPOINT_INTERVAL = Duration.ofSeconds(10);

    /**
     * Longest that a click waits in a network buffer for others. Flink's default of 100 ms suits
     * throughput; the bundles gather clicks anyway.
     */
    private static final Duration BUFFER_TIMEOUT = Duration.ofMillis(2);

    /** RocksDB's seven levels, the newest first. */
    private static final List<CompressionType> COMPRESSION_PER_LEVEL =
            List.of(
                    CompressionType.NO_COMPRESSION,
                    CompressionType.NO_COMPRESSION,
                    CompressionType.SNAPPY_COMPRESSION,
                    CompressionType.SNAPPY_COMPRESSION,
                    CompressionType.SNAPPY_COMPRESSION,
                    CompressionType.SNAPPY_COMPRESSION,
                    CompressionType.SNAPPY_COMPRESSION);

    private SessionRecommenderJob() {}

    /**
     * Submits the job to the cluster it is started on.
     *
     * @param arguments {@code --key value} for any of {@link JobOptions}, {@code kafka.*} and
     *     Flink's own; {@code --options FILE} for a file of properties with more of them
     */
    public static void main(String[] arguments) throws Exception {
        Configuration configuration = JobArguments.read(arguments);
        RecommenderConfig config = RecommenderConfig.of(configuration);
        Prerequisites.of(config).require();
        StreamExecutionEnvironment environment = environment(configuration);
        define(environment, config);
        environment.execute(NAME);
    }

    /** The job between Kafka's topics, with models from the file systems that Flink knows. */
    public static void define(StreamExecutionEnvironment environment, RecommenderConfig config) {
        define(
                environment,
                config,
                KafkaEnds.clicks(config.kafka()),
                KafkaEnds.recommendations(config.kafka()),
                KafkaEnds.rejected(config.kafka()),
                config.releases() == null ? null : releases(config),
                ExperimentEnds.of(config),
                new FileSystemModels(config.device()));
    }

    /**
     * The job between any source and sinks. Connects to nothing and starts nothing.
     *
     * @param clicks a source whose splits are the partitions that event time is tracked for
     * @param releases released models; null where the configuration follows none
     * @param experiments experiments; null where the configuration follows none
     * @param models where models come from
     */
    public static void define(
            StreamExecutionEnvironment environment,
            RecommenderConfig config,
            Source<ClickRecord, ?, ?> clicks,
            Sink<Recommendation> recommendations,
            Sink<RejectedClick> rejected,
            Source<TopicEntry<ModelRelease>, ?, ?> releases,
            ExperimentEnds experiments,
            ModelLoader models) {
        SingleOutputStreamOperator<ReceivedClick> accepted =
                environment
                        .fromSource(
                                clicks,
                                ClickTimes.watermarks(config.outOfOrderness(), config.idleness()),
                                "Clicks from Kafka",
                                ClickRecordSerializer.TYPE)
                        .uid("clicks")
                        .process(new SetAsideRejected(), ReceivedClickSerializer.TYPE)
                        .name("Set aside rejected clicks")
                        .uid("set-aside-rejected");

        accepted.getSideOutput(SetAsideRejected.REJECTED)
                .sinkTo(rejected)
                .name("Rejected clicks to Kafka")
                .uid("rejected");

        KeyedStream<ReceivedClick, String> bySession =
                accepted.keyBy(ReceivedClick::sessionId, Types.STRING);
        RecommendOperator recommend = new RecommendOperator(config.recommend(), models);
        List<DataStream<Bulletin>> bulletins = new ArrayList<>();
        if (releases != null) {
            bulletins.add(
                    approved(environment, config, accepted, releases, models)
                            .map(Bulletin.Released::new, BulletinSerializer.TYPE)
                            .name("Announce releases")
                            .uid("announce-releases")
                            .setParallelism(1));
        }
        CandidateSettings candidates = config.recommend().candidates();
        if (candidates != null && candidates.trending() != null) {
            bulletins.add(
                    trending(candidates.trending(), accepted)
                            .map(Bulletin.Trending::new, BulletinSerializer.TYPE)
                            .name("Announce what is trending")
                            .uid("announce-trending")
                            .setParallelism(1));
        }
        DataStream<TopicEntry<Experiment>> experimenting = null;
        if (experiments != null) {
            experimenting = experiments(environment, experiments);
            bulletins.add(
                    experimenting
                            .map(Bulletin.Experimenting::new, BulletinSerializer.TYPE)
                            .name("Announce experiments")
                            .uid("announce-experiments")
                            .setParallelism(1));
        }
        if (releases != null && experiments != null) {
            bulletins.add(offered(environment, releases));
        }
        SingleOutputStreamOperator<Recommendation> answers =
                bulletins.stream()
                        .reduce(DataStream::union)
                        .map(
                                told ->
                                        bySession
                                                .connect(told.broadcast())
                                                .transform(
                                                        RECOMMEND,
                                                        RecommendationSerializer.TYPE,
                                                        recommend))
                        .orElseGet(
                                () ->
                                        bySession.transform(
                                                RECOMMEND,
                                                RecommendationSerializer.TYPE,
                                                recommend));
        answers.uid("recommend")
                .sinkTo(recommendations)
                .name("Recommendations to Kafka")
                .uid("recommendations");
        if (experiments != null) {
            follow(answers.getSideOutput(RecommendOperator.OUTCOMES), experimenting, experiments);
        }
    }

    private static DataStream<TopicEntry<Experiment>> experiments(
            StreamExecutionEnvironment environment, ExperimentEnds experiments) {
        return environment
                .fromSource(
                        experiments.experiments(),
                        WatermarkStrategy.noWatermarks(),
                        "Experiments from Kafka",
                        TopicEntrySerializer.EXPERIMENT)
                .uid("experiments")
                .setParallelism(1);
    }

    /** What experiments come to goes out, and ends those whose guard it alarms. */
    private static void follow(
            DataStream<ExperimentOutcome> outcomes,
            DataStream<TopicEntry<Experiment>> experiments,
            ExperimentEnds ends) {
        outcomes.sinkTo(ends.outcomes())
                .name("Experiment outcomes to Kafka")
                .uid("experiment-outcomes");
        // An experiment is one key, and there are few of them.
        outcomes.keyBy(ExperimentOutcome::experiment, Types.STRING)
                .connect(experiments.keyBy(TopicEntry::key, Types.STRING))
                .process(new ExperimentGuardFunction(), TopicEntrySerializer.EXPERIMENT)
                .name("Guard experiments")
                .uid("guard-experiments")
                .setParallelism(1)
                .sinkTo(ends.changes())
                .name("Stopped experiments to Kafka")
                .uid("experiment-changes")
                .setParallelism(1);
    }

    /** What is clicked now. One subtask counts, so that all that answer are told the same. */
    private static SingleOutputStreamOperator<TrendingCounts> trending(
            TrendingSettings settings, SingleOutputStreamOperator<ReceivedClick> clicks) {
        return clicks.transform(
                        "Count clicks by item",
                        TrendingCountsSerializer.TYPE,
                        new CountClicksOperator(settings))
                .uid("count-clicks")
                .transform(
                        "Trending items",
                        TrendingCountsSerializer.TYPE,
                        new TrendingItemsOperator(settings))
                .uid("trending-items")
                .setParallelism(1)
                .setMaxParallelism(1);
    }

    /** Released models from Kafka, from the oldest on; without end, if clicks are. */
    public static Source<TopicEntry<ModelRelease>, ?, ?> releases(RecommenderConfig config) {
        return KafkaEnds.entries(
                Topics.MODEL_RELEASES,
                config.releases().topic(),
                config.kafka().clicks().groupId(),
                config.kafka().clicks().bounded(),
                config.kafka().clicks().writers(),
                config.kafka().clients());
    }

    /**
     * All released models, for variants that name one. Read by a source of their own: a job that
     * begins to follow experiments, or comes from a version that didn't offer models to them, needs
     * also the releases that its gate has long read.
     */
    private static DataStream<Bulletin> offered(
            StreamExecutionEnvironment environment,
            Source<TopicEntry<ModelRelease>, ?, ?> releases) {
        return environment
                .fromSource(
                        releases,
                        WatermarkStrategy.noWatermarks(),
                        "Models for variants from Kafka",
                        TopicEntrySerializer.MODEL_RELEASE)
                .uid("variant-releases")
                .setParallelism(1)
                // Without its release a name says nothing of what should answer instead.
                .filter(entry -> !entry.isWithdrawal())
                .name("Without withdrawals")
                .uid("variant-releases-in-force")
                .setParallelism(1)
                .map(Bulletin.Offered::of, BulletinSerializer.TYPE)
                .name("Announce models for variants")
                .uid("announce-variant-models")
                .setParallelism(1);
    }

    /** The released models that may answer. One subtask decides, so that all change alike. */
    private static DataStream<ApprovedRelease> approved(
            StreamExecutionEnvironment environment,
            RecommenderConfig config,
            DataStream<ReceivedClick> clicks,
            Source<TopicEntry<ModelRelease>, ?, ?> releases,
            ModelLoader models) {
        DataStream<TopicEntry<ModelRelease>> released =
                environment
                        .fromSource(
                                releases,
                                WatermarkStrategy.noWatermarks(),
                                "Released models from Kafka",
                                TopicEntrySerializer.MODEL_RELEASE)
                        .uid("releases")
                        .setParallelism(1);
        return clicks.filter(new SampledSessions(config.releases().sampledSessions()))
                .name("Sampled sessions")
                .uid("sampled-sessions")
                .connect(released)
                .transform(
                        "Examine releases",
                        ApprovedReleaseSerializer.TYPE,
                        new ReleaseGateOperator(
                                config.releases(), config.recommend().modelPath(), models))
                .uid("examine-releases")
                .setParallelism(1)
                .setMaxParallelism(1);
    }

    /**
     * An environment with the settings that this job's speed and safety rest on, where neither the
     * cluster nor {@code configuration} has others.
     *
     * @param configuration Flink's options, {@code nextclick.*} and {@code kafka.*} together; the
     *     last two are not passed on, as Flink shows what it gets and there may be passwords
     */
    public static StreamExecutionEnvironment environment(Configuration configuration) {
        return environment(configuration, CHECKPOINT_INTERVAL, BUFFER_TIMEOUT);
    }

    /** What both jobs need of an environment. */
    static StreamExecutionEnvironment environment(
            Configuration configuration, Duration checkpointInterval, Duration bufferTimeout) {
        Configuration flinks = new Configuration();
        for (Map.Entry<String, String> entry : configuration.toMap().entrySet()) {
            if (!entry.getKey().startsWith(JobOptions.PREFIX)
                    && !entry.getKey().startsWith(JobOptions.KAFKA_PREFIX)) {
                flinks.setString(entry.getKey(), entry.getValue());
            }
        }
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.getExecutionEnvironment(flinks);
        ReadableConfig given = environment.getConfiguration();
        Configuration defaults = new Configuration();
        setDefault(given, defaults, ExecutionOptions.BUFFER_TIMEOUT, bufferTimeout);
        // Everything that passes between operators is immutable.
        setDefault(given, defaults, PipelineOptions.OBJECT_REUSE, true);
        // A type that would fall to Kryo stops the job before it starts.
        setDefault(given, defaults, PipelineOptions.GENERIC_TYPES, false);
        setDefault(given, defaults, StateBackendOptions.STATE_BACKEND, "rocksdb");
        setDefault(given, defaults, CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
        setDefault(
                given, defaults, CheckpointingOptions.CHECKPOINTING_INTERVAL, checkpointInterval);
        // A checkpoint that fails is no reason to stop: the job would go back to the one before and
        // do its work again, and again at the next, for as long as the storage is out of order.
        setDefault(
                given, defaults, CheckpointingOptions.TOLERABLE_FAILURE_NUMBER, Integer.MAX_VALUE);
        // Each session's first click asks for a key that isn't there.
        setDefault(given, defaults, RocksDBConfigurableOptions.USE_BLOOM_FILTER, true);
        // The first two levels are soon written again; most of a session is floats anyway.
        setDefault(
                given,
                defaults,
                RocksDBConfigurableOptions.COMPRESSION_PER_LEVEL,
                COMPRESSION_PER_LEVEL);
        environment.configure(defaults);
        return environment;
    }

    private static <T> void setDefault(
            ReadableConfig given, Configuration defaults, ConfigOption<T> option, T value) {
        if (given.getOptional(option).isEmpty()) {
            defaults.set(option, value);
        }
    }
}
