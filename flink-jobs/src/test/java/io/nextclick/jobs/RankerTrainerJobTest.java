package io.nextclick.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.impress.ImpressionRecord;
import io.nextclick.jobs.impress.ImpressionRecordSerializer;
import io.nextclick.jobs.kafka.ClickRecord;
import io.nextclick.jobs.kafka.ClickRecordSerializer;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.kafka.RejectedClick;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.kafka.TopicEntrySerializer;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.RankingFacts;
import io.nextclick.schemas.RankingFacts.SourceFacts;
import io.nextclick.schemas.Topics;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RankerTrainerJobTest {

    private static final int LISTS = 1_000;
    private static final int SHOWN = 5;
    private static final int ITEMS = 40;
    private static final long TIME = 1_700_000_000_000L;

    /** What the sinks of the jobs in this JVM have been given. */
    private static final Queue<Object> WRITTEN = new ConcurrentLinkedQueue<>();

    @TempDir private Path models;

    /** Visitors click what few have clicked, which retrieval doesn't know. */
    @Test
    void learnsFromListsAndClicksAndReleasesAtTheEnd() throws Exception {
        WRITTEN.clear();
        Configuration configuration = configuration();
        configuration.setString("parallelism.default", "2");
        StreamExecutionEnvironment environment = RankerTrainerJob.environment(configuration);
        RankerTrainerJob.define(
                environment,
                RankerTrainerConfig.of(configuration),
                new RankerTrainerJob.Ends(
                        new DataGeneratorSource<>(
                                RankerTrainerJobTest::click, LISTS, ClickRecordSerializer.TYPE),
                        new DataGeneratorSource<>(
                                RankerTrainerJobTest::shown,
                                LISTS + 1,
                                ImpressionRecordSerializer.TYPE),
                        new DataGeneratorSource<>(
                                RankerTrainerJobTest::recommended,
                                LISTS,
                                ImpressionRecordSerializer.TYPE),
                        new DataGeneratorSource<>(
                                RankerTrainerJobTest::described,
                                ITEMS,
                                TopicEntrySerializer.CATALOG_ITEM),
                        new Collecting<>(),
                        new Collecting<>()));

        environment.execute(RankerTrainerJob.NAME);

        assertThat(WRITTEN).filteredOn(RejectedClick.class::isInstance).hasSize(1);
        List<ModelRelease> releases =
                WRITTEN.stream()
                        .filter(TopicEntry.class::isInstance)
                        .map(written -> (ModelRelease) ((TopicEntry<?>) written).value())
                        .toList();
        assertThat(releases).isNotEmpty();
        ModelRelease last = releases.get(releases.size() - 1);
        assertThat(last.version()).endsWith("-" + LISTS * SHOWN);
        assertThat(last.metrics().get("auc")).isGreaterThan(0.8);
        assertThat(last.metrics().get("retrieval-auc")).isBetween(0.3, 0.7);
        assertThat(Path.of(URI.create(last.uri()).getPath())).isDirectory();
    }

    @Test
    void everyOperatorHasANameAndAnId() {
        Configuration configuration = configuration();
        configuration.setString("nextclick.catalog.topic", "item-catalog");
        configuration.setString("nextclick.impressions.topic", "impressions");
        StreamExecutionEnvironment environment = RankerTrainerJob.environment(configuration);
        RankerTrainerJob.define(environment, RankerTrainerConfig.of(configuration));
        assertThat(environment.getStreamGraph().getStreamNodes())
                .allSatisfy(
                        node ->
                                assertThat(node.getTransformationUID())
                                        .as(node.getOperatorName())
                                        .isNotBlank())
                .extracting(StreamNode::getOperatorName)
                .anySatisfy(name -> assertThat(name).contains("Clicks from Kafka"))
                .anySatisfy(name -> assertThat(name).contains("Impressions from Kafka"))
                .anySatisfy(name -> assertThat(name).contains("Unreadable impressions to Kafka"))
                .anySatisfy(name -> assertThat(name).contains("Recommendations from Kafka"))
                .anySatisfy(name -> assertThat(name).contains("Recall facts"))
                .anySatisfy(name -> assertThat(name).contains("Join impressions and clicks"))
                .anySatisfy(name -> assertThat(name).contains("Catalogue from Kafka"))
                .anySatisfy(name -> assertThat(name).contains("Train ranker"))
                .anySatisfy(name -> assertThat(name).contains("Releases of rankers to Kafka"));
    }

    private Configuration configuration() {
        Configuration configuration = new Configuration();
        configuration.setString("nextclick.ranker-trainer.models", models.toUri().toString());
        configuration.setString("nextclick.ranker-trainer.bin-examples", "500");
        configuration.setString("nextclick.ranker-trainer.least-lists", "100");
        configuration.setString("nextclick.ranker-trainer.interval", "1 h");
        configuration.setString("nextclick.ranker-trainer.fields", "price;popularity;score.blend");
        configuration.setString("kafka.bootstrap.servers", "nowhere:9092");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        configuration.set(
                CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                models.resolve("checkpoints").toUri().toString());
        return configuration;
    }

    /** A number that is as good as drawn. */
    private static int mixed(long index) {
        return (int) ((index * 0x9E37_79B9_7F4A_7C15L) >>> 40);
    }

    private static ImpressionRecord shown(long index) {
        if (index == LISTS) {
            return new ImpressionRecord.Unreadable(
                    new RejectedClick(
                            null, new byte[] {1}, List.of(), "none", "byte 0", "i", 0, 0, 0));
        }
        // The page says no more than which recommendation it was.
        List<ShownItem> items =
                list(index).items().stream()
                        .map(item -> new ShownItem(item.itemId(), item.position(), null, null))
                        .toList();
        return new ImpressionRecord.Shown(list(index).withItems(items));
    }

    private static ImpressionRecord recommended(long index) {
        return new ImpressionRecord.Shown(list(index));
    }

    private static Impression list(long index) {
        List<ShownItem> items = new ArrayList<>();
        for (int i = 0; i < SHOWN; i++) {
            int item = item(index, i);
            RankingFacts facts =
                    new RankingFacts(
                            List.of(new SourceFacts("model", i, 0.1f)),
                            0.1 / (i + 1),
                            i,
                            (double) item,
                            null);
            items.add(new ShownItem("i" + item, i + 1, null, "model", facts));
        }
        String id = "r" + index;
        return new Impression(id, "s" + index, null, TIME + index, null, items, id, null);
    }

    /** Different ones within a list. */
    private static int item(long index, int place) {
        return Math.floorMod(mixed(index) + place * 7, ITEMS);
    }

    private static ClickRecord click(long index) {
        int rarest = ITEMS;
        for (int i = 0; i < SHOWN; i++) {
            rarest = Math.min(rarest, item(index, i));
        }
        return new ReceivedClick(
                null,
                "s" + index,
                null,
                "i" + rarest,
                TIME + index + 500,
                "clicks",
                0,
                index,
                TIME + index + 500);
    }

    private static TopicEntry<CatalogItem> described(long index) {
        return TopicEntry.of(
                Topics.ITEM_CATALOG,
                new CatalogItem("i" + index, null, List.of(), (double) index, true, Map.of()));
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
