package io.nextclick.schemas;

/**
 * A record that cannot be read: says what is wrong and where. The only exception a codec throws on
 * any input.
 *
 * <p>Bad input is data, and it may come by the thousand: the exception has no stack trace, which
 * would cost more than the decoding. A cause from a library keeps its own.
 */
public final class MalformedRecordException extends Exception {

    private static final long serialVersionUID = 1L;

    /** Longer texts are cut, so that a bad record does not blow up logs and headers. */
    private static final int WHAT_CHARS_MAX = 512;

    private static final int WHERE_CHARS_MAX = 256;

    /** The part of the record at fault: a field name, a JSON pointer or a byte offset. */
    private final String where;

    /** The fault, without the place. */
    private final String what;

    public MalformedRecordException(String where, String what) {
        this(where, what, null);
    }

    /**
     * @param where the part of the record at fault: a field name, a JSON pointer or a byte offset
     * @param what the fault, as the rest of a sentence that names the place
     * @param cause what a library had to say; may be null
     */
    public MalformedRecordException(String where, String what, Throwable cause) {
        super(
                cut(what, WHAT_CHARS_MAX) + " at " + cut(where, WHERE_CHARS_MAX),
                cause,
                false,
                false);
        this.where = cut(where, WHERE_CHARS_MAX);
        this.what = cut(what, WHAT_CHARS_MAX);
    }

    /** The part of the record at fault: a field name, a JSON pointer or a byte offset. */
    public String where() {
        return where;
    }

    /** The fault, without the place. */
    public String what() {
        return what;
    }

    private static String cut(String text, int maximum) {
        return text.length() <= maximum ? text : text.substring(0, maximum) + "…";
    }
}
