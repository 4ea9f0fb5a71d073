package io.nextclick.jobs.recommend;

import io.nextclick.jobs.model.ApprovedReleaseSerializer;
import io.nextclick.jobs.trending.TrendingCountsSerializer;
import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Layout 1: a byte for the kind, 0 for a release and 1 for what is trending, then that as its own
 * serializer writes it, in layout 1.
 */
public final class BulletinSerializer extends ImmutableSerializer<Bulletin> {

    /** Flink's name for {@link Bulletin}. */
    public static final TypeInformation<Bulletin> TYPE =
            new OwnType<>(Bulletin.class, new BulletinSerializer());

    private static final long serialVersionUID = 1L;

    private static final int RELEASED = 0;
    private static final int TRENDING = 1;

    private final ApprovedReleaseSerializer releases = new ApprovedReleaseSerializer();
    private final TrendingCountsSerializer counts = new TrendingCountsSerializer();

    public BulletinSerializer() {
        super(Bulletin.class);
    }

    @Override
    public void serialize(Bulletin bulletin, DataOutputView out) throws IOException {
        if (bulletin instanceof Bulletin.Released released) {
            out.writeByte(RELEASED);
            releases.serialize(released.release(), out);
        } else if (bulletin instanceof Bulletin.Trending trending) {
            out.writeByte(TRENDING);
            counts.serialize(trending.counts(), out);
        } else {
            throw new IOException("no layout for " + bulletin);
        }
    }

    @Override
    public Bulletin deserialize(DataInputView in) throws IOException {
        int kind = in.readUnsignedByte();
        return switch (kind) {
            case RELEASED -> new Bulletin.Released(releases.deserialize(in));
            case TRENDING -> new Bulletin.Trending(counts.deserialize(in));
            default -> throw new IOException("a bulletin of kind " + kind);
        };
    }

    @Override
    public TypeSerializerSnapshot<Bulletin> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<Bulletin> {

        public Snapshot() {
            super(Bulletin.class, 1, version -> new BulletinSerializer());
        }
    }
}
