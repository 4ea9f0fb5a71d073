package io.nextclick.jobs.retrieve;

import io.nextclick.models.ranker.ItemFacts;
import io.nextclick.schemas.CatalogItem;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the catalogue says of its items now, as far as lists depend on it. One thread writes, any
 * number read.
 *
 * <p>Prices, ages and attributes are kept only where rankers are followed.
 */
public final class LiveCatalog {

    /** An item whose attribute of this name is {@code true} is never recommended. */
    public static final String BLOCKED = "blocked";

    /**
     * The attribute that says since when an item has been offered, as a date or an instant of
     * ISO-8601. Without it an item is as old as the oldest of its records that has been read, which
     * compaction may make younger with each restart.
     */
    public static final String OFFERED_SINCE = "offered_since";

    private static final double MILLIS_OF_DAY = Duration.ofDays(1).toMillis();

    /** Instead of a time. */
    private static final long UNKNOWN = Long.MIN_VALUE;

    private static final Entry WITHDRAWN =
            new Entry(false, List.of(), Double.NaN, UNKNOWN, Map.of());

    private final boolean keepsFacts;
    private final Map<String, Entry> entries = new ConcurrentHashMap<>();

    /** One text a category, however many items name it. */
    private final Map<String, String> texts = new ConcurrentHashMap<>();

    /** One list for all items that are of the same categories. */
    private final Map<List<String>, List<String>> lists = new ConcurrentHashMap<>();

    /**
     * @param keepsFacts whether to keep what rankers may read
     */
    public LiveCatalog(boolean keepsFacts) {
        this.keepsFacts = keepsFacts;
    }

    private record Entry(
            boolean offered,
            List<String> categories,
            double price,
            long sinceMillis,
            Map<String, String> attributes) {}

    /**
     * Whether an item may be recommended: it is available and isn't blocked. An item that was
     * withdrawn may not be.
     *
     * @param otherwise the answer for an item of which the catalogue has never said anything
     */
    public boolean offers(String itemId, boolean otherwise) {
        Entry entry = entries.get(itemId);
        return entry == null ? otherwise : entry.offered;
    }

    /** The categories that an item belongs to, widest first; empty if none is known. */
    public List<String> categories(String itemId) {
        Entry entry = entries.get(itemId);
        return entry == null ? List.of() : entry.categories;
    }

    /** The narrowest category that an item belongs to; null if none is known. */
    public String category(String itemId) {
        List<String> categories = categories(itemId);
        return categories.isEmpty() ? null : categories.get(categories.size() - 1);
    }

    /**
     * What a ranker may read of an item, also of one that the catalogue doesn't know.
     *
     * @param popularity how often it has been clicked; NaN if unknown
     * @param nowMillis the moment in question, in milliseconds since the epoch
     */
    public ItemFacts facts(String itemId, double popularity, long nowMillis) {
        Entry entry = entries.get(itemId);
        if (entry == null) {
            return new ItemFacts(
                    itemId, List.of(), Double.NaN, true, popularity, Double.NaN, Map.of());
        }
        double ageDays =
                entry.sinceMillis == UNKNOWN
                        ? Double.NaN
                        : Math.max(0, nowMillis - entry.sinceMillis) / MILLIS_OF_DAY;
        return new ItemFacts(
                itemId,
                entry.categories,
                entry.price,
                entry.offered,
                popularity,
                ageDays,
                entry.attributes);
    }

    /** Items with an entry, those withdrawn among them. */
    public int size() {
        return entries.size();
    }

    /**
     * Takes what the catalogue says of an item from now on.
     *
     * @param timestampMillis that of the record; negative if it has none
     */
    public void put(CatalogItem item, long timestampMillis) {
        boolean blocked = Boolean.parseBoolean(item.attributes().get(BLOCKED));
        boolean offered = item.available() && !blocked;
        List<String> categories = shared(item.categories());
        if (keepsFacts) {
            entries.put(
                    item.itemId(),
                    new Entry(
                            offered,
                            categories,
                            item.price() == null ? Double.NaN : item.price(),
                            since(item, timestampMillis),
                            item.attributes()));
        } else {
            entries.put(
                    item.itemId(), new Entry(offered, categories, Double.NaN, UNKNOWN, Map.of()));
        }
    }

    private List<String> shared(List<String> categories) {
        List<String> known = lists.get(categories);
        if (known == null) {
            known = categories.stream().map(text -> texts.computeIfAbsent(text, t -> t)).toList();
            lists.put(known, known);
        }
        return known;
    }

    private long since(CatalogItem item, long timestampMillis) {
        String said = item.attributes().get(OFFERED_SINCE);
        if (said != null) {
            try {
                return said.indexOf('T') < 0
                        ? LocalDate.parse(said)
                                .atStartOfDay(ZoneOffset.UTC)
                                .toInstant()
                                .toEpochMilli()
                        : Instant.parse(said).toEpochMilli();
            } catch (DateTimeParseException | ArithmeticException e) {
                // As if it hadn't been said: what a shop's attributes mean is the shop's affair.
            }
        }
        Entry before = entries.get(item.itemId());
        long read = timestampMillis < 0 ? UNKNOWN : timestampMillis;
        if (before == null || before.sinceMillis == UNKNOWN) {
            return read;
        }
        return read == UNKNOWN ? before.sinceMillis : Math.min(before.sinceMillis, read);
    }

    /** Takes that the catalogue no longer has an item. */
    public void withdraw(String itemId) {
        entries.put(itemId, WITHDRAWN);
    }
}
