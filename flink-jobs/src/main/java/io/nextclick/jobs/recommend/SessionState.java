package io.nextclick.jobs.recommend;

import io.nextclick.jobs.experiment.ExperimentTally;
import io.nextclick.jobs.model.LoadedModel;
import io.nextclick.jobs.types.Fingerprint;
import io.nextclick.models.session.SessionRules;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What is remembered of one session between its clicks.
 *
 * <p>Reading and writing this is most of a click's cost beside the model, so the item ids stay in
 * the bytes that they have in RocksDB, newest first, and are made texts only when somebody asks: a
 * recurrent model never does. A click then costs one copy of those bytes.
 */
final class SessionState implements SessionRules.SoFar {

    /** In place of a model's stamp: no model made this. */
    static final long NO_MODEL = LoadedModel.NO_STAMP;

    private static final byte[] NO_BYTES = {};
    private static final long[] NO_LONGS = {};
    private static final int SMALLEST_ROOM = 64;
    private static final int ARRAY_BYTES = 16;

    /** An item as a text, beside its characters, and its place in the list. */
    private static final int ITEM_TEXT_BYTES = 56;

    /** This object and the heads of its arrays of items and event ids. */
    private static final int OBJECT_BYTES = 80 + 2 * ARRAY_BYTES;

    /** Clicks so far that belong to the session, repeats not counted. */
    int step;

    long lastEventTimeMillis;

    /** Items remembered. */
    int itemCount;

    /**
     * Each item: its length in bytes as a count ({@link io.nextclick.jobs.types.Bytes}), its UTF-8
     * bytes. The newest first, so that the oldest fall off the end. They stand at the end of the
     * array: the room before them is for items to come.
     */
    byte[] itemBytes = NO_BYTES;

    /** Where in {@link #itemBytes} the newest item begins. */
    int itemsFrom;

    /** Where in {@link #itemBytes} the oldest item ends. */
    int itemsTo;

    /** How many of {@link #eventIds} are used. */
    int eventIdCount;

    /** {@link Fingerprint}s of the last event ids, newest first. */
    long[] eventIds = NO_LONGS;

    /** The stamp of the model that {@link #list} was made under. */
    long listModel = NO_MODEL;

    /** {@link Fingerprint}s of the items last recommended, best first; null before the first. */
    long[] list;

    /** What the sources of the last list proposed; null where there is but one. */
    Proposals proposals;

    /**
     * What the session has come to in the experiment that it takes part in; null if in none. It
     * stays when a new session begins, until somebody has asked what the last one came to.
     */
    ExperimentTally tally;

    /** The stamp of the model that made {@link #hidden}. */
    long hiddenModel = NO_MODEL;

    /** A recurrent model's state after the session's known items; null before the first. */
    float[] hidden;

    /** The items as texts, oldest first, once somebody has asked; else null. */
    private List<String> items;

    @Override
    public long lastEventTimeMillis() {
        return lastEventTimeMillis;
    }

    @Override
    public String lastItem() {
        if (itemCount == 0) {
            return null;
        }
        if (items != null) {
            return items.get(items.size() - 1);
        }
        int length = 0;
        int at = itemsFrom;
        int shift = 0;
        byte next;
        do {
            next = itemBytes[at++];
            length |= (next & 0x7f) << shift;
            shift += 7;
        } while (next < 0);
        return new String(itemBytes, at, length, StandardCharsets.UTF_8);
    }

    @Override
    public boolean remembers(String eventId) {
        if (eventIdCount == 0) {
            return false;
        }
        long wanted = Fingerprint.of(eventId);
        for (int i = 0; i < eventIdCount; i++) {
            if (eventIds[i] == wanted) {
                return true;
            }
        }
        return false;
    }

    /** The items remembered, oldest first; not to be changed, and good until the next change. */
    List<String> items() {
        if (items == null) {
            String[] reversed = new String[itemCount];
            int at = itemsFrom;
            for (int i = itemCount - 1; i >= 0; i--) {
                int length = 0;
                int shift = 0;
                byte next;
                do {
                    next = itemBytes[at++];
                    length |= (next & 0x7f) << shift;
                    shift += 7;
                } while (next < 0);
                reversed[i] = new String(itemBytes, at, length, StandardCharsets.UTF_8);
                at += length;
            }
            items = new ArrayList<>(Arrays.asList(reversed));
        }
        return items;
    }

    /**
     * Begins a new session under the same id: everything of the last one is forgotten but its last
     * list, which a click before this one may still have to be held against until there is another,
     * and its tally.
     */
    void start() {
        step = 0;
        lastEventTimeMillis = Long.MIN_VALUE;
        itemCount = 0;
        itemsFrom = itemBytes.length;
        itemsTo = itemBytes.length;
        items = null;
        eventIdCount = 0;
        hidden = null;
        hiddenModel = NO_MODEL;
    }

