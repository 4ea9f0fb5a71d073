package io.nextclick.models.ranker;

/**
 * Numbers items from 0 in the order in which they come.
 *
 * <p>The same item comes as few different objects again and again, one of each list of ids that
 * candidates are taken from. So a cell holds an object rather than a text, and an item has a cell
 * for each of its objects: finding one touches the object and its cell and nothing else, where
 * comparing texts would fetch four more places of memory. Once there are more such cells than items
 * no more are made, and texts are compared.
 */
final class ItemSlots {

    /** By cell: the item; null for an empty cell. */
    private String[] items;

    /** By cell: the item's hash and its number. */
    private int[] hashesAndSlots;

    private int mask;
    private int used;
    private int size;

    ItemSlots() {
        clear();
    }

    /** How many items have a number. */
    int size() {
        return size;
    }

    void clear() {
        allocate(1024);
        used = 0;
        size = 0;
    }

    private void allocate(int cells) {
        items = new String[cells];
        hashesAndSlots = new int[2 * cells];
        mask = cells - 1;
    }

    /** The item's number; -1 if it has none. */
    int find(String item) {
        int hash = item.hashCode();
        int cell = first(hash);
        while (items[cell] != null) {
            if (isSame(items[cell], item)) {
                return hashesAndSlots[2 * cell + 1];
            }
            cell = (cell + 1) & mask;
        }
        int slot = findText(item, hash);
        if (slot >= 0 && used < 2 * size) {
            put(item, hash, slot);
        }
        return slot;
    }

    @SuppressWarnings("ReferenceEquality") // Of equal texts one object stands for itself alone.
    private static boolean isSame(String one, String other) {
        return one == other;
    }

    private int findText(String item, int hash) {
        for (int cell = first(hash); items[cell] != null; cell = (cell + 1) & mask) {
            if (hashesAndSlots[2 * cell] == hash && items[cell].equals(item)) {
                return hashesAndSlots[2 * cell + 1];
            }
        }
        return -1;
    }

    /** The item's number, a new one if it had none. */
    int findOrAdd(String item) {
        int slot = find(item);
        if (slot < 0) {
            slot = size++;
            put(item, item.hashCode(), slot);
        }
        return slot;
    }

    private void put(String item, int hash, int slot) {
        if (2 * (used + 1) > items.length) {
            String[] oldItems = items;
            int[] old = hashesAndSlots;
            allocate(2 * items.length);
            for (int cell = 0; cell < oldItems.length; cell++) {
                if (oldItems[cell] != null) {
                    fill(oldItems[cell], old[2 * cell], old[2 * cell + 1]);
                }
            }
        }
        fill(item, hash, slot);
        used++;
    }

    private void fill(String item, int hash, int slot) {
        int cell = first(hash);
        while (items[cell] != null) {
            cell = (cell + 1) & mask;
        }
        items[cell] = item;
        hashesAndSlots[2 * cell] = hash;
        hashesAndSlots[2 * cell + 1] = slot;
    }

    /** Texts that differ in their last characters have hashes that differ by little. */
    private int first(int hash) {
        int mixed = hash * 0x9E3779B9;
        return (mixed ^ (mixed >>> 16)) & mask;
    }
}
