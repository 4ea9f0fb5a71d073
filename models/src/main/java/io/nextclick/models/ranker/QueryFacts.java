package io.nextclick.models.ranker;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * What is known of a query: the session so far, the user and the context.
 *
 * @param userId null if unknown
 * @param context attributes of the click and of its user
 * @param eventTimeMillis when the query is asked, in milliseconds since the epoch
 * @param sessionLength clicks of the session so far
 * @param dwellSeconds seconds on the last item; NaN if there is none
 * @param lastItem the item clicked last; null if there is none
 * @param lastCategories categories of the last {@value #RECENT_ITEMS} items, one for each time that
 *     an item names it
 * @param lowestPrice among the items whose price is known; NaN if there is none
 * @param highestPrice NaN if there is none
 */
public record QueryFacts(
        String userId,
        Map<String, String> context,
        long eventTimeMillis,
        int sessionLength,
        double dwellSeconds,
        String lastItem,
        List<String> lastCategories,
        double lowestPrice,
        double highestPrice) {

    /** Of how many of the session's last items the categories are read. */
    public static final int RECENT_ITEMS = 5;

    public QueryFacts {
        Objects.requireNonNull(context, "context");
        Objects.requireNonNull(lastCategories, "lastCategories");
    }

    /**
     * The facts of a session, read in the one way in which training and serving read them.
     *
     * @param userId null if unknown
     * @param context attributes of the click and of its user; not copied
     * @param eventTimeMillis when the query is asked
     * @param items what the session remembers, oldest first
     * @param length clicks of the session so far, those no longer remembered among them
     * @param lastClickMillis event time of the session's last click; ignored without an item
     * @param catalogue an item's facts; null for one of which nothing is known
     */
    public static QueryFacts of(
            String userId,
            Map<String, String> context,
            long eventTimeMillis,
            List<String> items,
            int length,
            long lastClickMillis,
            Function<String, ItemFacts> catalogue) {
        List<String> categories = new ArrayList<>();
        double lowest = Double.NaN;
        double highest = Double.NaN;
        for (int i = items.size() - 1; i >= 0; i--) {
            ItemFacts item = catalogue.apply(items.get(i));
            if (item == null) {
                continue;
            }
            if (items.size() - i <= RECENT_ITEMS) {
                categories.addAll(item.categories());
            }
            if (!Double.isNaN(item.price())) {
                lowest = Double.isNaN(lowest) ? item.price() : Math.min(lowest, item.price());
                highest = Double.isNaN(highest) ? item.price() : Math.max(highest, item.price());
            }
        }
        boolean hasLast = !items.isEmpty();
        return new QueryFacts(
                userId,
                context,
                eventTimeMillis,
                length,
                hasLast ? Math.max(0, eventTimeMillis - lastClickMillis) / 1e3 : Double.NaN,
                hasLast ? items.get(items.size() - 1) : null,
                categories,
                lowest,
                highest);
    }
}
