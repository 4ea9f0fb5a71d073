package io.nextclick.schemas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.schemas.SampleRecords.Sample;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CodecTest {

    static List<Sample<?>> samples() {
        return SampleRecords.all();
    }

    @ParameterizedTest
    @MethodSource("samples")
    <T> void bothEncodingsComeBack(Sample<T> sample) throws MalformedRecordException {
        for (Encoding encoding : Encoding.values()) {
            Codec<T> codec = sample.topic().codec(encoding);
            assertThat(codec.decode(codec.encode(sample.value())))
                    .as("%s", encoding)
                    .isEqualTo(sample.value());
        }
    }

    static List<Sample<?>> everyVersion() {
        List<Sample<?>> samples = new ArrayList<>(SampleRecords.earlier());
        samples.addAll(SampleRecords.all());
        return samples;
    }

    /** Bytes of every version that was ever written must keep reading. */
    @ParameterizedTest
    @MethodSource("everyVersion")
    <T> void goldenBytesOfEveryVersionDecode(Sample<T> sample) throws Exception {
        byte[] avro = HexFormat.of().parseHex(golden(sample.name() + ".avro.hex"));
        byte[] json = golden(sample.name() + ".json").getBytes(UTF_8);
        Codec<T> reader = sample.topic().codec(Encoding.AVRO);
        assertThat(reader.decode(avro)).isEqualTo(sample.value());
        assertThat(reader.decode(json)).isEqualTo(sample.value());
    }

    /** What is written now is the last version, to the byte. */
    @ParameterizedTest
    @MethodSource("samples")
    <T> void writersWriteTheGoldenBytes(Sample<T> sample) throws Exception {
        assertThat(HexFormat.of().formatHex(AvroCodec.of(sample.topic()).encode(sample.value())))
                .isEqualTo(golden(sample.name() + ".avro.hex"));
        assertThat(new String(JsonCodec.of(sample.topic()).encode(sample.value()), UTF_8))
                .isEqualTo(golden(sample.name() + ".json"));
    }

    private static String golden(String name) throws IOException {
        try (InputStream in = CodecTest.class.getResourceAsStream("/golden/" + name)) {
            assertThat(in).as(name).isNotNull();
            return new String(in.readAllBytes(), UTF_8).strip();
        }
    }

    /** Avro's own implementation reads what we write and writes what we read. */
    @ParameterizedTest
    @MethodSource("samples")
    <T> void avroItselfAgrees(Sample<T> sample) throws Exception {
        AvroCodec<T> codec = AvroCodec.of(sample.topic());
        GenericRecord generic =
                new BinaryMessageDecoder<GenericRecord>(GenericData.get(), codec.schema())
                        .decode(codec.encode(sample.value()));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new BinaryMessageEncoder<GenericRecord>(GenericData.get(), codec.schema())
                .encode(generic, bytes);
        assertThat(codec.decode(bytes.toByteArray())).isEqualTo(sample.value());
    }

    @Test
    void everyFieldOfEverySchemaIsDocumented() {
        for (Topic<?> topic : Topics.ALL) {
            requireDocumented(AvroCodec.of(topic).schema());
        }
    }

    private static void requireDocumented(Schema schema) {
        switch (schema.getType()) {
            case RECORD -> {
                assertThat(schema.getNamespace()).isEqualTo("io.nextclick.schemas");
                assertThat(schema.getDoc()).as(schema.getFullName()).isNotBlank();
                for (Schema.Field field : schema.getFields()) {
                    assertThat(field.doc()).as("%s of %s", field, schema).isNotBlank();
                    if (field.schema().isNullable()) {
                        assertThat(field.hasDefaultValue()).as("%s", field).isTrue();
                    }
                    requireDocumented(field.schema());
                }
            }
            case UNION -> schema.getTypes().forEach(CodecTest::requireDocumented);
            case ARRAY -> requireDocumented(schema.getElementType());
            default -> {}
        }
    }

    @Test
    void recordsOfAnOlderAndANewerSchemaDecode() throws Exception {
        Schema older =
                new Schema.Parser()
                        .parse(
                                """
                                {"type": "record", "name": "Click",
                                 "namespace": "io.nextclick.schemas", "fields": [
                                  {"name": "session_id", "type": "string"},
                                  {"name": "event_time", "type": "int"},
                                  {"name": "item_id", "type": "string"}]}
                                """);
        Schema newer =
                new Schema.Parser()
                        .parse(
                                """
                                {"type": "record", "name": "Click",
                                 "namespace": "io.nextclick.schemas", "fields": [
                                  {"name": "tags", "type": {"type": "array", "items": "string"}},
                                  {"name": "item_id", "type": "string"},
                                  {"name": "event_id", "type": ["null", "string"]},
                                  {"name": "session_id", "type": "string"},
                                  {"name": "event_time", "type": "long"},
                                  {"name": "place", "type": ["null", {"type": "map",
                                    "values": "double"}], "default": null}]}
                                """);
        AvroCodec<Click> codec = AvroCodec.of(Topics.CLICKS);
        GenericData.Record old = new GenericData.Record(older);
        old.put("session_id", "s");
        old.put("event_time", 77);
        old.put("item_id", "i");
        byte[] oldBytes = write(old);
        GenericData.Record young = new GenericData.Record(newer);
        young.put("tags", List.of("x", "y"));
        young.put("item_id", "i");
        young.put("event_id", "e");
        young.put("session_id", "s");
        young.put("event_time", 77L);
        young.put("place", Map.of("lat", 1.5));
        byte[] youngBytes = write(young);

        assertThatThrownBy(() -> codec.decode(oldBytes))
                .isInstanceOf(MalformedRecordException.class)
                .hasMessageContaining("fingerprint")
                .hasMessageContaining("Click");
        AvroCodec<Click> knowing = codec.alsoReading(older, newer);
        for (int i = 0; i < 3; i++) {
            assertThat(knowing.decode(oldBytes))
                    .isEqualTo(new Click(null, "s", null, "i", "click", 77, Map.of()));
            assertThat(knowing.decode(youngBytes))
                    .isEqualTo(new Click("e", "s", null, "i", "click", 77, Map.of()));
            assertThat(knowing.decode(codec.encode(SampleRecords.FULL_CLICK)))
                    .isEqualTo(SampleRecords.FULL_CLICK);
            byte[] cut = Arrays.copyOf(youngBytes, youngBytes.length - 3);
            assertThatThrownBy(() -> knowing.decode(cut))
                    .isInstanceOf(MalformedRecordException.class);
        }
    }

    private static byte[] write(GenericData.Record record) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new BinaryMessageEncoder<GenericRecord>(GenericData.get(), record.getSchema())
                .encode(record, bytes);
        return bytes.toByteArray();
    }

    @Test
    void aSchemaThatCannotBeReadIsRefusedAtOnce() {
        Schema other =
                new Schema.Parser()
                        .parse(
                                """
                                {"type": "record", "name": "Click",
                                 "namespace": "io.nextclick.schemas", "fields": [
                                  {"name": "session_id", "type": "string"}]}
                                """);
        AvroCodec<Click> codec = AvroCodec.of(Topics.CLICKS);
        assertThatThrownBy(() -> codec.alsoReading(other))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("item_id");
    }

    @Test
    void jsonMayComeWithMarkSpaceUnknownMembersNullsAndIsoTimes() throws Exception {
        String json =
                "\uFEFF \n{\"extra\":{\"deep\":[1,{\"x\":null}]},\"item_id\":\"i\",\"user_id\":null,"
                        + "\"event_type\":null,\"event_time\":\"2008-04-01T12:20:30.123+02:00\","
                        + "\"attributes\":{\"n\":1.50,\"b\":true,\"t\":\"x\",\"z\":null},"
                        + "\"session_id\":\"s\"} \n";
        assertThat(Topics.CLICKS.codec(Encoding.JSON).decode(json.getBytes(UTF_8)))
                .isEqualTo(
                        new Click(
                                null,
                                "s",
                                null,
                                "i",
                                "click",
                                1_207_045_230_123L,
                                Map.of("n", "1.50", "b", "true", "t", "x")));
    }

    @Test
    void textWithHalfASurrogatePairIsNotEncoded() {
        Click click = new Click(null, "s\uD800", null, "i", "view", 0, Map.of());
        for (Encoding encoding : Encoding.values()) {
            assertThatThrownBy(() -> Topics.CLICKS.codec(encoding).encode(click))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("surrogate");
        }
    }

    @Test
    void codecsServeSeveralThreads() throws Exception {
        Codec<Recommendation> codec = Topics.RECOMMENDATIONS.codec(Encoding.AVRO);
        Recommendation value = SampleRecords.typicalRecommendation();
        byte[] expected = codec.encode(value);
        Thread[] threads = new Thread[4];
        int[] right = new int[threads.length];
        for (int t = 0; t < threads.length; t++) {
            int mine = t;
            threads[t] =
                    new Thread(
                            () -> {
                                for (int i = 0; i < 2_000; i++) {
                                    try {
                                        byte[] bytes = codec.encode(value);
                                        if (Arrays.equals(bytes, expected)
                                                && codec.decode(bytes).equals(value)) {
                                            right[mine]++;
                                        }
                                    } catch (MalformedRecordException e) {
                                        return;
                                    }
                                }
                            });
            threads[t].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(right).containsOnly(2_000);
    }

    @Test
    void topicsKnowKeyAndPolicy() {
        assertThat(Topics.CLICKS.key(SampleRecords.FULL_CLICK)).isEqualTo("visit-1");
        assertThat(Topics.MODEL_RELEASES.key(SampleRecords.FULL_MODEL_RELEASE))
                .isEqualTo("gru4rec");
        assertThat(Topics.ITEM_EMBEDDINGS.cleanUpPolicy().configValue()).isEqualTo("compact");
        for (Topic<?> topic : Topics.ALL) {
            assertThat(AvroCodec.of(topic).schema().getField(topic.keyField()))
                    .as("key of %s", topic)
                    .isNotNull();
        }
    }

    @Test
    void theLongestListThatIsAllowedComesBack() throws Exception {
        Recommendation some = SampleRecords.typicalRecommendation();
        List<Recommendation.RecommendedItem> items =
                Collections.nCopies(RecordLimits.DEFAULT.listElements(), some.items().get(0));
        Recommendation longest = some.withItems(items);
        for (Encoding encoding : Encoding.values()) {
            Codec<Recommendation> codec = Topics.RECOMMENDATIONS.codec(encoding);
            assertThat(codec.decode(codec.encode(longest))).isEqualTo(longest);
        }
    }
}
