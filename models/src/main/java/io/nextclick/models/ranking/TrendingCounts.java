package io.nextclick.models.ranking;

import java.util.List;
import java.util.Objects;

/**
 * What {@link TrendingItems} hold of some items, or of all, to be kept or sent.
 *
 * @param asOfMillis the time that the counts are of, in milliseconds since the epoch
 * @param counts an entry an item
 */
public record TrendingCounts(long asOfMillis, List<ItemCount> counts) {

    public TrendingCounts {
        counts = List.copyOf(counts);
    }

    /**
     * An item's decayed count.
     *
     * @param count 0: the item is held no more
     */
    public record ItemCount(String itemId, double count) {

        public ItemCount {
            Objects.requireNonNull(itemId, "itemId");
            if (!(count >= 0 && count < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("count of '" + itemId + "' is " + count);
            }
        }
    }
}
