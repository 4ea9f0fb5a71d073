package io.nextclick.jobs.recommend;

import io.nextclick.jobs.types.Bytes;
import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.Recommendation.Trigger;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Layout 1: the record's fields in their order, texts and counts as in {@link Bytes}, times and
 * offsets as longs; a model is its name and version, or one null text. Needed only where the sink
 * isn't chained to the operator; never in state.
 */
public final class RecommendationSerializer extends ImmutableSerializer<Recommendation> {

    /** Flink's name for {@link Recommendation}. */
    public static final TypeInformation<Recommendation> TYPE =
            new OwnType<>(Recommendation.class, new RecommendationSerializer());

    private static final long serialVersionUID = 1L;

    public RecommendationSerializer() {
        super(Recommendation.class);
    }

    @Override
    public void serialize(Recommendation recommendation, DataOutputView out) throws IOException {
        Bytes.writeText(recommendation.id(), out);
        Bytes.writeText(recommendation.sessionId(), out);
        Bytes.writeText(recommendation.userId(), out);
        Bytes.writeCount(recommendation.step(), out);
        Trigger trigger = recommendation.trigger();
        Bytes.writeCount(trigger.partition(), out);
        out.writeLong(trigger.offset());
        Bytes.writeText(trigger.eventId(), out);
        out.writeLong(trigger.eventTimeMillis());
        Bytes.writeCount(recommendation.items().size(), out);
        for (RecommendedItem item : recommendation.items()) {
            Bytes.writeText(item.itemId(), out);
            out.writeFloat(item.score());
            Bytes.writeText(item.source(), out);
        }
        ModelReference model = recommendation.model();
        Bytes.writeText(model == null ? null : model.name(), out);
        if (model != null) {
            Bytes.writeText(model.version(), out);
        }
        Bytes.writeText(recommendation.fallback(), out);
        out.writeLong(recommendation.emittedAtMillis());
    }

    @Override
    public Recommendation deserialize(DataInputView in) throws IOException {
        String id = Bytes.readText(in);
        String sessionId = Bytes.readText(in);
        String userId = Bytes.readText(in);
        int step = Bytes.readCount(in);
        int partition = Bytes.readCount(in);
        long offset = in.readLong();
        String eventId = Bytes.readText(in);
        Trigger trigger = new Trigger(partition, offset, eventId, in.readLong());
        int count = Bytes.readCount(in);
        List<RecommendedItem> items = new ArrayList<>(Math.min(count, 1_000));
        for (int i = 0; i < count; i++) {
            String item = Bytes.readText(in);
            float score = in.readFloat();
            items.add(new RecommendedItem(item, score, Bytes.readText(in)));
        }
        String modelName = Bytes.readText(in);
        ModelReference model =
                modelName == null ? null : new ModelReference(modelName, Bytes.readText(in));
        String fallback = Bytes.readText(in);
        return new Recommendation(
                id, sessionId, userId, step, trigger, items, model, fallback, in.readLong());
    }

    @Override
    public TypeSerializerSnapshot<Recommendation> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<Recommendation> {

        public Snapshot() {
            super(Recommendation.class, 1, version -> new RecommendationSerializer());
        }
    }
}
