package io.nextclick.jobs.recommend;

import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.model.ApprovedRelease;
import io.nextclick.jobs.model.BackgroundWork;
import io.nextclick.jobs.model.LoadedModel;
import io.nextclick.jobs.model.ModelLoader;
import io.nextclick.jobs.model.ReleasesInForce;
import io.nextclick.jobs.model.SubtaskDevice;
import io.nextclick.jobs.ready.Readiness;
import io.nextclick.jobs.types.Fingerprint;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.ranking.CandidateList;
import io.nextclick.models.scoring.ScoreScale;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.SessionRules.Verdict;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.Recommendation.Trigger;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/**
 * Answers every click with the items its session is most likely to want next.
 *
 * <p>Scoring a catalogue costs the same memory traffic for one session as for many, so clicks are
 * gathered into a bundle and scored in one batch. A bundle is answered when it is full, when its
 * first click has waited for the bundle timeout, and before anything that must not overtake its
 * clicks: a watermark, a checkpoint's barrier, the end of the input. So nothing is in flight at a
 * checkpoint, and a failure repeats whole clicks.
 *
 * <p>A bundle is answered in five passes:
 *
 * <ol>
 *   <li>each session's state is looked up once, however many of its clicks are in the bundle;
 *   <li>clicks are judged by the session rules, in the order they arrived;
 *   <li>recurrent states advance in rounds, the n-th click of each session in round n, from the
 *       stored state and never from the start; after a change of the model from the remembered
 *       items;
 *   <li>all clicks are ranked in one batch, so that a session with many clicks doesn't shrink it;
 *       where live items take part ({@link LiveBlend}), the query tower searches in one batch too;
 *   <li>in the order they arrived, clicks label their session's last list and are answered; then
 *       each state is kept, in {@link HotSessions} until it must be written.
 * </ol>
 *
 * A session whose inactivity gap has passed in event time is forgotten by its timer. There is one
 * timer a session: set at its start, and when it fires too early, because of later clicks, set
 * again.
 *
 * <p>Runs with one input, clicks, or with two: the second brings released models, the same to each
 * subtask. One is made ready in the background ({@link ModelExchange}) and takes the other's place
 * between two bundles. Event time is that of the clicks alone.
 *
 * <p>State: {@link SessionState} per session; per key group its number of live sessions, for a
 * gauge that stays right when the job is restored or rescaled; the {@link ReleasesInForce}; the
 * weights of {@link LiveBlend}; without a model the counts of {@link LivePopularity}.
 */
