package io.nextclick.schemas;

/**
 * Turns bytes into a record. Implementations are safe for use by several threads.
 *
 * @param <T> the record
 */
@FunctionalInterface
public interface RecordDecoder<T> {

    /**
     * @param bytes the whole record; null is malformed too
     * @throws MalformedRecordException if the bytes do not hold a valid record; nothing else is
     *     ever thrown
     */
    T decode(byte[] bytes) throws MalformedRecordException;
}
