package io.nextclick.jobs.kafka;

import io.nextclick.jobs.kafka.RejectedClick.RecordHeader;
import io.nextclick.jobs.types.Bytes;
import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Layout 1: key and value as byte arrays, the number of headers, each header's name and bytes, then
 * reason, where and topic as texts ({@link Bytes}), partition as a count, offset and timestamp as
 * longs. Never in state, only between subtasks.
 */
public final class RejectedClickSerializer extends ImmutableSerializer<RejectedClick> {

    /** Flink's name for {@link RejectedClick}. */
    public static final TypeInformation<RejectedClick> TYPE =
            new OwnType<>(RejectedClick.class, new RejectedClickSerializer());

    private static final long serialVersionUID = 1L;

    public RejectedClickSerializer() {
        super(RejectedClick.class);
    }

    @Override
    public void serialize(RejectedClick click, DataOutputView out) throws IOException {
        Bytes.writeBytes(click.key(), out);
        Bytes.writeBytes(click.value(), out);
        Bytes.writeCount(click.headers().size(), out);
        for (RecordHeader header : click.headers()) {
            Bytes.writeText(header.name(), out);
            Bytes.writeBytes(header.value(), out);
        }
        Bytes.writeText(click.reason(), out);
        Bytes.writeText(click.where(), out);
        Bytes.writeText(click.topic(), out);
        Bytes.writeCount(click.partition(), out);
        out.writeLong(click.offset());
        out.writeLong(click.timestampMillis());
    }

    @Override
    public RejectedClick deserialize(DataInputView in) throws IOException {
        byte[] key = Bytes.readBytes(in);
        byte[] value = Bytes.readBytes(in);
        int headerCount = Bytes.readCount(in);
        List<RecordHeader> headers = new ArrayList<>();
        for (int i = 0; i < headerCount; i++) {
            String name = Bytes.readText(in);
            headers.add(new RecordHeader(name, Bytes.readBytes(in)));
        }
        String reason = Bytes.readText(in);
        String where = Bytes.readText(in);
        String topic = Bytes.readText(in);
        int partition = Bytes.readCount(in);
        long offset = in.readLong();
        return new RejectedClick(
                key, value, headers, reason, where, topic, partition, offset, in.readLong());
    }

    @Override
    public TypeSerializerSnapshot<RejectedClick> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<RejectedClick> {

        public Snapshot() {
            super(RejectedClick.class, 1, version -> new RejectedClickSerializer());
        }
    }
}
