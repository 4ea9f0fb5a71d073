package io.nextclick.jobs.experiment;

import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import io.nextclick.models.experiment.RateTotals;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Layout 1: the units as a long, then the sums as doubles in the record's order. */
public final class RateTotalsSerializer extends ImmutableSerializer<RateTotals> {

    /** Flink's name for {@link RateTotals}. */
    static final TypeInformation<RateTotals> TYPE =
            new OwnType<>(RateTotals.class, new RateTotalsSerializer());

    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;

    public RateTotalsSerializer() {
        super(RateTotals.class);
    }

    @Override
    public void serialize(RateTotals totals, DataOutputView out) throws IOException {
        out.writeLong(totals.units());
        out.writeDouble(totals.numerator());
        out.writeDouble(totals.denominator());
        out.writeDouble(totals.numeratorSquares());
        out.writeDouble(totals.products());
        out.writeDouble(totals.denominatorSquares());
    }

    @Override
    public RateTotals deserialize(DataInputView in) throws IOException {
        long units = in.readLong();
        double numerator = in.readDouble();
        double denominator = in.readDouble();
        double numeratorSquares = in.readDouble();
        double products = in.readDouble();
        return new RateTotals(
                units, numerator, denominator, numeratorSquares, products, in.readDouble());
    }

    @Override
    public TypeSerializerSnapshot<RateTotals> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<RateTotals> {

        public Snapshot() {
            super(RateTotals.class, VERSION, version -> new RateTotalsSerializer());
        }
    }
}
