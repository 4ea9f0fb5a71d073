package io.nextclick.jobs.recommend;

import io.nextclick.jobs.experiment.AnsweringMeans;
import io.nextclick.jobs.experiment.VariantPlan;
import io.nextclick.jobs.retrieve.LiveCatalog;
import io.nextclick.jobs.retrieve.LiveItems;
import io.nextclick.jobs.retrieve.LiveTower;
import io.nextclick.jobs.retrieve.TowerBundle;
import io.nextclick.jobs.types.Fingerprint;
import io.nextclick.models.ranking.Blend;
import io.nextclick.models.ranking.CandidateList;
import io.nextclick.models.ranking.CandidateSource;
import io.nextclick.models.ranking.Candidates;
import io.nextclick.models.ranking.CategoryCap;
import io.nextclick.models.ranking.DropItems;
import io.nextclick.models.ranking.MarginalRelevance;
import io.nextclick.models.ranking.RerankRule;
import io.nextclick.models.ranking.TrendingCounts;
import io.nextclick.models.ranking.TrendingItems;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first of a recommender's stages, for one subtask: {@link CandidateSource}s propose items
 * beside the sequence model, each so many; the proposals are blended into one list without
 * duplicates, and what the catalogue doesn't offer is taken away. Items that the session has seen
 * are left out by each source where lists leave them out, so that they take nobody's place.
 *
 * <p>A bundle goes through {@link #begin}, then per click {@link #ask}, then {@link #answer}, then
 * per click {@link #label} and {@link #list}. A bundle keeps to the tower that it began with.
 *
 * <p>State: {@link MixtureWeights}. What is trending is told again after a restore.
 */
final class CandidateStage implements AutoCloseable {

    /** As recommendations name the tower where there is no sequence model. */
    private static final String TOWER_NAME = "two-tower";

    private static final Logger LOG = LoggerFactory.getLogger(CandidateStage.class);

    private static final int MODEL = CandidateSource.MODEL.number();
    private static final int TWO_TOWER = CandidateSource.TWO_TOWER.number();
    private static final int CO_VISITATION = CandidateSource.CO_VISITATION.number();
    private static final int TRENDING = CandidateSource.TRENDING.number();
    private static final int TRENDING_CATEGORY = CandidateSource.TRENDING_CATEGORY.number();
    private static final int POPULARITY = CandidateSource.POPULARITY.number();
    private static final int SOURCES = CandidateSource.values().length;

    private static final Predicate<String> NOTHING = Set.<String>of()::contains;

    private final CandidateSettings settings;
    private final CandidateSettings.Quotas quotas;
    private final int count;
    private final int fromTower;
    private final boolean seenExcluded;
    private final MixtureWeights weights;
    private final SourceQuality quality;
    private final Blend blend = new Blend(SOURCES);

    /** Null where there is no second stage. */
    private final LiveRanking ranking;

    /** Null where nobody asks. */
    private final TrendingItems trending;

    /** What is trending for a session that leaves nothing out; null when it has changed. */
    private CandidateList trendingNow;

    /** Null where none are read. */
    private LiveItems live;

    /** What the bundle asks; null without a tower. */
    private TowerBundle bundle;

    private ModelReference towerReference;

    /** Null where there is no catalogue. */
    private Predicate<String> dropped;

    /** Of a bundle, after what is dropped: the job's own, and those of variants that set others. */
    private final List<RerankRule> rules = new ArrayList<>();

    private final IdentityHashMap<VariantPlan, List<RerankRule>> rulesOfVariants =
            new IdentityHashMap<>();

    /**
     * @param store holds what has been learnt, and is read by {@link #open}
     */
    CandidateStage(RecommendSettings recommend, OperatorStateStore store) throws Exception {
        settings = recommend.candidates();
        quotas = settings.quotas();
        count = recommend.count();
        fromTower = Math.max(count, quotas.twoTower());
        seenExcluded = recommend.excludeSeen();
        quality = new SourceQuality(settings.sources(), recommend.liveQualityWindow());
        weights = new MixtureWeights(settings, store);
        ranking =
                settings.ranking() == null
                        ? null
                        : new LiveRanking(
                                settings.ranking(), CandidateSource.labels(), System::nanoTime);
        trending =
                settings.trending() == null
                        ? null
                        : settings.trending()
                                .newItems(
                                        item ->
                                                live == null
                                                        ? null
                                                        : live.catalog().category(item));
    }

    /** Drops what a job with candidates left, where this one has none. */
    static void forget(OperatorStateStore store) throws Exception {
        MixtureWeights.forget(store);
    }

    /** Waits for live items where they are read, but not for ever. */
    void open(MetricGroup group, RuntimeContext context) throws Exception {
        weights.open(group);
        if (weights.isMixture()) {
            quality.register(group, context);
        }
        if (ranking != null) {
            ranking.register(group.addGroup("ranking"));
        }
        if (trending != null) {
            group.gauge("trendingItems", (Gauge<Integer>) trending::size);
        }
        CandidateSettings.Live wanted = settings.live();
        if (wanted != null) {
            live = LiveItems.acquire(wanted.source(), wanted.loader());
            live.register(group.addGroup("liveItems"));
            if (!live.awaitCaughtUp(wanted.startTimeout())) {
                LOG.warn(
                        "Live items have not all been read within {}: answering with what there"
                                + " is",
                        wanted.startTimeout());
            }
        }
    }

    /** What a variant of an experiment can set here. */
    AnsweringMeans means() {
        return new AnsweringMeans(
                settings.sources().stream()
                        .map(CandidateSource::label)
                        .collect(Collectors.toUnmodifiableSet()),
                settings.live() != null && settings.live().catalog(),
                settings.hasTowers(),
                ranking != null,
                /* models= */ false);
    }

    void snapshot() throws Exception {
        weights.snapshot();
    }

    @Override
    public void close() {
        if (live != null) {
            live.close();
            live = null;
        }
    }

    /** What is clicked now has changed. Between two bundles. */
    void takeTrending(TrendingCounts counts) {
        if (trending != null) {
            trending.take(counts);
            trendingNow = null;
        }
    }

    // ------------------------------------------------------------------ a bundle

    /** Keeps hold of what is live now. */
    void begin() {
        if (live == null) {
            return;
        }
        LiveTower tower = settings.hasTowers() ? live.tower() : null;
        bundle = tower == null ? null : tower.newBundle();
        towerReference = tower == null ? null : new ModelReference(TOWER_NAME, tower.version());
        LiveCatalog catalog = live.catalog();
        boolean otherwise = !settings.live().catalogRequired();
        dropped = settings.live().catalog() ? item -> !catalog.offers(item, otherwise) : null;
        if (ranking != null) {
            ranking.begin(
                    live.ranker(), (item, now) -> catalog.facts(item, popularity(item, now), now));
        }
        rules.clear();
        rulesOfVariants.clear();
        addRules(settings.mostPerCategory(), settings.relevance(), rules);
    }

    private void addRules(int mostPerCategory, double relevance, List<RerankRule> to) {
        if (mostPerCategory > 0) {
            to.add(new CategoryCap(mostPerCategory, live.catalog()::category));
        }
        if (relevance < 1 && bundle != null) {
            to.add(new MarginalRelevance(relevance, bundle.dimension(), bundle.vectors()));
        }
    }

    private double popularity(String item, long nowMillis) {
        return trending == null ? Double.NaN : trending.count(item, nowMillis);
    }

    /** How a variant's lists are put in order; null stands for the job's own. */
    private List<RerankRule> rules(VariantPlan plan) {
        if (plan == null || !plan.orders()) {
            return rules;
        }
        return rulesOfVariants.computeIfAbsent(
                plan,
                key -> {
                    List<RerankRule> own = new ArrayList<>();
                    addRules(
                            plan.mostPerCategory() == null
                                    ? settings.mostPerCategory()
                                    : plan.mostPerCategory(),
                            plan.relevance() == null ? settings.relevance() : plan.relevance(),
                            own);
                    return own;
                });
    }

    /**
     * Reads the click's session as it is now.
     *
     * @param model null for none
     */
    void ask(BundledClick pending, SessionState state, ActiveModel model) {
        if (bundle != null) {
            pending.question =
                    bundle.ask(
                            state.items(),
                            pending.click.userId(),
                            pending.click.context(),
                            seenExcluded);
        }
        if (ranking != null) {
            ranking.ask(pending, state);
        }
        CandidateList[] lists = new CandidateList[SOURCES];
        Arrays.fill(lists, CandidateList.EMPTY);
        if (quotas.coVisitation() > 0 && model != null) {
            lists[CO_VISITATION] = model.coVisited(pending, state, quotas.coVisitation());
        }
        if (trending != null) {
            Predicate<String> excluded =
                    seenExcluded ? new HashSet<>(state.items())::contains : NOTHING;
            if (quotas.trending() > 0) {
                lists[TRENDING] = trendingBut(excluded);
            }
            if (quotas.trendingCategory() > 0) {
                lists[TRENDING_CATEGORY] =
                        trending.alike(state.items(), quotas.trendingCategory(), excluded);
            }
        }
        pending.proposed = lists;
    }

    private CandidateList trendingBut(Predicate<String> excluded) {
        if (excluded != NOTHING) {
            return trending.top(quotas.trending(), excluded);
        }
        if (trendingNow == null) {
            trendingNow = trending.top(quotas.trending(), NOTHING);
        }
        return trendingNow;
    }

    /** Answers all that the tower was asked, in one batch. Returns whether there was anything. */
    boolean answer() {
        if (bundle == null || !bundle.hasQuestions()) {
            return false;
        }
        bundle.answer(fromTower);
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
     * that may be recommended was proposed by a source that has read the session.
     *
     * @param plan how the variant that answers does it; null: as the job does
     * @param model null for none
     * @param popular fills up a list that is too short; asked only then
     * @return null if no source proposed anything
     */
    List<RecommendedItem> list(
            BundledClick pending,
            VariantPlan plan,
            ActiveModel model,
            Supplier<CandidateList> popular) {
        CandidateList[] lists = proposed(pending, model);
        if (lists == null) {
            return null;
        }
        boolean knowsLast = model == null || model.knows(pending.click.itemId());
        byte situation = MixtureWeights.situation(knowsLast);
        double[] weight = weights.bySource(situation);
        if (plan != null && plan.weighs()) {
            weight = plan.weights(CandidateSource.labels(), weight);
        }
        Candidates blended = blended(lists, weight);
        if (hasReadSession(blended)) {
            pending.fallback = null;
        }
        if (weights.isMixture()) {
            pending.proposals = Proposals.of(blended, lists, situation);
        }
        arrange(pending, plan, blended);
        if (blended.size() < count) {
            lists[POPULARITY] = popular.get();
            blended = blended(lists, weight);
            arrange(pending, plan, blended);
        }
        if (ranking != null) {
            ranking.count(pending);
        }
        List<RecommendedItem> items = new ArrayList<>(count);
        for (int place = 0; place < Math.min(count, blended.size()); place++) {
            items.add(
                    new RecommendedItem(
                            blended.item(place),
                            (float) blended.score(place),
                            CandidateSource.labels().get(blended.source(place)),
                            ranking == null ? null : ranking.facts(pending, blended, place)));
        }
        return items;
    }

    /** A list a source; null if the click wasn't asked about or nobody knew anything. */
    private CandidateList[] proposed(BundledClick pending, ActiveModel model) {
        CandidateList[] lists = pending.proposed;
        if (lists == null) {
            return null;
        }
        // Where the list of another variant has been filled up.
        lists[POPULARITY] = CandidateList.EMPTY;
        if (pending.top != null) {
            lists[MODEL] = model.candidates(pending);
        }
        if (pending.question >= 0) {
            lists[TWO_TOWER] = bundle.candidates(pending.question);
        }
        for (CandidateList list : lists) {
            if (list.size() > 0) {
                return lists;
            }
        }
        return null;
    }

    /** Whether a candidate is there for more than that all the world clicks it. */
    private static boolean hasReadSession(Candidates candidates) {
        for (int place = 0; place < candidates.size(); place++) {
            for (int source = 0; source < SOURCES; source++) {
                if (source != TRENDING
                        && source != POPULARITY
                        && candidates.rank(place, source) != Candidates.UNLISTED) {
                    return true;
                }
            }
        }
        return false;
    }

    private Candidates blended(CandidateList[] lists, double[] weight) {
        Candidates blended = blend.of(lists, weight);
        if (dropped != null) {
            new DropItems(dropped).apply(blended, count);
        }
        return blended;
    }

    /** What comes behind retrieval: the ranker's order, then the rules. */
    private void arrange(BundledClick pending, VariantPlan plan, Candidates blended) {
        if (ranking != null) {
            if (plan == null || plan.ranks()) {
                ranking.rank(pending, blended);
            } else {
                ranking.passOver(pending);
            }
        }
        for (RerankRule rule : rules(plan)) {
            rule.apply(blended, count);
        }
    }

    /** All clicks of the bundle have their lists. */
    void end() {
        if (ranking != null) {
            ranking.end();
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
        if (!weights.isMixture()) {
            return;
        }
        Proposals proposals = state.proposals;
        int item = proposals == null ? -1 : proposals.find(Fingerprint.of(pending.click.itemId()));
        if (item >= 0 && proposals.speaking() > 1) {
            weights.learn(proposals, item);
        }
        quality.label(rank, proposals, item, pending.popularityRank, isUnseen);
    }
}
