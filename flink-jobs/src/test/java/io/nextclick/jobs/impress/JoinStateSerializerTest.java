package io.nextclick.jobs.impress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.impress.LabelledImpression.Outcome;
import io.nextclick.jobs.types.VersionedSnapshot;
import io.nextclick.models.ranker.NegativeSampling;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class JoinStateSerializerTest {

    /** In version 1 of the record; it must keep reading. */
    private static final String IMPRESSION =
            "1b" // 26 bytes
                    + "c301a17ce2790a221590" // Avro, fingerprint of the schema
                    + "0276" // v
                    + "0273" // s
                    + "00"
                    + "0a" // 5
                    + "00"
                    + "02" // one item
                    + "0261" // a
                    + "02" // 1
                    + "00000000" // no score, no source, no more items, no recommendation
                    + "00";

    /** The same in the version that is written. */
    private static final String IMPRESSION_2 =
            "1c" // 27 bytes
                    + "c301a9a9b968206a212c"
                    + "0276"
                    + "0273"
                    + "00"
                    + "0a"
                    + "00"
                    + "02"
                    + "0261"
                    + "02"
                    + "000000" // no score, no source, no facts
                    + "000000"; // no more items, no recommendation, no variant

    private static final String FULL_CLICK =
            "08005a006f00eb" // Zoë
                    + "0000000000000008"
                    + "0375" // u
                    + "01"
                    + "0d646576696365"
                    + "0b70686f6e65" // device, phone
                    + "ffffffffffffffff";

    private static final SessionClick CLICK =
            new SessionClick("Zoë", 8, "u", new TreeMap<>(Map.of("device", "phone")), -1);

    /** What layout 1 wrote; it must keep reading. */
    private static final String LAYOUT_1 =
            "0000000000000069" // timer at 105
                    + "01"
                    + "8a2b0ee9c4d0a2ee" // id
                    + "0000000000000005" // shown at
                    + IMPRESSION
                    + "02"
                    + "0361" // a
                    + "0000000000000007"
                    + "00" // nobody known
                    + "00"
                    + "0000000000000000" // no event id
                    + FULL_CLICK;

    private static final Impression SHOWN =
            new Impression(
                    "v",
                    "s",
                    null,
                    5,
                    null,
                    List.of(new ShownItem("a", 1, null, null)),
                    null,
                    null);

    private final JoinStateSerializer serializer = new JoinStateSerializer();

    @Test
    void readsLayout1AndWritesIt() throws IOException {
        JoinState state = read(serializer, LAYOUT_1);
        assertThat(state.timerMillis).isEqualTo(105);
        assertThat(state.impressions).hasSize(1);
        OpenImpression open = state.impressions.get(0);
        assertThat(open.id()).isEqualTo(0x8a2b0ee9c4d0a2eeL);
        assertThat(open.shownAtMillis()).isEqualTo(5);
        assertThat(open.impression()).isEqualTo(SHOWN);
        assertThat(state.clicks)
                .containsExactly(
                        new SessionClick("a", 7, null, new TreeMap<>(), SessionClick.NO_EVENT),
                        CLICK);
        assertThat(write(serializer, state)).isEqualTo(LAYOUT_1);
        assertThat(write(serializer, serializer.copy(state))).isEqualTo(LAYOUT_1);
    }

    @Test
    void keepsTheBarestState() throws IOException {
        String bytes = write(serializer, new JoinState());
        assertThat(bytes).isEqualTo("7fffffffffffffff" + "00" + "00");
        assertThat(read(serializer, bytes).isEmpty()).isTrue();
    }

    @Test
    void aCopyGoesItsOwnWay() {
        JoinState state = new JoinState();
        state.impressions.add(OpenImpression.of(SHOWN));
        JoinState copy = serializer.copy(state);
        copy.impressions.clear();
        copy.clicks.add(CLICK);
        copy.timerMillis = 3;
        assertThat(state.impressions).containsExactly(OpenImpression.of(SHOWN));
        assertThat(state.clicks).isEmpty();
        assertThat(state.timerMillis).isEqualTo(JoinState.NO_TIMER);
    }

    @Test
    void recordsBetweenTasksKeepTheirLayout1() throws IOException {
        ImpressionSerializer impressions = new ImpressionSerializer();
        assertThat(read(impressions, IMPRESSION)).isEqualTo(SHOWN);
        assertThat(read(impressions, IMPRESSION_2)).isEqualTo(SHOWN);
        assertThat(write(impressions, SHOWN)).isEqualTo(IMPRESSION_2);
        assertThat(impressions.isImmutableType()).isTrue();

        LabelledImpressionSerializer labelled = new LabelledImpressionSerializer();
        LabelledImpression clicked =
                new LabelledImpression(
                        SHOWN,
                        List.of(CLICK),
                        List.of(new Outcome(2, -1)),
                        new NegativeSampling(0.5));
        String layout1 =
                IMPRESSION
                        + "01"
                        + FULL_CLICK
                        + "01"
                        + "00"
                        + "0000000000000002"
                        + "ffffffffffffffff"
                        + "3fe0000000000000"; // a rate of .5
        assertThat(read(labelled, layout1)).isEqualTo(clicked);
        assertThat(write(labelled, clicked)).isEqualTo(layout1.replace(IMPRESSION, IMPRESSION_2));
        LabelledImpression not =
                new LabelledImpression(SHOWN, List.of(), List.of(Outcome.NOT_CLICKED));
        String bare = IMPRESSION + "00" + "00" + "3ff0000000000000";
        assertThat(read(labelled, bare)).isEqualTo(not);
        assertThat(write(labelled, not)).isEqualTo(bare.replace(IMPRESSION, IMPRESSION_2));
        assertThat(labelled.isImmutableType()).isTrue();
    }

    @Test
    void anUnknownLayoutIsRefused() {
        DataInputDeserializer nothing = new DataInputDeserializer(new byte[0]);
        ClassLoader loader = getClass().getClassLoader();
        for (VersionedSnapshot<?> snapshot :
                List.of(
                        new JoinStateSerializer.Snapshot(),
                        new ImpressionSerializer.Snapshot(),
                        new LabelledImpressionSerializer.Snapshot())) {
            assertThatThrownBy(() -> snapshot.readSnapshot(2, nothing, loader))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Unknown version 2 of the byte layout of ");
        }
    }

    @Test
    void bytesThatAreNoImpressionAreSaidToBeNone() {
        assertThatThrownBy(() -> read(new ImpressionSerializer(), "02" + "ff"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("an impression that can't be read");
        assertThatThrownBy(() -> new OpenImpression(1, 2, new byte[] {1}).impression())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("can't be read");
    }

    private static <T> T read(TypeSerializer<T> serializer, String hex) throws IOException {
        DataInputDeserializer in = new DataInputDeserializer(HexFormat.of().parseHex(hex));
        T value = serializer.deserialize(in);
        assertThat(in.available()).isZero();
        return value;
    }

    private static <T> String write(TypeSerializer<T> serializer, T value) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(value, out);
        return HexFormat.of().formatHex(out.getCopyOfBuffer());
    }
}
