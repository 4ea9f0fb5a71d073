package io.nextclick.jobs.recommend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.models.ranking.CandidateSource;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.ExperimentOutcome.Credit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class SessionStateSerializerTest {

    private static final SessionStateSerializer SERIALIZER = new SessionStateSerializer();

    @Test
    void readsTheFirstLayout() throws IOException {
        SessionState state =
                readSnapshot(bytes("session-state-snapshot-1.hex"))
                        .restoreSerializer()
                        .deserialize(new DataInputDeserializer(bytes("session-state-1.hex")));
        assertThat(state.step).isEqualTo(300);
        assertThat(state.lastEventTimeMillis).isEqualTo(1_700_000_000_000L);
        assertThat(state.lastItem()).isEqualTo("i3");
        assertThat(state.items()).containsExactly("i1", "héllo", "i3");
        assertThat(state.eventIds).containsExactly(-5, 1L << 40);
        assertThat(state.listModel).isEqualTo(77);
        assertThat(state.list).containsExactly(11, -12);
        assertThat(state.hiddenModel).isEqualTo(78);
        assertThat(state.hidden).containsExactly(0.5f, -1.25f, 0x1p35f);
        assertThat(state.proposals).isNull();
        // What the first layout holds is written with an end to it: no proposals, no tally.
        byte[] first = bytes("session-state-1.hex");
        assertThat(write(state)).isEqualTo(Arrays.copyOf(first, first.length + 2));
    }

    @Test
    void readsTheSecondLayout() throws IOException {
        SessionState state = readLayout2(bytes("session-state-2.hex"));
        assertThat(state.step).isEqualTo(300);
        assertThat(state.hidden).containsExactly(0.5f, -1.25f, 0x1p35f);
        Proposals both = state.proposals;
        assertThat(both.items).containsExactly(11, -12, 13);
        assertThat(both.situation).isEqualTo((byte) 1);
        assertThat(both.speaking()).isEqualTo(2);
        assertThat(ranks(both, CandidateSource.MODEL)).containsExactly(0, 19, Proposals.UNLISTED);
        assertThat(ranks(both, CandidateSource.TWO_TOWER))
                .containsExactly(Proposals.UNLISTED, 3, 0);
        assertThat(shares(both, CandidateSource.MODEL)).containsExactly(1, .8f, 0);
        assertThat(shares(both, CandidateSource.TWO_TOWER)).containsExactly(0, .2f, 1);
        assertThat(shares(both, CandidateSource.TRENDING))
                .containsExactly(Float.NaN, Float.NaN, Float.NaN);
        SessionState again = read(write(state));
        assertThat(ranks(again.proposals, CandidateSource.TWO_TOWER))
                .containsExactly(Proposals.UNLISTED, 3, 0);
    }

    @Test
    void readsOfTheSecondLayoutWhatOneSourceProposed() throws IOException {
        byte[] bytes = bytes("session-state-2.hex");
        // The byte behind the count: 0 where one of them spoke alone, and it wasn't the model.
        int flags = bytes.length - 3 * (8 + 3) - 1;
        assertThat(bytes[flags]).isEqualTo((byte) 0x82);
        for (boolean isModel : new boolean[] {true, false}) {
            bytes[flags] = isModel ? (byte) 0x80 : 0;
            Proposals alone = readLayout2(bytes).proposals;
            assertThat(alone.speaking()).isEqualTo(1);
            assertThat(alone.spoke(CandidateSource.MODEL)).isEqualTo(isModel);
            assertThat(ranks(alone, isModel ? CandidateSource.MODEL : CandidateSource.TWO_TOWER))
                    .containsExactly(isModel ? new int[] {0, 19, -1} : new int[] {-1, 3, 0});
        }
    }

    @Test
    void readsTheThirdLayout() throws IOException {
        SessionState state = read(bytes("session-state-3.hex"));
        assertThat(state.step).isEqualTo(300);
        Proposals proposals = state.proposals;
        assertThat(proposals.items).containsExactly(11, -12, 13);
        assertThat(proposals.situation).isEqualTo((byte) 1);
        assertThat(proposals.speaking()).isEqualTo(3);
        assertThat(ranks(proposals, CandidateSource.MODEL)).containsExactly(0, 19, -1);
        assertThat(ranks(proposals, CandidateSource.TWO_TOWER)).containsExactly(-1, -1, -1);
        assertThat(ranks(proposals, CandidateSource.CO_VISITATION)).containsExactly(-1, 3, 0);
        assertThat(ranks(proposals, CandidateSource.TRENDING_CATEGORY)).containsExactly(2, -1, 0);
        assertThat(shares(proposals, CandidateSource.CO_VISITATION))
                .containsExactly(0, .8f, 128 / 255f);
        ExperimentOutcome outcome = state.tally.outcome("v");
        assertThat(outcome)
                .isEqualTo(
                        new ExperimentOutcome(
                                outcome.id(),
                                "e",
                                "s",
                                null,
                                "v",
                                "u",
                                1,
                                2,
                                3,
                                2,
                                1,
                                List.of(new Credit("b", 1)),
                                Map.of()));
        assertThat(write(state)).isEqualTo(bytes("session-state-3.hex"));
        // The last list is open, and its second place the second variant's.
        state.tally.followed(1);
        assertThat(state.tally.outcome("v").credits()).containsExactly(new Credit("b", 2));
        assertThat(SERIALIZER.copy(state).proposals.find(13)).isEqualTo(2);
        assertThat(proposals.find(14)).isEqualTo(-1);
        state.proposals = new Proposals(new long[0], (byte) 0, (byte) 0, new byte[0], new byte[0]);
        assertThat(read(write(state)).proposals.speaking()).isZero();
    }

    private static int[] ranks(Proposals proposals, CandidateSource source) {
        return IntStream.range(0, proposals.items.length)
                .map(item -> proposals.rank(item, source))
                .toArray();
    }

    private static float[] shares(Proposals proposals, CandidateSource source) {
        float[] shares = new float[proposals.items.length];
        for (int item = 0; item < shares.length; item++) {
            shares[item] = proposals.share(item, source);
        }
        return shares;
    }

    private static SessionState readLayout2(byte[] bytes) throws IOException {
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        SessionState state =
                readSnapshot(bytes("session-state-snapshot-2.hex"))
                        .restoreSerializer()
                        .deserialize(in);
        assertThat(in.available()).isZero();
        return state;
    }

    @Test
    void savepointsNameTheLayout() throws IOException {
        for (int earlier = 1; earlier < SessionStateSerializer.VERSION; earlier++) {
            assertThat(
                            SERIALIZER
                                    .snapshotConfiguration()
                                    .resolveSchemaCompatibility(
                                            readSnapshot(
                                                    bytes(
                                                            "session-state-snapshot-"
                                                                    + earlier
                                                                    + ".hex")))
                                    .isCompatibleAfterMigration())
                    .isTrue();
        }
        byte[] old = bytes("session-state-snapshot-3.hex");
        TypeSerializerSnapshot<SessionState> snapshot = readSnapshot(old);
        assertThat(snapshot.restoreSerializer()).isEqualTo(SERIALIZER);
        assertThat(
                        SERIALIZER
                                .snapshotConfiguration()
                                .resolveSchemaCompatibility(snapshot)
                                .isCompatibleAsIs())
                .isTrue();
        DataOutputSerializer out = new DataOutputSerializer(64);
        TypeSerializerSnapshot.writeVersionedSnapshot(out, SERIALIZER.snapshotConfiguration());
        assertThat(out.getCopyOfBuffer()).isEqualTo(old);
    }

    @Test
    void refusesALayoutItDoesNotKnow() throws IOException {
        byte[] newer = bytes("session-state-snapshot-3.hex");
        newer[newer.length - 1] = 4;
        assertThatThrownBy(() -> readSnapshot(newer))
                .isInstanceOf(IOException.class)
                .hasMessage(
                        "Unknown version 4 of the byte layout of SessionState: this build reads"
                                + " versions 1 to 3");
    }

    @Test
    void keepsItsItemsThroughBytesAtAnyLength() throws IOException {
        long seed = 11;
        Random random = new Random(seed);
        for (int maximumLength : new int[] {1, 2, 7, 50}) {
            SessionState state = new SessionState();
            state.start();
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                String item = "ü".repeat(random.nextInt(100)) + i;
                state.addItem(item, maximumLength);
                expected.add(item);
                List<String> last =
                        expected.subList(Math.max(0, i + 1 - maximumLength), expected.size());
                assertThat(state.lastItem()).as("seed %d", seed).isEqualTo(item);
                if (random.nextBoolean()) {
                    assertThat(state.items()).isEqualTo(last);
                }
                if (random.nextBoolean()) {
                    state = read(write(state));
                    assertThat(state.items()).isEqualTo(last);
                }
            }
        }
    }

    @Test
    void remembersTheLastEventIds() throws IOException {
        SessionState state = new SessionState();
        for (int i = 0; i < 40; i++) {
            state.addEventId("e" + i, 32);
        }
        state = read(write(state));
        assertThat(state.remembers("e7")).isFalse();
        assertThat(state.remembers("e8")).isTrue();
        assertThat(state.remembers("e39")).isTrue();
        state.addEventId("e40", 3);
        assertThat(state.remembers("e37")).isFalse();
        assertThat(state.remembers("e38")).isTrue();
        state.addEventId("e41", 0);
        assertThat(state.remembers("e41")).isFalse();
    }

    @Test
    void takesNoMoreForASessionThatNeverEnds() throws IOException {
        SessionState state = new SessionState();
        int most = 0;
        int mostWritten = 0;
        for (int click = 1; click <= 100_000; click++) {
            state.step = click;
            state.addItem("item-" + (100_000 + click), 50);
            state.addEventId("event-" + click, 32);
            if (click == 1_000) {
                most = state.approximateBytes();
                mostWritten = write(state).length;
            }
        }
        assertThat(state.approximateBytes()).isLessThanOrEqualTo(most);
        // The step alone may take a byte more.
        assertThat(write(state).length).isLessThanOrEqualTo(mostWritten + 1);
    }

    @Test
    void copiesShareNothingThatChanges() {
        SessionState state = new SessionState();
        state.addItem("i1", 5);
        state.addEventId("e1", 5);
        state.keepHidden(new float[] {1, 2}, 9);
        SessionState copy = SERIALIZER.copy(state);
        state.addItem("i2", 5);
        state.addEventId("e2", 5);
        state.keepHidden(new float[] {3, 4}, 9);
        assertThat(copy.items()).containsExactly("i1");
        assertThat(copy.remembers("e2")).isFalse();
        assertThat(copy.hidden).containsExactly(1, 2);
    }

    private static TypeSerializerSnapshot<SessionState> readSnapshot(byte[] bytes)
            throws IOException {
        return TypeSerializerSnapshot.readVersionedSnapshot(
                new DataInputDeserializer(bytes),
                SessionStateSerializerTest.class.getClassLoader());
    }

    private static byte[] write(SessionState state) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        SERIALIZER.serialize(state, out);
        return out.getCopyOfBuffer();
    }

    private static SessionState read(byte[] bytes) throws IOException {
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        SessionState state = SERIALIZER.deserialize(in);
        assertThat(in.available()).isZero();
        return state;
    }

    private static byte[] bytes(String resource) throws IOException {
        try (InputStream in =
                SessionStateSerializerTest.class.getResourceAsStream("/state/" + resource)) {
            String hex = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            return HexFormat.of().parseHex(hex.strip());
        }
    }
}
