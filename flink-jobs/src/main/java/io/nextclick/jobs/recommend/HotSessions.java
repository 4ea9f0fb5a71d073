package io.nextclick.jobs.recommend;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;

/**
 * The sessions that clicked last, as objects in front of the state backend. A session clicks again
 * within seconds or never: while it is here, a click costs neither a read nor a write of the
 * backend, and a session that ends here was never written at all.
 *
 * <p>What has changed is written back when it has to leave, and all of it before a checkpoint
 * ({@link #writeAll}), so that the checkpoint holds every session. What a failure loses is what the
 * job repeats from its last checkpoint anyway, exactly as with RocksDB's own files. Clicks wait
 * while all of it is written; so whoever has time to spare between two bundles has some of it
 * written then ({@link #writeSome}), what has waited longest first.
 *
 * <p>Who leaves is found by a clock hand: sessions stand in a ring, a hand goes round, and the
 * first that has not clicked since the hand's last visit has to go. That is nearly the least
 * recently used, for a mark at each click; a list in the order of use would be linked anew at each
 * click, which the garbage collector has to follow.
 *
 * <p>Belongs to one operator; not for several threads. The backend is handed copies, and gives
 * copies, as a backend on the heap keeps the very objects.
 */
final class HotSessions {

    /** Of an entry: the map's node, this object and the key. */
    private static final int ENTRY_BYTES = 160;

    private final ValueState<SessionState> backend;
    private final Consumer<String> setCurrentKey;
    private final long mostBytes;
    private final int keyGroups;
    private final Comparator<Hot> backendOrder;
    private final Map<String, Hot> hot = new HashMap<>();
    private final List<Hot> ring = new ArrayList<>();

    /** What has changed, longest ago first; also what was written or has gone since then. */
    private final ArrayDeque<Hot> changed = new ArrayDeque<>();

    private int hand;
    private long bytes;
    private long reads;
    private long writes;

    /**
     * @param backend where sessions are kept in the end
     * @param setCurrentKey chooses the session that {@code backend} is about
     * @param mostBytes of memory, about; 0 writes every change at once
     * @param keyGroups the job's key groups: the backend orders its keys by them first
     */
    HotSessions(
            ValueState<SessionState> backend,
            Consumer<String> setCurrentKey,
            long mostBytes,
            int keyGroups) {
        this.backend = backend;
        this.setCurrentKey = setCurrentKey;
        this.mostBytes = mostBytes;
        this.backendOrder =
                Comparator.<Hot>comparingInt(each -> each.keyGroup)
                        .thenComparing(each -> each.sessionId);
        this.keyGroups = keyGroups;
    }

    /** A session on the heap. */
    static final class Hot {

        final String sessionId;

        private final int keyGroup;

        /** May be changed in place if {@link #keep} is called then; null for an unknown session. */
        SessionState state;

        private int bytes;

        /** Its place in the ring; negative if it isn't here. */
        private int place = -1;

        /** Whether it has clicked since the hand's last visit. */
        private boolean isUsed;

        /** Whether the backend has another state of it, or none. */
        private boolean isDirty;

        /** Whether it is among those that changed. */
        private boolean isQueued;

        /** Whether the backend has any state of it. */
        private boolean isStored;

        private Hot(String sessionId, int keyGroup) {
            this.sessionId = sessionId;
            this.keyGroup = keyGroup;
        }
    }

    /** The session, read from the backend if it isn't here. */
    Hot read(String sessionId) throws Exception {
        Hot found = hot.get(sessionId);
        if (found != null) {
            return found;
        }
        reads++;
        Hot read =
                new Hot(sessionId, KeyGroupRangeAssignment.assignToKeyGroup(sessionId, keyGroups));
        setCurrentKey.accept(sessionId);
        SessionState stored = backend.value();
        if (stored != null) {
            read.state = stored.copy();
            read.isStored = true;
        }
        return read;
    }

    /** Takes over the changed state of a session. */
    void keep(Hot session) throws Exception {
        session.isDirty = true;
        if (mostBytes == 0) {
            write(session);
            return;
        }
        if (session.place < 0) {
            session.place = ring.size();
            ring.add(session);
            hot.put(session.sessionId, session);
        } else {
            session.isUsed = true;
            bytes -= session.bytes;
        }
        if (!session.isQueued) {
            session.isQueued = true;
            changed.add(session);
        }
        session.bytes =
                ENTRY_BYTES + 2 * session.sessionId.length() + session.state.approximateBytes();
        bytes += session.bytes;
        if (bytes > mostBytes) {
            makeRoom();
        }
    }

    private void makeRoom() throws Exception {
        while (bytes > mostBytes && !ring.isEmpty()) {
            hand = hand < ring.size() ? hand : 0;
            Hot visited = ring.get(hand);
            if (visited.isUsed) {
                visited.isUsed = false;
                hand++;
            } else {
                write(visited);
                remove(visited);
            }
        }
    }

    /** The last of the ring takes the place. */
    private void remove(Hot session) {
        Hot last = ring.remove(ring.size() - 1);
        if (last != session) {
            ring.set(session.place, last);
            last.place = session.place;
        }
        session.place = -1;
        session.isUsed = false;
        bytes -= session.bytes;
        hot.remove(session.sessionId);
    }

    /** Forgets a session that has ended. */
    void forget(Hot session) {
        if (session.place >= 0) {
            remove(session);
        }
        if (session.isStored) {
            session.isStored = false;
            setCurrentKey.accept(session.sessionId);
            backend.clear();
        }
    }

    /**
     * Writes some of what has changed, longest ago first.
     *
     * @param most sessions to write
     */
    void writeSome(int most) throws Exception {
        for (int written = 0; written < most && !changed.isEmpty(); ) {
            Hot session = changed.remove();
            session.isQueued = false;
            // One that has left was written then, or has ended.
            if (session.place >= 0 && session.isDirty) {
                write(session);
                written++;
            }
        }
    }

    /** Sees to it that the backend has the last state of every session. */
    void writeAll() throws Exception {
        List<Hot> dirty = new ArrayList<>();
        for (Hot each : changed) {
            each.isQueued = false;
            if (each.place >= 0 && each.isDirty) {
                dirty.add(each);
            }
        }
        changed.clear();
        // In the backend's own order, RocksDB adds a key beside the last instead of searching.
        dirty.sort(backendOrder);
        for (Hot each : dirty) {
            write(each);
        }
    }

    private void write(Hot session) throws Exception {
        if (session.isDirty) {
            setCurrentKey.accept(session.sessionId);
            backend.update(session.state.copy());
            session.isDirty = false;
            session.isStored = true;
            writes++;
        }
    }

    /** Sessions that are here. */
    int size() {
        return ring.size();
    }

    /** Reads of the backend so far. */
    long reads() {
        return reads;
    }

    /** Writes to the backend so far. */
    long writes() {
        return writes;
    }
}
