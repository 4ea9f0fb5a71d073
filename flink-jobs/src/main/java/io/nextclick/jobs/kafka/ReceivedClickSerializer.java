package io.nextclick.jobs.kafka;

import io.nextclick.jobs.types.Bytes;
import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Layout 1: event id, session id, user id, item id, topic as texts ({@link Bytes}), partition as a
 * count, then event time, offset and timestamp as longs. Never in state, only between subtasks.
 */
public final class ReceivedClickSerializer extends ImmutableSerializer<ReceivedClick> {

    /** Flink's name for {@link ReceivedClick}. */
    public static final TypeInformation<ReceivedClick> TYPE =
            new OwnType<>(ReceivedClick.class, new ReceivedClickSerializer());

    private static final long serialVersionUID = 1L;

    public ReceivedClickSerializer() {
        super(ReceivedClick.class);
    }

    @Override
    public void serialize(ReceivedClick click, DataOutputView out) throws IOException {
        Bytes.writeText(click.eventId(), out);
        Bytes.writeText(click.sessionId(), out);
        Bytes.writeText(click.userId(), out);
        Bytes.writeText(click.itemId(), out);
        Bytes.writeText(click.topic(), out);
        Bytes.writeCount(click.partition(), out);
        out.writeLong(click.eventTimeMillis());
        out.writeLong(click.offset());
        out.writeLong(click.timestampMillis());
    }

    @Override
    public ReceivedClick deserialize(DataInputView in) throws IOException {
        String eventId = Bytes.readText(in);
        String sessionId = Bytes.readText(in);
        String userId = Bytes.readText(in);
        String itemId = Bytes.readText(in);
        String topic = Bytes.readText(in);
        int partition = Bytes.readCount(in);
        long eventTimeMillis = in.readLong();
        long offset = in.readLong();
        return new ReceivedClick(
                eventId,
                sessionId,
                userId,
                itemId,
                eventTimeMillis,
                topic,
                partition,
                offset,
                in.readLong());
    }

    @Override
    public TypeSerializerSnapshot<ReceivedClick> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<ReceivedClick> {

        public Snapshot() {
            super(ReceivedClick.class, 1, version -> new ReceivedClickSerializer());
        }
    }
}
