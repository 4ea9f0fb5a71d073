package io.nextclick.models.tower;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * All that a learner remembers, and which rows there are: admitted when they were clicked often
 * enough or are in the catalogue, given up when they have been idle or room is needed.
 *
 * <p>A row's beginning depends on its key alone. The row of an item with attributes begins at zero,
 * so that the item starts where its attributes put it; without attributes it begins at a place of
 * its own, since a vector of length zero has no direction to learn from.
 */
final class TowerState {

    private static final int[] NO_FEATURES = {};

    /** When room is needed, so large a share of the table is made free at once. */
    private static final int SHARE_EVICTED = 64;

    final TwoTowerOptions options;
    final String lineage;
    final RowTable table;
    final StreamingFrequency frequency;
    final SightingSketch sightings;
    final RecentItems recent;
    final QueryParameters query;

    /** Examples of the batch to come. */
    final List<TowerExample> pending = new ArrayList<>();

    /** Items that lost their vectors and weren't reported yet. */
    final Set<String> gone = new LinkedHashSet<>();

    long steps;
    long examples;
    long notAdmitted;
    long expired;
    long evicted;

    /** The latest event time of an example. */
    long eventTime;

    /** Items whose vectors aren't published as they are. */
    final Marked unpublished = new Marked(RowTable.UNPUBLISHED);

    /** Rows that changed since the trainers last agreed. */
    final Marked changed = new Marked(RowTable.CHANGED);

    /**
     * While the trainers' agreement is under way: the values, as they were when changes were
     * drained, of the rows that were changed then or have been since; else null.
     */
    Map<Integer, float[]> beforeAgreement;

    /** The query tower when changes were drained, while the agreement is under way; else null. */
    Map<String, float[]> queryBeforeAgreement;

    TowerState(TwoTowerOptions options, String lineage) {
        this.options = options;
        this.lineage = lineage;
        table = new RowTable(options.dimension(), options.seed());
        frequency =
                new StreamingFrequency(
                        options.frequencyCells(),
                        options.frequencyHashes(),
                        options.frequencyRate());
        sightings = new SightingSketch(options.sightingCells());
        recent = new RecentItems(options.recentItems(), options.seed());
        query = new QueryParameters(options);
    }

    /** Counts an item's click; returns its slot, or {@link RowTable#NONE} if it has none yet. */
    int clicked(String id, long time) {
        long key = RowKeys.of(RowKeys.ITEM, id);
        int slot = table.find(key, id);
        if (slot == RowTable.NONE) {
            if (!options.ids() || sightings.add(key) < options.admission()) {
                return RowTable.NONE;
            }
            makeRoom(1);
            slot = table.add(RowTable.ITEM, key, id, time);
            table.randomise(slot);
            mark(slot);
        }
        table.uses[slot]++;
        table.touched[slot] = Math.max(table.touched[slot], time);
        recent.add(slot);
        return slot;
    }

    /** Counts the occurrence of a user or a context's attribute, and admits it like an item. */
    void occurred(long key, long time) {
        int slot = table.find(key, null);
        if (slot == RowTable.NONE) {
            if (sightings.add(key) < options.admission()) {
                return;
            }
            makeRoom(1);
            slot = table.add(RowTable.PROFILE, key, null, time);
        }
        table.touched[slot] = Math.max(table.touched[slot], time);
    }

    void describe(String id, long[] featureKeys) {
        if (!options.ids() && featureKeys.length == 0) {
            withdraw(id);
            return;
        }
        long key = RowKeys.of(RowKeys.ITEM, id);
        int slot = table.find(key, id);
        if (slot != RowTable.NONE && describedBy(slot, featureKeys)) {
            return;
        }
        makeRoom(1 + featureKeys.length);
        slot = table.find(key, id); // it may just have had to go itself
        boolean isNew = slot == RowTable.NONE;
        if (isNew) {
            slot = table.add(RowTable.ITEM, key, id, eventTime);
        }
        setFeatures(slot, featureKeys);
        if (featureKeys.length == 0 && isZero(slot)) {
            table.randomise(slot);
        }
        mark(slot);
    }

    private boolean describedBy(int slot, long[] featureKeys) {
        int[] slots = table.features[slot];
        if (slots == null || slots.length != featureKeys.length) {
            return false;
        }
        for (int i = 0; i < slots.length; i++) {
            if (table.keys[slots[i]] != featureKeys[i]) {
                return false;
            }
        }
        return true;
    }

    private boolean isZero(int slot) {
        float[] values = table.values(slot);
        int at = table.at(slot);
        for (int c = at; c < at + options.dimension(); c++) {
            if (values[c] != 0) {
                return false;
            }
        }
        return true;
    }

