package io.nextclick.jobs.recommend;

import io.nextclick.jobs.experiment.AnsweringMeans;
import io.nextclick.jobs.experiment.Experiments;
import io.nextclick.jobs.experiment.Participation;
import io.nextclick.jobs.experiment.VariantPlan;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.types.Fingerprint;
import io.nextclick.models.ranking.CandidateList;
import io.nextclick.models.ranking.TrendingCounts;
import io.nextclick.models.scoring.ScoreScale;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.SessionRules.Verdict;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.Recommendation.Trigger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;

/**
 * Turns the bundles of one subtask into answers, with the model in force, and takes their clicks
 * into their sessions. A bundle is answered in five passes:
 *
 * <ol>
 *   <li>each session's state is looked up once, however many of its clicks are in the bundle;
 *   <li>clicks are judged by the session rules, in the order they arrived;
 *   <li>recurrent states advance in rounds, the n-th click of each session in round n, from the
 *       stored state and never from the start; after a change of the model from the remembered
 *       items;
 *   <li>all clicks are ranked in one batch, so that a session with many clicks doesn't shrink it;
 *       where other sources propose items ({@link CandidateStage}), the query tower searches in one
 *       batch too;
 *   <li>in the order they arrived, clicks label their session's last list and are answered; then
 *       each state is kept, in {@link HotSessions} until it must be written.
 * </ol>
 *
 * <p>Visits whose variant answers with a model of its own ({@link VariantModels}) are in the same
 * bundle, and each model makes its passes over its own clicks. Which clicks make a session is said
 * by the rules of the job's own model alone, whatever the variant's was trained under: a session
 * that one variant counts as two would be another unit. What the job learns of its sources, and its
 * live quality, is of its own model.
 *
 * <p>State: the weights of {@link CandidateStage}; without a model the counts of {@link
 * LivePopularity}.
 *
 * <p>Owns the model. Not for several threads, and not to be entered again while it answers.
 */
final class Recommender implements AutoCloseable {

    private final RecommendSettings settings;
    private final HotSessions hotSessions;
    private final LiveSessions liveSessions;
    private final ListState<Tuple2<String, Long>> livePopularityState;

    /** Null where nothing but the model proposes items. */
    private final CandidateStage candidates;

    /** Null where no experiments are followed. */
    private final LiveExperiments experiments;

    /** Null where variants can't name models. */
    private final VariantModels variantModels;

    private final LiveQuality quality;
    private RecommendMetrics counters;
    private ProcessingTimeService clock;

    /** Null while there is none. */
    private ActiveModel model;

    /** The model's; without one the settings' alone. */
    private SessionRules rules;

    /** Null while there is a model. */
    private LivePopularity livePopularity;

    /**
     * @param liveSessions is told of each session that begins
     * @param variantModels the models that variants name; null where they can't
     * @param outcomes takes what sessions have come to in experiments
     * @param store holds what has been learnt and counted
     */
    Recommender(
            RecommendSettings settings,
            HotSessions hotSessions,
            LiveSessions liveSessions,
            VariantModels variantModels,
            Consumer<ExperimentOutcome> outcomes,
            OperatorStateStore store)
            throws Exception {
        this.settings = settings;
        this.hotSessions = hotSessions;
        this.liveSessions = liveSessions;
        this.variantModels = variantModels;
        quality = new LiveQuality(settings.liveQualityWindow());
        livePopularityState =
                store.getListState(
                        new ListStateDescriptor<>(
                                "live-popularity", Types.TUPLE(Types.STRING, Types.LONG)));
        if (settings.candidates() != null) {
            candidates = new CandidateStage(settings, store);
        } else {
            candidates = null;
            CandidateStage.forget(store);
        }
        if (settings.experiments()) {
            experiments = new LiveExperiments(means(), this::hasVariantModel, store, outcomes);
        } else {
            experiments = null;
            Experiments.forget(store);
        }
    }

    /** What a variant of an experiment can set here. */
    private AnsweringMeans means() {
        AnsweringMeans means = candidates == null ? AnsweringMeans.NONE : candidates.means();
        return variantModels == null ? means : means.withModels();
    }

    private boolean hasVariantModel(String name) {
        return variantModels != null && variantModels.has(name);
    }

    /** Waits for live items where they take part; {@link #answerWith} comes after. */
    void open(
            RecommendMetrics metrics,
            MetricGroup group,
            RuntimeContext context,
            ProcessingTimeService processingTime)
            throws Exception {
        counters = metrics;
        clock = processingTime;
        quality.register(group, context);
        if (candidates != null) {
            candidates.open(group, context);
        }
        if (experiments != null) {
            experiments.open(group);
            if (variantModels != null) {
                variantModels.begin(experiments.models());
            }
        }
    }

