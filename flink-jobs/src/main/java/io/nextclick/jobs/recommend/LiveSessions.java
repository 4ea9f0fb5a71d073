package io.nextclick.jobs.recommend;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;

/**
 * Which sessions of one subtask have not ended: how many they are, and when each of them does.
 *
 * <p>A session whose inactivity gap has passed in event time is forgotten by its timer. There is
 * one timer a session: set at its start, and when it fires too early, because of later clicks, set
 * again.
 *
 * <p>State: per key group its number of live sessions, for a gauge that stays right when the job is
 * restored or rescaled.
 */
final class LiveSessions {

    private final HotSessions hotSessions;
    private final Consumer<HotSessions.Hot> whenEnded;
    private final Consumer<String> setCurrentKey;
    private final int keyGroups;
    private final int firstKeyGroup;
    private final long[] perKeyGroup;
    private final ListState<Tuple2<Integer, Long>> state;
    private long size;

    private InternalTimerService<VoidNamespace> timers;

    /** Milliseconds of event time after which a silent session is forgotten. */
    private long lifetimeMillis;

    /**
     * @param hotSessions where sessions are kept until they end
     * @param setCurrentKey chooses the session that a timer is set for
     * @param whenEnded is handed each session that ends, before it is forgotten
     * @param store holds the counts, which are read here
     */
    LiveSessions(
            TaskInfo task,
            HotSessions hotSessions,
            Consumer<String> setCurrentKey,
            Consumer<HotSessions.Hot> whenEnded,
            OperatorStateStore store)
            throws Exception {
        this.hotSessions = hotSessions;
        this.setCurrentKey = setCurrentKey;
        this.whenEnded = whenEnded;
        keyGroups = task.getMaxNumberOfParallelSubtasks();
        KeyGroupRange range =
                KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(
                        keyGroups,
                        task.getNumberOfParallelSubtasks(),
                        task.getIndexOfThisSubtask());
        firstKeyGroup = range.getStartKeyGroup();
        perKeyGroup = new long[range.getNumberOfKeyGroups()];
        // A union, as a key group may move to any subtask; small, one pair a key group.
        state =
                store.getUnionListState(
                        new ListStateDescriptor<>(
                                "live-sessions", Types.TUPLE(Types.INT, Types.LONG)));
        for (Tuple2<Integer, Long> entry : state.get()) {
            if (range.contains(entry.f0)) {
                perKeyGroup[entry.f0 - firstKeyGroup] = entry.f1;
                size += entry.f1;
            }
        }
    }

    /**
     * @param service fires the timers of {@link #onTimer}
     */
    void open(InternalTimerService<VoidNamespace> service) {
        timers = service;
    }

    /** How long a session may be silent, from now on; timers that are set find out when due. */
    void endAfter(Duration lifetime) {
        lifetimeMillis = lifetime.toMillis();
    }

    /** Sessions that have not ended. */
    long size() {
        return size;
    }

    /** A session has had its first clicks. */
    void begin(HotSessions.Hot session) {
        setCurrentKey.accept(session.sessionId);
        timers.registerEventTimeTimer(VoidNamespace.INSTANCE, endOf(session.state));
        count(session.sessionId, 1);
    }

    /** Forgets the timer's session, unless it has clicked since the timer was set. */
    void onTimer(InternalTimer<String, VoidNamespace> timer) throws Exception {
        HotSessions.Hot session = hotSessions.read(timer.getKey());
        if (session.state == null) {
            return;
        }
        long end = endOf(session.state);
        if (end > timer.getTimestamp()) {
            setCurrentKey.accept(timer.getKey());
            timers.registerEventTimeTimer(VoidNamespace.INSTANCE, end);
        } else {
            whenEnded.accept(session);
            hotSessions.forget(session);
            count(timer.getKey(), -1);
        }
    }

    /** The first moment at which a next click would begin a new session. */
    private long endOf(SessionState session) {
        long last = session.lastEventTimeMillis;
        return last > Long.MAX_VALUE - lifetimeMillis - 1
                ? Long.MAX_VALUE
                : last + lifetimeMillis + 1;
    }

    private void count(String sessionId, int change) {
        int keyGroup = KeyGroupRangeAssignment.assignToKeyGroup(sessionId, keyGroups);
        perKeyGroup[keyGroup - firstKeyGroup] += change;
        size += change;
    }

    void snapshot() throws Exception {
        List<Tuple2<Integer, Long>> counts = new ArrayList<>();
        for (int i = 0; i < perKeyGroup.length; i++) {
            if (perKeyGroup[i] > 0) {
                counts.add(Tuple2.of(firstKeyGroup + i, perKeyGroup[i]));
            }
        }
        state.update(counts);
    }
}
