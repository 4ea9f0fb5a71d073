package io.nextclick.schemas;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;

/**
 * A JSON document, read under limits.
 *
 * <p>Before the parser sees a document, one pass without allocation checks what the parser would
 * let through or pay for: ill-formed UTF-8 (it accepts overlong forms and surrogates, and takes
 * zero bytes for a sign of UTF-16), the number of values, and the number and length of member names
 * (it keeps each in a symbol table, ignored ones too).
 */
final class BoundedJson {

    private static final int BOM_BYTES = 3;

    private final RecordLimits limits;
    private final JsonFactory factory;

    BoundedJson(RecordLimits limits) {
        this.limits = limits;
        this.factory =
                new JsonFactoryBuilder()
                        .streamReadConstraints(
                                StreamReadConstraints.builder()
                                        .maxNestingDepth(limits.nestingDepth())
                                        .maxStringLength(
                                                Math.max(limits.textChars(), limits.idChars()))
                                        .maxNameLength(limits.jsonNameBytes())
                                        .maxDocumentLength(limits.recordBytes())
                                        .build())
                        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                        .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
                        .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
                        .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
                        .build();
    }

    /** Reads the root object. */
    interface Reader<T> {
        T read(JsonInput in) throws IOException, MalformedRecordException;
    }

    JsonFactory factory() {
        return factory;
    }

    <T> T read(byte[] bytes, Reader<T> reader) throws MalformedRecordException {
        limits.checkSize(bytes);
        int from = startsWithBom(bytes) ? BOM_BYTES : 0;
        survey(bytes, from);
        try (JsonParser parser = factory.createParser(bytes, from, bytes.length - from)) {
            JsonInput in = new JsonInput(parser, limits);
            try {
                if (parser.nextToken() != JsonToken.START_OBJECT) {
                    throw in.malformed("not a JSON object");
                }
                T value = reader.read(in);
                if (parser.nextToken() != null) {
                    throw in.malformed("more after the end of the JSON object");
                }
                return value;
            } catch (JsonProcessingException e) {
                throw new MalformedRecordException(in.where(), e.getOriginalMessage(), e);
            }
        } catch (IOException | RuntimeException e) {
            throw new MalformedRecordException("byte " + from, "not JSON: " + e.getMessage(), e);
        }
    }

    static boolean startsWithBom(byte[] bytes) {
        return bytes.length >= BOM_BYTES
                && bytes[0] == (byte) 0xEF
                && bytes[1] == (byte) 0xBB
                && bytes[2] == (byte) 0xBF;
    }

    private void survey(byte[] bytes, int from) throws MalformedRecordException {
        int values = 0;
        int members = 0;
        int nameBytes = 0;
        int textStart = -1;
        int textBytes = 0;
        int at = from;
        int end = bytes.length;
        while (at < end) {
            byte next = bytes[at];
            if (next <= 0) {
                int length = next == 0 ? 0 : Utf8.sequenceLength(bytes, at, end);
                if (length == 0) {
                    throw new MalformedRecordException(
                            "byte " + at, next == 0 ? "a zero byte" : "text that is not UTF-8");
                }
                at += length;
                continue;
            }
            if (textStart >= 0) {
                if (next == '"') {
                    textBytes = at - textStart;
                    textStart = -1;
                } else if (next == '\\' && at + 1 < end && bytes[at + 1] > 0) {
                    at++;
                }
            } else if (next == '"') {
                textStart = at + 1;
            } else if (next == ',') {
                values++;
                if (values > limits.jsonValues()) {
                    throw new MalformedRecordException(
                            "byte " + at, "more than " + limits.jsonValues() + " JSON values");
                }
            } else if (next == ':') {
                members++;
                nameBytes += textBytes;
                if (members > limits.jsonMembers()) {
                    throw new MalformedRecordException(
                            "byte " + at, "more than " + limits.jsonMembers() + " JSON members");
                }
                if (nameBytes > limits.jsonNameBytes()) {
                    throw new MalformedRecordException(
                            "byte " + at,
                            "names of more than " + limits.jsonNameBytes() + " bytes in all");
                }
            }
            at++;
        }
    }
}
