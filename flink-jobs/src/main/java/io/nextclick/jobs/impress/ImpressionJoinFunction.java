package io.nextclick.jobs.impress;

import io.nextclick.jobs.impress.LabelledImpression.Outcome;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.types.Fingerprint;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.TimerService;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Impressions and clicks of a session in, labelled impressions out: each exactly once, when it is
 * known which of its items were clicked.
 *
 * <p>With window W and lateness L of the {@link JoinSettings}:
 *
 * <ul>
 *   <li>A record of time t counts unless the watermark has reached t + L when it arrives. What is
 *       later is counted ({@code lateImpressions}, {@code lateClicks}) and left out.
 *   <li>A second impression of the same id, and a second click of the same event id, are counted
 *       ({@code duplicateImpressions}, {@code duplicateClicks}) and left out; they must say the
 *       same as the first. One that comes when the first is forgotten is late.
 *   <li>A click at c on an item is the doing of the last impression of its session that showed the
 *       item before c, of those of one moment the last by id, if c lies at most W after it. A click
 *       at the very moment of an impression is what led to it.
 *   <li>An impression of time s leaves when the watermark reaches s + W + L, together with the
 *       session's last clicks until s: what a ranker may know of it.
 * </ul>
 *
 * So what leaves depends on which records counted and not on their order: whatever may take a click
 * from an impression, or add one, is late once the impression has left.
 *
 * <p>State: a {@link JoinState} per session, with one timer; a click stays while an impression that
 * it may concern waits or may yet arrive. {@link LastingWatermark} keeps "exactly once" through a
 * restart.
 */
