package io.nextclick.models.prequential;

import io.nextclick.models.ranker.ItemFacts;
import io.nextclick.models.ranking.TrendingItems;
import io.nextclick.models.tower.ItemAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What is known of the items of a stream so far. For one thread. */
final class Catalogue {

    private static final double DAY_MILLIS = 86_400_000.0;

    private final Map<String, Entry> entries = new HashMap<>();

    private record Entry(ItemAttributes attributes, long sinceMillis) {}

    /** Takes up an entry, in place of an earlier one; the item is as old as the first. */
    void describe(String itemId, ItemAttributes attributes, long timeMillis) {
        Entry before = entries.get(itemId);
        entries.put(
                itemId, new Entry(attributes, before == null ? timeMillis : before.sinceMillis));
    }

    /** The narrowest category, which is the last one; null if none is known. */
    String category(String itemId) {
        Entry entry = entries.get(itemId);
        if (entry == null || entry.attributes.categories().isEmpty()) {
            return null;
        }
        List<String> categories = entry.attributes.categories();
        return categories.get(categories.size() - 1);
    }

    /** What a ranker may know of an item. */
    ItemFacts facts(String itemId, TrendingItems trending, long nowMillis) {
        Entry entry = entries.get(itemId);
        double popularity = trending.count(itemId, nowMillis);
        if (entry == null) {
            return new ItemFacts(
                    itemId, List.of(), Double.NaN, true, popularity, Double.NaN, Map.of());
        }
        Double price = entry.attributes.price();
        return new ItemFacts(
                itemId,
                entry.attributes.categories(),
                price == null ? Double.NaN : price,
                true,
                popularity,
                (nowMillis - entry.sinceMillis) / DAY_MILLIS,
                entry.attributes.attributes());
    }
}
