package io.nextclick.models.baseline;

/**
 * A row and its score in one long that sorts best first: higher scores before lower ones, equal
 * scores by row.
 */
final class RowOrder {

    private static final long LOW = 0xFFFF_FFFFL;

    private RowOrder() {}

    /**
     * @param score 0 or more, where the bits of a float are ordered like the float
     */
    static long key(float score, int row) {
        return (long) (Integer.MAX_VALUE - Float.floatToIntBits(score)) << 32 | row;
    }

    static int row(long key) {
        return (int) (key & LOW);
    }

    static float score(long key) {
        return Float.intBitsToFloat(Integer.MAX_VALUE - (int) (key >>> 32));
    }

    /** Brings the {@code k} smallest of the first {@code size} keys to the front, in any order. */
    static void select(long[] keys, int size, int k) {
        int from = 0;
        int to = size - 1;
        while (from < to && k > from && k <= to) {
            long pivot = middle(keys[from], keys[(from + to) >>> 1], keys[to]);
            int low = from;
            int high = to;
            while (low <= high) {
                while (keys[low] < pivot) {
                    low++;
                }
                while (keys[high] > pivot) {
                    high--;
                }
                if (low <= high) {
                    long swapped = keys[low];
                    keys[low++] = keys[high];
                    keys[high--] = swapped;
                }
            }
            // Keys up to high are at most the pivot, keys from low on at least.
            if (k <= high) {
                to = high;
            } else if (k >= low) {
                from = low;
            } else {
                return;
            }
        }
    }

    private static long middle(long a, long b, long c) {
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }
}
