package io.nextclick.schemas;

/**
 * Turns records of one topic into bytes and back. Implementations are safe for use by several
 * threads.
 *
 * @param <T> the record
 */
public interface Codec<T> extends RecordDecoder<T> {

    /**
     * Never fails for a record whose texts are well-formed.
     *
     * @throws IllegalArgumentException if a text holds half a surrogate pair, which no encoding can
     *     express
     */
    byte[] encode(T value);
}