    /** Gives an item these features, which get rows if they have none; there is room for them. */
    void setFeatures(int slot, long[] featureKeys) {
        int[] before = table.features[slot];
        int[] slots = featureKeys.length == 0 ? NO_FEATURES : new int[featureKeys.length];
        for (int i = 0; i < slots.length; i++) {
            int feature = table.find(featureKeys[i], null);
            if (feature == RowTable.NONE) {
                feature = table.add(RowTable.FEATURE, featureKeys[i], null, eventTime);
                table.randomise(feature);
            }
            table.uses[feature]++;
            slots[i] = feature;
        }
        table.features[slot] = slots;
        release(before);
    }

    private void release(int[] features) {
        if (features == null) {
            return;
        }
        for (int feature : features) {
            if (--table.uses[feature] == 0) {
                free(feature);
            }
        }
    }

    void withdraw(String id) {
        int slot = table.item(id);
        if (slot != RowTable.NONE) {
            remove(slot);
        }
    }

    private void remove(int slot) {
        if (table.kinds[slot] == RowTable.ITEM) {
            gone.add(table.names[slot]);
            recent.remove(slot);
            release(table.features[slot]);
        }
        free(slot);
    }

    private void free(int slot) {
        if (beforeAgreement != null) {
            beforeAgreement.remove(slot);
        }
        table.remove(slot);
    }

    /** Lets rows of items and profiles go that nobody touched since the time given. */
    void expire(long since) {
        List<Integer> idle = new ArrayList<>();
        for (int slot = 0; slot < table.limit(); slot++) {
            if (mayGo(slot)
                    && table.touched[slot] < since
                    && (!isDescribed(slot) || learnt(slot))) {
                idle.add(slot);
            }
        }
        for (int slot : byKey(idle)) {
            expired++;
            if (!isDescribed(slot)) {
                remove(slot);
                continue;
            }
            // What the catalogue still offers goes back to where its attributes put it.
            recent.remove(slot);
            table.clear(slot);
            table.uses[slot] = 0;
            if (table.features[slot].length == 0) {
                table.randomise(slot);
            }
            mark(slot);
        }
    }

    private boolean isDescribed(int slot) {
        return table.features[slot] != null;
    }

    private boolean learnt(int slot) {
        return table.accumulators[2 * slot] > 0 || table.accumulators[2 * slot + 1] > 0;
    }

    /**
     * In an order that doesn't depend on where rows lie: a restored learner's lie elsewhere, and it
     * must go on exactly as the one before.
     */
    private List<Integer> byKey(List<Integer> slots) {
        slots.sort((a, b) -> Long.compare(table.keys[a], table.keys[b]));
        return slots;
    }

    private boolean mayGo(int slot) {
        return table.kinds[slot] == RowTable.ITEM || table.kinds[slot] == RowTable.PROFILE;
    }

    /** Sees to it that so many rows can be added, if need be by giving up those idle longest. */
    void makeRoom(int needed) {
        if (table.rows() + needed <= options.maximumRows()) {
            return;
        }
        int wanted =
                Math.max(
                        table.rows() + needed - options.maximumRows(),
                        options.maximumRows() / SHARE_EVICTED);
        long[] times = new long[table.rows()];
        int count = 0;
        for (int slot = 0; slot < table.limit(); slot++) {
            if (mayGo(slot)) {
                times[count++] = table.touched[slot];
            }
        }
        Arrays.sort(times, 0, count);
        long oldest = times[Math.min(wanted, count) - 1];
        List<Integer> older = new ArrayList<>();
        List<Integer> asOld = new ArrayList<>();
        for (int slot = 0; slot < table.limit(); slot++) {
            if (mayGo(slot) && table.touched[slot] <= oldest) {
                (table.touched[slot] < oldest ? older : asOld).add(slot);
            }
        }
        List<Integer> going = byKey(older);
        going.addAll(byKey(asOld).subList(0, Math.min(asOld.size(), wanted - older.size())));
        going.forEach(this::remove);
        evicted += going.size();
    }

    /** The row is about to change. */
    void mark(int slot) {
        if (table.kinds[slot] == RowTable.ITEM) {
            unpublished.add(slot);
        }
        if (changed.add(slot) && beforeAgreement != null) {
            beforeAgreement.putIfAbsent(slot, copyOf(slot));
        }
    }

    /** The slots that have a flag, in the order in which they got it. */
    final class Marked {

        private final byte flag;
        private int[] slots = new int[64];
        private int size;

        private Marked(int flag) {
            this.flag = (byte) flag;
        }

