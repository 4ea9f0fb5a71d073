package io.nextclick.models.tower;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * The records of which {@link TowerSnapshot} and {@link TowerChanges} are made: what each of them
 * holds, byte by byte. See {@link Chunks} for the framing; a record's type byte comes first, and
 * its reader takes it off.
 */
final class TowerRecords {

    static final byte HEADER = 1;
    static final byte FLOATS = 2;
    static final byte INTS = 3;
    static final byte BYTES = 4;
    static final byte ROW = 5;
    static final byte RECENT = 6;
    static final byte EXAMPLE = 7;
    static final byte GONE = 8;

    /** Values of an array in one record. */
    private static final int PIECE = 1 << 15;

    private static final int ROW_BYTES = 64;

    /** In the order in which the header has them. */
    private static final List<String> SHAPE =
            List.of(
                    "dimension",
                    "history",
                    "hidden",
                    "profiles",
                    "frequency cells",
                    "frequency hashes",
                    "sighting cells");

    private TowerRecords() {}

    static void writeHeader(TowerState state, Chunks.Writer writer) {
        TwoTowerOptions options = state.options;
        ByteBuffer to = writer.record(HEADER, 128 + Chunks.bytes(state.lineage));
        for (int value : shape(options)) {
            to.putInt(value);
        }
        Chunks.put(to, state.lineage);
        to.putLong(state.steps).putLong(state.examples).putLong(state.notAdmitted);
        to.putLong(state.expired).putLong(state.evicted).putLong(state.eventTime);
        to.putLong(state.query.updates).putLong(state.recent.drawn);
        to.putInt(state.sightings.counted);
    }

    /** What a restored learner must have in common with the one that wrote. */
    private static int[] shape(TwoTowerOptions options) {
        return new int[] {
            options.dimension(),
            options.history(),
            options.hidden(),
            options.profiles() ? 1 : 0,
            options.frequencyCells(),
            options.frequencyHashes(),
            options.sightingCells()
        };
    }

    /** What the header says. */
    record Header(
            String lineage,
            long steps,
            long examples,
            long notAdmitted,
            long expired,
            long evicted,
            long eventTime,
            long updates,
            long drawn,
            int counted) {

        static Header read(ByteBuffer from, TwoTowerOptions options) {
            int[] shape = shape(options);
            for (int i = 0; i < shape.length; i++) {
                int written = from.getInt();
                if (written != shape[i]) {
                    throw new IllegalArgumentException(
                            SHAPE.get(i)
                                    + " is "
                                    + shape[i]
                                    + ", but what is read was written with "
                                    + written);
                }
            }
            return new Header(
                    Chunks.text(from),
                    from.getLong(),
                    from.getLong(),
                    from.getLong(),
                    from.getLong(),
                    from.getLong(),
                    from.getLong(),
                    from.getLong(),
                    from.getLong(),
                    from.getInt());
        }
    }

    static void writeFloats(Chunks.Writer writer, String name, float[] values) {
        for (int from = 0; from < values.length; from += PIECE) {
            int count = Math.min(PIECE, values.length - from);
            ByteBuffer to = piece(writer, FLOATS, name, from, count, 4);
            Chunks.put(to, values, from, count);
        }
    }

    static void writeInts(Chunks.Writer writer, String name, int[] values) {
        for (int from = 0; from < values.length; from += PIECE) {
            int count = Math.min(PIECE, values.length - from);
            ByteBuffer to = piece(writer, INTS, name, from, count, 4);
            to.asIntBuffer().put(values, from, count);
            to.position(to.position() + 4 * count);
        }
    }

    static void writeBytes(Chunks.Writer writer, String name, byte[] values) {
        for (int from = 0; from < values.length; from += PIECE) {
            int count = Math.min(PIECE, values.length - from);
            piece(writer, BYTES, name, from, count, 1).put(values, from, count);
        }
    }

    private static ByteBuffer piece(
            Chunks.Writer writer, byte type, String name, int from, int count, int size) {
        ByteBuffer to = writer.record(type, Chunks.bytes(name) + 8 + size * count);
        Chunks.put(to, name);
        return to.putInt(from).putInt(count);
    }

