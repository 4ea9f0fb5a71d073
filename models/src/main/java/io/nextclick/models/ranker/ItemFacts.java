package io.nextclick.models.ranker;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What is known of an item by itself, at one moment.
 *
 * @param itemId its id
 * @param categories the categories it belongs to; empty if none is known
 * @param price NaN if unknown
 * @param available whether it can be had
 * @param popularity how often it has been clicked, as the caller counts; NaN if unknown
 * @param ageDays days since it was first offered; NaN if unknown
 * @param attributes further attributes; {@code |} separates several values of one
 */
public record ItemFacts(
        String itemId,
        List<String> categories,
        double price,
        boolean available,
        double popularity,
        double ageDays,
        Map<String, String> attributes) {

    public ItemFacts {
        Objects.requireNonNull(itemId, "itemId");
        categories = List.copyOf(categories);
        attributes = Map.copyOf(attributes);
    }

    /** An item of which nothing but its id is known. */
    public static ItemFacts unknown(String itemId) {
        return new ItemFacts(itemId, List.of(), Double.NaN, true, Double.NaN, Double.NaN, Map.of());
    }
}