        /** Flags a slot; says whether it wasn't flagged before. */
        boolean add(int slot) {
            if ((table.flags[slot] & flag) != 0) {
                return false;
            }
            if (size == slots.length) {
                makeRoomForMore();
            }
            table.flags[slot] |= flag;
            slots[size++] = slot;
            return true;
        }

        /** Slots that were freed and taken again may stand in the list more than once. */
        private void makeRoomForMore() {
            size = 0;
            int[] all = new int[Math.max(64, 2 * slots.length)];
            for (int slot : slots) {
                if ((table.flags[slot] & flag) != 0 && table.scratch[slot] == RowTable.NONE) {
                    table.scratch[slot] = 0;
                    all[size++] = slot;
                }
            }
            for (int i = 0; i < size; i++) {
                table.scratch[all[i]] = RowTable.NONE;
            }
            slots = 2 * size > slots.length ? all : Arrays.copyOf(all, slots.length);
        }

        /** The flagged slots; none of them is flagged any more. */
        int[] drain() {
            int[] drained = new int[size];
            int count = 0;
            for (int i = 0; i < size; i++) {
                if ((table.flags[slots[i]] & flag) != 0) {
                    table.flags[slots[i]] &= (byte) ~flag;
                    drained[count++] = slots[i];
                }
            }
            size = 0;
            return Arrays.copyOf(drained, count);
        }
    }

    /** The slots that changed, whose rows are now on their way to an agreement. */
    int[] beginAgreement() {
        int[] fresh = changed.drain();
        // If the last agreement never came about, what was on its way to it is so again.
        Set<Integer> all = new LinkedHashSet<>();
        if (beforeAgreement != null) {
            all.addAll(new TreeSet<>(beforeAgreement.keySet()));
        }
        for (int slot : fresh) {
            all.add(slot);
        }
        int[] slots = all.stream().mapToInt(Integer::intValue).toArray();
        beforeAgreement = new HashMap<>();
        queryBeforeAgreement = new HashMap<>();
        query.arrays.forEach((name, values) -> queryBeforeAgreement.put(name, values.clone()));
        for (int slot : slots) {
            beforeAgreement.put(slot, copyOf(slot));
        }
        return slots;
    }

    /** Whether the row's changes are on their way to an agreement. */
    boolean inAgreement(int slot) {
        return beforeAgreement != null && beforeAgreement.containsKey(slot);
    }

    /** An array of the query tower as agreed; what was learnt since stays on top. */
    void agreeOnQuery(String name, float[] agreed) {
        float[] values = query.arrays.get(name);
        float[] before = queryBeforeAgreement == null ? null : queryBeforeAgreement.get(name);
        for (int i = 0; i < values.length; i++) {
            values[i] = before == null ? agreed[i] : agreed[i] + (values[i] - before[i]);
        }
    }

    /**
     * A row as agreed; what was learnt since stays on top.
     *
     * @param own what its accumulators grew by here
     * @param growth what they are to grow by on top of that
     */
    void agreeOnRow(
            byte kind,
            long key,
            String name,
            float[] agreed,
            float[] own,
            float[] growth,
            long touched) {
        int slot = table.find(key, name);
        if (slot == RowTable.NONE) {
            if (kind == RowTable.FEATURE) {
                return; // no item here has it any more
            }
            makeRoom(1);
            slot = table.add(kind, key, name, touched);
        }
        float[] values = table.values(slot);
        int at = table.at(slot);
        float[] before = beforeAgreement == null ? null : beforeAgreement.get(slot);
        for (int i = 0; i < agreed.length; i++) {
            values[at + i] = before == null ? agreed[i] : agreed[i] + (values[at + i] - before[i]);
        }
        for (int part = 0; part < 2; part++) {
            int cell = 2 * slot + part;
            // Never below zero: what was learnt since may have forgotten more than is left.
            table.accumulators[cell] = Math.max(0, table.accumulators[cell] + growth[part]);
            table.growth[cell] -= own[part];
        }
        table.touched[slot] = Math.max(table.touched[slot], touched);
        if (kind == RowTable.ITEM) {
            unpublished.add(slot);
        }
    }

    void endAgreement() {
        beforeAgreement = null;
        queryBeforeAgreement = null;
    }

    private float[] copyOf(int slot) {
        int at = table.at(slot);
        return Arrays.copyOfRange(table.values(slot), at, at + 2 * options.dimension());
    }

    /** Frees rows of features that no item has. */
    void dropUnusedFeatures() {
        for (int slot = 0; slot < table.limit(); slot++) {
            if (table.kinds[slot] == RowTable.FEATURE && table.uses[slot] == 0) {
                free(slot);
            }
        }
    }
}
