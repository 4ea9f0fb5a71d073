package io.nextclick.jobs.recommend;

import io.nextclick.jobs.experiment.ExperimentTally;
import io.nextclick.jobs.types.Bytes;
import io.nextclick.jobs.types.LayoutSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import io.nextclick.models.ranking.CandidateSource;
import java.io.IOException;
import java.util.Arrays;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * The bytes of a {@link SessionState}.
 *
 * <p>Layout 3, counts as in {@link Bytes}, all else big-endian:
 *
 * <pre>
 * step                   count
 * last event time        8 bytes, milliseconds since the epoch
 * items                  count n, count of bytes, then n times: count of bytes, UTF-8; newest first
 * event ids              count n, then n times 8 bytes; newest first
 * last list              count n + 1, or 0 if there is none; its model's stamp, 8 bytes;
 *                        n times 8 bytes, best first
 * recurrent state        count n + 1, or 0 if there is none; its model's stamp, 8 bytes;
 *                        n floats
 * proposals              count n + 1, or 0 if there are none; a byte: the situation; a byte: a bit
 *                        for each of the s sources that spoke; n times 8 bytes; n times s bytes of
 *                        ranks; n times s bytes of shares
 * experiment             1 if the session takes part in one, then its tally ({@link
 *                        ExperimentTally#write}), or 0
 * </pre>
 *
 * Layout 2 knew the model and the tower alone: in its proposals stood, behind the count, a byte, in
 * its lowest bits the situation + 1, or 0 if only one of the two spoke, in its highest whether the
 * model did; n times 8 bytes; n bytes of ranks by the model, n by the tower, n of the tower's
 * shares. Layout 1 ended before the proposals. About 1 KB for 20 items of 8 characters, a list of
 * 20 and 128 floats; proposals of two sources that agree on half of their items take 360 bytes
 * more, those of five of which each has its own 1,800.
 */
public final class SessionStateSerializer extends LayoutSerializer<SessionState> {

    private static final long serialVersionUID = 1L;

    /** The layout that is written. */
    static final int VERSION = 3;

    /** In layout 2. */
    private static final int MODEL_SPOKE = 0x80;

    private static final byte MODEL = (byte) (1 << CandidateSource.MODEL.number());
    private static final byte TOWER = (byte) (1 << CandidateSource.TWO_TOWER.number());

    /** Flink's name for {@link SessionState}. */
    static final TypeInformation<SessionState> TYPE =
            new OwnType<>(SessionState.class, new SessionStateSerializer());

    /** The layout that is read. */
    private final int read;

    public SessionStateSerializer() {
        this(VERSION);
    }

    private SessionStateSerializer(int read) {
        super(SessionState.class);
        this.read = read;
    }

    @Override
    public void serialize(SessionState state, DataOutputView out) throws IOException {
        Bytes.writeCount(state.step, out);
        out.writeLong(state.lastEventTimeMillis);
        Bytes.writeCount(state.itemCount, out);
        Bytes.writeCount(state.itemsTo - state.itemsFrom, out);
        out.write(state.itemBytes, state.itemsFrom, state.itemsTo - state.itemsFrom);
        Bytes.writeCount(state.eventIdCount, out);
        for (int i = 0; i < state.eventIdCount; i++) {
            out.writeLong(state.eventIds[i]);
        }
        if (state.list == null) {
            Bytes.writeCount(0, out);
        } else {
            Bytes.writeCount(state.list.length + 1, out);
            out.writeLong(state.listModel);
            for (long item : state.list) {
                out.writeLong(item);
            }
        }
        if (state.hidden == null) {
            Bytes.writeCount(0, out);
        } else {
            Bytes.writeCount(state.hidden.length + 1, out);
            out.writeLong(state.hiddenModel);
            for (float value : state.hidden) {
                out.writeInt(Float.floatToRawIntBits(value));
            }
        }
        Proposals proposals = state.proposals;
        if (proposals == null) {
            Bytes.writeCount(0, out);
        } else {
            Bytes.writeCount(proposals.items.length + 1, out);
            out.writeByte(proposals.situation);
            out.writeByte(proposals.spoken);
            for (long item : proposals.items) {
                out.writeLong(item);
            }
            out.write(proposals.ranks);
            out.write(proposals.shares);
        }
        out.writeBoolean(state.tally != null);
        if (state.tally != null) {
            state.tally.write(out);
        }
    }

    @Override
    public SessionState deserialize(DataInputView in) throws IOException {
        SessionState state = new SessionState();
        state.step = Bytes.readCount(in);
        state.lastEventTimeMillis = in.readLong();
        state.itemCount = Bytes.readCount(in);
        byte[] items = new byte[Bytes.readCount(in)];
        in.readFully(items);
        state.itemBytes = items;
        state.itemsTo = items.length;
        state.eventIdCount = Bytes.readCount(in);
        if (state.eventIdCount > 0) {
            state.eventIds = readLongs(state.eventIdCount, in);
        }
        int list = Bytes.readCount(in);
        if (list > 0) {
            state.listModel = in.readLong();
            state.list = readLongs(list - 1, in);
        }
        int hidden = Bytes.readCount(in);
        if (hidden > 0) {
            state.hiddenModel = in.readLong();
            float[] values = new float[hidden - 1];
            for (int i = 0; i < values.length; i++) {
                values[i] = Float.intBitsToFloat(in.readInt());
            }
            state.hidden = values;
        }
        int proposals = read == 1 ? 0 : Bytes.readCount(in);
        if (proposals > 0) {
            state.proposals =
                    read == 2
                            ? readProposalsOfTwo(proposals - 1, in)
                            : readProposals(proposals - 1, in);
        }
        if (read >= 3 && in.readBoolean()) {
            state.tally = ExperimentTally.read(in);
        }
        return state;
    }

    private static Proposals readProposals(int count, DataInputView in) throws IOException {
        byte situation = in.readByte();
        byte spoken = in.readByte();
        int sources = Integer.bitCount(spoken);
        return new Proposals(
                readLongs(count, in),
                situation,
                spoken,
                readBytes(count * sources, in),
                readBytes(count * sources, in));
    }

    /** As layout 2 has them. */
    private static Proposals readProposalsOfTwo(int count, DataInputView in) throws IOException {
        int flags = in.readUnsignedByte();
        int situation = (flags & ~MODEL_SPOKE) - 1;
        long[] items = readLongs(count, in);
        byte[] modelRanks = readBytes(count, in);
        byte[] towerRanks = readBytes(count, in);
        byte[] towerShares = readBytes(count, in);
        if (situation < 0) {
            boolean isModel = (flags & MODEL_SPOKE) != 0;
            byte[] all = new byte[count];
            Arrays.fill(all, (byte) 255);
            return new Proposals(
                    items,
                    (byte) 0,
                    isModel ? MODEL : TOWER,
                    isModel ? modelRanks : towerRanks,
                    all);
        }
        byte[] ranks = new byte[2 * count];
        byte[] shares = new byte[2 * count];
        for (int i = 0; i < count; i++) {
            ranks[2 * i] = modelRanks[i];
            ranks[2 * i + 1] = towerRanks[i];
            shares[2 * i] = (byte) (255 - (towerShares[i] & 0xff));
            shares[2 * i + 1] = towerShares[i];
        }
        return new Proposals(items, (byte) situation, (byte) (MODEL | TOWER), ranks, shares);
    }

    private static byte[] readBytes(int count, DataInputView in) throws IOException {
        byte[] values = new byte[count];
        in.readFully(values);
        return values;
    }

    private static long[] readLongs(int count, DataInputView in) throws IOException {
        long[] values = new long[count];
        for (int i = 0; i < count; i++) {
            values[i] = in.readLong();
        }
        return values;
    }

    @Override
    public SessionState createInstance() {
        return new SessionState();
    }

    @Override
    public SessionState copy(SessionState from) {
        return from.copy();
    }

    @Override
    public TypeSerializerSnapshot<SessionState> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<SessionState> {

        public Snapshot() {
            super(SessionState.class, VERSION, SessionStateSerializer::new);
        }
    }
}
