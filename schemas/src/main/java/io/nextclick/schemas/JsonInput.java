package io.nextclick.schemas;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON. A value is read when the parser stands on it. Members that the record does not know
 * and members that are null are passed over; a member that comes twice is malformed.
 */
final class JsonInput extends RecordInput {

    /** Records within records; the deepest of our schemas has 4. */
    private static final int LEVELS = 8;

    private final JsonParser parser;
    private final RecordShape[] shapes = new RecordShape[LEVELS];
    private final long[] seen = new long[LEVELS];
    private int level = -1;

    JsonInput(JsonParser parser, RecordLimits limits) {
        super(limits);
        this.parser = parser;
        resetText();
    }

    JsonParser parser() {
        return parser;
    }

    @Override
    void beginRecord(RecordShape shape) throws MalformedRecordException {
        expect(JsonToken.START_OBJECT, "an object");
        level++;
        shapes[level] = shape;
        seen[level] = 0;
    }

    @Override
    String nextField() throws IOException, MalformedRecordException {
        RecordShape shape = shapes[level];
        while (true) {
            String name = parser.nextFieldName();
            if (name == null) {
                level--;
                return null;
            }
            JsonToken value = parser.nextToken();
            int position = shape.position(name);
            if (position < 0) {
                parser.skipChildren();
                continue;
            }
            if ((seen[level] & 1L << position) != 0) {
                throw malformed("the same member twice");
            }
            seen[level] |= 1L << position;
            if (value != JsonToken.VALUE_NULL) {
                return shape.name(position);
            }
        }
    }

    /** Never: {@link #nextField} passes over nulls. */
    @Override
    boolean isNull() {
        return false;
    }

    @Override
    String text(int maximumChars) throws IOException, MalformedRecordException {
        expect(JsonToken.VALUE_STRING, "a text");
        return currentText(maximumChars);
    }

    /** The text of a string, a number or a boolean. */
    String scalarText(int maximumChars) throws IOException, MalformedRecordException {
        if (!parser.currentToken().isScalarValue()) {
            throw unexpected("a text, a number or a boolean");
        }
        return currentText(maximumChars);
    }

    private String currentText(int maximumChars) throws IOException, MalformedRecordException {
        takeText(parser.getTextLength(), maximumChars);
        String value = parser.getText();
        if (!Utf8.isWellFormed(value)) {
            throw malformed("half a surrogate pair");
        }
        return value;
    }

    @Override
    boolean flag() throws MalformedRecordException {
        JsonToken token = parser.currentToken();
        if (token != JsonToken.VALUE_TRUE && token != JsonToken.VALUE_FALSE) {
            throw unexpected("true or false");
        }
        return token == JsonToken.VALUE_TRUE;
    }

    @Override
    int integer() throws IOException, MalformedRecordException {
        expect(JsonToken.VALUE_NUMBER_INT, "a whole number");
        return parser.getIntValue();
    }

    @Override
    long longInteger() throws IOException, MalformedRecordException {
        expect(JsonToken.VALUE_NUMBER_INT, "a whole number");
        return parser.getLongValue();
    }

    @Override
    long time() throws IOException, MalformedRecordException {
        // The contract: a number counts milliseconds, a text is ISO-8601.
        return time(
                parser.currentToken() == JsonToken.VALUE_STRING
                        ? TimeFormat.ISO_8601
                        : TimeFormat.EPOCH_MILLIS);
    }

    /** A time in the given form, as milliseconds since the epoch. */
    long time(TimeFormat format) throws IOException, MalformedRecordException {
        return switch (parser.currentToken()) {
            case VALUE_NUMBER_INT -> checkTime(numeric(format).ofWhole(parser.getLongValue()));
            case VALUE_NUMBER_FLOAT ->
                    checkTime(numeric(format).ofFraction(parser.getDoubleValue()));
            case VALUE_STRING -> checkTime(textTime(format));
            default -> throw unexpected("a time");
        };
    }

    private TimeFormat numeric(TimeFormat format) throws MalformedRecordException {
        if (format == TimeFormat.ISO_8601) {
            throw unexpected("an ISO-8601 text");
        }
        return format;
    }

