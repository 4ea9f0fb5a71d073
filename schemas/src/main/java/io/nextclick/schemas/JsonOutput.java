package io.nextclick.schemas;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/** Writes JSON into memory. Fields that are null are left out; maps are sorted by name. */
final class JsonOutput extends RecordOutput {

    private final JsonGenerator json;

    JsonOutput(JsonGenerator json) {
        this.json = json;
    }

    /** A step of writing. Memory does not fail, so an {@link IOException} is a bug. */
    private interface Step {
        void run() throws IOException;
    }

    private static void write(Step step) {
        try {
            step.run();
        } catch (IOException e) {
            throw new UncheckedIOException("writing JSON", e);
        }
    }

    @Override
    void beginRecord() {
        write(json::writeStartObject);
    }

    @Override
    void endRecord() {
        write(json::writeEndObject);
    }

    @Override
    void text(String name, String value) {
        requireWellFormed(value);
        write(() -> json.writeStringField(name, value));
    }

    @Override
    void optionalText(String name, String value) {
        if (value != null) {
            text(name, value);
        }
    }

    @Override
    void flag(String name, boolean value) {
        write(() -> json.writeBooleanField(name, value));
    }

    @Override
    void integer(String name, int value) {
        write(() -> json.writeNumberField(name, value));
    }

    @Override
    void longInteger(String name, long value) {
        write(() -> json.writeNumberField(name, value));
    }

    @Override
    void time(String name, long millis) {
        longInteger(name, millis);
    }

    @Override
    void number(String name, float value) {
        write(() -> json.writeNumberField(name, value));
    }

    @Override
    void doubleNumber(String name, double value) {
        write(() -> json.writeNumberField(name, value));
    }

    @Override
    void optionalNumber(String name, Double value) {
        if (value != null) {
            doubleNumber(name, value);
        }
    }

    @Override
    void textMap(String name, Map<String, String> value) {
        write(() -> json.writeObjectFieldStart(name));
        sorted(value)
                .forEach(
                        (key, text) -> {
                            requireWellFormed(key);
                            text(key, text);
                        });
        write(json::writeEndObject);
    }

    @Override
    void numberMap(String name, Map<String, Double> value) {
        write(() -> json.writeObjectFieldStart(name));
        sorted(value)
                .forEach(
                        (key, number) -> {
                            requireWellFormed(key);
                            optionalNumber(key, number);
                        });
        write(json::writeEndObject);
    }

    /** The order of an immutable map changes from run to run; bytes should not. */
    private static <V> Map<String, V> sorted(Map<String, V> map) {
        return map.size() < 2 ? map : new TreeMap<>(map);
    }

    @Override
    void textList(String name, List<String> value) {
        write(() -> json.writeArrayFieldStart(name));
        for (String text : value) {
            requireWellFormed(text);
            write(() -> json.writeString(text));
        }
        write(json::writeEndArray);
    }

    @Override
    void vector(String name, float[] value) {
        write(() -> json.writeArrayFieldStart(name));
        for (float number : value) {
            write(() -> json.writeNumber(number));
        }
        write(json::writeEndArray);
    }

    @Override
    <E> void record(String name, E value, BiConsumer<E, RecordOutput> writer) {
        write(() -> json.writeFieldName(name));
        writer.accept(value, this);
    }

    @Override
    <E> void optionalRecord(String name, E value, BiConsumer<E, RecordOutput> writer) {
        if (value != null) {
            record(name, value, writer);
        }
    }

    @Override
    <E> void list(String name, List<E> values, BiConsumer<E, RecordOutput> writer) {
        write(() -> json.writeArrayFieldStart(name));
        for (E value : values) {
            writer.accept(value, this);
        }
        write(json::writeEndArray);
    }
}
