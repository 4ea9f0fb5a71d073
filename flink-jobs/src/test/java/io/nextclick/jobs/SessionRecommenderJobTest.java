package io.nextclick.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.experiment.SomeExperiments;
import io.nextclick.jobs.kafka.ClickRecord;
import io.nextclick.jobs.kafka.ClickRecordSerializer;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.kafka.RejectedClick;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.kafka.TopicEntrySerializer;
import io.nextclick.jobs.recommend.FakeModels;
import io.nextclick.jobs.recommend.LiveQuality;
import io.nextclick.jobs.recommend.SourceQuality;
import io.nextclick.models.ranking.CandidateSource;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topics;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.junit.jupiter.api.Test;

class SessionRecommenderJobTest {

    private static final int RECORDS = 3_000;
    private static final int SESSIONS = 100;

    /** What the sinks of the jobs in this JVM have been given. */
    private static final Queue<Object> WRITTEN = new ConcurrentLinkedQueue<>();

    @Test
    void everyClickIsAnsweredAndEveryRejectSetAside() throws Exception {
        WRITTEN.clear();
        Configuration configuration = new Configuration();
        configuration.setString("nextclick.model.path", "model");
        configuration.setString("nextclick.bundle.timeout", "0 ms");
        configuration.setString("parallelism.default", "2");
        StreamExecutionEnvironment environment = define(configuration);

        JobExecutionResult result = environment.execute(SessionRecommenderJob.NAME);

        List<Recommendation> answers =
                WRITTEN.stream()
                        .filter(Recommendation.class::isInstance)
                        .map(Recommendation.class::cast)
                        .toList();
        List<String> rejected =
                WRITTEN.stream()
                        .filter(RejectedClick.class::isInstance)
                        .map(record -> ((RejectedClick) record).topic())
                        .toList();
        assertThat(rejected).hasSize(RECORDS / 10);
        assertThat(answers).hasSize(RECORDS - RECORDS / 10);
        assertThat(answers).extracting(Recommendation::id).doesNotHaveDuplicates();
        Map<String, TreeSet<Integer>> steps =
                answers.stream()
                        .collect(
                                Collectors.groupingBy(
                                        Recommendation::sessionId,
                                        Collectors.mapping(
                                                Recommendation::step,
                                                Collectors.toCollection(TreeSet::new))));
        assertThat(steps).hasSize(SESSIONS - SESSIONS / 10);
        assertThat(steps.values())
                .allSatisfy(
                        ofSession ->
                                assertThat(ofSession)
                                        .containsExactlyElementsOf(
                                                IntStream.rangeClosed(1, RECORDS / SESSIONS)
                                                        .boxed()
                                                        .toList()));
        LiveQuality.Report quality = LiveQuality.Report.of(result.getAllAccumulatorResults());
        assertThat(quality.labels()).isEqualTo(answers.size() - steps.size());
        assertThat(quality.recall().orElseThrow()).isBetween(0.0, 1.0);
    }

    @Test
    void everyOperatorHasANameAndAnId() {
        Configuration configuration = new Configuration();
        configuration.setString("nextclick.model.required", "false");
        assertNamesAndIds(
                configuration,
                "Clicks from Kafka",
                "Set aside rejected clicks",
                "Recommend next items",
                "Recommendations to Kafka",
                "Rejected clicks to Kafka");
        configuration.setString("nextclick.releases.topic", "model-releases");
        assertNamesAndIds(
                configuration,
                "Released models from Kafka",
                "Sampled sessions",
                "Examine releases",
                "Recommend next items");
        configuration.setString("nextclick.candidates.trending", "20");
        assertNamesAndIds(
                configuration,
                "Examine releases",
                "Count clicks by item",
                "Trending items",
                "Recommend next items");
        configuration.setString("nextclick.experiments.topic", "experiments");
        assertNamesAndIds(
                configuration,
                "Experiments from Kafka",
                "Announce experiments",
                "Models for variants from Kafka",
                "Announce models for variants",
                "Recommend next items",
                "Guard experiments",
                "Experiment outcomes to Kafka",
                "Stopped experiments to Kafka");
    }

    @Test
    void proposesWhatIsClickedNow() throws Exception {
        WRITTEN.clear();
        Configuration configuration = new Configuration();
        configuration.setString("nextclick.model.path", "model");
        configuration.setString("nextclick.candidates.trending", "20");
        configuration.setString("nextclick.candidates.co-visitation", "20");
        configuration.setString("parallelism.default", "2");
        JobExecutionResult result = define(configuration).execute(SessionRecommenderJob.NAME);
        assertThat(WRITTEN.stream().filter(Recommendation.class::isInstance))
                .hasSize(RECORDS - RECORDS / 10);
        SourceQuality.Report quality = SourceQuality.Report.of(result.getAllAccumulatorResults());
        assertThat(quality.labels()).isPositive();
        assertThat(quality.recall())
                .containsOnlyKeys(
                        CandidateSource.MODEL,
                        CandidateSource.CO_VISITATION,
                        CandidateSource.TRENDING);
        assertThat(quality.aloneRecall().get(CandidateSource.CO_VISITATION))
                .isLessThanOrEqualTo(quality.recall().get(CandidateSource.CO_VISITATION));
    }