    /** Takes up what the topic says of an experiment from now on. */
    void tell(TopicEntry<Experiment> entry) {
        experiments.tell(entry);
        if (variantModels != null) {
            variantModels.want(experiments.models());
        }
    }

    /** A session has ended. */
    void end(HotSessions.Hot session) {
        if (experiments != null) {
            experiments.end(session.sessionId, session.state);
        }
    }

    /**
     * Takes a model into use; no bundle may be on its way. Sessions need no preparation: what
     * another model left in them is known by its stamp, and made anew when they return.
     *
     * @param next becomes this object's; null for none
     * @return the model in use before, which becomes the caller's; null for none
     */
    ActiveModel answerWith(ActiveModel next) throws Exception {
        ActiveModel replaced = model;
        model = next;
        counters.answersWith(modelVersion());
        rules = next == null ? settings.sessionRules(SessionRules.DEFAULT) : next.rules();
        liveSessions.endAfter(
                rules.inactivityGap().isZero() ? settings.retention() : rules.inactivityGap());
        livePopularity = null;
        if (next == null) {
            livePopularity =
                    new LivePopularity(settings.livePopularitySize(), settings.longestList(rules));
            for (Tuple2<String, Long> entry : livePopularityState.get()) {
                livePopularity.add(entry.f0, entry.f1);
            }
        }
        return replaced;
    }

    /** What is clicked now has changed; no bundle may be on its way. */
    void takeTrending(TrendingCounts counts) {
        if (candidates != null) {
            candidates.takeTrending(counts);
        }
    }

    boolean hasModel() {
        return model != null;
    }

    /** For a person; also without a model. */
    String modelVersion() {
        ActiveModel inForce = model;
        return inForce == null ? "none" : inForce.reference().version();
    }

    void snapshot() throws Exception {
        if (candidates != null) {
            candidates.snapshot();
        }
        if (experiments != null) {
            experiments.snapshot();
        }
        List<Tuple2<String, Long>> popularity = new ArrayList<>();
        if (livePopularity != null) {
            livePopularity.forEach((item, clicks) -> popularity.add(Tuple2.of(item, clicks)));
        }
        livePopularityState.update(popularity);
    }

    @Override
    public void close() {
        try {
            if (model != null) {
                model.close();
                model = null;
            }
        } finally {
            if (candidates != null) {
                candidates.close();
            }
        }
    }

    // ------------------------------------------------------------------ the passes

    /**
     * Answers the first clicks of {@code bundle}.
     *
     * @param bundled how many
     * @param watermark that of the clicks
     * @return an answer for each that isn't a duplicate, in their order
     */
    List<Recommendation> answer(BundledClick[] bundle, int bundled, long watermark)
            throws Exception {
        counters.clicks.inc(bundled);
        counters.bundleSize.update(bundled);
        if (candidates != null) {
            candidates.begin();
        }
        Collection<BundledVisit> visits = readSessions(bundle, bundled);
        judgeClicks(bundle, bundled, watermark);
        long started = System.nanoTime();
        boolean computed = false;
        for (ActiveModel each : models()) {
            computed |= each.advance(bundle, bundled);
            computed |= each.rank(bundle, bundled);
        }
        computed |= candidates != null && candidates.answer();
        if (computed) {
            counters.inferenceTime.update((System.nanoTime() - started) / 1_000);
        }
        List<Recommendation> answers = answerClicks(bundle, bundled);
        keepSessions(visits);
        return answers;
    }

    /** All that answer clicks: the job's own model, if there is one, and those of variants. */
    private Collection<ActiveModel> models() {
        if (variantModels == null || variantModels.all().isEmpty()) {
            return model == null ? List.of() : List.of(model);
        }
        List<ActiveModel> all = new ArrayList<>(variantModels.all());
        if (model != null) {
            all.add(model);
        }
        return all;
    }

    /** What answers the clicks of a session that takes this part in an experiment. */
    private ActiveModel modelFor(Participation part) {
        VariantPlan plan = part == null ? null : part.plan();
        // Nobody takes part where a model is missing.
        return plan == null || plan.model() == null ? model : variantModels.get(plan.model());
    }

