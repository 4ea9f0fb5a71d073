package io.nextclick.models.rating;

/** What options must keep to. */
final class Bounds {

    private Bounds() {}

    static void require(String name, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            throw new IllegalArgumentException(
                    name + " is " + value + ", it must be in [" + least + ", " + most + "]");
        }
    }

    static void requirePositive(String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " is " + value + ", it must be above 0");
        }
    }
}
