package io.nextclick.models.tower;

import io.nextclick.models.tower.TowerRecords.Header;
import io.nextclick.models.tower.TowerRecords.Row;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Learners as bytes and back: one's own, or of several what they would have agreed on. The {@link
 * TowerRecords} are read in the order in which they are written here.
 */
final class TowerSnapshot {

    private static final String INTERVALS = "frequency.interval";
    private static final String LAST = "frequency.last";
    private static final String SEEN = "frequency.seen";
    private static final String SIGHTINGS = "sightings";

    private TowerSnapshot() {}

    static void write(TowerState state, int shard, int shards, Consumer<byte[]> chunks) {
        Chunks.Writer writer = new Chunks.Writer(Chunks.SNAPSHOT, shard, shards, chunks);
        TowerRecords.writeHeader(state, writer);
        state.query.arrays.forEach(
                (name, values) -> TowerRecords.writeFloats(writer, name, values));
        TowerRecords.writeFloats(writer, INTERVALS, state.frequency.interval);
        TowerRecords.writeInts(writer, LAST, state.frequency.last);
        TowerRecords.writeBytes(writer, SEEN, state.frequency.seen);
        TowerRecords.writeBytes(writer, SIGHTINGS, state.sightings.counts);
        RowTable table = state.table;
        for (int slot = 0; slot < table.limit(); slot++) {
            if (table.kinds[slot] == RowTable.FREE) {
                continue;
            }
            boolean changed = (table.flags[slot] & RowTable.CHANGED) != 0;
            boolean share = Long.remainderUnsigned(table.keys[slot], shards) == shard;
            if (share || changed || state.inAgreement(slot)) {
                TowerRecords.writeRow(state, writer, slot);
            }
        }
        for (int i = 0; i < state.recent.size(); i++) {
            String id = table.names[state.recent.slot(i)];
            Chunks.put(writer.record(TowerRecords.RECENT, Chunks.bytes(id)), id);
        }
        state.pending.forEach(example -> TowerRecords.writeExample(writer, example));
        state.gone.forEach(
                id -> Chunks.put(writer.record(TowerRecords.GONE, Chunks.bytes(id)), id));
        writer.end();
    }

    /**
     * A learner from snapshots: that of the one writer, or what several would have agreed on.
     *
     * @throws IllegalArgumentException if chunks are missing, damaged or of another shape
     */
    static TowerState read(
            TwoTowerOptions options, Iterable<byte[]> chunks, int shard, int shards) {
        Chunks.Sorted sorted = Chunks.sorted(Chunks.SNAPSHOT, chunks);
        Reader reader = new Reader(options, sorted.writers(), shard, shards);
        TowerRecords.forEachRecord(sorted, reader::read);
        return reader.end();
    }

    /** What several made of one row. */
    private static final class Merge {
        int changes;
        float[] growth = new float[2];
    }

    /** Puts a state together from records. */
    private static final class Reader {

        private final TwoTowerOptions options;
        private final int writers;
        private final int shard;
        private final int shards;

        /** The writer whose counters, sketches and recent items are taken over. */
        private final int own;

        private final Map<Integer, Merge> merges = new HashMap<>();
        private final Map<Integer, long[]> features = new LinkedHashMap<>();
        private final List<String> recent = new ArrayList<>();
        private TowerState state;
        private int exampleNumber;

        Reader(TwoTowerOptions options, int writers, int shard, int shards) {
            this.options = options;
            this.writers = writers;
            this.shard = shard;
            this.shards = shards;
            this.own = shard % writers;
        }

        void read(int writer, ByteBuffer from) {
            byte type = from.get();
            if (type != TowerRecords.HEADER && state == null) {
                throw new IllegalArgumentException("a snapshot begins without its header");
            }
            switch (type) {
                case TowerRecords.HEADER -> readHeader(writer, Header.read(from, options));
                case TowerRecords.FLOATS -> readFloats(writer, from);
                case TowerRecords.INTS -> {
                    int[] to =
                            TowerRecords.named(
                                    Map.of(LAST, state.frequency.last), Chunks.text(from));
                    int at = from.getInt();
                    int count = from.getInt();
                    if (writer == own) {
                        from.asIntBuffer().get(to, at, count);
                    }
                    from.position(from.position() + 4 * count);
                }
                case TowerRecords.BYTES -> {
                    byte[] to =
                            TowerRecords.named(
                                    Map.of(
                                            SEEN,
                                            state.frequency.seen,
                                            SIGHTINGS,
                                            state.sightings.counts),
                                    Chunks.text(from));
                    int at = from.getInt();
                    byte[] values = new byte[from.getInt()];
                    from.get(values);
                    if (writer == own) {
                        System.arraycopy(values, 0, to, at, values.length);
                    }
                }
                case TowerRecords.ROW -> readRow(Row.read(from, options.dimension()));
                case TowerRecords.RECENT -> {
                    String id = Chunks.text(from);
                    if (writer == own) {
                        recent.add(id);
                    }
                }
                case TowerRecords.EXAMPLE -> {
                    TowerExample example = TowerRecords.readExample(from);
                    if (exampleNumber++ % shards == shard) {
                        state.pending.add(example);
                    }
                }
                case TowerRecords.GONE -> state.gone.add(Chunks.text(from));
                default -> throw new IllegalArgumentException("unknown type of record " + type);
            }
        }

