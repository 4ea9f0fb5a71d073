package io.nextclick.jobs.ranker;

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
 * Layout 1: lineage as a text, the learner as a byte array ({@link Bytes}) or the null one, lists
 * as a long, the number of sums as a count and each as a double.
 */
public final class RankerTrainStateSerializer extends ImmutableSerializer<RankerTrainState> {

    /** Flink's name for {@link RankerTrainState}. */
    static final TypeInformation<RankerTrainState> TYPE =
            new OwnType<>(RankerTrainState.class, new RankerTrainStateSerializer());

    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;

    public RankerTrainStateSerializer() {
        super(RankerTrainState.class);
    }

    @Override
    public void serialize(RankerTrainState state, DataOutputView out) throws IOException {
        Bytes.writeText(state.lineage(), out);
        Bytes.writeBytes(state.learner(), out);
        out.writeLong(state.lists());
        Bytes.writeCount(state.sums().length, out);
        for (double sum : state.sums()) {
            out.writeDouble(sum);
        }
    }

    @Override
    public RankerTrainState deserialize(DataInputView in) throws IOException {
        String lineage = Bytes.readText(in);
        byte[] learner = Bytes.readBytes(in);
        long lists = in.readLong();
        int count = Bytes.readCount(in);
        if (count != ListQuality.SUMS) {
            throw new IOException(count + " sums, " + ListQuality.SUMS + " are expected");
        }
        double[] sums = new double[count];
        for (int i = 0; i < count; i++) {
            sums[i] = in.readDouble();
        }
        return new RankerTrainState(lineage, learner, lists, sums);
    }

    @Override
    public TypeSerializerSnapshot<RankerTrainState> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<RankerTrainState> {

        public Snapshot() {
            super(RankerTrainState.class, VERSION, version -> new RankerTrainStateSerializer());
        }
    }
}
