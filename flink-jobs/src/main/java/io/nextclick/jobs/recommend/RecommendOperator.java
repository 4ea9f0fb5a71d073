package io.nextclick.jobs.recommend;

import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.RecurrentScorer;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.SessionRules.Verdict;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.Recommendation.Trigger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
 *   <li>in the order they arrived, clicks label their session's last list and are answered; then
 *       each state is kept, in {@link HotSessions} until it must be written.
 * </ol>
 *
 * A session whose inactivity gap has passed in event time is forgotten by its timer. There is one
 * timer a session: set at its start, and when it fires too early, because of later clicks, set
 * again.
 *
 * <p>State: {@link SessionState} per session; per key group its number of live sessions, for a
 * gauge that stays right when the job is restored or rescaled; without a model the counts of {@link
 * LivePopularity}.
 */
public final class RecommendOperator extends AbstractStreamOperator<Recommendation>
        implements OneInputStreamOperator<ReceivedClick, Recommendation>,
                BoundedOneInput,
                Triggerable<String, VoidNamespace> {

    /** In {@link Recommendation#fallback()}: no item of the session is known to the model. */
    public static final String UNKNOWN_ITEMS = "unknown-items";

    /** In {@link Recommendation#fallback()}: there is no model. */
    public static final String NO_MODEL = "no-model";

    /** In {@link Recommendation#fallback()}: the click was older than the budget allows. */
    public static final String OVERRUN = "overrun";

    private static final String FROM_MODEL = "model";
    private static final String FROM_CO_VISITATION = "co-visitation";
    private static final String FROM_POPULARITY = "popularity";

    /** No subtask's hot sessions take more of the heap than one part of so many. */
    private static final int SHARE_OF_HEAP = 8;

    private static final long serialVersionUID = 1L;

    private final RecommendSettings settings;
    private final ModelLoader loader;

    private transient LoadedModel model;
    private transient SessionScorer scorer;
    private transient RecurrentScorer recurrent;
    private transient EncodingScorer encoding;
    private transient SessionRules rules;

    /** Milliseconds of event time after which a silent session is forgotten. */
    private transient long lifetimeMillis;

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

    /** The model's most popular rows, enough for any list; null without a model. */
    private transient TopItems popular;

    private transient RecommendMetrics counters;
    private transient LiveQuality quality;

    private transient Pending[] bundle;
    private transient int bundled;
    private transient boolean answering;
    private transient Map<String, Visit> visits;
    private transient long watermark;

    /** Per click of the bundle room for one recurrent state. */
    private transient float[][] hiddenRoom;

    private transient float[][] batchStates;
    private transient int[] batchRows;
    private transient int[][] batchExcluded;
    private transient Pending[] batch;

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
        liveSessions = 0;
        if (context.isRestored()) {
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
        counters = new RecommendMetrics(getMetricGroup());
        quality = new LiveQuality(settings.liveQualityWindow());
        quality.register(getMetricGroup(), getRuntimeContext());
        getMetricGroup().gauge("liveSessions", (Gauge<Long>) () -> liveSessions);
        model =
                LoadedModel.acquire(settings.modelPath(), settings.modelRequired(), loader)
                        .orElse(null);
        String version = model == null ? "none" : model.reference().version();
        getMetricGroup().gauge("modelVersion", (Gauge<String>) () -> version);
        rules =
                settings.sessionRules(
                        model == null ? SessionRules.DEFAULT : model.model().sessionRules());
        Duration lifetime =
                rules.inactivityGap().isZero() ? settings.retention() : rules.inactivityGap();
        lifetimeMillis = lifetime.toMillis();
        int longest = settings.count() + (settings.excludeSeen() ? rules.maximumLength() : 0);
        if (model == null) {
            livePopularity = new LivePopularity(settings.livePopularitySize(), longest);
            for (Tuple2<String, Long> entry : livePopularityState.get()) {
                livePopularity.add(entry.f0, entry.f1);
            }
        } else {
            popular = model.popularity().top(longest, null);
            scorer = model.model().newScorer();
            if (scorer instanceof RecurrentScorer stepping) {
                recurrent = stepping;
                hiddenRoom = new float[settings.bundleSize()][stepping.stateSize()];
            } else {
                encoding = (EncodingScorer) scorer;
            }
        }
        int size = settings.bundleSize();
        bundle = new Pending[size];
        batchRows = new int[size];
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

    @Override
    public void close() throws Exception {
        try {
            super.close();
        } finally {
            try {
                if (scorer != null) {
                    scorer.close();
                    scorer = null;
                }
            } finally {
                if (model != null) {
                    model.close();
                    model = null;
                }
            }
        }
    }

    // ------------------------------------------------------------------ gathering

    @Override
    public void processElement(StreamRecord<ReceivedClick> element) throws Exception {
        // The click is kept, not copied: it is immutable. The record around it is Flink's.
        bundle[bundled++] = new Pending(element.getValue());
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
        // Made anew for each bundle: to point from old objects to new ones at every click costs the
        // garbage collector more than these.
        batch = new Pending[bundled];
        batchStates = new float[bundled][];
        batchExcluded = settings.excludeSeen() ? new int[bundled][] : null;
        visits = new HashMap<>(2 * bundled);
        counters.clicks.inc(bundled);
        counters.bundleSize.update(bundled);
        readSessions();
        judgeClicks();
        long started = System.nanoTime();
        boolean advanced = advance();
        boolean ranked = rank();
        if (advanced || ranked) {
            counters.inferenceTime.update((System.nanoTime() - started) / 1_000);
        }
        answerClicks();
        bundle = new Pending[bundle.length];
        bundled = 0;
        answering = false;
    }

    private void readSessions() throws Exception {
        for (int i = 0; i < bundled; i++) {
            Pending pending = bundle[i];
            String sessionId = pending.click.sessionId();
            Visit visit = visits.get(sessionId);
            if (visit == null) {
                visit = new Visit(hotSessions.read(sessionId));
                visits.put(sessionId, visit);
            }
            pending.visit = visit;
        }
        if (recurrent != null) {
            takeUpHiddenStates();
        }
    }

    private void judgeClicks() {
        long oldest =
                settings.overrunBudget().isZero()
                        ? Long.MIN_VALUE
                        : getProcessingTimeService().getCurrentProcessingTime()
                                - settings.overrunBudget().toMillis();
        for (int i = 0; i < bundled; i++) {
            Pending pending = bundle[i];
            ReceivedClick click = pending.click;
            Visit visit = pending.visit;
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
                livePopularity.count(click.itemId());
            }
            if (verdict == Verdict.REPEATS) {
                counters.repeats.inc();
            } else {
                take(pending, state);
            }
            pending.step = state.step;
            boolean overrun = click.timestampMillis() >= 0 && click.timestampMillis() < oldest;
            preparePending(pending, state, overrun, i);
        }
    }

    /** Adds the click's item to its session. */
    private void take(Pending pending, SessionState state) {
        String item = pending.click.itemId();
        if (model != null) {
            pending.row = model.vocabulary().row(item);
            if (pending.verdict == Verdict.CONTINUES) {
                pending.popularityRank = popularityRank(pending.row, state);
            }
        }
        state.step++;
        state.addItem(item, rules.maximumLength());
    }

    /** Gathers what the click's answer depends on, as later clicks will change its session. */
    private void preparePending(Pending pending, SessionState state, boolean overrun, int index) {
        if (settings.excludeSeen()) {
            if (model == null) {
                pending.seen = List.copyOf(state.items());
            } else {
                pending.excluded = knownRows(state, Integer.MAX_VALUE);
            }
        }
        if (model == null) {
            pending.fallback = NO_MODEL;
            pending.items = livePopularItems(pending.seen);
            return;
        }
        if (recurrent != null) {
            Visit visit = pending.visit;
            if (pending.row != ItemVocabulary.UNKNOWN) {
                pending.before = visit.hidden;
                pending.round = visit.round++;
                visit.hidden = hiddenRoom[index];
            }
            pending.hidden = visit.hidden;
            pending.fallback = pending.hidden == null ? UNKNOWN_ITEMS : null;
        } else {
            pending.rows = knownRows(state, encoding.maximumLength());
            pending.fallback = pending.rows.length == 0 ? UNKNOWN_ITEMS : null;
        }
        if (overrun && pending.fallback == null) {
            pending.fallback = OVERRUN;
            int[] rows = knownRows(state, 1);
            pending.lastKnownRow = rows.length == 0 ? ItemVocabulary.UNKNOWN : rows[0];
        }
    }

    // ------------------------------------------------------------------ the model

    /** Makes the stored states usable by this model, by replay where another model made them. */
    private void takeUpHiddenStates() {
        List<Visit> rebuilding = null;
        for (Visit visit : visits.values()) {
            SessionState state = visit.state;
            if (state == null) {
                continue;
            }
            if (state.hidden != null
                    && state.hiddenModel == model.stamp()
                    && state.hidden.length == recurrent.stateSize()) {
                visit.hidden = state.hidden;
            } else if (state.hiddenModel != model.stamp()) {
                visit.replay = knownRows(state, Integer.MAX_VALUE);
                if (visit.replay.length > 0) {
                    rebuilding = rebuilding == null ? new ArrayList<>() : rebuilding;
                    rebuilding.add(visit);
                    visit.hidden = new float[recurrent.stateSize()];
                }
            }
        }
        if (rebuilding == null) {
            return;
        }
        counters.rebuilt.inc(rebuilding.size());
        boolean more = true;
        for (int position = 0; more; position++) {
            int count = 0;
            for (Visit visit : rebuilding) {
                if (position < visit.replay.length) {
                    batchRows[count] = visit.replay[position];
                    batchStates[count++] = visit.hidden;
                }
            }
            more = count > 0;
            if (more) {
                recurrent.advance(batchRows, batchStates, count);
            }
        }
    }

    /** Advances recurrent states by the bundle's clicks. Returns whether there was any. */
    private boolean advance() {
        if (recurrent == null) {
            return false;
        }
        int advanced = 0;
        boolean more = true;
        for (int round = 0; more; round++) {
            int count = 0;
            for (int i = 0; i < bundled; i++) {
                Pending pending = bundle[i];
                if (pending.round != round) {
                    continue;
                }
                if (pending.before == null) {
                    Arrays.fill(pending.hidden, 0);
                } else {
                    System.arraycopy(pending.before, 0, pending.hidden, 0, pending.hidden.length);
                }
                batchRows[count] = pending.row;
                batchStates[count++] = pending.hidden;
            }
            more = count > 0;
            if (more) {
                recurrent.advance(batchRows, batchStates, count);
                advanced += count;
            }
        }
        return advanced > 0;
    }

    /** Ranks the catalogue for all clicks that the model can answer. Returns whether any. */
    private boolean rank() {
        if (model == null) {
            return false;
        }
        int count = 0;
        for (int i = 0; i < bundled; i++) {
            Pending pending = bundle[i];
            if (pending.verdict != Verdict.DUPLICATE && pending.fallback == null) {
                batch[count] = pending;
                if (batchExcluded != null) {
                    batchExcluded[count] = pending.excluded;
                }
                if (recurrent != null) {
                    batchStates[count] = pending.hidden;
                }
                count++;
            }
        }
        if (count == 0) {
            return false;
        }
        TopItems[] lists;
        if (recurrent != null) {
            lists = recurrent.rank(batchStates, count, settings.count(), batchExcluded);
        } else {
            int[][] sequences = new int[count][];
            for (int i = 0; i < count; i++) {
                sequences[i] = batch[i].rows;
            }
            lists = encoding.rank(sequences, count, settings.count(), batchExcluded);
        }
        for (int i = 0; i < count; i++) {
            batch[i].top = lists[i];
        }
        return true;
    }

    /** The rows of the session's last known items, oldest first, at most {@code most}. */
    private int[] knownRows(SessionState state, int most) {
        List<String> items = state.items();
        int[] rows = new int[Math.min(most, items.size())];
        int from = rows.length;
        for (int i = items.size() - 1; i >= 0 && from > 0; i--) {
            int row = model.vocabulary().row(items.get(i));
            if (row != ItemVocabulary.UNKNOWN) {
                rows[--from] = row;
            }
        }
        return from == 0 ? rows : Arrays.copyOfRange(rows, from, rows.length);
    }

    // ------------------------------------------------------------------ lists

    private void answerClicks() throws Exception {
        long now = getProcessingTimeService().getCurrentProcessingTime();
        List<Recommendation> answers = new ArrayList<>(bundled);
        for (int i = 0; i < bundled; i++) {
            Pending pending = bundle[i];
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
                            model == null ? null : model.reference(),
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

    private void writeSessions() throws Exception {
        for (Visit visit : visits.values()) {
            SessionState state = visit.state;
            if (!visit.isChanged) {
                continue;
            }
            if (recurrent != null) {
                if (visit.hidden != null) {
                    state.keepHidden(visit.hidden, model.stamp());
                } else {
                    state.hidden = null;
                }
                state.hiddenModel = model.stamp();
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

    private void label(Pending pending, SessionState state) {
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
        quality.label(rank, model == null ? rank : pending.popularityRank);
    }

    /** Makes the click's list and leaves its fingerprint in the session. */
    private List<RecommendedItem> list(Pending pending, SessionState state) {
        List<RecommendedItem> items;
        long[] list = state.roomForList(Math.min(settings.count(), LiveQuality.CUTOFF));
        int listed = 0;
        if (pending.items != null) {
            items = pending.items;
            for (; listed < Math.min(list.length, items.size()); listed++) {
                list[listed] = Fingerprint.of(items.get(listed).itemId());
            }
        } else {
            items = new ArrayList<>(settings.count());
            if (pending.top != null) {
                addAll(items, pending.top, FROM_MODEL, null, null);
                listed = fingerprints(pending.top, list, 0);
            } else {
                int[] first = null;
                if (pending.lastKnownRow != ItemVocabulary.UNKNOWN) {
                    TopItems neighbours =
                            model.coVisitation()
                                    .neighbours(
                                            pending.lastKnownRow,
                                            settings.count(),
                                            pending.excluded);
                    addAll(items, neighbours, FROM_CO_VISITATION, null, null);
                    listed = fingerprints(neighbours, list, 0);
                    first = neighbours.rows();
                }
                addAll(items, popular, FROM_POPULARITY, pending.excluded, first);
                for (; listed < Math.min(list.length, items.size()); listed++) {
                    list[listed] = Fingerprint.of(items.get(listed).itemId());
                }
            }
        }
        state.list = listed == list.length ? list : Arrays.copyOf(list, listed);
        state.listModel = model == null ? SessionState.NO_MODEL : model.stamp();
        return items;
    }

    private int fingerprints(TopItems top, long[] list, int from) {
        int end = Math.min(list.length, from + top.size());
        long[] known = model.fingerprints();
        for (int i = from; i < end; i++) {
            list[i] = known[top.rows()[i - from]];
        }
        return end;
    }

    private void addAll(
            List<RecommendedItem> items, TopItems top, String source, int[] excluded, int[] also) {
        for (int i = 0; i < top.size() && items.size() < settings.count(); i++) {
            int row = top.rows()[i];
            if (!contains(excluded, row) && !contains(also, row)) {
                items.add(
                        new RecommendedItem(model.vocabulary().item(row), top.scores()[i], source));
            }
        }
    }

    private static boolean contains(int[] rows, int row) {
        if (rows != null) {
            for (int other : rows) {
                if (other == row) {
                    return true;
                }
            }
        }
        return false;
    }

    private List<RecommendedItem> livePopularItems(List<String> seen) {
        List<RecommendedItem> items = new ArrayList<>(settings.count());
        for (int place = 0; items.size() < settings.count(); place++) {
            String item = livePopularity.item(place);
            if (item == null) {
                break;
            }
            if (seen == null || !seen.contains(item)) {
                items.add(new RecommendedItem(item, livePopularity.clicks(place), FROM_POPULARITY));
            }
        }
        return items;
    }

    /** The item's place in the popularity baseline's list for the session before the click. */
    private int popularityRank(int row, SessionState before) {
        if (row == ItemVocabulary.UNKNOWN) {
            return -1;
        }
        if (!settings.excludeSeen()) {
            return model.popularity().rank(row, null);
        }
        int[] seen = knownRows(before, Integer.MAX_VALUE);
        return contains(seen, row) ? -1 : model.popularity().rank(row, seen);
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
        List<Tuple2<String, Long>> popularity = new ArrayList<>();
        if (livePopularity != null) {
            livePopularity.forEach((item, clicks) -> popularity.add(Tuple2.of(item, clicks)));
        }
        livePopularityState.update(popularity);
    }

    /** A session with clicks in the bundle. */
    private static final class Visit {

        final HotSessions.Hot session;
        final boolean isNew;
        SessionState state;

        /** Whether any of its clicks was not a duplicate. */
        boolean isChanged;

        /** The recurrent state after the last click judged; null before the first known item. */
        float[] hidden;

        /** The round in which its next click advances. */
        int round;

        /** Rows to rebuild from; null if the stored state is good. */
        int[] replay;

        Visit(HotSessions.Hot session) {
            this.session = session;
            this.isNew = session.state == null;
            this.state = session.state;
        }
    }

    /** A click in the bundle and what has been found out about it. */
    private static final class Pending {

        final ReceivedClick click;
        Visit visit;
        Verdict verdict;
        int step;

        /** The item's row if it is new to the session and known to the model. */
        int row = ItemVocabulary.UNKNOWN;

        int popularityRank = -1;

        /** The round in which the click advances its session's state, or -1. */
        int round = -1;

        /** The state to advance from; null for a session without a known item. */
        float[] before;

        /** The state after the click; null for a session without a known item. */
        float[] hidden;

        /** For an encoding model the session's known rows. */
        int[] rows;

        int[] excluded;
        List<String> seen;
        int lastKnownRow = ItemVocabulary.UNKNOWN;
        String fallback;
        TopItems top;

        /** The list itself, where no rows stand for its items. */
        List<RecommendedItem> items;

        Pending(ReceivedClick click) {
            this.click = click;
        }
    }
}