    private Collection<BundledVisit> readSessions(BundledClick[] bundle, int bundled)
            throws Exception {
        Map<String, BundledVisit> visits = new HashMap<>(2 * bundled);
        for (int i = 0; i < bundled; i++) {
            BundledClick pending = bundle[i];
            String sessionId = pending.click.sessionId();
            BundledVisit visit = visits.get(sessionId);
            if (visit == null) {
                visit = new BundledVisit(hotSessions.read(sessionId));
                visits.put(sessionId, visit);
                if (experiments != null) {
                    experiments.takeUp(visit, sessionId);
                }
                visit.model = modelFor(visit.participation);
            }
            pending.visit = visit;
        }
        for (ActiveModel each : models()) {
            counters.rebuilt.inc(each.takeUp(visits.values()));
        }
        return visits.values();
    }

    private void judgeClicks(BundledClick[] bundle, int bundled, long watermark) {
        long oldest =
                settings.overrunBudget().isZero()
                        ? Long.MIN_VALUE
                        : clock.getCurrentProcessingTime() - settings.overrunBudget().toMillis();
        for (int i = 0; i < bundled; i++) {
            BundledClick pending = bundle[i];
            ReceivedClick click = pending.click;
            BundledVisit visit = pending.visit;
            SessionState state = visit.state;
            Verdict verdict =
                    rules.judge(state, click.eventId(), click.itemId(), click.eventTimeMillis());
            pending.verdict = verdict;
            if (verdict == Verdict.DUPLICATE) {
                counters.duplicates.inc();
                continue;
            }
            visit.isChanged = true;
            if (experiments != null) {
                experiments.judge(pending);
                visit.model = modelFor(visit.participation);
            }
            pending.model = visit.model;
            boolean isLate = click.eventTimeMillis() <= watermark;
            if (verdict == Verdict.STARTS) {
                counters.sessions.inc();
                if (state == null) {
                    state = new SessionState();
                    visit.state = state;
                    visit.session.state = state;
                }
                state.start();
                visit.hidden = null;
                visit.round = 0;
            } else {
                isLate |= click.eventTimeMillis() < state.lastEventTimeMillis;
            }
            if (isLate) {
                counters.late.inc();
            }
            state.lastEventTimeMillis =
                    Math.max(state.lastEventTimeMillis, click.eventTimeMillis());
            if (click.eventId() != null) {
                state.addEventId(click.eventId(), settings.rememberedEventIds());
            }
            if (livePopularity != null) {
                if (candidates != null && verdict == Verdict.CONTINUES) {
                    pending.popularityRank = livePopularity.rank(click.itemId(), seen(state));
                }
                livePopularity.count(click.itemId());
            }
            if (verdict == Verdict.REPEATS) {
                counters.repeats.inc();
            } else {
                take(pending, state);
            }
            pending.step = state.step;
            boolean overrun = click.timestampMillis() >= 0 && click.timestampMillis() < oldest;
            prepare(pending, state, overrun, i);
        }
    }

    /** Adds the click's item to its session. */
    private void take(BundledClick pending, SessionState state) {
        if (pending.model != null) {
            pending.model.take(pending, state);
        }
        state.step++;
        state.addItem(pending.click.itemId(), rules.maximumLength());
    }

    /** Gathers what the click's answer depends on, as later clicks will change its session. */
    private void prepare(BundledClick pending, SessionState state, boolean overrun, int index) {
        if (pending.model != null) {
            pending.model.prepare(pending, state, overrun, index);
        } else {
            pending.fallback = RecommendOperator.NO_MODEL;
            pending.items =
                    livePopularity.list(
                            settings.count(),
                            seen(state),
                            candidates == null ? null : candidates.dropped());
        }
        if (candidates != null && !overrun) {
            candidates.ask(pending, state, pending.model);
        }
    }

    /** What the session's lists leave out; null for nothing. */
    private List<String> seen(SessionState state) {
        return settings.excludeSeen() ? state.items() : null;
    }

    private List<Recommendation> answerClicks(BundledClick[] bundle, int bundled) {
        long now = clock.getCurrentProcessingTime();
        List<Recommendation> answers = new ArrayList<>(bundled);
        for (int i = 0; i < bundled; i++) {
            BundledClick pending = bundle[i];
            if (pending.verdict == Verdict.DUPLICATE) {
                continue;
            }
            SessionState state = pending.visit.state;
            ReceivedClick click = pending.click;
            String id = click.topic() + '-' + click.partition() + '-' + click.offset();
            if (pending.verdict == Verdict.CONTINUES) {
                label(pending, state);
            } else if (experiments != null && pending.verdict == Verdict.STARTS) {
                experiments.begin(pending, state, id);
            }
            pending.ageMillis =
                    click.timestampMillis() < 0 ? 0 : Math.max(0, now - click.timestampMillis());
            List<RecommendedItem> items = list(pending, state);
            if (experiments != null) {
                experiments.answered(pending, state);
            }
            if (pending.fallback == null && pending.isUnranked) {
                pending.fallback = RecommendOperator.UNRANKED;
            }
            if (pending.fallback != null) {
                counters.fallback(pending.fallback);
            }
            answers.add(
                    new Recommendation(
                            id,
                            click.sessionId(),
                            click.userId(),
                            pending.step,
                            new Trigger(
                                    click.partition(),
                                    click.offset(),
                                    click.eventId(),
                                    click.eventTimeMillis()),
                            items,
                            reference(pending),
                            pending.fallback,
                            now,
                            pending.ranker,
                            pending.participation == null
                                    ? null
                                    : pending.participation.reference()));
            if (click.timestampMillis() >= 0) {
                counters.clickToRecommendation.update(pending.ageMillis);
            }
        }
        if (candidates != null) {
            candidates.end();
        }
        return answers;
    }

