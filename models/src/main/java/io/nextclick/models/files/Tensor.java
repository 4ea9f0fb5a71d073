package io.nextclick.models.files;

import java.util.Arrays;

/**
 * A dense array of numbers with a shape, row-major, on the Java heap. The arrays are not copied:
 * who hands one over no longer changes it.
 */
public sealed interface Tensor {

    /** Sizes of the dimensions; empty for a single number. */
    int[] shape();

    /** Number of elements. */
    int size();

    /** The name of the element type in a safetensors header. */
    String type();

    /** Bytes of an element. */
    int elementBytes();

    /** 32-bit floats, {@code F32}. */
    @SuppressWarnings("ArrayRecordComponent")
    record Floats(float[] values, int... shape) implements Tensor {
        public Floats {
            requireSize(values.length, shape);
        }

        @Override
        public int size() {
            return values.length;
        }

        @Override
        public String type() {
            return "F32";
        }

        @Override
        public int elementBytes() {
            return Float.BYTES;
        }
    }

    /** 32-bit integers, {@code I32}. */
    @SuppressWarnings("ArrayRecordComponent")
    record Ints(int[] values, int... shape) implements Tensor {
        public Ints {
            requireSize(values.length, shape);
        }

        @Override
        public int size() {
            return values.length;
        }

        @Override
        public String type() {
            return "I32";
        }

        @Override
        public int elementBytes() {
            return Integer.BYTES;
        }
    }

    /** 64-bit integers, {@code I64}. */
    @SuppressWarnings("ArrayRecordComponent")
    record Longs(long[] values, int... shape) implements Tensor {
        public Longs {
            requireSize(values.length, shape);
        }

        @Override
        public int size() {
            return values.length;
        }

        @Override
        public String type() {
            return "I64";
        }

        @Override
        public int elementBytes() {
            return Long.BYTES;
        }
    }

    private static void requireSize(int size, int[] shape) {
        long elements = 1;
        for (int dimension : shape) {
            if (dimension < 0) {
                throw new IllegalArgumentException(
                        "shape " + Arrays.toString(shape) + " has a negative dimension");
            }
            elements = Math.multiplyExact(elements, (long) dimension);
        }
        if (elements != size) {
            throw new IllegalArgumentException(
                    size + " elements do not fill the shape " + Arrays.toString(shape));
        }
    }
}
