package io.nextclick.jobs.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ItemEmbedding;
import io.nextclick.schemas.RankingFacts;
import io.nextclick.schemas.RankingFacts.SourceFacts;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.Recommendation.Trigger;
import io.nextclick.schemas.Topics;
import io.nextclick.schemas.WriterSchemas;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TopicEntryTest {

    private static final TopicEntry<CatalogItem> SHOE =
            TopicEntry.of(
                    Topics.ITEM_CATALOG,
                    new CatalogItem("Schuh", "Ein Schuh", List.of(), 1.5, true, Map.of()));

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void whatIsWrittenIsRead(Encoding encoding) {
        TopicEntryRecords<CatalogItem> writer =
                new TopicEntryRecords<>(Topics.ITEM_CATALOG, "catalogue", encoding, 1 << 20);
        ProducerRecord<byte[], byte[]> shoe = writer.serialize(SHOE, null, null);
        ProducerRecord<byte[], byte[]> gone =
                writer.serialize(TopicEntry.withdrawal("Bücher"), null, null);
        assertThat(shoe.topic()).isEqualTo("catalogue");
        assertThat(new String(shoe.key(), StandardCharsets.UTF_8)).isEqualTo("Schuh");
        assertThat(gone.value()).isNull();
        assertThat(read(shoe.key(), shoe.value())).containsExactly(SHOE);
        assertThat(read(gone.key(), null)).containsExactly(TopicEntry.withdrawal("Bücher"));
    }

    @Test
    void whatCannotBeReadLeavesItsKeyAsItWas() {
        assertThat(read(new byte[] {'k'}, new byte[] {'{', '"'})).isEmpty();
        assertThat(read(new byte[] {'k'}, new byte[0])).isEmpty();
        assertThat(read(null, null)).isEmpty();
        assertThat(read(new byte[0], null)).isEmpty();
        byte[] other =
                Topics.ITEM_EMBEDDINGS
                        .codec(Encoding.AVRO)
                        .encode(new ItemEmbedding("i", new float[] {1}, "t", 1));
        assertThat(read(new byte[] {'i'}, other)).isEmpty();
    }

    @Test
    void whatIsTooLargeIsNeitherReadNorWritten() {
        assertThat(read(new byte[100_000], null)).isEmpty();
        assertThat(read(new byte[] {'k'}, new byte[2 << 20])).isEmpty();
        TopicEntryRecords<CatalogItem> writer =
                new TopicEntryRecords<>(Topics.ITEM_CATALOG, "catalogue", Encoding.JSON, 1_000);
        assertThat(writer.serialize(SHOE, null, null)).isNotNull();
        CatalogItem tooLong =
                new CatalogItem("Schuh", "x".repeat(1_000), List.of(), 1.5, true, Map.of());
        assertThat(writer.serialize(TopicEntry.of(Topics.ITEM_CATALOG, tooLong), null, null))
                .isNull();
    }

    /** 256 items with ids of 1,024 characters that JSON writes in six bytes each. */
    @ParameterizedTest
    @EnumSource(Encoding.class)
    void theEndOfAListThatCannotBeWrittenIsLeftOut(Encoding encoding) throws Exception {
        List<RecommendedItem> items = new ArrayList<>();
        for (int i = 0; i < 256; i++) {
            items.add(new RecommendedItem("\u0001".repeat(1_020) + (1_000 + i), 300 - i, "model"));
        }
        Recommendation longest =
                new Recommendation(
                        "clicks-0-1",
                        "visit",
                        null,
                        1,
                        new Trigger(0, 1, null, 2),
                        items,
                        new ModelReference("gru4rec", "1"),
                        null,
                        3);
        int most = 100_000;
        ProducerRecord<byte[], byte[]> record =
                new RecommendationRecords("recommendations", encoding, most)
                        .serialize(longest, null, null);
        assertThat(record.value().length).isBetween(most / 4, most);
        Recommendation read = Topics.RECOMMENDATIONS.codec(encoding).decode(record.value());
        assertThat(read.items()).isEqualTo(items.subList(0, read.items().size())).isNotEmpty();
        assertThat(read.id()).isEqualTo("clicks-0-1");
        // As much as readers take, however much may be sent.
        byte[] unbounded =
                new RecommendationRecords("recommendations", encoding, 4 << 20)
                        .serialize(longest, null, null)
                        .value();
        assertThat(Topics.RECOMMENDATIONS.codec(encoding).decode(unbounded).items()).hasSize(32);
    }

    /** JSON's readers take so many members, however long they are. */
    @Test
    void factsOfAListThatIsTooLongForReadersAreLeftOut() throws Exception {
        RankingFacts facts =
                new RankingFacts(
                        Collections.nCopies(6, new SourceFacts("model", 1, 0.5f)), 1, 0, 1.0, 1.0);
        RecommendedItem item = new RecommendedItem("a", 1, "model", facts);
        for (Encoding encoding : Encoding.values()) {
            for (int count : new int[] {20, 256}) {
                Recommendation list =
                        new Recommendation(
                                "clicks-0-1",
                                "visit",
                                null,
                                1,
                                new Trigger(0, 1, null, 2),
                                Collections.nCopies(count, item),
                                null,
                                null,
                                3);
                byte[] bytes =
                        new RecommendationRecords("recommendations", encoding, 1 << 20)
                                .serialize(list, null, null)
                                .value();
                boolean kept = encoding == Encoding.AVRO || count == 20;
                assertThat(Topics.RECOMMENDATIONS.codec(encoding).decode(bytes).items())
                        .hasSize(count)
                        .containsOnly(kept ? item : new RecommendedItem("a", 1, "model"));
            }
        }
    }

    private static List<TopicEntry<CatalogItem>> read(byte[] key, byte[] value) {
        List<TopicEntry<CatalogItem>> entries = new ArrayList<>();
        new TopicEntryDecoder<>(Topics.ITEM_CATALOG, WriterSchemas.NONE)
                .deserialize(
                        new ConsumerRecord<>("catalogue", 0, 7, key, value),
                        new ListCollector<>(entries));
        return entries;
    }
}