    /** What ranked the answer; null if nothing did and there is no model. */
    private ModelReference reference(BundledClick pending) {
        if (pending.model != null) {
            return pending.model.reference();
        }
        boolean isBlended =
                pending.fallback == null || pending.fallback.equals(RecommendOperator.UNRANKED);
        return isBlended ? candidates.towerReference() : null;
    }

    private void keepSessions(Collection<BundledVisit> visits) throws Exception {
        for (BundledVisit visit : visits) {
            if (!visit.isChanged) {
                continue;
            }
            if (visit.model != null) {
                visit.model.keep(visit);
            } else {
                // It would fall behind the items, and be taken for good when its model returns.
                visit.state.hidden = null;
                visit.state.hiddenModel = SessionState.NO_MODEL;
            }
            hotSessions.keep(visit.session);
            if (visit.isNew) {
                liveSessions.begin(visit.session);
            }
        }
    }

    // ------------------------------------------------------------------ lists

    private void label(BundledClick pending, SessionState state) {
        if (state.list == null) {
            return;
        }
        int rank = -1;
        long wanted = Fingerprint.of(pending.click.itemId());
        for (int place = 0; place < state.list.length; place++) {
            if (state.list[place] == wanted) {
                rank = place;
                break;
            }
        }
        if (experiments != null) {
            LiveExperiments.follow(state, rank);
        }
        if (pending.model != model || state.listModel != stamp(model)) {
            return;
        }
        boolean isPopularity = model == null && candidates == null;
        quality.label(rank, isPopularity ? rank : pending.popularityRank);
        if (candidates != null) {
            boolean isUnseen = model != null && pending.row == ItemVocabulary.UNKNOWN;
            candidates.label(pending, state, rank, isUnseen);
        }
    }

    private static long stamp(ActiveModel model) {
        return model == null ? SessionState.NO_MODEL : model.stamp();
    }

    /** Makes the click's list and leaves its fingerprint in the session. */
    private List<RecommendedItem> list(BundledClick pending, SessionState state) {
        long[] list = state.roomForList(Math.min(settings.count(), LiveQuality.CUTOFF));
        List<RecommendedItem> items;
        if (pending.participation != null) {
            items = experiments.list(pending, settings.count(), plan -> made(pending, plan, list));
        } else {
            items = made(pending, null, list);
        }
        int listed = Math.min(list.length, items.size());
        if (pending.teams != null) {
            ActiveModel.fingerprints(items, list);
        }
        state.proposals = pending.proposals;
        state.list = listed == list.length ? list : Arrays.copyOf(list, listed);
        state.listModel = stamp(pending.model);
        return items;
    }

    /**
     * Makes a list for the click.
     *
     * @param plan how the variant that answers does it; null: as the job does
     * @param fingerprints takes those of the list's first items
     */
    private List<RecommendedItem> made(
            BundledClick pending, VariantPlan plan, long[] fingerprints) {
        List<RecommendedItem> items =
                candidates == null
                        ? null
                        : candidates.list(pending, plan, pending.model, () -> popular(pending));
        if (items == null && pending.model != null) {
            items = new ArrayList<>(settings.count());
            pending.model.list(
                    pending, items, fingerprints, candidates == null ? null : candidates.dropped());
            return items;
        }
        items = items == null ? pending.items : items;
        ActiveModel.fingerprints(items, fingerprints);
        return items;
    }

    /** What is popular, to fill up the click's list. */
    private CandidateList popular(BundledClick pending) {
        if (pending.model != null) {
            return pending.model.popular(pending);
        }
        List<String> items = pending.items.stream().map(RecommendedItem::itemId).toList();
        float[] clicks = new float[items.size()];
        for (int place = 0; place < clicks.length; place++) {
            clicks[place] = pending.items.get(place).score();
        }
        return CandidateList.of(items, clicks, ScoreScale.PROPORTION);
    }
}
