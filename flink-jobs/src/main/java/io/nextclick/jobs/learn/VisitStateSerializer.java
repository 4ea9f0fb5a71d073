package io.nextclick.jobs.learn;

import io.nextclick.jobs.types.Bytes;
import io.nextclick.jobs.types.LayoutSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * The bytes of a {@link VisitState}.
 *
 * <p>Layout 1, counts and texts as in {@link Bytes}, all else big-endian:
 *
 * <pre>
 * last event time        8 bytes, milliseconds since the epoch
 * items                  count n, then n texts, oldest first
 * user id                text, or none
 * context                count n, then n times name and value as texts, by name
 * event ids              count n, then n times 8 bytes, newest first
 * </pre>
 */
public final class VisitStateSerializer extends LayoutSerializer<VisitState> {

    /** Flink's name for {@link VisitState}. */
    static final TypeInformation<VisitState> TYPE =
            new OwnType<>(VisitState.class, new VisitStateSerializer());

    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;

    public VisitStateSerializer() {
        super(VisitState.class);
    }

    @Override
    public void serialize(VisitState state, DataOutputView out) throws IOException {
        out.writeLong(state.lastEventTimeMillis);
        Bytes.writeCount(state.items.size(), out);
        for (String item : state.items) {
            Bytes.writeText(item, out);
        }
        Bytes.writeText(state.userId, out);
        Bytes.writeCount(state.context.size(), out);
        for (Map.Entry<String, String> attribute : state.context.entrySet()) {
            Bytes.writeText(attribute.getKey(), out);
            Bytes.writeText(attribute.getValue(), out);
        }
        Bytes.writeCount(state.eventIds.length, out);
        for (long eventId : state.eventIds) {
            out.writeLong(eventId);
        }
    }

    @Override
    public VisitState deserialize(DataInputView in) throws IOException {
        VisitState state = new VisitState();
        state.lastEventTimeMillis = in.readLong();
        int items = Bytes.readCount(in);
        for (int i = 0; i < items; i++) {
            state.items.addLast(Bytes.readText(in));
        }
        state.userId = Bytes.readText(in);
        int attributes = Bytes.readCount(in);
        if (attributes > 0) {
            state.context = new TreeMap<>();
        }
        for (int i = 0; i < attributes; i++) {
            String name = Bytes.readText(in);
            state.context.put(name, Bytes.readText(in));
        }
        state.eventIds = new long[Bytes.readCount(in)];
        for (int i = 0; i < state.eventIds.length; i++) {
            state.eventIds[i] = in.readLong();
        }
        return state;
    }

    @Override
    public VisitState createInstance() {
        return new VisitState();
    }

    @Override
    public VisitState copy(VisitState from) {
        return from.copy();
    }

    @Override
    public TypeSerializerSnapshot<VisitState> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<VisitState> {

        public Snapshot() {
            super(VisitState.class, VERSION, version -> new VisitStateSerializer());
        }
    }
}
