package io.nextclick.jobs.recommend;

import io.nextclick.jobs.retrieve.LiveCatalog;
import io.nextclick.jobs.retrieve.LiveItems;
import io.nextclick.jobs.retrieve.LiveTower;
import io.nextclick.jobs.retrieve.TowerBundle;
import io.nextclick.jobs.types.Fingerprint;
import io.nextclick.models.ranking.Blend;
import io.nextclick.models.ranking.CandidateList;
import io.nextclick.models.ranking.Candidates;
import io.nextclick.models.ranking.CategoryCap;
import io.nextclick.models.ranking.DropItems;
import io.nextclick.models.ranking.MarginalRelevance;
import io.nextclick.models.ranking.RerankRule;
import io.nextclick.models.ranking.SourceWeights;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What live items do for the answers of one subtask: the query tower proposes items beside the
 * sequence model, both are blended into one list, and the catalogue takes away what can't be had.
 *
 * <p>A bundle goes through {@link #begin}, then per click {@link #ask}, then {@link #answer}, then
 * per click {@link #label} and {@link #list}. A bundle keeps to the tower that it began with.
 *
 * <p>State: what has been learnt of how far to believe each source.
 */
final class LiveBlend implements AutoCloseable {

    /** What {@link RecommendedItem#source()} says of items that the query tower proposed. */
    static final String FROM_TOWER = "two-tower";

    /** As recommendations name the tower where there is no sequence model. */
    private static final String NAME = "two-tower";

    private static final Logger LOG = LoggerFactory.getLogger(LiveBlend.class);

    private static final int MODEL = 0;
    private static final int TOWER = 1;

    /** Fills up what is too short; has no weight. */
    private static final int POPULARITY = 2;

    private static final String[] SOURCES = {
        ActiveModel.FROM_MODEL, FROM_TOWER, ActiveModel.FROM_POPULARITY
    };

    /** Situations in which sources are believed to different degrees. */
    private static final byte LAST_KNOWN = 0;

    /** The sequence model doesn't know the last item, and answers as if it hadn't been clicked. */
    private static final byte LAST_UNKNOWN = 1;

    private static final int SITUATIONS = 2;

    private final BlendSettings settings;
    private final int count;
    private final int candidates;
    private final boolean seenExcluded;
    private final ListState<Tuple3<Integer, Long, double[]>> weightsState;
    private final SourceWeights weights;
    private final SourceQuality quality;
    private final Blend blend = new Blend(SOURCES.length);

    private LiveItems live;

    /** What the bundle asks; null without a tower. */
    private TowerBundle bundle;

    private ModelReference towerReference;

    /** Null where there is no catalogue. */
    private Predicate<String> dropped;

    /** Of a bundle, after what is dropped. */
    private final List<RerankRule> rules = new ArrayList<>();

    /**
     * @param store holds what has been learnt, and is read by {@link #open}
     */
    LiveBlend(RecommendSettings recommend, OperatorStateStore store) throws Exception {
        settings = recommend.blend();
        count = recommend.count();
        candidates = recommend.ranked();
        seenExcluded = recommend.excludeSeen();
        quality = new SourceQuality(recommend.liveQualityWindow());
        double[] start = {1 - settings.towerWeight(), settings.towerWeight()};
        weights =
                settings.learnsWeights()
                        ? SourceWeights.learnt(SITUATIONS, settings.weightWindow(), start)
                        : SourceWeights.fixed(SITUATIONS, start);
        weightsState = weightsState(store);
    }

    /**
     * Drops what a job with live items left, where this one has none: Flink would go on writing it,
     * more of it with each restore.
     */
    static void forget(OperatorStateStore store) throws Exception {
        weightsState(store).clear();
    }

    /** A union: whatever the number of subtasks was, each goes on from what all have learnt. */
    private static ListState<Tuple3<Integer, Long, double[]>> weightsState(OperatorStateStore store)
            throws Exception {
        return store.getUnionListState(
                new ListStateDescriptor<>(
                        "source-weights",
                        Types.TUPLE(
                                Types.INT,
                                Types.LONG,
                                PrimitiveArrayTypeInfo.DOUBLE_PRIMITIVE_ARRAY_TYPE_INFO)));
    }

    /** Waits for live items, but not for ever. */
    void open(MetricGroup group, RuntimeContext context) throws Exception {
        List<List<SourceWeights.Learnt>> learnt = List.of(new ArrayList<>(), new ArrayList<>());
        for (Tuple3<Integer, Long, double[]> entry : weightsState.get()) {
            if (entry.f0 >= 0 && entry.f0 < SITUATIONS) {
                List<Double> before = Arrays.stream(entry.f2).boxed().toList();
                learnt.get(entry.f0).add(new SourceWeights.Learnt(entry.f1, before));
            }
        }
        for (int situation = 0; situation < SITUATIONS; situation++) {
            weights.resume(situation, learnt.get(situation));
        }
        live = LiveItems.acquire(settings.source(), settings.loader());
        live.register(group.addGroup("liveItems"));
        if (settings.towers()) {
            quality.register(group, context);
            group.gauge("twoTowerWeight", (Gauge<Double>) () -> weights.of(LAST_KNOWN)[TOWER]);
            group.gauge(
                    "twoTowerWeightAfterUnseen",
                    (Gauge<Double>) () -> weights.of(LAST_UNKNOWN)[TOWER]);
        }
        if (!live.awaitCaughtUp(settings.startTimeout())) {
            LOG.warn(
                    "Live items have not all been read within {}: answering with what there is",
                    settings.startTimeout());
        }
    }

    void snapshot() throws Exception {
        List<Tuple3<Integer, Long, double[]>> entries = new ArrayList<>();
        for (int situation = 0; situation < SITUATIONS; situation++) {
            entries.add(
                    Tuple3.of(situation, weights.labels(situation), weights.of(situation).clone()));
        }
        weightsState.update(entries);
    }

    @Override
    public void close() {
        if (live != null) {
            live.close();
            live = null;
        }
    }

    // ------------------------------------------------------------------ a bundle

    /** Keeps hold of what is live now. */
    void begin() {
        LiveTower tower = settings.towers() ? live.tower() : null;
        bundle = tower == null ? null : tower.newBundle();
        towerReference = tower == null ? null : new ModelReference(NAME, tower.version());
        LiveCatalog catalog = live.catalog();
        boolean otherwise = !settings.catalogRequired();
        dropped = settings.catalog() ? item -> !catalog.offers(item, otherwise) : null;
        rules.clear();
        if (settings.mostPerCategory() > 0) {
            rules.add(new CategoryCap(settings.mostPerCategory(), catalog::category));
        }
        if (settings.relevance() < 1 && bundle != null) {
            rules.add(
                    new MarginalRelevance(
                            settings.relevance(), bundle.dimension(), bundle.vectors()));
        }
    }

    /** Reads the click's session as it is now, if there is a tower to read it. */
    void ask(BundledClick pending, SessionState state) {
        if (bundle != null) {
            pending.question =
                    bundle.ask(
                            state.items(),
                            pending.click.userId(),
                            pending.click.context(),
                            seenExcluded);
        }
    }

    /** Answers all that was asked, in one batch. Returns whether there was anything. */
    boolean answer() {
        if (bundle == null || !bundle.hasQuestions()) {
            return false;
        }
        bundle.answer(candidates);
        return true;
    }

    /** What may not be recommended at all; null if everything may. */
    Predicate<String> dropped() {
        return dropped;
    }

    /** As recommendations name the tower. */
    ModelReference towerReference() {
        return towerReference;
    }

    // ------------------------------------------------------------------ lists

    /**
     * Makes the click's list of what the sources proposed, and takes its fallback away if any of it
     * may be recommended.
     *
     * @param model null for none
     * @param popular fills up a list that is too short; asked only then
     * @return null if no source proposed anything
     */
    List<RecommendedItem> list(
            BundledClick pending, ActiveModel model, Supplier<CandidateList> popular) {
        CandidateList byModel =
                pending.top == null ? CandidateList.EMPTY : model.candidates(pending);
        CandidateList byTower =
                pending.question < 0 ? CandidateList.EMPTY : bundle.candidates(pending.question);
        if (byModel.size() == 0 && byTower.size() == 0) {
            return null;
        }
        boolean modelSpoke = byModel.size() > 0;
        boolean knowsLast = model == null || model.knows(pending.click.itemId());
        byte situation = knowsLast ? LAST_KNOWN : LAST_UNKNOWN;
        double[] believed = weights.of(situation);
        double[] weight = {believed[MODEL], believed[TOWER], 0};
        CandidateList[] lists = {byModel, byTower, CandidateList.EMPTY};
        Candidates blended = blended(lists, weight);
        if (blended.size() > 0) {
            pending.fallback = null;
        }
        if (settings.towers()) {
            boolean both = modelSpoke && byTower.size() > 0;
            pending.proposals =
                    Proposals.of(
                            blended,
                            MODEL,
                            TOWER,
                            candidates,
                            both ? situation : Proposals.ALONE,
                            modelSpoke);
        }
        rerank(blended);
        if (blended.size() < count) {
            lists[POPULARITY] = popular.get();
            blended = blended(lists, weight);
            rerank(blended);
        }
        List<RecommendedItem> items = new ArrayList<>(count);
        for (int place = 0; place < Math.min(count, blended.size()); place++) {
            items.add(
                    new RecommendedItem(
                            blended.item(place),
                            (float) blended.score(place),
                            SOURCES[blended.source(place)]));
        }
        return items;
    }

    private Candidates blended(CandidateList[] lists, double[] weight) {
        Candidates blended = blend.of(lists, weight);
        if (dropped != null) {
            new DropItems(dropped).apply(blended, count);
        }
        return blended;
    }

    private void rerank(Candidates blended) {
        for (RerankRule rule : rules) {
            rule.apply(blended, count);
        }
    }

    // ------------------------------------------------------------------ labels

    /**
     * Learns from a click that continues its session, whose last list was made under the model that
     * answers now.
     *
     * @param rank the clicked item's place in that list; negative if it wasn't there
     * @param isUnseen whether there is a model that doesn't know the item
     */
    void label(BundledClick pending, SessionState state, int rank, boolean isUnseen) {
        if (!settings.towers()) {
            return;
        }
        Proposals proposals = state.proposals;
        int found = proposals == null ? -1 : proposals.find(Fingerprint.of(pending.click.itemId()));
        if (found >= 0 && proposals.situation != Proposals.ALONE) {
            float share = proposals.towerShare(found);
            weights.learn(proposals.situation, 1 - share, share);
        }
        int modelRank =
                proposals == null || !proposals.modelSpoke
                        ? pending.popularityRank
                        : found < 0 ? Proposals.UNLISTED : proposals.modelRanks[found];
        int towerRank = found < 0 ? Proposals.UNLISTED : proposals.towerRanks[found];
        quality.label(rank, modelRank, towerRank, isUnseen);
    }
}
