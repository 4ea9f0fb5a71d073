package io.nextclick.jobs.recommend;

import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.kafka.TopicEntrySerializer;
import io.nextclick.jobs.model.ApprovedReleaseSerializer;
import io.nextclick.jobs.trending.TrendingCountsSerializer;
import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Layout 1: a byte for the kind, 0 for an approved release, 1 for what is trending, 2 for an
 * experiment and 3 for a release that is offered to variants, then that as its own serializer
 * writes it, in layout 1; of the last the entry of its topic.
 */
public final class BulletinSerializer extends ImmutableSerializer<Bulletin> {

    /** Flink's name for {@link Bulletin}. */
    public static final TypeInformation<Bulletin> TYPE =
            new OwnType<>(Bulletin.class, new BulletinSerializer());

    private static final long serialVersionUID = 1L;

    private static final int RELEASED = 0;
    private static final int TRENDING = 1;
    private static final int EXPERIMENTING = 2;
    private static final int OFFERED = 3;

    private final ApprovedReleaseSerializer releases = new ApprovedReleaseSerializer();
    private final TrendingCountsSerializer counts = new TrendingCountsSerializer();
    private final TypeSerializer<TopicEntry<Experiment>> experiments =
            TopicEntrySerializer.EXPERIMENT.createSerializer(new SerializerConfigImpl());
    private final TypeSerializer<TopicEntry<ModelRelease>> offers =
            TopicEntrySerializer.MODEL_RELEASE.createSerializer(new SerializerConfigImpl());

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
        } else if (bulletin instanceof Bulletin.Experimenting experimenting) {
            out.writeByte(EXPERIMENTING);
            experiments.serialize(experimenting.entry(), out);
        } else if (bulletin instanceof Bulletin.Offered offered) {
            out.writeByte(OFFERED);
            offers.serialize(TopicEntry.of(Topics.MODEL_RELEASES, offered.release()), out);
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
            case EXPERIMENTING -> new Bulletin.Experimenting(experiments.deserialize(in));
            case OFFERED -> Bulletin.Offered.of(offers.deserialize(in));
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
