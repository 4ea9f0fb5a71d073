package io.nextclick.models.tower;

import io.nextclick.models.tower.TowerRecords.Header;
import io.nextclick.models.tower.TowerRecords.Row;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What a trainer changed since the trainers last agreed: its touched rows, its query tower, and by
 * how much accumulators grew; and how the trainers agree, which is on the mean. Immutable.
 */
public final class TowerChanges {

    private final List<byte[]> chunks;

    TowerChanges(List<byte[]> chunks) {
        this.chunks = List.copyOf(chunks);
    }

    /**
     * What a learner has changed.
     *
     * @param slots its touched rows
     */
    static TowerChanges of(TowerState state, int[] slots) {
        List<byte[]> chunks = new ArrayList<>();
        Chunks.Writer writer = new Chunks.Writer(Chunks.CHANGES, 0, 1, chunks::add);
        TowerRecords.writeHeader(state, writer);
        state.query.arrays.forEach(
                (name, values) -> TowerRecords.writeFloats(writer, name, values));
        for (int slot : slots) {
            TowerRecords.writeRow(state, writer, slot);
        }
        writer.end();
        return new TowerChanges(chunks);
    }

    /** Writes it as versioned bytes, in chunks of at most about a mebibyte. */
    public void write(Consumer<byte[]> consumer) {
        chunks.forEach(consumer);
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws IllegalArgumentException if the chunks are of an unknown version or incomplete
     */
    public static TowerChanges read(Iterable<byte[]> chunks) {
        List<byte[]> list = new ArrayList<>();
        chunks.forEach(list::add);
        Chunks.sorted(Chunks.CHANGES, list); // all there, and of a known version
        return new TowerChanges(list);
    }

    /**
     * Has a learner agree with the others, as {@link TwoTowerLearner#average} says.
     *
     * @param own which of them are this learner's
     */
    static void average(TowerState state, List<TowerChanges> all, int own) {
        Map<String, float[]> query = new HashMap<>();
        Map<String, Mean> rows = new LinkedHashMap<>();
        for (int trainer = 0; trainer < all.size(); trainer++) {
            Decoded changes = new Decoded(state, all.get(trainer));
            int count = trainer + 1;
            changes.query.forEach(
                    (name, values) -> {
                        float[] mean =
                                query.computeIfAbsent(name, unused -> new float[values.length]);
                        for (int i = 0; i < mean.length; i++) {
                            mean[i] += (values[i] - mean[i]) / count;
                        }
                    });
            for (Row row : changes.rows) {
                String identity = row.name() == null ? Long.toString(row.key()) : "i" + row.name();
                rows.computeIfAbsent(identity, unused -> new Mean(row)).add(row, trainer == own);
            }
        }
        query.forEach(state::agreeOnQuery);
        for (Mean mean : rows.values()) {
            Row row = mean.first;
            state.agreeOnRow(
                    row.kind(),
                    row.key(),
                    row.name(),
                    mean.values,
                    mean.own,
                    mean.growthHere(state.options.accumulatorDecay() < 1),
                    row.touched());
        }
        state.endAgreement();
    }

    /** One trainer's changes, decoded. */
    private static final class Decoded {
        final Map<String, float[]> query = new HashMap<>();
        final List<Row> rows = new ArrayList<>();

        Decoded(TowerState state, TowerChanges changes) {
            List<byte[]> chunks = new ArrayList<>();
            changes.write(chunks::add);
            TowerRecords.forEachRecord(
                    Chunks.sorted(Chunks.CHANGES, chunks), (writer, from) -> read(state, from));
        }

        private void read(TowerState state, ByteBuffer from) {
            byte type = from.get();
            switch (type) {
                case TowerRecords.HEADER -> {
                    Header header = Header.read(from, state.options);
                    if (!header.lineage().equals(state.lineage)) {
                        throw new IllegalArgumentException(
                                "changes of lineage "
                                        + header.lineage()
                                        + " where lineage "
                                        + state.lineage
                                        + " learns");
                    }
                }
                case TowerRecords.FLOATS -> {
                    String name = Chunks.text(from);
                    int at = from.getInt();
                    int count = from.getInt();
                    int size = TowerRecords.named(state.query.arrays, name).length;
                    float[] to = query.computeIfAbsent(name, unused -> new float[size]);
                    Chunks.floats(from, to, at, count);
                }
                case TowerRecords.ROW -> rows.add(Row.read(from, state.options.dimension()));
                default -> throw new IllegalArgumentException("unknown type of record " + type);
            }
        }
    }

    /** What trainers made of one row, each having touched it. */
    private static final class Mean {
        final Row first;
        final float[] values;
        final float[] own = new float[2];
        final float[] others = new float[2];
        int count;

        Mean(Row first) {
            this.first = first;
            this.values = new float[first.values().length];
        }

        void add(Row row, boolean isOwn) {
            count++;
            for (int i = 0; i < values.length; i++) {
                values[i] += (row.values()[i] - values[i]) / count;
            }
            float[] growth = isOwn ? own : others;
            growth[0] += row.growth()[0];
            growth[1] += row.growth()[1];
        }

        /**
         * What the accumulators here are to grow by. Plain Adagrad adds everybody's squares up. One
         * that forgets holds a mean of the latest squares, and the mean of such means is one.
         */
        float[] growthHere(boolean forgets) {
            if (!forgets) {
                return others;
            }
            float[] growth = new float[2];
            for (int part = 0; part < 2; part++) {
                growth[part] = (own[part] + others[part]) / count - own[part];
            }
            return growth;
        }
    }
}
