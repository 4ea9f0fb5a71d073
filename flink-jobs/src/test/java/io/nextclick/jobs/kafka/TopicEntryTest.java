package io.nextclick.jobs.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ItemEmbedding;
import io.nextclick.schemas.Topics;
import io.nextclick.schemas.WriterSchemas;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
                new TopicEntryRecords<>(Topics.ITEM_CATALOG, "catalogue", encoding);
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

    private static List<TopicEntry<CatalogItem>> read(byte[] key, byte[] value) {
        List<TopicEntry<CatalogItem>> entries = new ArrayList<>();
        new TopicEntryDecoder<>(Topics.ITEM_CATALOG, WriterSchemas.NONE)
                .deserialize(
                        new ConsumerRecord<>("catalogue", 0, 7, key, value),
                        new ListCollector<>(entries));
        return entries;
    }
}
