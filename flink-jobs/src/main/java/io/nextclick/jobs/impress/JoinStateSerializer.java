package io.nextclick.jobs.impress;

import io.nextclick.jobs.types.Bytes;
import io.nextclick.jobs.types.LayoutSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * The bytes of a {@link JoinState}.
 *
 * <p>Layout 1, counts and texts as in {@link Bytes}, all else big-endian:
 *
 * <pre>
 * timer          8 bytes, milliseconds since the epoch; the largest number for none
 * impressions    count n, then n times: fingerprint of the id, 8 bytes; shown at, 8 bytes,
 *                milliseconds since the epoch; the record, a byte array in Avro's single-object
 *                encoding
 * clicks         count n, then n times the bytes of a {@link SessionClick}
 * </pre>
 *
 * Avro knows the schemas of earlier versions of an impression, so its change is no change of this
 * layout. About 600 bytes an impression of 20 items with scores and sources, 30 bytes a click
 * without attributes.
 */
public final class JoinStateSerializer extends LayoutSerializer<JoinState> {

    /** Flink's name for {@link JoinState}. */
    static final TypeInformation<JoinState> TYPE =
            new OwnType<>(JoinState.class, new JoinStateSerializer());

    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;

    public JoinStateSerializer() {
        super(JoinState.class);
    }

    @Override
    public void serialize(JoinState state, DataOutputView out) throws IOException {
        out.writeLong(state.timerMillis);
        Bytes.writeCount(state.impressions.size(), out);
        for (OpenImpression open : state.impressions) {
            out.writeLong(open.id());
            out.writeLong(open.shownAtMillis());
            Bytes.writeBytes(open.record(), out);
        }
        Bytes.writeCount(state.clicks.size(), out);
        for (SessionClick click : state.clicks) {
            click.write(out);
        }
    }

    @Override
    public JoinState deserialize(DataInputView in) throws IOException {
        JoinState state = new JoinState();
        state.timerMillis = in.readLong();
        int impressions = Bytes.readCount(in);
        for (int i = 0; i < impressions; i++) {
            long id = in.readLong();
            long shownAt = in.readLong();
            state.impressions.add(new OpenImpression(id, shownAt, Bytes.readBytes(in)));
        }
        int clicks = Bytes.readCount(in);
        for (int i = 0; i < clicks; i++) {
            state.clicks.add(SessionClick.read(in));
        }
        return state;
    }

    @Override
    public JoinState createInstance() {
        return new JoinState();
    }

    @Override
    public JoinState copy(JoinState from) {
        return from.copy();
    }

    @Override
    public TypeSerializerSnapshot<JoinState> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<JoinState> {

        public Snapshot() {
            super(JoinState.class, VERSION, version -> new JoinStateSerializer());
        }
    }
}