    private long textTime(TimeFormat format) throws IOException, MalformedRecordException {
        String text = currentText(EventTime.TEXT_CHARS_MAX);
        try {
            return format.ofText(text);
        } catch (DateTimeException | NumberFormatException e) {
            throw new MalformedRecordException(
                    where(), "'" + text + "' is not a time (" + format.form() + ")", e);
        }
    }

    @Override
    float number() throws IOException, MalformedRecordException {
        requireNumber();
        float value = parser.getFloatValue();
        if (!Float.isFinite(value)) {
            throw malformed("a number beyond the range of 32-bit floats");
        }
        return value;
    }

    @Override
    double doubleNumber() throws IOException, MalformedRecordException {
        requireNumber();
        double value = parser.getDoubleValue();
        if (!Double.isFinite(value)) {
            throw malformed("a number beyond the range of 64-bit floats");
        }
        return value;
    }

    /** Reads the value of one map entry. */
    private interface EntryValue<V> {
        V read() throws IOException, MalformedRecordException;
    }

    /** Values may be texts, numbers or booleans; numbers keep the digits they were written with. */
    @Override
    Map<String, String> textMap() throws IOException, MalformedRecordException {
        return map(() -> scalarText(limits.textChars()));
    }

    @Override
    Map<String, Double> numberMap() throws IOException, MalformedRecordException {
        return map(this::doubleNumber);
    }

    private <V> Map<String, V> map(EntryValue<V> value)
            throws IOException, MalformedRecordException {
        expect(JsonToken.START_OBJECT, "an object");
        String name = parser.nextFieldName();
        if (name == null) {
            return Map.of();
        }
        Map<String, V> map = new HashMap<>();
        for (; name != null; name = parser.nextFieldName()) {
            if (parser.nextToken() != JsonToken.VALUE_NULL) {
                putEntry(map, name, value.read());
            }
        }
        return map;
    }

    /** Adds an entry under the limits. */
    <V> void putEntry(Map<String, V> map, String name, V value) throws MalformedRecordException {
        if (map.size() == limits.mapEntries()) {
            throw malformed("more than " + limits.mapEntries() + " members");
        }
        takeText(name.length(), limits.textChars());
        if (!Utf8.isWellFormed(name)) {
            throw malformed("half a surrogate pair in a name");
        }
        if (map.put(name, value) != null) {
            throw malformed("the same member twice");
        }
    }

    @Override
    float[] vector() throws IOException, MalformedRecordException {
        expect(JsonToken.START_ARRAY, "an array");
        float[] vector = new float[TRUSTED_CAPACITY];
        int size = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (size == limits.vectorLength()) {
                throw malformed("more than " + limits.vectorLength() + " numbers");
            }
            if (size == vector.length) {
                vector = Arrays.copyOf(vector, size * 2);
            }
            vector[size++] = number();
        }
        return Arrays.copyOf(vector, size);
    }

    @Override
    <E> List<E> list(Element<E> element) throws IOException, MalformedRecordException {
        expect(JsonToken.START_ARRAY, "an array");
        List<E> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (list.size() == limits.listElements()) {
                throw malformed("more than " + limits.listElements() + " elements");
            }
            list.add(element.read(this));
        }
        return list;
    }

    private void requireNumber() throws MalformedRecordException {
        if (!parser.currentToken().isNumeric()) {
            throw unexpected("a number");
        }
    }

    private void expect(JsonToken token, String what) throws MalformedRecordException {
        if (parser.currentToken() != token) {
            throw unexpected(what);
        }
    }

    private MalformedRecordException unexpected(String wanted) {
        return malformed(name(parser.currentToken()) + " where " + wanted + " belongs");
    }

    private static String name(JsonToken token) {
        if (token == null) {
            return "the end";
        }
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "an array";
            case VALUE_STRING -> "a text";
            case VALUE_NUMBER_INT -> "a whole number";
            case VALUE_NUMBER_FLOAT -> "a fraction";
            case VALUE_TRUE, VALUE_FALSE -> "a boolean";
            case VALUE_NULL -> "null";
            default -> "the end of an object or array";
        };
    }

    /** A JSON pointer with the byte offset. */
    @Override
    String where() {
        String pointer = parser.getParsingContext().pathAsPointer().toString();
        String offset = "byte " + Math.max(0, parser.currentLocation().getByteOffset());
        return pointer.isEmpty() ? offset : pointer + ", " + offset;
    }
}
