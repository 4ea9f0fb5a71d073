package io.nextclick.schemas;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.io.Decoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.ResolvingDecoder;

/**
 * Reads Avro binary. Bytes of the current schema are read straight through; bytes of another go
 * through Avro's schema resolution, whose decoders are kept, being slow to make.
 */
final class AvroInput extends RecordInput {

    /** Records within records; the deepest of our schemas has 4. */
    private static final int LEVELS = 8;

    private static final byte[] NOTHING = new byte[0];

    private final Schema readerSchema;
    private final BoundedAvroDecoder binary;
    private final Map<Schema, ResolvingDecoder> resolvers = new HashMap<>();

    /** What values are read from: {@link #binary} or {@link #resolving}. */
    private Decoder values;

    /** Null when the bytes are of the current schema. */
    private ResolvingDecoder resolving;

    private final RecordShape[] shapes = new RecordShape[LEVELS];
    private final Schema.Field[][] orders = new Schema.Field[LEVELS][];
    private final int[] next = new int[LEVELS];
    private int level;
    private String field;

    AvroInput(Schema readerSchema, RecordLimits limits) {
        super(limits);
        this.readerSchema = readerSchema;
        this.binary = new BoundedAvroDecoder(limits);
        this.values = binary;
    }

    /**
     * @param writerSchema what the bytes were written with; null for the current schema
     */
    void start(byte[] bytes, int from, Schema writerSchema) throws IOException {
        resetText();
        level = -1;
        field = null;
        binary.start(bytes, from);
        if (writerSchema == null) {
            resolving = null;
            values = binary;
        } else {
            resolving = resolvers.get(writerSchema);
            if (resolving == null) {
                resolving =
                        DecoderFactory.get()
                                .resolvingDecoder(
                                        Schema.applyAliases(writerSchema, readerSchema),
                                        readerSchema,
                                        binary);
                resolvers.put(writerSchema, resolving);
            } else {
                resolving.configure(binary);
            }
            values = resolving;
        }
    }

    void finish() throws IOException, MalformedRecordException {
        if (resolving != null) {
            resolving.drain();
        }
        field = null;
        if (binary.remaining() > 0) {
            throw malformed(binary.remaining() + " bytes after the end of the record");
        }
    }

    /** Lets go of the record's bytes. */
    void release() {
        binary.start(NOTHING, 0);
    }

    @Override
    void beginRecord(RecordShape shape) throws IOException {
        level++;
        shapes[level] = shape;
        orders[level] = resolving == null ? null : resolving.readFieldOrder();
        next[level] = 0;
    }

    @Override
    String nextField() {
        RecordShape shape = shapes[level];
        int position = next[level]++;
        if (position == shape.size()) {
            level--;
            field = null;
            return null;
        }
        Schema.Field[] order = orders[level];
        field = order == null ? shape.name(position) : order[position].name();
        return field;
    }

    @Override
    boolean isNull() throws IOException, MalformedRecordException {
        int index = values.readIndex();
        if (index == 0) {
            values.readNull();
            return true;
        }
        if (index != 1) {
            throw malformed("the branch " + index + " of a union of 2");
        }
        return false;
    }

    @Override
    String text(int maximumChars) throws IOException, MalformedRecordException {
        String value = values.readString();
        takeText(value.length(), maximumChars);
        return value;
    }

    @Override
    boolean flag() throws IOException {
        return values.readBoolean();
    }

    @Override
    int integer() throws IOException {
        return values.readInt();
    }

    @Override
    long longInteger() throws IOException {
        return values.readLong();
    }

    @Override
    long time() throws IOException, MalformedRecordException {
        return checkTime(values.readLong());
    }

    @Override
    float number() throws IOException, MalformedRecordException {
        return (float) finite(values.readFloat());
    }

    @Override
    double doubleNumber() throws IOException, MalformedRecordException {
        return finite(values.readDouble());
    }

    private double finite(double value) throws MalformedRecordException {
        if (!Double.isFinite(value)) {
            throw malformed("the number " + value + ", which is not finite");
        }
        return value;
    }

    /** Reads the value of one map entry. */
    private interface EntryValue<V> {
        V read() throws IOException, MalformedRecordException;
    }

    @Override
    Map<String, String> textMap() throws IOException, MalformedRecordException {
        return map(() -> text(limits.textChars()));
    }

    @Override
    Map<String, Double> numberMap() throws IOException, MalformedRecordException {
        return map(this::doubleNumber);
    }

    private <V> Map<String, V> map(EntryValue<V> value)
            throws IOException, MalformedRecordException {
        long count = values.readMapStart();
        if (count == 0) {
            return Map.of();
        }
        Map<String, V> map = new HashMap<>();
        long total = 0;
        for (; count > 0; count = values.mapNext()) {
            total += count;
            requireAtMost(limits.mapEntries(), total);
            for (long i = 0; i < count; i++) {
                if (map.put(text(limits.textChars()), value.read()) != null) {
                    throw malformed("the same name twice in a map");
                }
            }
        }
        return map;
    }

    @Override
    float[] vector() throws IOException, MalformedRecordException {
        float[] vector = new float[0];
        int size = 0;
        for (long count = values.readArrayStart(); count > 0; count = values.arrayNext()) {
            requireAtMost(limits.vectorLength(), size + count);
            int needed = size + (int) count;
            if (needed > vector.length) {
                // One block as a rule; doubling keeps many small blocks from costing the square.
                vector = Arrays.copyOf(vector, Math.max(needed, size * 2));
            }
            for (long i = 0; i < count; i++) {
                vector[size++] = number();
            }
        }
        return size == vector.length ? vector : Arrays.copyOf(vector, size);
    }

    @Override
    <E> List<E> list(Element<E> element) throws IOException, MalformedRecordException {
        long count = values.readArrayStart();
        List<E> list = new ArrayList<>((int) Math.min(count, TRUSTED_CAPACITY));
        for (; count > 0; count = values.arrayNext()) {
            requireAtMost(limits.listElements(), list.size() + count);
            for (long i = 0; i < count; i++) {
                list.add(element.read(this));
            }
        }
        return list;
    }

    private void requireAtMost(int maximum, long count) throws MalformedRecordException {
        if (count > maximum) {
            throw malformed(count + " elements, more than " + maximum);
        }
    }

    @Override
    String where() {
        String offset = "byte " + binary.position();
        return field == null ? offset : field + ", " + offset;
    }
}
