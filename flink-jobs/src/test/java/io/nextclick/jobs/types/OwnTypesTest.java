package io.nextclick.jobs.types;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.kafka.ClickRecordSerializer;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.kafka.ReceivedClickSerializer;
import io.nextclick.jobs.kafka.RejectedClick;
import io.nextclick.jobs.kafka.RejectedClick.RecordHeader;
import io.nextclick.jobs.kafka.RejectedClickSerializer;
import io.nextclick.jobs.recommend.RecommendationSerializer;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.Recommendation.Trigger;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.java.typeutils.runtime.kryo.KryoSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OwnTypesTest {

    private static final ReceivedClick FULL =
            new ReceivedClick("e", "s", "u", "i", 1, "clicks", 300, 1L << 40, 3);
    private static final ReceivedClick SPARSE =
            new ReceivedClick(null, "\ud800", null, "日本", -1, "c", 0, 0, -1);
    private static final RejectedClick REJECT =
            new RejectedClick(
                    null,
                    new byte[] {0, -1},
                    List.of(new RecordHeader("h", null), new RecordHeader("h", new byte[0])),
                    "no",
                    "byte 3",
                    "clicks",
                    1,
                    2,
                    3);
    private static final RejectedClick EMPTY_REJECT =
            new RejectedClick(new byte[0], null, List.of(), "", "", "c", 0, 0, 0);
    private static final Recommendation ANSWER =
            new Recommendation(
                    "clicks-0-1",
                    "s",
                    "u",
                    200,
                    new Trigger(1, 2, "e", 3),
                    List.of(
                            new RecommendedItem("a", 1.5f, "model"),
                            new RecommendedItem("b", -0f, "popularity")),
                    new ModelReference("gru4rec", "v1"),
                    null,
                    4);
    private static final Recommendation BARE_ANSWER =
            new Recommendation(
                    "x", "s", null, 1, new Trigger(0, 0, null, 0), List.of(), null, "no-model", 0);

    static Stream<Arguments> values() {
        return Stream.of(
                Arguments.of(ReceivedClickSerializer.TYPE, FULL),
                Arguments.of(ReceivedClickSerializer.TYPE, SPARSE),
                Arguments.of(RejectedClickSerializer.TYPE, REJECT),
                Arguments.of(RejectedClickSerializer.TYPE, EMPTY_REJECT),
                Arguments.of(ClickRecordSerializer.TYPE, FULL),
                Arguments.of(ClickRecordSerializer.TYPE, REJECT),
                Arguments.of(RecommendationSerializer.TYPE, ANSWER),
                Arguments.of(RecommendationSerializer.TYPE, BARE_ANSWER));
    }

    @ParameterizedTest
    @MethodSource("values")
    <T> void keepsAValueThroughBytesWithoutKryo(TypeInformation<T> type, T value)
            throws IOException {
        TypeSerializer<T> serializer = type.createSerializer(null);
        assertThat(serializer).isNotInstanceOf(KryoSerializer.class);
        assertThat(serializer.isImmutableType()).isTrue();
        DataOutputSerializer out = new DataOutputSerializer(16);
        serializer.serialize(value, out);
        serializer.copy(new DataInputDeserializer(out.getCopyOfBuffer()), out);
        DataInputDeserializer in = new DataInputDeserializer(out.getCopyOfBuffer());
        assertThat(serializer.deserialize(in)).isEqualTo(value);
        assertThat(serializer.deserialize(serializer.createInstance(), in)).isEqualTo(value);
        assertThat(in.available()).isZero();
    }

    @ParameterizedTest
    @MethodSource("values")
    <T> void namesItsLayoutAndRefusesAnother(TypeInformation<T> type, T value) throws IOException {
        TypeSerializer<T> serializer = type.createSerializer(null);
        DataOutputSerializer out = new DataOutputSerializer(16);
        TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration());
        byte[] bytes = out.getCopyOfBuffer();
        ClassLoader loader = getClass().getClassLoader();
        TypeSerializerSnapshot<T> read =
                TypeSerializerSnapshot.readVersionedSnapshot(
                        new DataInputDeserializer(bytes), loader);
        assertThat(read.restoreSerializer()).isEqualTo(serializer);
        assertThat(
                        serializer
                                .snapshotConfiguration()
                                .resolveSchemaCompatibility(read)
                                .isCompatibleAsIs())
                .isTrue();
        bytes[bytes.length - 1] = 9;
        assertThatThrownBy(
                        () ->
                                TypeSerializerSnapshot.readVersionedSnapshot(
                                        new DataInputDeserializer(bytes), loader))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Unknown version 9 of the byte layout of ");
    }

    @Test
    void countsRoundTripAndStayWithinFiveBytes() throws IOException {
        for (int count : new int[] {0, 1, 127, 128, 16_383, 16_384, Integer.MAX_VALUE}) {
            DataOutputSerializer out = new DataOutputSerializer(8);
            Bytes.writeCount(count, out);
            assertThat(Bytes.readCount(new DataInputDeserializer(out.getCopyOfBuffer())))
                    .isEqualTo(count);
        }
        byte[] endless = {-1, -1, -1, -1, -1, -1};
        assertThatThrownBy(() -> Bytes.readCount(new DataInputDeserializer(endless)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("5 bytes");
    }
}
