package io.nextclick.jobs.kafka;

import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Layout 1: one byte, 0 for a {@link ReceivedClick} and 1 for a {@link RejectedClick}, then that
 * type's own layout.
 */
public final class ClickRecordSerializer extends ImmutableSerializer<ClickRecord> {

    /** Flink's name for {@link ClickRecord}. */
    public static final TypeInformation<ClickRecord> TYPE =
            new OwnType<>(ClickRecord.class, new ClickRecordSerializer());

    private static final long serialVersionUID = 1L;
    private static final int RECEIVED = 0;
    private static final int REJECTED = 1;

    private final ReceivedClickSerializer received = new ReceivedClickSerializer();
    private final RejectedClickSerializer rejected = new RejectedClickSerializer();

    public ClickRecordSerializer() {
        super(ClickRecord.class);
    }

    @Override
    public void serialize(ClickRecord click, DataOutputView out) throws IOException {
        if (click instanceof ReceivedClick accepted) {
            out.write(RECEIVED);
            received.serialize(accepted, out);
        } else {
            out.write(REJECTED);
            rejected.serialize((RejectedClick) click, out);
        }
    }

    @Override
    public ClickRecord deserialize(DataInputView in) throws IOException {
        byte kind = in.readByte();
        return switch (kind) {
            case RECEIVED -> received.deserialize(in);
            case REJECTED -> rejected.deserialize(in);
            default -> throw new IOException("Unknown kind of click record: " + kind);
        };
    }

    @Override
    public TypeSerializerSnapshot<ClickRecord> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<ClickRecord> {

        public Snapshot() {
            super(ClickRecord.class, 1, version -> new ClickRecordSerializer());
        }
    }
}
