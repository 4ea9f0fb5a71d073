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
}
