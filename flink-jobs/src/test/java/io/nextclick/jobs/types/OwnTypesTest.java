package io.nextclick.jobs.types;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.experiment.SomeExperiments;
import io.nextclick.jobs.kafka.ClickRecordSerializer;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.kafka.ReceivedClickSerializer;
import io.nextclick.jobs.kafka.RejectedClick;
import io.nextclick.jobs.kafka.RejectedClick.RecordHeader;
import io.nextclick.jobs.kafka.RejectedClickSerializer;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.kafka.TopicEntrySerializer;
import io.nextclick.jobs.model.ApprovedRelease;
import io.nextclick.jobs.model.ApprovedReleaseSerializer;
import io.nextclick.jobs.recommend.Bulletin;
import io.nextclick.jobs.recommend.BulletinSerializer;
import io.nextclick.jobs.recommend.RecommendationSerializer;
import io.nextclick.jobs.trending.TrendingCountsSerializer;
import io.nextclick.models.ranking.TrendingCounts;
import io.nextclick.models.ranking.TrendingCounts.ItemCount;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.ItemEmbedding;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.RankingFacts;
import io.nextclick.schemas.RankingFacts.SourceFacts;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ExperimentReference;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.Recommendation.Trigger;
import io.nextclick.schemas.Topic;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
            new ReceivedClick(
                    "e",
                    "s",
                    "u",
                    "i",
                    1,
                    "clicks",
                    300,
                    1L << 40,
                    3,
                    new TreeMap<>(Map.of("device", "phone", "country", "日本")));
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
                            new RecommendedItem(
                                    "a",
                                    1.5f,
                                    "model",
                                    new RankingFacts(
                                            List.of(
                                                    new SourceFacts("model", 7, 0.25f),
                                                    new SourceFacts("two-tower", 0, 0)),
                                            0.125,
                                            3,
                                            null,
                                            12.5)),
                            new RecommendedItem("b", -0f, "popularity")),
                    new ModelReference("gru4rec", "v1"),
                    null,
                    4,
                    new ModelReference("fm", "v2"),
                    new ExperimentReference("e", null));
    private static final Recommendation BARE_ANSWER =
            new Recommendation(
                    "x", "s", null, 1, new Trigger(0, 0, null, 0), List.of(), null, "no-model", 0);

    private static final TopicEntry<CatalogItem> SHOE =
            TopicEntry.of(
                    Topics.ITEM_CATALOG,
                    new CatalogItem("shoe", null, List.of("shoes"), 1.5, true, Map.of("a", "b")));
    private static final TopicEntry<ItemEmbedding> VECTOR =
            TopicEntry.of(
                    Topics.ITEM_EMBEDDINGS,
                    new ItemEmbedding("shoe", new float[] {1}, "t", 2, new float[] {3}));
    private static final TopicEntry<ModelRelease> RELEASE =
            TopicEntry.of(
                    Topics.MODEL_RELEASES,
                    new ModelRelease("n", "v", "u", "0".repeat(64), "gru4rec", Map.of(), 3));

    private static final ApprovedRelease APPROVED =
            new ApprovedRelease(7, "shop", "v2", "s3://m/é", "a".repeat(64));

    private static final TrendingCounts COUNTS =
            new TrendingCounts(-3, List.of(new ItemCount("日本", 0.1), new ItemCount("", 0)));

    static Stream<Arguments> values() {
        return Stream.of(
                Arguments.of(TrendingCountsSerializer.TYPE, COUNTS),
                Arguments.of(BulletinSerializer.TYPE, new Bulletin.Released(APPROVED)),
                Arguments.of(BulletinSerializer.TYPE, new Bulletin.Trending(COUNTS)),
                Arguments.of(
                        BulletinSerializer.TYPE,
                        new Bulletin.Experimenting(
                                TopicEntry.of(Topics.EXPERIMENTS, SomeExperiments.halves("e")))),
                Arguments.of(BulletinSerializer.TYPE, new Bulletin.Offered(RELEASE.value())),
                Arguments.of(ReceivedClickSerializer.TYPE, FULL),
                Arguments.of(ReceivedClickSerializer.TYPE, SPARSE),
                Arguments.of(RejectedClickSerializer.TYPE, REJECT),
                Arguments.of(RejectedClickSerializer.TYPE, EMPTY_REJECT),
                Arguments.of(ClickRecordSerializer.TYPE, FULL),
                Arguments.of(ClickRecordSerializer.TYPE, REJECT),
                Arguments.of(TopicEntrySerializer.CATALOG_ITEM, SHOE),
                Arguments.of(TopicEntrySerializer.CATALOG_ITEM, TopicEntry.withdrawal("shoe")),
                Arguments.of(TopicEntrySerializer.ITEM_EMBEDDING, VECTOR),
                Arguments.of(TopicEntrySerializer.MODEL_RELEASE, RELEASE),
                Arguments.of(ApprovedReleaseSerializer.TYPE, APPROVED),
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
        // The version stands behind the snapshot's class name; only an entry's has more to say.
        bytes[
                        value instanceof TopicEntry
                                ? bytes.length - 2 - topicLength(bytes)
                                : bytes.length - 1] =
                9;
        assertThatThrownBy(
                        () ->
                                TypeSerializerSnapshot.readVersionedSnapshot(
                                        new DataInputDeserializer(bytes), loader))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Unknown version 9 of the byte layout of ");
    }

    /** Layout 1 of a click ended with its timestamp: such bytes may lie in an old savepoint. */
    @Test
    void readsAClickOfLayout1() throws IOException {
        ReceivedClick old = new ReceivedClick("e", "s", "u", "i", 1, "clicks", 300, 1L << 40, 3);
        String layout1 =
                "03650373037503690d636c69636b73ac02"
                        + "0000000000000001"
                        + "0000010000000000"
                        + "0000000000000003";
        byte[] snapshot = new byte[] {0, 0, 0, 1};
        for (String bytes : List.of(layout1, "00" + layout1)) {
            TypeSerializerSnapshot<?> then =
                    bytes.length() == layout1.length()
                            ? new ReceivedClickSerializer.Snapshot()
                            : new ClickRecordSerializer.Snapshot();
            then.readSnapshot(1, new DataInputDeserializer(snapshot), getClass().getClassLoader());
            DataInputDeserializer in = new DataInputDeserializer(HexFormat.of().parseHex(bytes));
            assertThat(then.restoreSerializer().deserialize(in)).isEqualTo(old);
            assertThat(in.available()).isZero();
        }
        ReceivedClickSerializer.Snapshot then = new ReceivedClickSerializer.Snapshot();
        then.readSnapshot(1, new DataInputDeserializer(snapshot), getClass().getClassLoader());
        assertThat(
                        new ReceivedClickSerializer()
                                .snapshotConfiguration()
                                .resolveSchemaCompatibility(then)
                                .isCompatibleAfterMigration())
                .isTrue();
    }

    /** What a savepoint holds of the release in force. */
    @Test
    void readsAnApprovedReleaseOfLayout1() throws IOException {
        ApprovedRelease release = new ApprovedRelease(258, "shop", "v2", "file:/m", "ab");
        String layout1 =
                "0000000000000102" + "0973686f70" + "057632" + "0f66696c653a2f6d" + "056162";
        ApprovedReleaseSerializer.Snapshot then = new ApprovedReleaseSerializer.Snapshot();
        then.readSnapshot(1, new DataInputDeserializer(new byte[0]), getClass().getClassLoader());
        DataInputDeserializer in = new DataInputDeserializer(HexFormat.of().parseHex(layout1));
        assertThat(then.restoreSerializer().deserialize(in)).isEqualTo(release);
        assertThat(in.available()).isZero();
    }

    /** Layout 1 of an answer had neither facts nor a ranker nor an experiment. */
    @Test
    void readsARecommendationOfLayout1() throws IOException {
        String layout1 =
                "15636c69636b732d302d31" // clicks-0-1
                        + "0373"
                        + "0375"
                        + "c801" // step 200
                        + "01"
                        + "0000000000000002"
                        + "0365"
                        + "0000000000000003"
                        + "02" // items
                        + "0361"
                        + "3fc00000"
                        + "0b6d6f64656c"
                        + "0362"
                        + "80000000"
                        + "15706f70756c6172697479"
                        + "0f67727534726563"
                        + "057631"
                        + "00" // no fallback
                        + "0000000000000004";
        RecommendationSerializer.Snapshot then = new RecommendationSerializer.Snapshot();
        then.readSnapshot(1, new DataInputDeserializer(new byte[0]), getClass().getClassLoader());
        DataInputDeserializer in = new DataInputDeserializer(HexFormat.of().parseHex(layout1));
        assertThat(then.restoreSerializer().deserialize(in))
                .isEqualTo(
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
                                4));
        assertThat(in.available()).isZero();
    }

    /** What a savepoint holds of what is trending. */
    @Test
    void readsTrendingCountsOfLayout1() throws IOException {
        TrendingCounts counts =
                new TrendingCounts(258, List.of(new ItemCount("shop", 0.5), new ItemCount("é", 3)));
        String layout1 =
                "0000000000000102"
                        + "02"
                        + ("0973686f70" + "3fe0000000000000")
                        + ("0400e9" + "4008000000000000");
        TrendingCountsSerializer.Snapshot then = new TrendingCountsSerializer.Snapshot();
        then.readSnapshot(1, new DataInputDeserializer(new byte[0]), getClass().getClassLoader());
        DataInputDeserializer in = new DataInputDeserializer(HexFormat.of().parseHex(layout1));
        assertThat(then.restoreSerializer().deserialize(in)).isEqualTo(counts);
        assertThat(in.available()).isZero();
    }

    /** What may be on its way when a checkpoint is taken with channels in it. */
    @Test
    void readsBulletinsOfLayout1() throws IOException {
        Map<String, Bulletin> layout1 =
                Map.of(
                        "00"
                                + "0000000000000102"
                                + "0973686f70"
                                + "057632"
                                + "0561"
                                + "62"
                                + "0563"
                                + "64",
                        new Bulletin.Released(new ApprovedRelease(258, "shop", "v2", "ab", "cd")),
                        "01" + "0000000000000007" + "01" + "0361" + "3ff0000000000000",
                        new Bulletin.Trending(
                                new TrendingCounts(7, List.of(new ItemCount("a", 1)))),
                        "02" + "0365" + "00",
                        new Bulletin.Experimenting(TopicEntry.withdrawal("e")),
                        "03"
                                + "036e"
                                + "58"
                                + "c3010733beea7b950b16"
                                + "026e"
                                + "0276"
                                + "0275"
                                + "8001"
                                + "30".repeat(64)
                                + "026b"
                                + "00"
                                + "06"
                                + "00",
                        new Bulletin.Offered(
                                new ModelRelease("n", "v", "u", "0".repeat(64), "k", Map.of(), 3)));
        BulletinSerializer.Snapshot then = new BulletinSerializer.Snapshot();
        then.readSnapshot(1, new DataInputDeserializer(new byte[0]), getClass().getClassLoader());
        for (Map.Entry<String, Bulletin> each : layout1.entrySet()) {
            DataInputDeserializer in =
                    new DataInputDeserializer(HexFormat.of().parseHex(each.getKey()));
            assertThat(then.restoreSerializer().deserialize(in)).isEqualTo(each.getValue());
            assertThat(in.available()).isZero();
        }
        assertThatThrownBy(
                        () ->
                                new BulletinSerializer()
                                        .deserialize(new DataInputDeserializer(new byte[] {99})))
                .isInstanceOf(IOException.class)
                .hasMessage("a bulletin of kind 99");
    }

    /** The bytes of the topic's name at the end of an entry's snapshot, without their count. */
    private static int topicLength(byte[] bytes) {
        for (Topic<?> topic : Topics.ALL) {
            int length = topic.name().length();
            String end = new String(bytes, bytes.length - length, length, StandardCharsets.UTF_8);
            if (end.equals(topic.name())) {
                return length;
            }
        }
        throw new AssertionError("no topic's name at the end");
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