    static void writeRow(TowerState state, Chunks.Writer writer, int slot) {
        RowTable table = state.table;
        int values = 2 * state.options.dimension();
        String name = table.names[slot] == null ? "" : table.names[slot];
        int[] features = table.features[slot];
        int listed = features == null ? 0 : features.length;
        ByteBuffer to =
                writer.record(ROW, ROW_BYTES + Chunks.bytes(name) + 8 * listed + 4 * values);
        byte flags = table.flags[slot];
        if (state.inAgreement(slot)) {
            flags |= RowTable.CHANGED;
        }
        to.put(table.kinds[slot]).put(flags).putLong(table.keys[slot]);
        Chunks.put(to, name);
        to.putInt(table.uses[slot]).putLong(table.touched[slot]);
        Chunks.put(to, table.accumulators, 2 * slot, 2);
        Chunks.put(to, table.growth, 2 * slot, 2);
        to.putInt(features == null ? -1 : listed);
        for (int i = 0; i < listed; i++) {
            to.putLong(table.keys[features[i]]);
        }
        Chunks.put(to, table.values(slot), table.at(slot), values);
    }

    /** A row as it was written. */
    @SuppressWarnings("ArrayRecordComponent")
    record Row(
            byte kind,
            byte flags,
            long key,
            String name,
            int uses,
            long touched,
            float[] accumulators,
            float[] growth,
            long[] features,
            float[] values) {

        static Row read(ByteBuffer from, int dimension) {
            byte kind = from.get();
            byte flags = from.get();
            long key = from.getLong();
            String name = Chunks.text(from);
            int uses = from.getInt();
            long touched = from.getLong();
            float[] accumulators = new float[2];
            Chunks.floats(from, accumulators, 0, 2);
            float[] growth = new float[2];
            Chunks.floats(from, growth, 0, 2);
            int listed = from.getInt();
            long[] features = listed < 0 ? null : new long[listed];
            for (int i = 0; i < listed; i++) {
                features[i] = from.getLong();
            }
            float[] values = new float[2 * dimension];
            Chunks.floats(from, values, 0, values.length);
            return new Row(
                    kind,
                    flags,
                    key,
                    kind == RowTable.ITEM ? name : null,
                    uses,
                    touched,
                    accumulators,
                    growth,
                    features,
                    values);
        }

        boolean changed() {
            return (flags & RowTable.CHANGED) != 0;
        }
    }

    static void writeExample(Chunks.Writer writer, TowerExample example) {
        int bytes = 64 + Chunks.bytes(example.target());
        for (String item : example.items()) {
            bytes += Chunks.bytes(item);
        }
        for (Map.Entry<String, String> entry : example.context().entrySet()) {
            bytes += Chunks.bytes(entry.getKey()) + Chunks.bytes(entry.getValue());
        }
        bytes += example.userId() == null ? 0 : Chunks.bytes(example.userId());
        ByteBuffer to = writer.record(EXAMPLE, bytes);
        to.putInt(example.items().size());
        example.items().forEach(item -> Chunks.put(to, item));
        to.put((byte) (example.userId() == null ? 0 : 1));
        if (example.userId() != null) {
            Chunks.put(to, example.userId());
        }
        to.putInt(example.context().size());
        example.context()
                .forEach(
                        (name, value) -> {
                            Chunks.put(to, name);
                            Chunks.put(to, value);
                        });
        Chunks.put(to, example.target());
        to.putLong(example.eventTimeMillis());
    }

    static TowerExample readExample(ByteBuffer from) {
        int size = from.getInt();
        List<String> items = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            items.add(Chunks.text(from));
        }
        String userId = from.get() == 0 ? null : Chunks.text(from);
        int attributes = from.getInt();
        Map<String, String> context = new LinkedHashMap<>();
        for (int i = 0; i < attributes; i++) {
            String name = Chunks.text(from);
            context.put(name, Chunks.text(from));
        }
        String target = Chunks.text(from);
        return new TowerExample(items, userId, context, target, from.getLong());
    }

    /**
     * Hands every record's writer and bytes to the reader.
     *
     * @throws IllegalArgumentException if a record ends too early
     */
    static void forEachRecord(Chunks.Sorted sorted, BiConsumer<Integer, ByteBuffer> reader) {
        try {
            sorted.forEachRecord(reader);
        } catch (BufferUnderflowException
                | IndexOutOfBoundsException
                | NegativeArraySizeException e) {
            throw new IllegalArgumentException("a chunk of a two-tower learner is damaged", e);
        }
    }

    /**
     * The array that a record is a piece of.
     *
     * @throws IllegalArgumentException if there is none of this name
     */
    static <T> T named(Map<String, T> arrays, String name) {
        T array = arrays.get(name);
        if (array == null) {
            throw new IllegalArgumentException("unknown array " + name);
        }
        return array;
    }
}
