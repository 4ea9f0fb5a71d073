package io.nextclick.schemas;

import java.util.HexFormat;

/**
 * Reads a record in whichever encoding its first bytes say, and writes one of them.
 *
 * <table>
 * <caption>First bytes</caption>
 * <tr><td>{@code 7B}, a brace, after white space or a byte order mark</td><td>JSON</td></tr>
 * <tr><td>{@code C3 01}</td><td>Avro single-object encoding</td></tr>
 * <tr><td>{@code 00}</td><td>schema registry's wire format: malformed, not supported yet</td></tr>
 * <tr><td>anything else</td><td>malformed</td></tr>
 * </table>
 *
 * @param <T> the record
 */
public final class DetectingCodec<T> implements Codec<T> {

    private static final int EXCERPT_BYTES = 16;

    private final RecordDecoder<T> avro;
    private final RecordDecoder<T> json;
    private final Codec<T> writer;

    /**
     * @param avro reads what starts with {@code C3 01}
     * @param json reads what starts with a brace
     * @param writer writes, in whichever encoding
     */
    public DetectingCodec(RecordDecoder<T> avro, RecordDecoder<T> json, Codec<T> writer) {
        this.avro = avro;
        this.json = json;
        this.writer = writer;
    }

    /** Reads both encodings of a topic's records, writes the one given. */
    public static <T> DetectingCodec<T> of(Topic<T> topic, Encoding written) {
        return of(topic, written, RecordLimits.DEFAULT);
    }

    /** Reads both encodings of a topic's records, writes the one given. */
    public static <T> DetectingCodec<T> of(Topic<T> topic, Encoding written, RecordLimits limits) {
        return of(topic, written, limits, WriterSchemas.NONE);
    }

    /** Reads both encodings of a topic's records, those of further writers too. */
    public static <T> DetectingCodec<T> of(
            Topic<T> topic, Encoding written, RecordLimits limits, WriterSchemas writers) {
        AvroCodec<T> avro = AvroCodec.of(topic, limits).alsoReading(writers.of(topic));
        JsonCodec<T> json = JsonCodec.of(topic, limits);
        return new DetectingCodec<>(avro, json, written == Encoding.AVRO ? avro : json);
    }

    @Override
    public byte[] encode(T value) {
        return writer.encode(value);
    }

    @Override
    public T decode(byte[] bytes) throws MalformedRecordException {
        if (bytes == null || bytes.length == 0) {
            throw new MalformedRecordException(
                    "byte 0", bytes == null ? "the record has no value" : "the record is empty");
        }
        byte first = bytes[0];
        if (first == '{') {
            return json.decode(bytes);
        }
        if (first == AvroCodec.FIRST_BYTE
                && bytes.length > 1
                && bytes[1] == AvroCodec.SECOND_BYTE) {
            return avro.decode(bytes);
        }
        if (first == 0) {
            throw new MalformedRecordException(
                    "byte 0", "the schema registry's wire format, which is not supported yet,");
        }
        int at = BoundedJson.startsWithBom(bytes) ? 3 : 0;
        while (at < bytes.length && isWhiteSpace(bytes[at])) {
            at++;
        }
        if (at < bytes.length && bytes[at] == '{') {
            return json.decode(bytes);
        }
        throw new MalformedRecordException(
                "byte " + at,
                "neither JSON ({) nor Avro (C3 01) but "
                        + HexFormat.ofDelimiter(" ")
                                .withUpperCase()
                                .formatHex(bytes, at, Math.min(bytes.length, at + EXCERPT_BYTES)));
    }

    private static boolean isWhiteSpace(byte value) {
        return value == ' ' || value == '\t' || value == '\r' || value == '\n';
    }
}
