package io.nextclick.jobs.recommend;

import io.nextclick.jobs.types.Bytes;
import io.nextclick.jobs.types.ImmutableSerializer;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.jobs.types.VersionedSnapshot;
import io.nextclick.schemas.RankingFacts;
import io.nextclick.schemas.RankingFacts.SourceFacts;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ExperimentReference;
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
 * Layout 2: the record's fields in their order, texts and counts as in {@link Bytes}, times and
 * offsets as longs; a model or an experiment is its name and version or variant, or one null text.
 * An item's facts are the number of their sources and one more, or 0 for none; of each source name,
 * place and probability; then score and place of the blend, popularity and age, NaN for unknown.
 * Layout 1 has neither facts nor ranker nor experiment. Needed only where the sink isn't chained to
 * the operator; never in state.
 */
public final class RecommendationSerializer extends ImmutableSerializer<Recommendation> {

    /** Flink's name for {@link Recommendation}. */
    public static final TypeInformation<Recommendation> TYPE =
            new OwnType<>(Recommendation.class, new RecommendationSerializer());

    private static final long serialVersionUID = 1L;
    private static final int VERSION = 2;
    private static final int LAYOUT_WITH_FACTS = 2;

    /** The layout that is read; the last one is written. */
    private final int layout;

    public RecommendationSerializer() {
        this(VERSION);
    }

    private RecommendationSerializer(int layout) {
        super(Recommendation.class);
        this.layout = layout;
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
            writeFacts(item.facts(), out);
        }
        writeModel(recommendation.model(), out);
        Bytes.writeText(recommendation.fallback(), out);
        out.writeLong(recommendation.emittedAtMillis());
        writeModel(recommendation.ranker(), out);
        ExperimentReference experiment = recommendation.experiment();
        Bytes.writeText(experiment == null ? null : experiment.name(), out);
        if (experiment != null) {
            Bytes.writeText(experiment.variant(), out);
        }
    }

    private static void writeModel(ModelReference model, DataOutputView out) throws IOException {
        Bytes.writeText(model == null ? null : model.name(), out);
        if (model != null) {
            Bytes.writeText(model.version(), out);
        }
    }

    private static ModelReference readModel(DataInputView in) throws IOException {
        String name = Bytes.readText(in);
        return name == null ? null : new ModelReference(name, Bytes.readText(in));
    }

    private static void writeFacts(RankingFacts facts, DataOutputView out) throws IOException {
        Bytes.writeCount(facts == null ? 0 : facts.sources().size() + 1, out);
        if (facts != null) {
            for (SourceFacts source : facts.sources()) {
                Bytes.writeText(source.source(), out);
                Bytes.writeCount(source.rank(), out);
                out.writeFloat(source.probability());
            }
            out.writeDouble(facts.blendScore());
            Bytes.writeCount(facts.blendRank(), out);
            out.writeDouble(facts.popularity() == null ? Double.NaN : facts.popularity());
            out.writeDouble(facts.ageDays() == null ? Double.NaN : facts.ageDays());
        }
    }

    private static RankingFacts readFacts(DataInputView in) throws IOException {
        int count = Bytes.readCount(in) - 1;
        if (count < 0) {
            return null;
        }
        List<SourceFacts> sources = new ArrayList<>(Math.min(count, 16));
        for (int i = 0; i < count; i++) {
            String source = Bytes.readText(in);
            int rank = Bytes.readCount(in);
            sources.add(new SourceFacts(source, rank, in.readFloat()));
        }
        double blendScore = in.readDouble();
        int blendRank = Bytes.readCount(in);
        double popularity = in.readDouble();
        double ageDays = in.readDouble();
        return new RankingFacts(sources, blendScore, blendRank, known(popularity), known(ageDays));
    }

    private static Double known(double value) {
        return Double.isNaN(value) ? null : (Double) value;
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
            String source = Bytes.readText(in);
            RankingFacts facts = layout < LAYOUT_WITH_FACTS ? null : readFacts(in);
            items.add(new RecommendedItem(item, score, source, facts));
        }
        ModelReference model = readModel(in);
        String fallback = Bytes.readText(in);
        long emittedAt = in.readLong();
        ModelReference ranker = null;
        ExperimentReference experiment = null;
        if (layout >= LAYOUT_WITH_FACTS) {
            ranker = readModel(in);
            String name = Bytes.readText(in);
            experiment = name == null ? null : new ExperimentReference(name, Bytes.readText(in));
        }
        return new Recommendation(
                id,
                sessionId,
                userId,
                step,
                trigger,
                items,
                model,
                fallback,
                emittedAt,
                ranker,
                experiment);
    }

    @Override
    public TypeSerializerSnapshot<Recommendation> snapshotConfiguration() {
        return new Snapshot();
    }

    /** The layout's version in a savepoint. */
    public static final class Snapshot extends VersionedSnapshot<Recommendation> {

        public Snapshot() {
            super(Recommendation.class, VERSION, RecommendationSerializer::new);
        }
    }
}
