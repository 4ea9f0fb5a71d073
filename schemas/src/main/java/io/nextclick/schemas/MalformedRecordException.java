package io.nextclick.schemas;

/**
 * A record that cannot be read: says what is wrong and where. The only exception a codec throws on
 * any input.
 */
public final class MalformedRecordException extends Exception {

    private static final long serialVersionUID = 1L;

    /** The part of the record at fault: a field name, a JSON pointer or a byte offset. */
    private final String where;

    public MalformedRecordException(String where, String what) {
        super(what + " at " + where);
        this.where = where;
    }

    public MalformedRecordException(String where, String what, Throwable cause) {
        super(what + " at " + where, cause);
        this.where = where;
    }

    public String where() {
        return where;
    }
}
