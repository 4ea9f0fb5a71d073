package io.nextclick.jobs.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.nextclick.schemas.Click;
import io.nextclick.schemas.ClickMapping;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.RejectedClicks;
import io.nextclick.schemas.Topics;
import io.nextclick.schemas.WriterSchemas;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClickDecoderTest {

    private static final ClickDecoder DECODER =
            new ClickDecoder(null, 1_000, Duration.ofDays(1), List.of(), WriterSchemas.NONE);
    private static final long NOW = 1_700_000_000_000L;

    @ParameterizedTest
    @EnumSource(Encoding.class)
    void receivesAClick(Encoding encoding) {
        Click click = new Click("e", "s", "u", "i", "view", NOW, Map.of("a", "b"));
        ClickRecord record = decode(DECODER, Topics.CLICKS.codec(encoding).encode(click));
        assertThat(record)
                .isEqualTo(new ReceivedClick("e", "s", "u", "i", NOW, "clicks", 2, 99, NOW + 5));
    }

    @Test
    void carriesOnlyTheAttributesThatModelsRead() {
        Map<String, String> attributes = Map.of("country", "no", "device", "phone", "agent", "x");
        Click click = new Click("e", "s", "u", "i", "view", NOW, attributes);
        ClickDecoder decoder =
                new ClickDecoder(
                        null,
                        1_000,
                        Duration.ofDays(1),
                        List.of("device", "country", "campaign"),
                        WriterSchemas.NONE);
        ClickRecord record = decode(decoder, Topics.CLICKS.codec(Encoding.AVRO).encode(click));
        assertThat(((ReceivedClick) record).context())
                .containsExactly(entry("country", "no"), entry("device", "phone"));
    }

    @Test
    void receivesAForeignEvent() {
        ClickDecoder decoder =
                new ClickDecoder(
                        ClickMapping.parse(
                                "session_id=/v/id,item_id=/p,event_time=/t,time_format=epoch-seconds"),
                        1_000,
                        Duration.ZERO,
                        List.of(),
                        WriterSchemas.NONE);
        ClickRecord record =
                decode(decoder, utf8("{\"v\":{\"id\":7},\"p\":\"shoe\",\"t\":1700000000}"));
        assertThat(record)
                .isEqualTo(
                        new ReceivedClick(null, "7", null, "shoe", NOW, "clicks", 2, 99, NOW + 5));
    }

    /** A publisher's own schema, with a field added: unknown, and then made known. */
    @Test
    void receivesWhatAPublisherWritesOnceItsSchemaIsKnown() throws Exception {
        Schema schema =
                SchemaBuilder.record("Click")
                        .namespace("io.nextclick.schemas")
                        .fields()
                        .requiredString("item_id")
                        .requiredString("campaign")
                        .requiredString("session_id")
                        .requiredLong("event_time")
                        .endRecord();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new BinaryMessageEncoder<GenericRecord>(GenericData.get(), schema)
                .encode(
                        new GenericRecordBuilder(schema)
                                .set("item_id", "i")
                                .set("campaign", "autumn")
                                .set("session_id", "s")
                                .set("event_time", NOW)
                                .build(),
                        bytes);
        RejectedClick reject = (RejectedClick) decode(DECODER, bytes.toByteArray());
        assertThat(reject.reason()).startsWith("the schema fingerprint ").endsWith(")");

        ClickDecoder told =
                new ClickDecoder(
                        null,
                        1_000,
                        Duration.ofDays(1),
                        List.of(),
                        new WriterSchemas(List.of(schema.toString())));
        assertThat(decode(told, bytes.toByteArray()))
                .isEqualTo(new ReceivedClick(null, "s", null, "i", NOW, "clicks", 2, 99, NOW + 5));
    }

    @Test
    void rejectsWholeWhatHoldsNoClick() {
        byte[] value = utf8("{\"session_id\":\"s\",\"event_time\":1}");
        RejectedClick reject = (RejectedClick) decode(DECODER, value);
        assertThat(reject.where()).contains("item_id");
        assertThat(reject.value()).isSameAs(value);
        assertThat(reject.key()).isEqualTo(utf8("key"));
        assertThat(reject.headers())
                .containsExactly(new RejectedClick.RecordHeader("trace", new byte[] {1, 2}));
        assertThat(reject.offset()).isEqualTo(99);

        assertThat(decode(DECODER, null)).isInstanceOf(RejectedClick.class);
        assertThat(decode(DECODER, new byte[0])).isInstanceOf(RejectedClick.class);
        assertThat(decode(DECODER, new byte[1_001])).isInstanceOf(RejectedClick.class);
    }

    @Test
    void rejectsATimeThatWouldEndEverySession() {
        String json = "{\"session_id\":\"s\",\"item_id\":\"i\",\"event_time\":%d}";
        long dayLater = NOW + 5 + Duration.ofDays(1).toMillis();
        assertThat(decode(DECODER, utf8(json.formatted(dayLater))))
                .isInstanceOf(ReceivedClick.class);
        RejectedClick reject = (RejectedClick) decode(DECODER, utf8(json.formatted(dayLater + 1)));
        assertThat(reject.where()).isEqualTo("event_time");
        ClickDecoder tolerant =
                new ClickDecoder(null, 1_000, Duration.ZERO, List.of(), WriterSchemas.NONE);
        assertThat(decode(tolerant, utf8(json.formatted(dayLater + 1))))
                .isInstanceOf(ReceivedClick.class);
    }

    @Test
    void writesADeadLetterWithItsOrigin() {
        RejectedClick reject = (RejectedClick) decode(DECODER, utf8("{\"nonsense"));
        ProducerRecord<byte[], byte[]> letter =
                new RejectedRecords("rejects", 1 << 20).serialize(reject, null, null);
        assertThat(letter.topic()).isEqualTo("rejects");
        assertThat(letter.key()).isEqualTo(utf8("key"));
        assertThat(letter.value()).isEqualTo(utf8("{\"nonsense"));
        assertThat(letter.headers().toArray()[0].key()).isEqualTo("trace");
        assertThat(text(letter, RejectedClicks.REASON_HEADER)).contains(reject.reason());
        assertThat(text(letter, RejectedClicks.WHERE_HEADER)).contains(reject.where());
        assertThat(text(letter, RejectedClicks.TOPIC_HEADER)).contains("clicks");
        assertThat(text(letter, RejectedClicks.PARTITION_HEADER)).contains("2");
        assertThat(text(letter, RejectedClicks.OFFSET_HEADER)).contains("99");
        assertThat(text(letter, RejectedClicks.TIMESTAMP_HEADER)).contains(Long.toString(NOW + 5));
        assertThat(text(letter, RejectedRecords.CUT_HEADER)).isEmpty();
    }

    @Test
    void cutsALetterThatCouldNotBeWritten() {
        RejectedClick reject = (RejectedClick) decode(DECODER, new byte[5_000]);
        ProducerRecord<byte[], byte[]> letter =
                new RejectedRecords("rejects", 5_000).serialize(reject, null, null);
        assertThat(letter.value().length).isBetween(3_000, 4_500);
        assertThat(text(letter, RejectedRecords.CUT_HEADER)).contains("5000");
    }

    private static Optional<String> text(ProducerRecord<byte[], byte[]> record, String header) {
        Header last = record.headers().lastHeader(header);
        return Optional.ofNullable(last)
                .map(found -> new String(found.value(), StandardCharsets.UTF_8));
    }

    private static ClickRecord decode(ClickDecoder decoder, byte[] value) {
        RecordHeaders headers = new RecordHeaders();
        headers.add("trace", new byte[] {1, 2});
        List<ClickRecord> records = new ArrayList<>();
        decoder.deserialize(
                new ConsumerRecord<>(
                        "clicks",
                        2,
                        99,
                        NOW + 5,
                        TimestampType.CREATE_TIME,
                        3,
                        value == null ? -1 : value.length,
                        utf8("key"),
                        value,
                        headers,
                        Optional.empty()),
                new ListCollector<>(records));
        assertThat(records).hasSize(1);
        return records.get(0);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
