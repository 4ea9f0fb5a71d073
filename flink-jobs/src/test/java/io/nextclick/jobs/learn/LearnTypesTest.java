package io.nextclick.jobs.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.models.tower.TowerExample;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class LearnTypesTest {

    private static final PeerMessage.Join JOIN = new PeerMessage.Join("l", "a", 1, 3);
    private static final PeerMessage.Changes CHANGES =
            new PeerMessage.Changes(-7, 300, 2, 0, 1, new byte[] {1, -1});

    @Test
    void inputsOfATrainerComeThroughBytes() throws IOException {
        TypeSerializer<TrainingInput> serializer = new TrainingInputSerializer();
        assertThat(serializer.isImmutableType()).isTrue();
        List<TrainingInput> inputs =
                List.of(
                        new TrainingInput.Example(
                                new TowerExample(
                                        List.of("a", "日本"),
                                        "u",
                                        Map.of("device", "phone", "country", "no"),
                                        "b",
                                        5)),
                        new TrainingInput.Example(
                                new TowerExample(List.of("a"), null, Map.of(), "b", -1)),
                        new TrainingInput.Described(
                                TopicEntry.of(
                                        Topics.ITEM_CATALOG,
                                        new CatalogItem(
                                                "a", "A", List.of("c"), 1.5, true, Map.of()))),
                        new TrainingInput.Described(TopicEntry.withdrawal("a")),
                        new TrainingInput.FromPeer(JOIN));
        for (TrainingInput input : inputs) {
            assertThat(copy(serializer, input)).isEqualTo(input);
        }
    }

    @Test
    void peersMessagesComeThroughTheLog() {
        List<PeerMessage> read = new ArrayList<>();
        for (PeerMessage message : List.of(JOIN, CHANGES)) {
            var record = new PeerMessageRecords("sync").serialize(message, null, null);
            assertThat(record.partition()).isEqualTo(PeerMessageRecords.PARTITION);
            read(record.value(), read);
        }
        assertThat(read.get(0)).isEqualTo(JOIN);
        assertThat(read.get(1)).usingRecursiveComparison().isEqualTo(CHANGES);
        // What is none is left out.
        read(null, read);
        read(new byte[0], read);
        read(new byte[] {2, 0}, read);
        read(new byte[] {1, 9}, read);
        read(HexFormat.of().parseHex("01" + "00" + "03" + "6c" + "03" + "61" + "03" + "03"), read);
        assertThat(read).hasSize(2);
    }

    /** Layout 1 stands in savepoints: it must keep reading. */
    @Test
    void chunksOfStateOfLayout1AreRead() throws IOException {
        byte[] layout1 = {3, 10, 20};
        StateChunkSerializer serializer = new StateChunkSerializer();
        StateChunk chunk = serializer.deserialize(new DataInputDeserializer(layout1));
        assertThat(chunk.bytes()).containsExactly(10, 20);
        DataOutputSerializer out = new DataOutputSerializer(8);
        serializer.serialize(chunk, out);
        assertThat(out.getCopyOfBuffer()).isEqualTo(layout1);
        assertThat(serializer.copy(chunk)).as("not copied at a checkpoint").isSameAs(chunk);
    }

    @Test
    void anUnknownLayoutIsRefused() {
        DataInputDeserializer nothing = new DataInputDeserializer(new byte[0]);
        ClassLoader loader = getClass().getClassLoader();
        for (var snapshot :
                List.of(
                        new TrainingInputSerializer.Snapshot(),
                        new PeerMessageSerializer.Snapshot(),
                        new StateChunkSerializer.Snapshot(),
                        new VisitStateSerializer.Snapshot())) {
            assertThatThrownBy(() -> snapshot.readSnapshot(9, nothing, loader))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Unknown version 9 of the byte layout of ");
        }
    }

    /** A length is four bytes, and what it asks for may be two gigabytes: nothing believes it. */
    @Test
    void messagesThatLieAboutLengthsAreLeftOut() throws IOException {
        List<PeerMessage> read = new ArrayList<>();
        for (int[] counts :
                new int[][] {
                    {0, 0, 0, 1, Integer.MAX_VALUE},
                    {0, 0, 0, 1, -1},
                    {0, 0, 5, Integer.MAX_VALUE, 1},
                    {0, 0, 0, PeerMessage.MOST_PIECES + 1, 1}
                }) {
            DataOutputSerializer out = new DataOutputSerializer(64);
            out.writeByte(PeerMessageSerializer.VERSION);
            out.write(1);
            out.writeLong(7);
            for (int count : counts) {
                for (int rest = count; ; rest >>>= 7) {
                    out.write(rest >>> 7 == 0 ? rest : (rest & 0x7f) | 0x80);
                    if (rest >>> 7 == 0) {
                        break;
                    }
                }
            }
            read(out.getCopyOfBuffer(), read);
        }
        byte[] join = {PeerMessageSerializer.VERSION, 0, -1, -1, -1, -1, 7};
        read(join, read);
        read(new byte[2 << 20], read);
        assertThat(read).isEmpty();
    }

    private static void read(byte[] value, List<PeerMessage> into) {
        new PeerMessageDecoder()
                .deserialize(
                        new ConsumerRecord<>("sync", 0, 7, null, value), new ListCollector<>(into));
    }

    private static <T> T copy(TypeSerializer<T> serializer, T value) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(16);
        serializer.serialize(value, out);
        DataInputDeserializer in = new DataInputDeserializer(out.getCopyOfBuffer());
        T read = serializer.deserialize(in);
        assertThat(in.available()).isZero();
        return read;
    }
}
