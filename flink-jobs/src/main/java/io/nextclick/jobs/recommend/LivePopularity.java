package io.nextclick.jobs.recommend;

import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * Clicks per item as they arrive, for as long as there is no model. The leaders are kept in order
 * at every click, so a list depends on the clicks before it and not on how they were bundled.
 *
 * <p>Bounded: when {@code size} items are counted, the half of them with the fewest clicks is
 * forgotten, and begins again from nothing when clicked. One click costs the places its item rises.
 */
final class LivePopularity {

    private final int size;
    private final Map<String, Entry> entries = new HashMap<>();

    /** The items most clicked, most first, equal counts by item id; the first {@link #leading}. */
    private final Entry[] leaders;

    private int leading;

    /**
     * @param size most items counted, at least 2
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
            if (entries.size() >= size) {
                forgetLowerHalf();
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

    /**
     * The place of an item in the list that a session would get.
     *
     * @param seen items that the session's lists leave out; null for none
     * @return -1 if it isn't among the first {@link LiveQuality#CUTOFF}
     */
    int rank(String item, List<String> seen) {
        if (seen != null && seen.contains(item)) {
            return -1;
        }
        int rank = 0;
        for (int place = 0; rank < LiveQuality.CUTOFF; place++) {
            String popular = item(place);
            if (popular == null) {
                return -1;
            }
            if (popular.equals(item)) {
                return rank;
            }
            if (seen == null || !seen.contains(popular)) {
                rank++;
            }
        }
        return -1;
    }

    /**
     * The list that a session gets.
     *
     * @param most items in it
     * @param seen items that the session's lists leave out; null for none
     * @param dropped items that may not be recommended at all; null for none
     */
    List<RecommendedItem> list(int most, List<String> seen, Predicate<String> dropped) {
        List<RecommendedItem> items = new ArrayList<>(most);
        for (int place = 0; items.size() < most; place++) {
            String item = item(place);
            if (item == null) {
                break;
            }
            boolean isLeftOut =
                    (seen != null && seen.contains(item))
                            || (dropped != null && dropped.test(item));
            if (!isLeftOut) {
                items.add(new RecommendedItem(item, clicks(place), ActiveModel.FROM_POPULARITY));
            }
        }
        return items;
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

    private void forgetLowerHalf() {
        List<Entry> ordered = new ArrayList<>(entries.values());
        ordered.sort((a, b) -> a == b ? 0 : a.isAheadOf(b) ? -1 : 1);
        for (Entry forgotten : ordered.subList(size / 2, ordered.size())) {
            entries.remove(forgotten.item);
        }
        leading = Math.min(size / 2, leaders.length);
        Arrays.fill(leaders, null);
        for (int place = 0; place < size / 2; place++) {
            ordered.get(place).place = place < leading ? place : -1;
            if (place < leading) {
                leaders[place] = ordered.get(place);
            }
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
