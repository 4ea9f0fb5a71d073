package io.nextclick.schemas;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaNormalization;

/**
 * Avro single-object encoding, the contract of all topics:
 *
 * <pre>
 * offset  bytes  content
 *      0      2  C3 01
 *      2      8  CRC-64-AVRO fingerprint of the writer's schema in parsing canonical form,
 *                little-endian
 *     10      n  the record in Avro binary, nothing after it
 * </pre>
 *
 * <p>The writer's schema is known by its fingerprint: the current one, those of earlier versions
 * (kept as resources), and any given to {@link #alsoReading}. Differences are resolved by Avro's
 * rules; a record of an unknown schema is malformed.
 *
 * <p>Cost: one pass over the bytes and no allocation but the record's own when the schema is the
 * current one; about three times that with schema resolution.
 *
 * @param <T> the record
 */
public final class AvroCodec<T> implements Codec<T> {

    static final byte FIRST_BYTE = (byte) 0xC3;
    static final byte SECOND_BYTE = 0x01;

    private static final int HEADER_BYTES = 2 + Long.BYTES;

    private final RecordFormat<T> format;
    private final RecordLimits limits;
    private final long fingerprint;
    private final byte[] header;

    /** Schemas of other writers by their fingerprints. */
    private final Map<Long, Schema> writers;

    private final Spare<AvroInput> inputs;
    private final Spare<AvroOutput> outputs = new Spare<>(AvroOutput::new);

    private AvroCodec(RecordFormat<T> format, RecordLimits limits, List<Schema> writers) {
        this.format = format;
        this.limits = limits;
        Schema schema = format.shape().schema();
        this.fingerprint = SchemaNormalization.parsingFingerprint64(schema);
        this.header = header(fingerprint);
        this.writers = new HashMap<>();
        for (Schema writer : writers) {
            requireReadable(schema, writer);
            this.writers.put(SchemaNormalization.parsingFingerprint64(writer), writer);
        }
        this.inputs = new Spare<>(() -> new AvroInput(schema, limits));
    }

    /** The codec of a topic's records under the default limits. */
    public static <T> AvroCodec<T> of(Topic<T> topic) {
        return of(topic, RecordLimits.DEFAULT);
    }

    /** The codec of a topic's records. */
    public static <T> AvroCodec<T> of(Topic<T> topic, RecordLimits limits) {
        RecordFormat<T> format = topic.format();
        List<Schema> writers = new ArrayList<>();
        for (String resource : format.history()) {
            writers.add(RecordShape.ofResource(resource).schema());
        }
        return new AvroCodec<>(format, limits, writers);
    }

    /**
     * This codec with further writers' schemas, such as a later version that publishers use
     * already.
     *
     * @throws IllegalArgumentException if records of the schema cannot be read as ours
     */
    public AvroCodec<T> alsoReading(Schema... schemas) {
        List<Schema> all = new ArrayList<>(writers.values());
        all.addAll(List.of(schemas));
        return new AvroCodec<>(format, limits, all);
    }

    /** The schema that this codec writes. */
    public Schema schema() {
        return format.shape().schema();
    }

    @Override
    public byte[] encode(T value) {
        AvroOutput out = outputs.take();
        out.start(header);
        format.write(value, out);
        byte[] bytes = out.finish();
        outputs.giveBack(out);
        return bytes;
    }

    @Override
    public T decode(byte[] bytes) throws MalformedRecordException {
        limits.checkSize(bytes);
        Schema writer = writer(bytes);
        AvroInput in = inputs.take();
        try {
            in.start(bytes, HEADER_BYTES, writer);
            T value = format.read(in);
            in.finish();
            return value;
        } catch (BoundedAvroDecoder.AvroFault e) {
            throw new MalformedRecordException(in.where(), e.getMessage());
        } catch (IOException | RuntimeException e) {
            // Schema resolution reports bad unions and the like in exceptions of many kinds.
            throw new MalformedRecordException(
                    in.where(), "not an Avro " + schema().getName() + ": " + e.getMessage(), e);
        } finally {
            in.release();
            inputs.giveBack(in);
        }
    }

    /** The writer's schema, null when it is the current one. */
    private Schema writer(byte[] bytes) throws MalformedRecordException {
        if (bytes.length < HEADER_BYTES) {
            throw new MalformedRecordException(
                    "byte " + bytes.length, "the record ends within its header");
        }
        if (bytes[0] != FIRST_BYTE || bytes[1] != SECOND_BYTE) {
            throw new MalformedRecordException(
                    "byte 0", "not Avro single-object encoding, which starts with C3 01,");
        }
        long written = 0;
        for (int i = HEADER_BYTES - 1; i >= 2; i--) {
            written = (written << Byte.SIZE) | (bytes[i] & 0xFF);
        }
        if (written == fingerprint) {
            return null;
        }
        Schema schema = writers.get(written);
        if (schema == null) {
            throw new MalformedRecordException(
                    "byte 2",
                    "the schema fingerprint "
                            + Long.toHexString(written)
                            + " is unknown ("
                            + schema().getName()
                            + " is "
                            + Long.toHexString(fingerprint)
                            + ")");
        }
        return schema;
    }

    private static byte[] header(long fingerprint) {
        byte[] header = new byte[HEADER_BYTES];
        header[0] = FIRST_BYTE;
        header[1] = SECOND_BYTE;
        for (int i = 0; i < Long.BYTES; i++) {
            header[2 + i] = (byte) (fingerprint >>> (i * Byte.SIZE));
        }
        return header;
    }

    /**
     * @throws IllegalArgumentException if what the writer wrote can't be read
     */
    static void requireReadable(Schema reader, Schema writer) {
        var compatibility = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
        if (compatibility.getType() != SchemaCompatibility.SchemaCompatibilityType.COMPATIBLE) {
            throw new IllegalArgumentException(
                    "records of the schema "
                            + writer.getFullName()
                            + " cannot be read: "
                            + compatibility.getResult().getIncompatibilities());
        }
    }
}
