package io.nextclick.schemas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nextclick.schemas.SampleRecords.Sample;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Records of every version are read by readers of every version. All schemas that were ever
 * released lie in {@code src/test/resources/versions} and are never changed; how a record gets
 * another version is said in {@link RecordFormat}.
 */
class EvolutionTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    static List<Topic<?>> topics() {
        return Topics.ALL;
    }

    static List<Sample<?>> samples() {
        return SampleRecords.all();
    }

    // ------------------------------------------------------------------ what is kept

    /** Fails when a schema was changed and its version not kept. */
    @ParameterizedTest
    @MethodSource("topics")
    void theCurrentSchemaIsTheLastOneKept(Topic<?> topic) throws IOException {
        List<Schema> versions = versions(topic);
        assertThat(withoutDocs(topic.format().shape().schema()))
                .as(
                        "%s.avsc has changed: keep it as versions/%s-%d.avsc too, and the one"
                                + " before as history/%s-%d.avsc",
                        name(topic), name(topic), versions.size() + 1, name(topic), versions.size())
                .isEqualTo(withoutDocs(versions.get(versions.size() - 1)));
    }

    /** What a build reads without being told is every version before its own. */
    @ParameterizedTest
    @MethodSource("topics")
    void everyEarlierVersionIsKnownToReaders(Topic<?> topic) throws IOException {
        List<Schema> versions = versions(topic);
        String[] history = topic.format().history();
        assertThat(history).hasSize(versions.size() - 1);
        for (int i = 0; i < history.length; i++) {
            assertThat(history[i]).isEqualTo("history/" + name(topic) + "-" + (i + 1) + ".avsc");
            assertThat(withoutDocs(RecordShape.ofResource(history[i]).schema()))
                    .as(history[i])
                    .isEqualTo(withoutDocs(versions.get(i)));
        }
    }

    @ParameterizedTest
    @MethodSource("topics")
    void everyVersionReadsEveryOther(Topic<?> topic) throws IOException {
        for (Schema reader : versions(topic)) {
            for (Schema writer : versions(topic)) {
                var compatibility =
                        SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
                assertThat(compatibility.getType())
                        .as("%s", compatibility.getResult().getIncompatibilities())
                        .isEqualTo(SchemaCompatibilityType.COMPATIBLE);
            }
        }
    }

    /**
     * A kept schema that was changed no longer has the fingerprint of the bytes written with it.
     */
    @ParameterizedTest
    @MethodSource("topics")
    void everyVersionHasWrittenGoldenBytes(Topic<?> topic) throws IOException {
        List<Long> written = new ArrayList<>();
        for (List<Sample<?>> samples : List.of(SampleRecords.earlier(), SampleRecords.all())) {
            for (Sample<?> sample : samples) {
                if (sample.topic() == topic) {
                    byte[] bytes = golden(sample.name());
                    long fingerprint = 0;
                    for (int i = 9; i >= 2; i--) {
                        fingerprint = (fingerprint << Byte.SIZE) | (bytes[i] & 0xFF);
                    }
                    written.add(fingerprint);
                }
            }
        }
        for (Schema version : versions(topic)) {
            assertThat(written).contains(SchemaNormalization.parsingFingerprint64(version));
        }
    }

    // ------------------------------------------------------------------ Avro

    /** Whoever reads with an earlier schema, and was given the current one. */
    @ParameterizedTest
    @MethodSource("samples")
    <T> void earlierReadersReadWhatIsWrittenNow(Sample<T> sample) throws IOException {
        AvroCodec<T> codec = AvroCodec.of(sample.topic());
        byte[] bytes = codec.encode(sample.value());
        GenericRecord written = generic(bytes, codec.schema(), codec.schema());
        for (Schema version : versions(sample.topic())) {
            GenericRecord read = generic(bytes, codec.schema(), version);
            for (Schema.Field field : version.getFields()) {
                assertThat(read.get(field.name()))
                        .as("%s as %s", field, version)
                        .isEqualTo(written.get(field.name()));
            }
        }
    }

    /** This build, given the schema of a later one, which added fields to every record. */
    @ParameterizedTest
    @MethodSource("samples")
    <T> void whatALaterVersionWritesIsReadOnceItsSchemaIsKnown(Sample<T> sample) throws Exception {
        AvroCodec<T> codec = AvroCodec.of(sample.topic());
        Schema later = schema(withAddedFields(JSON.readTree(codec.schema().toString())));
        GenericRecord value = generic(codec.encode(sample.value()), codec.schema(), later);
        value.put("added_first", "new");
        value.put("added_last", Map.of("one", 1L));
        byte[] bytes = bytes(value);

        assertThatThrownBy(() -> sample.topic().codec(Encoding.AVRO).decode(bytes))
                .isInstanceOf(MalformedRecordException.class)
                .hasMessageContaining("the schema fingerprint")
                .hasMessageContaining("is unknown (" + name(sample.topic()) + " is");
        WriterSchemas writers = new WriterSchemas(List.of(later.toString()));
        Codec<T> told = sample.topic().codec(Encoding.JSON, writers);
        assertThat(told.decode(bytes)).isEqualTo(sample.value());
        // What it read before is read as before.
        assertThat(told.decode(golden(sample.name()))).isEqualTo(sample.value());
    }

    /** Fields with defaults may be missing, in Avro as in JSON, and then have them. */
    @ParameterizedTest
    @MethodSource("samples")
    <T> void fieldsThatMayBeMissingHaveTheirDefaults(Sample<T> sample) throws Exception {
        AvroCodec<T> codec = AvroCodec.of(sample.topic());
        byte[] whole = codec.encode(sample.value());
        for (Schema.Field field : codec.schema().getFields()) {
            if (field.hasDefaultValue()) {
                Schema without = without(codec.schema(), field.name());
                byte[] avro = bytes(generic(whole, codec.schema(), without));
                T read = codec.alsoReading(without).decode(avro);
                ObjectNode json =
                        (ObjectNode)
                                JSON.readTree(JsonCodec.of(sample.topic()).encode(sample.value()));
                json.remove(field.name());
                assertThat(sample.topic().codec(Encoding.JSON).decode(JSON.writeValueAsBytes(json)))
                        .as("JSON without %s", field.name())
                        .isEqualTo(read);
                assertThat(generic(codec.encode(read), codec.schema(), codec.schema()))
                        .extracting(record -> record.get(field.name()))
                        .isEqualTo(GenericData.get().getDefaultValue(field));
            }
        }
    }

    // ------------------------------------------------------------------ JSON

    /** JSON needs no schema: what isn't known is passed over, in every record. */
    @ParameterizedTest
    @MethodSource("samples")
    <T> void membersOfALaterVersionArePassedOver(Sample<T> sample) throws Exception {
        JsonNode json = JSON.readTree(JsonCodec.of(sample.topic()).encode(sample.value()));
        JsonNode later = withAddedMembers(json, sample.topic().format().shape().schema());
        assertThat(sample.topic().codec(Encoding.JSON).decode(JSON.writeValueAsBytes(later)))
                .isEqualTo(sample.value());
    }

    // ------------------------------------------------------------------ what writers are refused

    @Test
    void schemasThatAreOfNoUseAreRefusedAtOnce() {
        assertThatThrownBy(() -> new WriterSchemas(List.of("{")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not an Avro schema");
        assertThatThrownBy(() -> new WriterSchemas(List.of("\"string\"")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("not the schema of a record but of a value of type STRING");
        String other = "{\"type\":\"record\",\"name\":\"a.Click\",\"fields\":[]}";
        assertThatThrownBy(() -> new WriterSchemas(List.of(other)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a schema of a.Click, which is none of")
                .hasMessageContaining("io.nextclick.schemas.Click");
        String empty = other.replace("a.Click", "io.nextclick.schemas.Click");
        assertThatThrownBy(() -> new WriterSchemas(List.of(empty)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("records of the schema io.nextclick.schemas.Click")
                .hasMessageContaining("session_id");
    }

    // ------------------------------------------------------------------ means

    private static String name(Topic<?> topic) {
        return topic.format().shape().schema().getName();
    }

    private static List<Schema> versions(Topic<?> topic) throws IOException {
        List<Schema> versions = new ArrayList<>();
        while (true) {
            String name = "/versions/" + name(topic) + "-" + (versions.size() + 1) + ".avsc";
            try (InputStream in = EvolutionTest.class.getResourceAsStream(name)) {
                if (in == null) {
                    assertThat(versions).as(name).isNotEmpty();
                    return versions;
                }
                versions.add(new Schema.Parser().parse(in));
            }
        }
    }

    private static byte[] golden(String name) throws IOException {
        try (InputStream in =
                EvolutionTest.class.getResourceAsStream("/golden/" + name + ".avro.hex")) {
            return HexFormat.of().parseHex(new String(in.readAllBytes(), UTF_8).strip());
        }
    }

    private static Schema schema(JsonNode json) {
        return new Schema.Parser().parse(json.toString());
    }

    /** Names, types, order and defaults: what readers and writers go by. */
    private static JsonNode withoutDocs(Schema schema) throws IOException {
        JsonNode json = JSON.readTree(schema.toString());
        json.findParents("doc").forEach(each -> ((ObjectNode) each).remove("doc"));
        return json;
    }

    /** Made of the parts: the field may be where others' types are written out. */
    private static Schema without(Schema schema, String field) {
        List<Schema.Field> others = new ArrayList<>();
        for (Schema.Field each : schema.getFields()) {
            if (!each.name().equals(field)) {
                others.add(new Schema.Field(each, each.schema()));
            }
        }
        return Schema.createRecord(
                schema.getName(), schema.getDoc(), schema.getNamespace(), false, others);
    }

    /** Adds a field in front and one behind to every record. */
    private static JsonNode withAddedFields(JsonNode schema) {
        if (schema.path("fields") instanceof ArrayNode fields) {
            fields.forEach(field -> withAddedFields(field.path("type")));
            addFields(fields);
        } else {
            schema.forEach(EvolutionTest::withAddedFields);
        }
        return schema;
    }

    private static void addFields(ArrayNode fields) {
        fields.insertObject(0)
                .put("name", "added_first")
                .put("default", "none")
                .put("type", "string");
        ObjectNode last = fields.addObject().put("name", "added_last");
        last.putObject("default");
        last.putObject("type").put("type", "map").put("values", "long");
    }

    private static JsonNode withAddedMembers(JsonNode value, Schema schema) {
        switch (schema.getType()) {
            case RECORD -> {
                for (Schema.Field field : schema.getFields()) {
                    if (value.has(field.name())) {
                        withAddedMembers(value.get(field.name()), field.schema());
                    }
                }
                ((ObjectNode) value).putObject("added").putArray("deep").add(1).addNull();
            }
            case ARRAY -> value.forEach(each -> withAddedMembers(each, schema.getElementType()));
            case UNION -> {
                Schema present = schema.getTypes().get(1);
                if (present.getType() == Schema.Type.RECORD) {
                    withAddedMembers(value, present);
                }
            }
            default -> {}
        }
        return value;
    }

    private static GenericRecord generic(byte[] bytes, Schema writer, Schema reader)
            throws IOException {
        BinaryMessageDecoder<GenericRecord> decoder =
                new BinaryMessageDecoder<>(GenericData.get(), reader);
        decoder.addSchema(writer);
        return decoder.decode(bytes);
    }

    private static byte[] bytes(GenericRecord record) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new BinaryMessageEncoder<GenericRecord>(GenericData.get(), record.getSchema())
                .encode(record, bytes);
        return bytes.toByteArray();
    }
}