    /** Adds an item and forgets the oldest beyond {@code maximumLength}. */
    void addItem(String item, int maximumLength) {
        byte[] text = item.getBytes(StandardCharsets.UTF_8);
        int head = 1;
        for (int rest = text.length >>> 7; rest != 0; rest >>>= 7) {
            head++;
        }
        int kept = Math.min(itemCount, maximumLength - 1);
        if (kept < itemCount) {
            itemsTo = itemsFrom + bytesOf(kept);
        }
        int size = head + text.length;
        if (itemsFrom < size) {
            makeRoom(size);
        }
        itemsFrom -= size;
        int at = itemsFrom;
        int rest = text.length;
        for (int i = 0; i < head - 1; i++) {
            itemBytes[at++] = (byte) ((rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        itemBytes[at++] = (byte) rest;
        System.arraycopy(text, 0, itemBytes, at, text.length);
        if (items != null) {
            while (items.size() > kept) {
                items.remove(0);
            }
            items.add(item);
        }
        itemCount = kept + 1;
    }

    /** Moves the items to the end of an array with room for {@code more} bytes before them. */
    private void makeRoom(int more) {
        int used = itemsTo - itemsFrom;
        int needed = Math.addExact(used, more);
        // Where at most half is used, as of a session at its maximum length, the same array does.
        byte[] roomy =
                itemBytes.length / 2 >= needed
                        ? itemBytes
                        : new byte[Math.max(SMALLEST_ROOM, needed + needed / 2)];
        System.arraycopy(itemBytes, itemsFrom, roomy, roomy.length - used, used);
        itemBytes = roomy;
        itemsFrom = roomy.length - used;
        itemsTo = roomy.length;
    }

    /** Makes room for a list of so many fingerprints, best first, and returns it. */
    long[] roomForList(int size) {
        if (list == null || list.length != size) {
            list = new long[size];
        }
        return list;
    }

    /** The heap that this takes, about. */
    int approximateBytes() {
        return OBJECT_BYTES
                + itemBytes.length
                + (items == null ? 0 : ITEM_TEXT_BYTES * items.size() + itemsTo - itemsFrom)
                + Long.BYTES * eventIds.length
                + (list == null ? 0 : ARRAY_BYTES + Long.BYTES * list.length)
                + (proposals == null ? 0 : proposals.approximateBytes())
                + (tally == null ? 0 : tally.approximateBytes())
                + (hidden == null ? 0 : ARRAY_BYTES + Float.BYTES * hidden.length);
    }

    /** Remembers an event id and forgets the oldest beyond {@code most}. */
    void addEventId(String eventId, int most) {
        if (most == 0) {
            eventIdCount = 0;
            return;
        }
        int kept = Math.min(eventIdCount, most - 1);
        if (eventIds.length <= kept) {
            eventIds = Arrays.copyOf(eventIds, Math.min(most, Math.max(4, 2 * (kept + 1))));
        }
        System.arraycopy(eventIds, 0, eventIds, 1, kept);
        eventIds[0] = Fingerprint.of(eventId);
        eventIdCount = kept + 1;
    }

    /** Copies a recurrent model's state in. */
    void keepHidden(float[] state, long model) {
        if (hidden == null || hidden.length != state.length) {
            hidden = new float[state.length];
        }
        System.arraycopy(state, 0, hidden, 0, state.length);
        hiddenModel = model;
    }

    SessionState copy() {
        SessionState copy = new SessionState();
        copy.step = step;
        copy.lastEventTimeMillis = lastEventTimeMillis;
        copy.itemCount = itemCount;
        copy.itemBytes = Arrays.copyOfRange(itemBytes, itemsFrom, itemsTo);
        copy.itemsTo = copy.itemBytes.length;
        copy.eventIdCount = eventIdCount;
        copy.eventIds = Arrays.copyOf(eventIds, eventIdCount);
        copy.listModel = listModel;
        copy.list = list == null ? null : list.clone();
        copy.proposals = proposals;
        copy.tally = tally == null ? null : tally.copy();
        copy.hiddenModel = hiddenModel;
        copy.hidden = hidden == null ? null : hidden.clone();
        return copy;
    }

    /** How many bytes the newest {@code count} items take. */
    private int bytesOf(int count) {
        int at = itemsFrom;
        for (int i = 0; i < count; i++) {
            int length = 0;
            int shift = 0;
            byte next;
            do {
                next = itemBytes[at++];
                length |= (next & 0x7f) << shift;
                shift += 7;
            } while (next < 0);
            at += length;
        }
        return at - itemsFrom;
    }
}
