package io.nextclick.models.network;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A trainable matrix on the Java heap, row-major. Training uploads the rows a step needs and writes
 * their new values back, so the cost of a step doesn't depend on the number of rows.
 *
 * <p>Shapes: R = rows, C = columns; a vector of n is [1, n] or, one value per item, [n, 1].
 */
public final class Parameter {

    private final String name;
    private final int rows;
    private final int columns;
    private final float[] values;

    private Parameter(String name, int rows, int columns) {
        long size = (long) rows * columns;
        if (rows < 1 || columns < 1 || size > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    name
                            + " of "
                            + rows
                            + " x "
                            + columns
                            + " values: both must be at least 1 and the product at most "
                            + (Integer.MAX_VALUE - 8));
        }
        this.name = name;
        this.rows = rows;
        this.columns = columns;
        this.values = new float[(int) size];
    }

    /** All zero. */
    public static Parameter zeros(String name, int rows, int columns) {
        return new Parameter(name, rows, columns);
    }

    /**
     * Uniform in ±√(6 / (fanIn + fanOut)) (Glorot and Bengio 2010).
     *
     * @param fanIn inputs of the linear map
     * @param fanOut its outputs; one gate's where several are stacked in one matrix
     */
    public static Parameter glorot(
            String name, int rows, int columns, int fanIn, int fanOut, SplittableRandom random) {
        Parameter parameter = new Parameter(name, rows, columns);
        double bound = Math.sqrt(6.0 / ((double) fanIn + fanOut));
        for (int i = 0; i < parameter.values.length; i++) {
            parameter.values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
        }
        return parameter;
    }

    public String name() {
        return name;
    }

    /** R. */
    public int rows() {
        return rows;
    }

    /** C. */
    public int columns() {
        return columns;
    }

    /** The values themselves, [R, C] row-major; writing to them changes the parameter. */
    public float[] values() {
        return values;
    }

    /** A copy of the values. */
    public float[] copy() {
        return Arrays.copyOf(values, values.length);
    }

    /** Takes over the values of another matrix of the same size. */
    public void assign(float[] newValues) {
        if (newValues.length != values.length) {
            throw new IllegalArgumentException(
                    name + " has " + values.length + " values, got " + newValues.length);
        }
        System.arraycopy(newValues, 0, values, 0, values.length);
    }

    @Override
    public String toString() {
        return name + " [" + rows + ", " + columns + "]";
    }
}
