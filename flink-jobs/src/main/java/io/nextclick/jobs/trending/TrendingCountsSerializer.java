package io.nextclick.jobs.trending;

import io.nextclick.jobs.types.Bytes;
import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import io.nextclick.models.ranking.TrendingCounts;
import io.nextclick.models.ranking.TrendingCounts.ItemCount;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Layout 1: the time as a long, the number of items as a count, then for each its id as a text
 * ({@link Bytes}) and its count as a double.
 */
public final class TrendingCountsSerializer extends ImmutableSerializer<TrendingCounts> {

    /** Flink's name for {@link TrendingCounts}. */
    public static final TypeInformation<TrendingCounts> TYPE =
            new OwnType<>(TrendingCounts.class, new TrendingCountsSerializer());

    private static final long serialVersionUID = 1L;

    public TrendingCountsSerializer() {
        super(TrendingCounts.class);
    }

    @Override
    public void serialize(TrendingCounts counts, DataOutputView out) throws IOException {
        out.writeLong(counts.asOfMillis());
        Bytes.writeCount(counts.counts().size(), out);
        for (ItemCount each : counts.counts()) {
            Bytes.writeText(each.itemId(), out);
            out.writeDouble(each.count());
        }
    }

    @Override
    public TrendingCounts deserialize(DataInputView in) throws IOException {
        long asOf = in.readLong();
        int size = Bytes.readCount(in);
        List<ItemCount> counts = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            counts.add(new ItemCount(Bytes.readText(in), in.readDouble()));
        }
        return new TrendingCounts(asOf, counts);
    }

    @Override
    public TypeSerializerSnapshot<TrendingCounts> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<TrendingCounts> {

        public Snapshot() {
            super(TrendingCounts.class, 1, version -> new TrendingCountsSerializer());
        }
    }
}
