package io.nextclick.jobs.impress;

import io.nextclick.jobs.kafka.RejectedClickSerializer;
import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Layout 1: one byte, 0 for an impression as {@link ImpressionSerializer} has it, 1 for layout 1 of
 * a rejected record. Never in state.
 */
public final class ImpressionRecordSerializer extends ImmutableSerializer<ImpressionRecord> {

    /** Flink's name for {@link ImpressionRecord}. */
    public static final TypeInformation<ImpressionRecord> TYPE =
            new OwnType<>(ImpressionRecord.class, new ImpressionRecordSerializer());

    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;
    private static final int SHOWN = 0;
    private static final int UNREADABLE = 1;

    private final ImpressionSerializer impressions = new ImpressionSerializer();
    private final RejectedClickSerializer rejected = new RejectedClickSerializer();

    public ImpressionRecordSerializer() {
        super(ImpressionRecord.class);
    }

    @Override
    public void serialize(ImpressionRecord record, DataOutputView out) throws IOException {
        if (record instanceof ImpressionRecord.Shown of) {
            out.write(SHOWN);
            impressions.serialize(of.impression(), out);
        } else {
            out.write(UNREADABLE);
            rejected.serialize(((ImpressionRecord.Unreadable) record).record(), out);
        }
    }

    @Override
    public ImpressionRecord deserialize(DataInputView in) throws IOException {
        byte kind = in.readByte();
        return switch (kind) {
            case SHOWN -> new ImpressionRecord.Shown(impressions.deserialize(in));
            case UNREADABLE -> new ImpressionRecord.Unreadable(rejected.deserialize(in));
            default -> throw new IOException("Unknown kind of impression record: " + kind);
        };
    }

    @Override
    public TypeSerializerSnapshot<ImpressionRecord> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<ImpressionRecord> {

        public Snapshot() {
            super(ImpressionRecord.class, VERSION, version -> new ImpressionRecordSerializer());
        }
    }
}
