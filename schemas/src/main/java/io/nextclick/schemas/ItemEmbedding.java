package io.nextclick.schemas;

import java.util.Arrays;
import java.util.Objects;

/**
 * The vector by which one item is found, as {@code item-embeddings} holds it.
 *
 * <p>The vector is neither copied in nor out: an index reads tens of thousands of these. Whoever
 * makes one gives the array away.
 */
public final class ItemEmbedding {

    private final String itemId;
    private final float[] vector;
    private final String towerVersion;
    private final long updatedAtMillis;

    /**
     * @param itemId the item; not empty
     * @param vector the item tower's output: at least one number, all finite
     * @param towerVersion version of the towers that made it; vectors of different versions cannot
     *     be compared
     * @param updatedAtMillis when it was made, in milliseconds since the epoch
     */
    public ItemEmbedding(String itemId, float[] vector, String towerVersion, long updatedAtMillis) {
        RecordChecks.requireText(itemId, "item_id");
        RecordChecks.requireText(towerVersion, "tower_version");
        if (vector.length == 0) {
            throw new IllegalArgumentException("vector is empty");
        }
        for (float value : vector) {
            RecordChecks.requireFinite(value, "vector");
        }
        this.itemId = itemId;
        this.vector = vector;
        this.towerVersion = towerVersion;
        this.updatedAtMillis = updatedAtMillis;
    }

    public String itemId() {
        return itemId;
    }

    /** The vector itself, not a copy. */
    public float[] vector() {
        return vector;
    }

    /** How many numbers the vector has. */
    public int dimension() {
        return vector.length;
    }

    public String towerVersion() {
        return towerVersion;
    }

    public long updatedAtMillis() {
        return updatedAtMillis;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ItemEmbedding that
                && itemId.equals(that.itemId)
                && Arrays.equals(vector, that.vector)
                && towerVersion.equals(that.towerVersion)
                && updatedAtMillis == that.updatedAtMillis;
    }

    @Override
    public int hashCode() {
        return Objects.hash(itemId, Arrays.hashCode(vector), towerVersion, updatedAtMillis);
    }

    @Override
    public String toString() {
        return "ItemEmbedding[itemId="
                + itemId
                + ", dimension="
                + vector.length
                + ", towerVersion="
                + towerVersion
                + ", updatedAtMillis="
                + updatedAtMillis
                + "]";
    }
}
