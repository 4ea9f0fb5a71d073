package io.nextclick.jobs.ranker;

import io.nextclick.jobs.impress.LabelledImpressionSerializer;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.kafka.TopicEntrySerializer;
import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import io.nextclick.schemas.CatalogItem;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Layout 1: one byte, 0 for layout 1 of a labelled impression, 1 for layout 1 of a {@link
 * TopicEntry} of item-catalog. Never in state, only between subtasks.
 */
public final class RankerInputSerializer extends ImmutableSerializer<RankerInput> {

    /** Flink's name for {@link RankerInput}. */
    public static final TypeInformation<RankerInput> TYPE =
            new OwnType<>(RankerInput.class, new RankerInputSerializer());

    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;
    private static final int LABELLED = 0;
    private static final int DESCRIBED = 1;

    private final LabelledImpressionSerializer impressions = new LabelledImpressionSerializer();
    private final TypeSerializer<TopicEntry<CatalogItem>> entries =
            TopicEntrySerializer.CATALOG_ITEM.createSerializer(null);

    public RankerInputSerializer() {
        super(RankerInput.class);
    }

    @Override
    public void serialize(RankerInput input, DataOutputView out) throws IOException {
        if (input instanceof RankerInput.Labelled of) {
            out.write(LABELLED);
            impressions.serialize(of.impression(), out);
        } else {
            out.write(DESCRIBED);
            entries.serialize(((RankerInput.Described) input).entry(), out);
        }
    }

    @Override
    public RankerInput deserialize(DataInputView in) throws IOException {
        byte kind = in.readByte();
        return switch (kind) {
            case LABELLED -> new RankerInput.Labelled(impressions.deserialize(in));
            case DESCRIBED -> new RankerInput.Described(entries.deserialize(in));
            default -> throw new IOException("Unknown kind of a ranker's input: " + kind);
        };
    }

    @Override
    public TypeSerializerSnapshot<RankerInput> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<RankerInput> {

        public Snapshot() {
            super(RankerInput.class, VERSION, version -> new RankerInputSerializer());
        }
    }
}
