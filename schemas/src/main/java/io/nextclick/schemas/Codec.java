package io.nextclick.schemas;

/**
 * Turns records of one topic into bytes and back. Implementations are safe for use by several
 * threads.
 *
 * @param <T> the record
 */
public interface Codec<T> {

    /** Never fails for a valid record. */
    byte[] encode(T value);

    /**
     * @throws MalformedRecordException if the bytes do not hold a valid record; nothing else is
     *     ever thrown
     */
    T decode(byte[] bytes) throws MalformedRecordException;
}
