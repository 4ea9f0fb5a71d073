package io.nextclick.jobs.trending;

import io.nextclick.models.ranking.TrendingItems;
import java.io.Serializable;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;

/**
 * How it is counted what is clicked now.
 *
 * @param halfLife after which a click counts half, in event time
 * @param items most items counted
 */
public record TrendingSettings(Duration halfLife, int items) implements Serializable {

    private static final long serialVersionUID = 1L;

    public TrendingSettings {
        Objects.requireNonNull(halfLife, "halfLife");
    }

    /** Items that nobody has clicked yet. */
    public TrendingItems newItems() {
        return new TrendingItems(halfLife, items);
    }

    /**
     * Items that nobody has clicked yet.
     *
     * @param category an item's category; null if none is known
     */
    public TrendingItems newItems(Function<String, String> category) {
        return new TrendingItems(halfLife, items, category);
    }
}
