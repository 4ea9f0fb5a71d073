package io.nextclick.models.ranker;

import java.util.Arrays;

/**
 * The features of an example that aren't zero, field by field: which field, which feature, which
 * value. A field's values add up to 1. Filled anew for each example, without allocation once it has
 * grown to the longest.
 */
public final class ActiveFeatures {

    private int[] fields = new int[32];
    private int[] indices = new int[32];
    private float[] values = new float[32];
    private int size;
    private float offset;

    public int size() {
        return size;
    }

    /** The field's number in its space. */
    public int field(int at) {
        return fields[at];
    }

    /** The feature's number in its space. */
    public int index(int at) {
        return indices[at];
    }

    public float value(int at) {
        return values[at];
    }

    /** What the log-odds begin from. */
    float offset() {
        return offset;
    }

    void setOffset(float offset) {
        this.offset = offset;
    }

    /** The same features, in no more room than they need. */
    ActiveFeatures copy() {
        ActiveFeatures copy = new ActiveFeatures();
        copy.fields = Arrays.copyOf(fields, size);
        copy.indices = Arrays.copyOf(indices, size);
        copy.values = Arrays.copyOf(values, size);
        copy.size = size;
        copy.offset = offset;
        return copy;
    }

    void clear() {
        size = 0;
        offset = 0;
    }

    /** What a field already has of a feature adds up. */
    void add(int field, int index, float value) {
        for (int at = size - 1; at >= 0 && fields[at] == field; at--) {
            if (indices[at] == index) {
                values[at] += value;
                return;
            }
        }
        if (size == fields.length) {
            fields = Arrays.copyOf(fields, 2 * size);
            indices = Arrays.copyOf(indices, 2 * size);
            values = Arrays.copyOf(values, 2 * size);
        }
        fields[size] = field;
        indices[size] = index;
        values[size++] = value;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < size; i++) {
            text.append(i == 0 ? "" : ", ").append(fields[i]).append(':').append(indices[i]);
            text.append('=').append(values[i]);
        }
        return text.append(']').toString();
    }
}
