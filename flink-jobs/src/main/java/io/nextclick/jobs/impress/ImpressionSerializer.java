package io.nextclick.jobs.impress;

import io.nextclick.jobs.types.Bytes;
import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import io.nextclick.schemas.AvroCodec;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Layout 1: the record as a byte array ({@link Bytes}) in Avro's single-object encoding, which
 * knows the schemas of earlier versions.
 */
public final class ImpressionSerializer extends ImmutableSerializer<Impression> {

    /** Flink's name for {@link Impression}. */
    public static final TypeInformation<Impression> TYPE =
            new OwnType<>(Impression.class, new ImpressionSerializer());

    static final AvroCodec<Impression> CODEC = AvroCodec.of(Topics.IMPRESSIONS);

    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;

    public ImpressionSerializer() {
        super(Impression.class);
    }

    @Override
    public void serialize(Impression impression, DataOutputView out) throws IOException {
        Bytes.writeBytes(CODEC.encode(impression), out);
    }

    @Override
    public Impression deserialize(DataInputView in) throws IOException {
        try {
            return CODEC.decode(Bytes.readBytes(in));
        } catch (MalformedRecordException e) {
            throw new IOException("an impression that can't be read", e);
        }
    }

    @Override
    public TypeSerializerSnapshot<Impression> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<Impression> {

        public Snapshot() {
            super(Impression.class, VERSION, version -> new ImpressionSerializer());
        }
    }
}
