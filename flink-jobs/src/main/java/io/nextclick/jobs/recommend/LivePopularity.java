package io.nextclick.jobs.recommend;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * Clicks per item as they arrive, for as long as there is no model. The leaders are kept in order
 * at every click, so a list depends on the clicks before it and not on how they were bundled.
 *
 * <p>Bounded: when {@code size} items are counted all counts are halved and those that reach zero
 * are forgotten, the least recent interest first. One click costs the places its item rises.
 */
final class LivePopularity {

    private final int size;
    private final Map<String, Entry> entries = new HashMap<>();

    /** The items most clicked, most first, equal counts by item id; the first {@link #leading}. */
    private final Entry[] leaders;

    private int leading;

    /**
     * @param size most items counted
     * @param leaders length of the longest list that is ever asked for
     */
    LivePopularity(int size, int leaders) {
        this.size = size;
        this.leaders = new Entry[leaders];
    }

    /** Counts one click. */
    void count(String item) {
        add(item, 1);
    }

    /** Counts many at once, as when restored. */
    void add(String item, long clicks) {
        Entry entry = entries.get(item);
        if (entry == null) {
            while (entries.size() >= size) {
                halve();
            }
            entry = new Entry(item);
            entries.put(item, entry);
        }
        entry.clicks += clicks;
        lead(entry);
    }

    /** The item at a place from 0; null beyond the last. */
    String item(int place) {
        return place < leading ? leaders[place].item : null;
    }

    /** The clicks of the item at a place. */
    long clicks(int place) {
        return leaders[place].clicks;
    }

    /** Every item and its clicks, in no order. */
    void forEach(BiConsumer<String, Long> visitor) {
        entries.values().forEach(entry -> visitor.accept(entry.item, entry.clicks));
    }

    private void lead(Entry entry) {
        int place = entry.place;
        if (place < 0) {
            if (leading < leaders.length) {
                place = leading++;
            } else if (entry.isAheadOf(leaders[leading - 1])) {
                place = leading - 1;
                leaders[place].place = -1;
            } else {
                return;
            }
        }
        while (place > 0 && entry.isAheadOf(leaders[place - 1])) {
            leaders[place] = leaders[place - 1];
            leaders[place].place = place;
            place--;
        }
        leaders[place] = entry;
        entry.place = place;
    }

    private void halve() {
        for (Iterator<Entry> all = entries.values().iterator(); all.hasNext(); ) {
            Entry entry = all.next();
            entry.clicks /= 2;
            entry.place = -1;
            if (entry.clicks == 0) {
                all.remove();
            }
        }
        Arrays.fill(leaders, null);
        leading = 0;
        Collection<Entry> rest = entries.values();
        List<Entry> ordered = new ArrayList<>(rest);
        ordered.sort((a, b) -> a.isAheadOf(b) ? -1 : 1);
        for (int place = 0; place < Math.min(ordered.size(), leaders.length); place++) {
            leaders[place] = ordered.get(place);
            leaders[place].place = place;
            leading = place + 1;
        }
    }

    private static final class Entry {

        final String item;
        long clicks;

        /** Place among the leaders, or -1. */
        int place = -1;

        Entry(String item) {
            this.item = item;
        }

        boolean isAheadOf(Entry other) {
            return clicks > other.clicks
                    || (clicks == other.clicks && item.compareTo(other.item) < 0);
        }
    }
}