    private static void assertNamesAndIds(Configuration configuration, String... names) {
        Collection<StreamNode> nodes = define(configuration).getStreamGraph().getStreamNodes();
        for (String name : names) {
            assertThat(nodes)
                    .extracting(StreamNode::getOperatorName)
                    .anySatisfy(operator -> assertThat(operator).contains(name));
        }
        assertThat(nodes)
                .allSatisfy(
                        node ->
                                assertThat(node.getTransformationUID())
                                        .as(node.getOperatorName())
                                        .isNotBlank());
    }

    /** Released before the job began; it may be answering already when it is examined. */
    @Test
    void takesItsFirstModelFromARelease() throws Exception {
        WRITTEN.clear();
        Configuration configuration = new Configuration();
        configuration.setString("nextclick.releases.topic", "model-releases");
        configuration.setString("parallelism.default", "2");
        define(configuration).execute(SessionRecommenderJob.NAME);
        assertThat(WRITTEN.stream().filter(Recommendation.class::isInstance))
                .hasSize(RECORDS - RECORDS / 10);
    }

    @Test
    void keepsWhatIsNotFlinksOutOfFlinksConfiguration() {
        Configuration configuration = new Configuration();
        configuration.setString("kafka.sasl.jaas.config", "secret");
        configuration.setString("state.backend.type", "hashmap");
        StreamExecutionEnvironment environment = SessionRecommenderJob.environment(configuration);
        assertThat(environment.getConfiguration().toString()).doesNotContain("secret");
        assertThat(environment.getConfiguration().get(StateBackendOptions.STATE_BACKEND))
                .as("what is set stays")
                .isEqualTo("hashmap");
    }

    @Test
    void failedCheckpointsDoNotStopIt() {
        assertThat(
                        SessionRecommenderJob.environment(new Configuration())
                                .getCheckpointConfig()
                                .getTolerableCheckpointFailureNumber())
                .isEqualTo(Integer.MAX_VALUE);
    }

    private static StreamExecutionEnvironment define(Configuration configuration) {
        StreamExecutionEnvironment environment = SessionRecommenderJob.environment(configuration);
        RecommenderConfig config = RecommenderConfig.of(configuration);
        SessionRecommenderJob.define(
                environment,
                config,
                new DataGeneratorSource<>(
                        SessionRecommenderJobTest::record, RECORDS, ClickRecordSerializer.TYPE),
                new Collecting<Recommendation>(),
                new Collecting<RejectedClick>(),
                config.releases() == null
                        ? null
                        : new DataGeneratorSource<>(
                                SessionRecommenderJobTest::release,
                                1,
                                TopicEntrySerializer.MODEL_RELEASE),
                config.experiments() == null
                        ? null
                        : new ExperimentEnds(
                                new DataGeneratorSource<>(
                                        SessionRecommenderJobTest::experiment,
                                        1,
                                        TopicEntrySerializer.EXPERIMENT),
                                new Collecting<>(),
                                new Collecting<>()),
                new FakeModels("v1", true, true));
        return environment;
    }

    /** Every tenth record is a reject, and of the others each session has as many. */
    private static ClickRecord record(long index) {
        if (index % 10 == 0) {
            return new RejectedClick(
                    null, new byte[] {1}, List.of(), "no click", "byte 0", "clicks", 0, index, 0);
        }
        return new ReceivedClick(
                null,
                "s" + index % SESSIONS,
                null,
                "i" + (index * index) % 40,
                1_000_000 + index,
                "clicks",
                0,
                index,
                1_000_000 + index);
    }

    private static TopicEntry<Experiment> experiment(long index) {
        return TopicEntry.of(Topics.EXPERIMENTS, SomeExperiments.halves("e"));
    }

    private static TopicEntry<ModelRelease> release(long index) {
        return TopicEntry.of(
                Topics.MODEL_RELEASES,
                new ModelRelease("shop", "v1", "m", "a".repeat(64), "fake", Map.of(), index));
    }

    private static final class Collecting<T> implements Sink<T> {

        private static final long serialVersionUID = 1L;

        @Override
        public SinkWriter<T> createWriter(WriterInitContext context) {
            return new SinkWriter<>() {
                @Override
                public void write(T element, Context context) {
                    WRITTEN.add(element);
                }

                @Override
                public void flush(boolean endOfInput) {}

                @Override
                public void close() {}
            };
        }
    }
}
