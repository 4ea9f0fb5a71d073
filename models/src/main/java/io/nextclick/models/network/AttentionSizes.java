package io.nextclick.models.network;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Sizes of a network that is made of {@link AttentionBlocks}.
 *
 * @param items V
 * @param size D, of all vectors
 * @param positions P, the last clicks of a session that are read, a hidden one included
 * @param layers L, blocks
 * @param heads parts of the vectors that attend each by itself; divides D
 * @param innerSize F, of the feed-forward networks
 * @param tied whether input and output share the item matrix
 */
public record AttentionSizes(
        int items, int size, int positions, int layers, int heads, int innerSize, boolean tied) {

    public AttentionSizes {
        requireAtLeast(1, "items", items);
        requireAtLeast(1, "size", size);
        requireAtLeast(1, "positions", positions);
        requireAtLeast(1, "layers", layers);
        requireAtLeast(1, "heads", heads);
        requireAtLeast(1, "inner size", innerSize);
        if (size % heads != 0) {
            throw new IllegalArgumentException(
                    "vectors of " + size + " values don't fall into " + heads + " heads");
        }
    }

    static void requireAtLeast(int least, String name, int value) {
        if (value < least) {
            throw new IllegalArgumentException(
                    name + " is " + value + ", at least " + least + " needed");
        }
    }

    /** By their names in a model's manifest. */
    Map<String, Object> asMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("items", items);
        map.put("embedding_size", size);
        map.put("positions", positions);
        map.put("layers", layers);
        map.put("heads", heads);
        map.put("inner_size", innerSize);
        map.put("tied", tied);
        return map;
    }
}
