package io.nextclick.schemas;

import java.util.List;
import java.util.Map;

/**
 * What is known of one item, as {@code item-catalog} holds it. The last record of an item holds; a
 * record without a value withdraws the item.
 *
 * @param itemId the item; not empty
 * @param title the name a visitor reads; may be null
 * @param categories the categories it belongs to, widest first
 * @param price in the shop's own currency units; finite, null when not known
 * @param available whether it can be had now
 * @param attributes anything else that describes it; never null
 */
public record CatalogItem(
        String itemId,
        String title,
        List<String> categories,
        Double price,
        boolean available,
        Map<String, String> attributes) {

    public CatalogItem {
        RecordChecks.requireText(itemId, "item_id");
        categories = List.copyOf(categories);
        if (price != null) {
            RecordChecks.requireFinite(price, "price");
        }
        attributes = Map.copyOf(attributes);
    }
}