        private void readHeader(int writer, Header header) {
            if (state == null) {
                state = new TowerState(options, header.lineage());
                // Each writer's weights are added up.
                state.query.arrays.values().forEach(values -> Arrays.fill(values, 0));
            }
            if (!header.lineage().equals(state.lineage)) {
                throw new IllegalArgumentException(
                        "snapshots of the lineages " + state.lineage + " and " + header.lineage());
            }
            if (writer == own) {
                state.steps = header.steps();
                state.examples = header.examples();
                state.notAdmitted = header.notAdmitted();
                state.expired = header.expired();
                state.evicted = header.evicted();
                state.query.updates = header.updates();
                state.recent.drawn = header.drawn();
                state.sightings.counted = header.counted();
            }
            state.eventTime = Math.max(state.eventTime, header.eventTime());
        }

        private void readFloats(int writer, ByteBuffer from) {
            String name = Chunks.text(from);
            int at = from.getInt();
            float[] values = new float[from.getInt()];
            Chunks.floats(from, values, 0, values.length);
            if (name.equals(INTERVALS)) {
                if (writer == own) {
                    System.arraycopy(values, 0, state.frequency.interval, at, values.length);
                }
                return;
            }
            float[] to = TowerRecords.named(state.query.arrays, name);
            for (int i = 0; i < values.length; i++) {
                to[at + i] = writers == 1 ? values[i] : to[at + i] + values[i] / writers;
            }
        }

        private void readRow(Row row) {
            RowTable table = state.table;
            int slot = table.find(row.key(), row.name());
            if (slot == RowTable.NONE) {
                slot = table.add(row.kind(), row.key(), row.name(), row.touched());
            }
            if (row.features() != null) {
                features.put(slot, row.features());
            }
            if (row.kind() == RowTable.ITEM) {
                table.uses[slot] = Math.max(table.uses[slot], row.uses());
                if ((row.flags() & RowTable.UNPUBLISHED) != 0) {
                    state.unpublished.add(slot);
                }
            }
            table.touched[slot] = Math.max(table.touched[slot], row.touched());
            merge(slot, row);
        }

        /** The mean of those that changed the row, or else what its owner has. */
        private void merge(int slot, Row row) {
            RowTable table = state.table;
            float[] values = table.values(slot);
            int at = table.at(slot);
            Merge merge = merges.get(slot);
            if (merge == null) {
                System.arraycopy(row.values(), 0, values, at, row.values().length);
                System.arraycopy(row.accumulators(), 0, table.accumulators, 2 * slot, 2);
                if (row.changed()) {
                    Merge first = new Merge();
                    first.changes = 1;
                    first.growth = row.growth();
                    merges.put(slot, first);
                }
            } else if (row.changed()) {
                merge.changes++;
                for (int i = 0; i < row.values().length; i++) {
                    values[at + i] += (row.values()[i] - values[at + i]) / merge.changes;
                }
                for (int part = 0; part < 2; part++) {
                    int cell = 2 * slot + part;
                    // Where accumulators forget, their growth may be negative.
                    table.accumulators[cell] =
                            Math.max(0, table.accumulators[cell] + row.growth()[part]);
                    merge.growth[part] += row.growth()[part];
                }
            }
        }

        TowerState end() {
            if (state == null) {
                throw new IllegalArgumentException("a snapshot without a header");
            }
            features.forEach((slot, keys) -> state.setFeatures(slot, keys));
            state.dropUnusedFeatures();
            for (String id : recent) {
                int slot = state.table.item(id);
                if (slot != RowTable.NONE) {
                    state.recent.add(slot);
                }
            }
            if (writers == 1 && shards == 1) {
                merges.forEach(
                        (slot, merge) -> {
                            state.changed.add(slot);
                            System.arraycopy(merge.growth, 0, state.table.growth, 2 * slot, 2);
                        });
            }
            return state;
        }
    }
}
