package io.nextclick.models.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Item ids and the rows that stand for them in a model's matrices: row n is the n-th item ever
 * added. Rows are never reassigned, so a vocabulary can grow behind a model that was trained on its
 * first {@code n} rows. Not safe for concurrent growth; safe for concurrent reading.
 */
public final class ItemVocabulary {

    /** The row of an item that the vocabulary does not hold. */
    public static final int UNKNOWN = -1;

    private final Map<String, Integer> rows;
    private final List<String> items;

    public ItemVocabulary() {
        rows = new HashMap<>();
        items = new ArrayList<>();
    }

    /**
     * @param items item ids in row order
     * @throws IllegalArgumentException if an id occurs twice
     */
    public ItemVocabulary(Iterable<String> items) {
        this();
        for (String item : items) {
            if (rows.putIfAbsent(item, this.items.size()) != null) {
                throw new IllegalArgumentException(
                        "item '" + item + "' occurs twice in the vocabulary");
            }
            this.items.add(item);
        }
    }

    /** Number of rows. */
    public int size() {
        return items.size();
    }

    /** The item's row, or {@link #UNKNOWN}. */
    public int row(String item) {
        Integer row = rows.get(item);
        return row == null ? UNKNOWN : row;
    }

    /** The item's row, added at the end if it is new. */
    public int rowOrAdd(String item) {
        Integer row = rows.putIfAbsent(item, items.size());
        if (row != null) {
            return row;
        }
        items.add(item);
        return items.size() - 1;
    }

    /**
     * @throws IndexOutOfBoundsException if there is no such row
     */
    public String item(int row) {
        return items.get(row);
    }

    /** Item ids in row order, unmodifiable. */
    public List<String> items() {
        return List.copyOf(items);
    }
}
