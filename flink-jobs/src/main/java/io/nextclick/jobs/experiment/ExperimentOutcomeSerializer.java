package io.nextclick.jobs.experiment;

import io.nextclick.jobs.types.Bytes;
import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import io.nextclick.schemas.AvroCodec;
import io.nextclick.schemas.ExperimentOutcome;
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
public final class ExperimentOutcomeSerializer extends ImmutableSerializer<ExperimentOutcome> {

    /** Flink's name for {@link ExperimentOutcome}. */
    public static final TypeInformation<ExperimentOutcome> TYPE =
            new OwnType<>(ExperimentOutcome.class, new ExperimentOutcomeSerializer());

    private static final AvroCodec<ExperimentOutcome> CODEC =
            AvroCodec.of(Topics.EXPERIMENT_OUTCOMES);

    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;

    public ExperimentOutcomeSerializer() {
        super(ExperimentOutcome.class);
    }

    @Override
    public void serialize(ExperimentOutcome outcome, DataOutputView out) throws IOException {
        Bytes.writeBytes(CODEC.encode(outcome), out);
    }

    @Override
    public ExperimentOutcome deserialize(DataInputView in) throws IOException {
        try {
            return CODEC.decode(Bytes.readBytes(in));
        } catch (MalformedRecordException e) {
            throw new IOException("an outcome that can't be read", e);
        }
    }

    @Override
    public TypeSerializerSnapshot<ExperimentOutcome> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<ExperimentOutcome> {

        public Snapshot() {
            super(ExperimentOutcome.class, VERSION, version -> new ExperimentOutcomeSerializer());
        }
    }
}
