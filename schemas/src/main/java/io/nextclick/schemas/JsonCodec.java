package io.nextclick.schemas;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * JSON of the same fields as the Avro schema's, one object a record, UTF-8.
 *
 * <p>Written: times as milliseconds since the epoch, null fields left out, maps sorted by name.
 * Read: times as such numbers or as ISO-8601 texts; members in any order, unknown and null ones
 * passed over; values of {@code attributes} may be texts, numbers or booleans; a byte order mark
 * and white space around the object are allowed. A member that comes twice is malformed.
 *
 * <p>Cost: two passes over the bytes (one checks, see {@link BoundedJson}, one parses); the
 * parser's buffers are recycled by thread.
 *
 * @param <T> the record
 */
public final class JsonCodec<T> implements Codec<T> {

    private final RecordFormat<T> format;
    private final BoundedJson json;

    private JsonCodec(RecordFormat<T> format, RecordLimits limits) {
        this.format = format;
        this.json = new BoundedJson(limits);
    }

    /** The codec of a topic's records under the default limits. */
    public static <T> JsonCodec<T> of(Topic<T> topic) {
        return of(topic, RecordLimits.DEFAULT);
    }

    /** The codec of a topic's records. */
    public static <T> JsonCodec<T> of(Topic<T> topic, RecordLimits limits) {
        return new JsonCodec<>(topic.format(), limits);
    }

    @Override
    public byte[] encode(T value) {
        try (ByteArrayBuilder bytes = new ByteArrayBuilder(null)) {
            try (JsonGenerator generator = json.factory().createGenerator(bytes)) {
                format.write(value, new JsonOutput(generator));
            }
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("writing JSON into memory", e);
        }
    }

    @Override
    public T decode(byte[] bytes) throws MalformedRecordException {
        return json.read(bytes, format::read);
    }
}
