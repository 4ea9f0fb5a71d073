package io.nextclick.schemas;

import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** Where a {@link RecordFormat} writes its fields. Fields must come in the schema's order. */
abstract class RecordOutput {

    abstract void beginRecord();

    abstract void endRecord();

    abstract void text(String name, String value);

    /** A text that may be null. */
    abstract void optionalText(String name, String value);

    abstract void flag(String name, boolean value);

    abstract void integer(String name, int value);

    abstract void longInteger(String name, long value);

    /** A time in milliseconds since the epoch. */
    abstract void time(String name, long millis);

    abstract void number(String name, float value);

    abstract void doubleNumber(String name, double value);

    /** A number that may be null. */
    abstract void optionalNumber(String name, Double value);

    abstract void textMap(String name, Map<String, String> value);

    abstract void numberMap(String name, Map<String, Double> value);

    abstract void textList(String name, List<String> value);

    abstract void vector(String name, float[] value);

    /** A record within the record. */
    abstract <E> void record(String name, E value, BiConsumer<E, RecordOutput> writer);

    /** A record that may be null. */
    abstract <E> void optionalRecord(String name, E value, BiConsumer<E, RecordOutput> writer);

    abstract <E> void list(String name, List<E> values, BiConsumer<E, RecordOutput> writer);

    static void requireWellFormed(String value) {
        if (!Utf8.isWellFormed(value)) {
            throw new IllegalArgumentException("text with half a surrogate pair cannot be encoded");
        }
    }
}
