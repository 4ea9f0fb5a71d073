package io.nextclick.jobs.experiment;

import io.nextclick.jobs.types.Bytes;
import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Layout 1, texts and counts as in {@link Bytes}: the variant or null, the lists as a long, a count
 * of names, then for each in their order the name and its hits as a long.
 */
public final class VisitorTotalsSerializer extends ImmutableSerializer<VisitorTotals> {

    /** Flink's name for {@link VisitorTotals}. */
    static final TypeInformation<VisitorTotals> TYPE =
            new OwnType<>(VisitorTotals.class, new VisitorTotalsSerializer());

    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;

    public VisitorTotalsSerializer() {
        super(VisitorTotals.class);
    }

    @Override
    public void serialize(VisitorTotals totals, DataOutputView out) throws IOException {
        Bytes.writeText(totals.variant(), out);
        out.writeLong(totals.lists());
        Bytes.writeCount(totals.hits().size(), out);
        for (Map.Entry<String, Long> entry : new TreeMap<>(totals.hits()).entrySet()) {
            Bytes.writeText(entry.getKey(), out);
            out.writeLong(entry.getValue());
        }
    }

    @Override
    public VisitorTotals deserialize(DataInputView in) throws IOException {
        String variant = Bytes.readText(in);
        long lists = in.readLong();
        int names = Bytes.readCount(in);
        Map<String, Long> hits = new HashMap<>();
        for (int i = 0; i < names; i++) {
            String name = Bytes.readText(in);
            hits.put(name, in.readLong());
        }
        return new VisitorTotals(variant, lists, hits);
    }

    @Override
    public TypeSerializerSnapshot<VisitorTotals> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<VisitorTotals> {

        public Snapshot() {
            super(VisitorTotals.class, VERSION, version -> new VisitorTotalsSerializer());
        }
    }
}
