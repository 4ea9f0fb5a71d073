package io.nextclick.schemas;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Where a {@link RecordFormat} reads its fields from, one encoding each. Enforces the limits, so
 * that formats need not.
 */
abstract class RecordInput {

    /** The longest list or map for which room is made before its elements are seen. */
    static final int TRUSTED_CAPACITY = 32;

    final RecordLimits limits;

    private int textCharsLeft;

    RecordInput(RecordLimits limits) {
        this.limits = limits;
    }

    /** Reads an element of a list, or a record within a record. */
    interface Element<E> {
        E read(RecordInput in) throws IOException, MalformedRecordException;
    }

    /** Opens the record; {@link #nextField} walks its fields and closes it. */
    abstract void beginRecord(RecordShape shape) throws IOException, MalformedRecordException;

    /** The next field's name; null when the record has no more. */
    abstract String nextField() throws IOException, MalformedRecordException;

    /** Whether the current field, which may be null, is; a null is thereby read. */
    abstract boolean isNull() throws IOException, MalformedRecordException;

    /** At most {@code maximumChars} long, well-formed. */
    abstract String text(int maximumChars) throws IOException, MalformedRecordException;

    abstract boolean flag() throws IOException, MalformedRecordException;

    abstract int integer() throws IOException, MalformedRecordException;

    abstract long longInteger() throws IOException, MalformedRecordException;

    /** In milliseconds since the epoch, within {@link EventTime}'s range. */
    abstract long time() throws IOException, MalformedRecordException;

    /** Finite. */
    abstract float number() throws IOException, MalformedRecordException;

    /** Finite. */
    abstract double doubleNumber() throws IOException, MalformedRecordException;

    abstract Map<String, String> textMap() throws IOException, MalformedRecordException;

    abstract Map<String, Double> numberMap() throws IOException, MalformedRecordException;

    abstract float[] vector() throws IOException, MalformedRecordException;

    abstract <E> List<E> list(Element<E> element) throws IOException, MalformedRecordException;

    /** Where the input stands, for a person. */
    abstract String where();

    final String optionalText(int maximumChars) throws IOException, MalformedRecordException {
        return isNull() ? null : text(maximumChars);
    }

    /** An id that must be there: one character at least. */
    final String id() throws IOException, MalformedRecordException {
        return requireSome(text(limits.idChars()));
    }

    /** An id that may be null. An empty one is as good as none. */
    final String optionalId() throws IOException, MalformedRecordException {
        String value = optionalText(limits.idChars());
        return value == null || value.isEmpty() ? null : value;
    }

    /** A text that must be there: one character at least. */
    final String word() throws IOException, MalformedRecordException {
        return requireSome(text(limits.textChars()));
    }

    /** A number that may be null. */
    final Double optionalNumber() throws IOException, MalformedRecordException {
        return isNull() ? null : (Double) doubleNumber();
    }

    /** A number that is at least {@code minimum}. */
    final int integerFrom(int minimum) throws IOException, MalformedRecordException {
        int value = integer();
        if (value < minimum) {
            throw malformed("the number " + value + ", less than " + minimum);
        }
        return value;
    }

    final List<String> textList() throws IOException, MalformedRecordException {
        return list(in -> in.text(in.limits.textChars()));
    }

    final <E> E required(E value, String field) throws MalformedRecordException {
        if (value == null) {
            throw new MalformedRecordException(field, "the field is missing");
        }
        return value;
    }

    /** A number that some field must have set, with a flag whether one did. */
    final void requireSeen(boolean seen, String field) throws MalformedRecordException {
        if (!seen) {
            throw new MalformedRecordException(field, "the field is missing");
        }
    }

    final MalformedRecordException malformed(String what) {
        return new MalformedRecordException(where(), what);
    }

    final void resetText() {
        textCharsLeft = limits.totalTextChars();
    }

    final void takeText(int chars, int maximumChars) throws MalformedRecordException {
        if (chars > maximumChars) {
            throw malformed("a text of " + chars + " characters, more than " + maximumChars);
        }
        textCharsLeft -= chars;
        if (textCharsLeft < 0) {
            throw malformed("text of more than " + limits.totalTextChars() + " characters in all");
        }
    }

    final long checkTime(long millis) throws MalformedRecordException {
        if (!EventTime.isPlausible(millis)) {
            throw malformed(EventTime.implausible(millis));
        }
        return millis;
    }

    private String requireSome(String value) throws MalformedRecordException {
        if (value.isEmpty()) {
            throw malformed("an empty text");
        }
        return value;
    }
}