public final class RecommendOperator extends AbstractStreamOperator<Recommendation>
        implements OneInputStreamOperator<ReceivedClick, Recommendation>,
                TwoInputStreamOperator<ReceivedClick, ApprovedRelease, Recommendation>,
                BoundedOneInput,
                Triggerable<String, VoidNamespace> {

    /** In {@link Recommendation#fallback()}: no item of the session is known to the model. */
    public static final String UNKNOWN_ITEMS = "unknown-items";

    /** In {@link Recommendation#fallback()}: there is no model. */
    public static final String NO_MODEL = "no-model";

    /** In {@link Recommendation#fallback()}: the click was older than the budget allows. */
    public static final String OVERRUN = "overrun";

    /** Of two inputs that of clicks, as Flink's operators count them. */
    private static final int CLICKS_INPUT = 0;

    /** Sessions written between two bundles: about 0.2 ms. */
    private static final int MOST_WRITES_BETWEEN = 32;

    /** No subtask's hot sessions take more of the heap than one part of so many. */
    private static final int SHARE_OF_HEAP = 8;

    private static final long serialVersionUID = 1L;

    private final RecommendSettings settings;
    private final ModelLoader loader;

    /** Null while there is none. */
    private transient ActiveModel model;

    /** The model's; without one the settings' alone. */
    private transient SessionRules rules;

    /** Milliseconds of event time after which a silent session is forgotten. */
    private transient long lifetimeMillis;

    /** Null where released models aren't followed. */
    private transient ReleasesInForce releases;

    private transient ModelExchange exchange;

    /** What this subtask's models compute on. */
    private transient ComputeDevice device;

    /** Whether this goes on from a checkpoint or savepoint. */
    private transient boolean restored;

    /** How long the model to begin with took to warm up. */
    private transient long warmUpMillis;

    /** Whether a model became ready while a bundle was being answered. */
    private transient boolean exchangeDue;

    private transient ValueState<SessionState> sessions;
    private transient HotSessions hotSessions;
    private transient InternalTimerService<VoidNamespace> timers;

    private transient ListState<Tuple2<Integer, Long>> liveSessionsState;
    private transient long[] liveSessionsPerKeyGroup;
    private transient int firstKeyGroup;
    private transient int keyGroups;
    private transient long liveSessions;

    private transient ListState<Tuple2<String, Long>> livePopularityState;

    /** Null while there is a model. */
    private transient LivePopularity livePopularity;

    /** Null where live items take no part. */
    private transient LiveBlend blend;

    private transient RecommendMetrics counters;
    private transient LiveQuality quality;

    private transient BundledClick[] bundle;
    private transient int bundled;
    private transient boolean answering;
    private transient Map<String, BundledVisit> visits;
    private transient long watermark;

    private transient MailboxExecutor mailbox;
    private transient boolean wakeUpSet;
    private transient long bundleStartMillis;
    private transient long arrivals;

    /**
     * @param settings how to answer
     * @param loader where the model comes from
     */
    public RecommendOperator(RecommendSettings settings, ModelLoader loader) {
        this.settings = Objects.requireNonNull(settings, "settings");
        this.loader = Objects.requireNonNull(loader, "loader");
    }

    @Override
    public void setMailboxExecutor(MailboxExecutor mailboxExecutor) {
        super.setMailboxExecutor(mailboxExecutor);
        mailbox = mailboxExecutor;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        sessions =
                context.getKeyedStateStore()
                        .getState(
                                new ValueStateDescriptor<>(
                                        "sessions", SessionStateSerializer.TYPE));
        TaskInfo task = getRuntimeContext().getTaskInfo();
        keyGroups = task.getMaxNumberOfParallelSubtasks();
        KeyGroupRange range =
                KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(
                        keyGroups,
                        task.getNumberOfParallelSubtasks(),
                        task.getIndexOfThisSubtask());
        firstKeyGroup = range.getStartKeyGroup();
        liveSessionsPerKeyGroup = new long[range.getNumberOfKeyGroups()];
        // A union, as a key group may move to any subtask; small, one pair a key group.
        liveSessionsState =
                context.getOperatorStateStore()
                        .getUnionListState(
                                new ListStateDescriptor<>(
                                        "live-sessions", Types.TUPLE(Types.INT, Types.LONG)));
        livePopularityState =
                context.getOperatorStateStore()
                        .getListState(
                                new ListStateDescriptor<>(
                                        "live-popularity", Types.TUPLE(Types.STRING, Types.LONG)));
        if (settings.releases()) {
            releases = new ReleasesInForce(context.getOperatorStateStore());
        } else {
            ReleasesInForce.forget(context.getOperatorStateStore());
        }
        if (settings.blend() != null) {
            blend = new LiveBlend(settings, context.getOperatorStateStore());
        } else {
            LiveBlend.forget(context.getOperatorStateStore());
        }
        liveSessions = 0;
        restored = context.isRestored();
        if (restored) {
            for (Tuple2<Integer, Long> entry : liveSessionsState.get()) {
                if (range.contains(entry.f0)) {
                    liveSessionsPerKeyGroup[entry.f0 - firstKeyGroup] = entry.f1;
                    liveSessions += entry.f1;
                }
            }
        }
    }

    @Override
    public void open() throws Exception {
        super.open();
        device = SubtaskDevice.choose(loader.device(), getRuntimeContext(), restored);
        counters = new RecommendMetrics(getMetricGroup());
        quality = new LiveQuality(settings.liveQualityWindow());
        quality.register(getMetricGroup(), getRuntimeContext());
        getMetricGroup().gauge("liveSessions", (Gauge<Long>) () -> liveSessions);
        getMetricGroup().gauge("modelVersion", (Gauge<String>) () -> version(model));
        if (releases != null) {
            exchange =
                    new ModelExchange(
                            loader,
                            device,
                            settings,
                            new BackgroundWork(
                                    mailbox,
                                    "models of "
                                            + getRuntimeContext()
                                                    .getTaskInfo()
                                                    .getTaskNameWithSubtasks()),
                            this::exchangeModel,
                            counters.modelLoadFailures);
        }
        getMetricGroup().gauge(Readiness.GAUGE, (Gauge<Integer>) () -> isReady() ? 1 : 0);
        getMetricGroup().gauge("device", (Gauge<String>) () -> device.toString());
        getMetricGroup().gauge("warmUpMillis", (Gauge<Long>) () -> warmUpMillis);
        if (blend != null) {
            blend.open(getMetricGroup(), getRuntimeContext());
        }
        answerWith(firstModel());
        bundle = new BundledClick[settings.bundleSize()];
        hotSessions =
                new HotSessions(
                        sessions,
                        this::setCurrentKey,
                        Math.min(
                                settings.hotSessionBytes(),
                                Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP),
                        keyGroups);
        getMetricGroup().gauge("hotSessions", (Gauge<Integer>) () -> hotSessions.size());
        getMetricGroup().gauge("sessionReads", (Gauge<Long>) () -> hotSessions.reads());
        getMetricGroup().gauge("sessionWrites", (Gauge<Long>) () -> hotSessions.writes());
        watermark = Long.MIN_VALUE;
        timers = getInternalTimerService("session-ends", VoidNamespaceSerializer.INSTANCE, this);
    }

    /**
     * Whether there is a model, each of which is warm when it takes its place, or none is needed.
     */
    private boolean isReady() {
        return model != null || !settings.modelRequired();
    }

    /**
     * The model to begin with, warm: a subtask counts as running only after this. Null for none.
     */
    private ActiveModel firstModel() throws IOException {
        LoadedModel loaded = loadFirstModel();
        if (loaded == null) {
            return null;
        }
        long started = System.nanoTime();
        ActiveModel first = new ActiveModel(loaded, settings);
        try {
            first.warmUp(/* isBesideClicks= */ false);
        } catch (RuntimeException | Error e) {
            first.close();
            throw e;
        }
        warmUpMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started);
        LOG.info("Warmed up {} in {} ms", first.describe(), warmUpMillis);
        return first;
    }

    /** May return null. */
    private LoadedModel loadFirstModel() throws IOException {
        ApprovedRelease released = releases == null ? null : releases.current();
        Optional<LoadedModel> loaded = Optional.empty();
        if (released != null) {
            loaded = releases.acquire(loader, device);
            if (loaded.isEmpty() || !loaded.get().fingerprint().equals(released.sha256())) {
                exchange.prepare(released);
            }
        }
        if (loaded.isEmpty()) {
            // Where there is neither, the first release is waited for.
            boolean required =
                    settings.modelRequired() && (releases == null || settings.modelPath() != null);
            loaded =
                    LoadedModel.acquireToStart(
                            settings.modelPath(), required, loader, device, restored);
        }
        return loaded.orElse(null);
    }

    @Override
    public void close() throws Exception {
        try {
            super.close();
        } finally {
            try {
                if (exchange != null) {
                    exchange.close();
                    exchange = null;
                }
            } finally {
                try {
                    if (model != null) {
                        model.close();
                        model = null;
                    }
                } finally {
                    if (blend != null) {
                        blend.close();
                        blend = null;
                    }
                }
            }
        }
    }

    // ------------------------------------------------------------------ models

    @Override
    public void processElement2(StreamRecord<ApprovedRelease> element) {
        ApprovedRelease release = element.getValue();
        if (releases.put(release)) {
            exchange.prepare(release);
        }
    }

    /** Changes to the model that has become ready. */
    private void exchangeModel() throws Exception {
        answerBundle();
        if (answering) {
            // A sink that waited for Kafka has run this in the middle of a bundle.
            exchangeDue = true;
            return;
        }
        exchangeDue = false;
        ActiveModel next = exchange.take();
        if (next == null) {
            return;
        }
        ActiveModel replaced = model;
        answerWith(next);
        counters.modelSwitches.inc();
        LOG.info("Answering with {}", next.describe());
        if (replaced != null) {
            exchange.retire(replaced);
        }
    }

    private static String version(ActiveModel model) {
        return model == null ? "none" : model.reference().version();
    }

    /**
     * Takes a model into use; no click may be bundled. Sessions need no preparation: what another
     * model left in them is known by its stamp, and made anew when they return.
     *
     * @param next null for none
     */
    private void answerWith(ActiveModel next) throws Exception {
        model = next;
        counters.answersWith(version(next));
        rules = next == null ? settings.sessionRules(SessionRules.DEFAULT) : next.rules();
        Duration lifetime =
                rules.inactivityGap().isZero() ? settings.retention() : rules.inactivityGap();
        lifetimeMillis = lifetime.toMillis();
        livePopularity = null;
        if (next == null) {
            livePopularity =
                    new LivePopularity(settings.livePopularitySize(), settings.longestList(rules));
            for (Tuple2<String, Long> entry : livePopularityState.get()) {
                livePopularity.add(entry.f0, entry.f1);
            }
        }
    }

    // ------------------------------------------------------------------ gathering

    @Override
    public void processElement1(StreamRecord<ReceivedClick> element) throws Exception {
        processElement(element);
    }

    @Override
    public void processElement(StreamRecord<ReceivedClick> element) throws Exception {
        // The click is kept, not copied: it is immutable. The record around it is Flink's.
        bundle[bundled++] = new BundledClick(element.getValue());
        arrivals++;
        if (bundled == bundle.length) {
            answerBundle();
        } else if (bundled == 1) {
            setWakeUp();
        }
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        answerBundle();
        watermark = mark.getTimestamp();
        super.processWatermark(mark);
    }

    @Override
    public void processWatermarkStatus(WatermarkStatus status) throws Exception {
        answerBundle();
        super.processWatermarkStatus(status);
    }

    @Override
    public void processWatermark1(Watermark mark) throws Exception {
        processWatermark(mark);
    }

    /** Releases come once in hours: their input would hold event time back for ever. */
    @Override
    public void processWatermark2(Watermark mark) {}

    @Override
    protected void processWatermarkStatus(WatermarkStatus status, int input) throws Exception {
        if (input == CLICKS_INPUT) {
            processWatermarkStatus(status);
        }
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
        answerBundle();
        super.prepareSnapshotPreBarrier(checkpointId);
    }

    @Override
    public void endInput() throws Exception {
        answerBundle();
    }

    @Override
    public void finish() throws Exception {
        answerBundle();
        super.finish();
    }

    /** Sees to it that a bundle is answered although nothing more arrives. */
    private void setWakeUp() {
        if (settings.bundleTimeout().isZero()) {
            if (!wakeUpSet) {
                wakeUpSet = true;
                wakeUpWhenIdle(arrivals - 1);
            }
        } else {
            bundleStartMillis = getProcessingTimeService().getCurrentProcessingTime();
            if (!wakeUpSet) {
                wakeUpSet = true;
                wakeUpAt(bundleStartMillis + settings.bundleTimeout().toMillis());
            }
        }
    }

    /** One timer is on its way at a time; bundles that fill up quickly cost none of their own. */
    private void wakeUpAt(long timeMillis) {
        // Never cancelled: it does no harm to find the bundle empty.
        var unused =
                getProcessingTimeService()
                        .registerTimer(
                                timeMillis,
                                now -> {
                                    long due =
                                            bundleStartMillis + settings.bundleTimeout().toMillis();
                                    if (bundled > 0 && now < due) {
                                        wakeUpAt(due);
                                        return;
                                    }
                                    wakeUpSet = false;
                                    answerBundle();
                                });
    }

    /**
     * The task reads one click between two of its mails, if one is waiting. So when a mail finds
     * that no click came since the last, none was waiting.
     */
    private void wakeUpWhenIdle(long arrivalsBefore) {
        mailbox.execute(
                () -> {
                    if (bundled > 0 && arrivals != arrivalsBefore) {
                        wakeUpWhenIdle(arrivals);
                        return;
                    }
                    wakeUpSet = false;
                    answerBundle();
                },
                "answer the bundle if no click is waiting");
    }

    // ------------------------------------------------------------------ answering

    private void answerBundle() throws Exception {
        if (bundled == 0 || answering) {
            return;
        }
        answering = true;
        visits = new HashMap<>(2 * bundled);
        counters.clicks.inc(bundled);
        counters.bundleSize.update(bundled);
        if (blend != null) {
            blend.begin();
        }
        readSessions();
        judgeClicks();
        long started = System.nanoTime();
        boolean advanced = model != null && model.advance(bundle, bundled);
        boolean ranked = model != null && model.rank(bundle, bundled);
        boolean retrieved = blend != null && blend.answer();
        if (advanced || ranked || retrieved) {
            counters.inferenceTime.update((System.nanoTime() - started) / 1_000);
        }
        answerClicks();
        if (bundled < bundle.length) {
            // There is time to spare. Twice as many as may have changed, so that few are left when
            // a checkpoint has all of them written while clicks wait.
            hotSessions.writeSome(Math.min(2 * bundled, MOST_WRITES_BETWEEN));
        }
        bundle = new BundledClick[bundle.length];
        bundled = 0;
        answering = false;
        if (exchangeDue) {
            exchangeModel();
        }
    }

    private void readSessions() throws Exception {
        for (int i = 0; i < bundled; i++) {
            BundledClick pending = bundle[i];
            String sessionId = pending.click.sessionId();
            BundledVisit visit = visits.get(sessionId);
            if (visit == null) {
                visit = new BundledVisit(hotSessions.read(sessionId));
                visits.put(sessionId, visit);
            }
            pending.visit = visit;
        }
        if (model != null) {
            counters.rebuilt.inc(model.takeUp(visits.values()));
        }
    }

    private void judgeClicks() {
        long oldest =
                settings.overrunBudget().isZero()
                        ? Long.MIN_VALUE
                        : getProcessingTimeService().getCurrentProcessingTime()
                                - settings.overrunBudget().toMillis();
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
                if (blend != null && verdict == Verdict.CONTINUES) {
                    pending.popularityRank = livePopularityRank(click.itemId(), state);
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
        if (model != null) {
            model.take(pending, state);
        }
        state.step++;
        state.addItem(pending.click.itemId(), rules.maximumLength());
    }

    /** Gathers what the click's answer depends on, as later clicks will change its session. */
    private void prepare(BundledClick pending, SessionState state, boolean overrun, int index) {
        if (model != null) {
            model.prepare(pending, state, overrun, index);
        } else {
            pending.fallback = NO_MODEL;
            pending.items =
                    livePopularItems(settings.excludeSeen() ? List.copyOf(state.items()) : null);
        }
        if (blend != null && !overrun) {
            blend.ask(pending, state);
        }
    }

    // ------------------------------------------------------------------ lists

    private void answerClicks() throws Exception {
        long now = getProcessingTimeService().getCurrentProcessingTime();
        List<Recommendation> answers = new ArrayList<>(bundled);
        for (int i = 0; i < bundled; i++) {
            BundledClick pending = bundle[i];
            if (pending.verdict == Verdict.DUPLICATE) {
                continue;
            }
            SessionState state = pending.visit.state;
            if (pending.verdict == Verdict.CONTINUES) {
                label(pending, state);
            }
            List<RecommendedItem> items = list(pending, state);
            ReceivedClick click = pending.click;
            if (pending.fallback != null) {
                counters.fallback(pending.fallback);
            }
            answers.add(
                    new Recommendation(
                            click.topic() + '-' + click.partition() + '-' + click.offset(),
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
                            now));
            if (click.timestampMillis() >= 0) {
                counters.clickToRecommendation.update(Math.max(0, now - click.timestampMillis()));
            }
        }
        writeSessions();
        StreamRecord<Recommendation> record = new StreamRecord<>(null);
        int answer = 0;
        for (int i = 0; i < bundled; i++) {
            if (bundle[i].verdict != Verdict.DUPLICATE) {
                Recommendation recommendation = answers.get(answer++);
                output.collect(record.replace(recommendation, bundle[i].click.eventTimeMillis()));
            }
        }
        counters.recommendations.inc(answer);
    }

    /** What ranked the answer; null if nothing did and there is no model. */
    private ModelReference reference(BundledClick pending) {
        if (model != null) {
            return model.reference();
        }
        return pending.fallback == null ? blend.towerReference() : null;
    }

    private void writeSessions() throws Exception {
        for (BundledVisit visit : visits.values()) {
            SessionState state = visit.state;
            if (!visit.isChanged) {
                continue;
            }
            if (model != null) {
                model.keep(visit);
            } else {
                // It would fall behind the items, and be taken for good when its model returns.
                state.hidden = null;
                state.hiddenModel = SessionState.NO_MODEL;
            }
            hotSessions.keep(visit.session);
            if (visit.isNew) {
                String sessionId = visit.session.sessionId;
                setCurrentKey(sessionId);
                timers.registerEventTimeTimer(VoidNamespace.INSTANCE, endOf(state));
                count(sessionId, 1);
            }
        }
    }

    private void label(BundledClick pending, SessionState state) {
        long stamp = model == null ? SessionState.NO_MODEL : model.stamp();
        if (state.list == null || state.listModel != stamp) {
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
        boolean isPopularity = model == null && blend == null;
        quality.label(rank, isPopularity ? rank : pending.popularityRank);
        if (blend != null) {
            boolean isUnseen = model != null && pending.row == ItemVocabulary.UNKNOWN;
            blend.label(pending, state, rank, isUnseen);
        }
    }

    /** Makes the click's list and leaves its fingerprint in the session. */
    private List<RecommendedItem> list(BundledClick pending, SessionState state) {
        List<RecommendedItem> items =
                blend == null ? null : blend.list(pending, model, () -> popular(pending));
        long[] list = state.roomForList(Math.min(settings.count(), LiveQuality.CUTOFF));
        int listed;
        if (items != null) {
            listed = ActiveModel.fingerprints(items, list);
        } else if (model == null) {
            items = pending.items;
            listed = ActiveModel.fingerprints(items, list);
        } else {
            items = new ArrayList<>(settings.count());
            listed = model.list(pending, items, list, blend == null ? null : blend.dropped());
        }
        state.proposals = pending.proposals;
        state.list = listed == list.length ? list : Arrays.copyOf(list, listed);
        state.listModel = model == null ? SessionState.NO_MODEL : model.stamp();
        return items;
    }

    /** What is popular, to fill up the click's list. */
    private CandidateList popular(BundledClick pending) {
        if (model != null) {
            return model.popular(pending);
        }
        List<String> items = pending.items.stream().map(RecommendedItem::itemId).toList();
        float[] clicks = new float[items.size()];
        for (int place = 0; place < clicks.length; place++) {
            clicks[place] = pending.items.get(place).score();
        }
        return CandidateList.of(items, clicks, ScoreScale.PROPORTION);
    }

    /** The item's place in the popularity baseline's list for the session before the click. */
    private int livePopularityRank(String item, SessionState before) {
        List<String> seen = settings.excludeSeen() ? before.items() : List.of();
        if (seen.contains(item)) {
            return -1;
        }
        int rank = 0;
        for (int place = 0; rank < LiveQuality.CUTOFF; place++) {
            String popular = livePopularity.item(place);
            if (popular == null) {
                return -1;
            }
            if (popular.equals(item)) {
                return rank;
            }
            if (!seen.contains(popular)) {
                rank++;
            }
        }
        return -1;
    }

    private List<RecommendedItem> livePopularItems(List<String> seen) {
        Predicate<String> dropped = blend == null ? null : blend.dropped();
        List<RecommendedItem> items = new ArrayList<>(settings.count());
        for (int place = 0; items.size() < settings.count(); place++) {
            String item = livePopularity.item(place);
            if (item == null) {
                break;
            }
            boolean isLeftOut =
                    (seen != null && seen.contains(item))
                            || (dropped != null && dropped.test(item));
            if (!isLeftOut) {
                items.add(
                        new RecommendedItem(
                                item, livePopularity.clicks(place), ActiveModel.FROM_POPULARITY));
            }
        }
        return items;
    }

    // ------------------------------------------------------------------ ends of sessions

    @Override
    public void onEventTime(InternalTimer<String, VoidNamespace> timer) throws Exception {
        HotSessions.Hot session = hotSessions.read(timer.getKey());
        if (session.state == null) {
            return;
        }
        long end = endOf(session.state);
        if (end > timer.getTimestamp()) {
            setCurrentKey(timer.getKey());
            timers.registerEventTimeTimer(VoidNamespace.INSTANCE, end);
        } else {
            hotSessions.forget(session);
            count(timer.getKey(), -1);
        }
    }

    @Override
    public void onProcessingTime(InternalTimer<String, VoidNamespace> timer) {
        throw new IllegalStateException("no timer of this operator is in processing time");
    }

    /** The first moment at which a next click would begin a new session. */
    private long endOf(SessionState state) {
        long last = state.lastEventTimeMillis;
        return last > Long.MAX_VALUE - lifetimeMillis - 1
                ? Long.MAX_VALUE
                : last + lifetimeMillis + 1;
    }

    private void count(String sessionId, int change) {
        int keyGroup = KeyGroupRangeAssignment.assignToKeyGroup(sessionId, keyGroups);
        liveSessionsPerKeyGroup[keyGroup - firstKeyGroup] += change;
        liveSessions += change;
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        hotSessions.writeAll();
        List<Tuple2<Integer, Long>> counts = new ArrayList<>();
        for (int i = 0; i < liveSessionsPerKeyGroup.length; i++) {
            if (liveSessionsPerKeyGroup[i] > 0) {
                counts.add(Tuple2.of(firstKeyGroup + i, liveSessionsPerKeyGroup[i]));
            }
        }
        liveSessionsState.update(counts);
        if (blend != null) {
            blend.snapshot();
        }
        if (releases != null) {
            releases.snapshot();
        }
        List<Tuple2<String, Long>> popularity = new ArrayList<>();
        if (livePopularity != null) {
            livePopularity.forEach((item, clicks) -> popularity.add(Tuple2.of(item, clicks)));
        }
        livePopularityState.update(popularity);
    }
}