public final class ImpressionJoinFunction
        extends KeyedCoProcessFunction<String, Impression, ReceivedClick, LabelledImpression>
        implements CheckpointedFunction {

    /** The state's name in a savepoint. */
    static final String STATE = "impressions-and-clicks";

    private static final long serialVersionUID = 1L;

    private final JoinSettings settings;

    private transient LastingWatermark watermarks;
    private transient ValueState<JoinState> sessions;

    /** Of this subtask, from its opening on. */
    transient JoinMetrics metrics;

    public ImpressionJoinFunction(JoinSettings settings) {
        this.settings = Objects.requireNonNull(settings, "settings");
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
        watermarks =
                new LastingWatermark(
                        getRuntimeContext().getTaskInfo(), context.getOperatorStateStore());
    }

    @Override
    public void open(OpenContext context) {
        sessions =
                getRuntimeContext()
                        .getState(new ValueStateDescriptor<>(STATE, JoinStateSerializer.TYPE));
        metrics = new JoinMetrics(getRuntimeContext().getMetricGroup());
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        watermarks.snapshot();
    }

    @Override
    public void processElement1(
            Impression impression, Context context, Collector<LabelledImpression> out)
            throws Exception {
        TimerService timers = context.timerService();
        metrics.impressions.inc();
        if (isLate(impression.shownAtMillis(), context.getCurrentKey(), timers)) {
            metrics.lateImpressions.inc();
            return;
        }
        JoinState session = session();
        if (session.waitsWith(Fingerprint.of(impression.id()))) {
            metrics.duplicateImpressions.inc();
        } else if (session.impressions.size() >= settings.mostPerSession()) {
            metrics.crowdedOut.inc();
        } else {
            session.impressions.add(OpenImpression.of(impression));
            keep(session, timers);
        }
    }

    @Override
    public void processElement2(
            ReceivedClick click, Context context, Collector<LabelledImpression> out)
            throws Exception {
        TimerService timers = context.timerService();
        metrics.clicks.inc();
        if (isLate(click.eventTimeMillis(), context.getCurrentKey(), timers)) {
            metrics.lateClicks.inc();
            return;
        }
        JoinState session = session();
        SessionClick kept = SessionClick.of(click);
        if (session.waitsWith(kept)) {
            metrics.duplicateClicks.inc();
        } else if (session.clicks.size() >= settings.mostPerSession()) {
            metrics.crowdedOut.inc();
        } else {
            session.clicks.add(kept);
            keep(session, timers);
        }
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<LabelledImpression> out)
            throws Exception {
        TimerService timers = context.timerService();
        long watermark = watermarks.at(context.getCurrentKey(), timers.currentWatermark());
        JoinState session = sessions.value();
        session.timerMillis = JoinState.NO_TIMER;
        close(session, watermark, out);
        forgetClicks(session, watermark);
        if (session.isEmpty()) {
            sessions.clear();
        } else {
            keep(session, timers);
        }
    }

    private boolean isLate(long timeMillis, String sessionId, TimerService timers) {
        return watermarks.at(sessionId, timers.currentWatermark()) >= settings.lateFrom(timeMillis);
    }

    private JoinState session() throws Exception {
        JoinState session = sessions.value();
        return session == null ? new JoinState() : session;
    }

    /** Writes a session and sees that its timer fires when something of it is due. */
    private void keep(JoinState session, TimerService timers) throws Exception {
        long due = due(session);
        if (due < session.timerMillis) {
            if (session.timerMillis != JoinState.NO_TIMER) {
                timers.deleteEventTimeTimer(session.timerMillis);
            }
            timers.registerEventTimeTimer(due);
            session.timerMillis = due;
        }
        sessions.update(session);
    }

    /** When the first impression leaves; without any, when all clicks can be forgotten at once. */
    private long due(JoinState session) {
        long due = Long.MAX_VALUE;
        for (OpenImpression open : session.impressions) {
            due = Math.min(due, settings.closing(open.shownAtMillis()));
        }
        if (!session.impressions.isEmpty()) {
            return due;
        }
        long last = Long.MIN_VALUE;
        for (SessionClick click : session.clicks) {
            last = Math.max(last, click.timeMillis());
        }
        return settings.lateFrom(settings.memoryEnd(last));
    }

    /** Lets the impressions go whose windows have closed. */
    private void close(JoinState session, long watermark, Collector<LabelledImpression> out) {
        List<OpenImpression> closing = new ArrayList<>();
        for (OpenImpression open : session.impressions) {
            if (settings.closing(open.shownAtMillis()) <= watermark) {
                closing.add(open);
            }
        }
        closing.sort(OpenImpression.ORDER);
        for (OpenImpression open : closing) {
            out.collect(label(open, session));
            metrics.labelledImpressions.inc();
            metrics.labelledItems.inc(open.impression().items().size());
        }
        session.impressions.removeIf(open -> settings.closing(open.shownAtMillis()) <= watermark);
    }

    /** Those that concern neither an impression that waits nor one that may yet arrive. */
    private void forgetClicks(JoinState session, long watermark) {
        long firstShown = Long.MAX_VALUE;
        for (OpenImpression open : session.impressions) {
            firstShown = Math.min(firstShown, open.shownAtMillis());
        }
        long first = firstShown;
        session.clicks.removeIf(
                click -> {
                    long memoryEnd = settings.memoryEnd(click.timeMillis());
                    return memoryEnd < first && settings.lateFrom(memoryEnd) <= watermark;
                });
    }

    private LabelledImpression label(OpenImpression open, JoinState session) {
        long shownAt = open.shownAtMillis();
        long end = settings.windowEnd(shownAt);
        Map<String, Long> firstClicks = new HashMap<>();
        for (SessionClick click : session.clicks) {
            if (click.timeMillis() > shownAt
                    && click.timeMillis() <= end
                    && open.shows(click.itemId())
                    && !isShownAgain(open, click, session)) {
                firstClicks.merge(click.itemId(), click.timeMillis(), Math::min);
            }
        }
        List<ShownItem> items = open.impression().items();
        List<Outcome> outcomes =
                new ArrayList<>(Collections.nCopies(items.size(), Outcome.NOT_CLICKED));
        for (int i = 0; i < items.size(); i++) {
            Long clickedAt = firstClicks.get(items.get(i).itemId());
            if (clickedAt != null) {
                metrics.clickedItems.inc();
                outcomes.set(i, new Outcome(clickedAt - shownAt, dwell(session, clickedAt, end)));
            }
        }
        return new LabelledImpression(open.impression(), before(shownAt, session), outcomes);
    }

    /** The session's last clicks until a moment, oldest first. */
    private List<SessionClick> before(long shownAt, JoinState session) {
        List<SessionClick> before = new ArrayList<>();
        for (SessionClick click : session.clicks) {
            if (click.timeMillis() <= shownAt
                    && click.timeMillis() >= settings.memoryStart(shownAt)) {
                before.add(click);
            }
        }
        before.sort(SessionClick.ORDER);
        return before.subList(Math.max(0, before.size() - settings.remembered()), before.size());
    }

    /** Whether a later impression before the click showed its item: the click is that one's. */
    private static boolean isShownAgain(
            OpenImpression open, SessionClick click, JoinState session) {
        for (OpenImpression other : session.impressions) {
            if (other.shownAtMillis() < click.timeMillis()
                    && other.shownAtMillis() >= open.shownAtMillis()
                    && OpenImpression.ORDER.compare(other, open) > 0
                    && other.shows(click.itemId())) {
                return true;
            }
        }
        return false;
    }

    /** From a click until the next at a later moment that is no later than {@code end}. */
    private static long dwell(JoinState session, long clickedAt, long end) {
        long next = Long.MAX_VALUE;
        for (SessionClick click : session.clicks) {
            if (click.timeMillis() > clickedAt) {
                next = Math.min(next, click.timeMillis());
            }
        }
        return next <= end ? next - clickedAt : Outcome.NONE;
    }
}
