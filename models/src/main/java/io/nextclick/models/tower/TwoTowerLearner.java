package io.nextclick.models.tower;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.session.SessionRules;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Two towers that learn from a stream of examples. For one thread at a time; several learners of a
 * process take turns in the engine, which has one gradient tape.
 */
public final class TwoTowerLearner implements AutoCloseable {

    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    private final TwoTowerOptions options;
    private final TowerState state;
    private final TwoTowerTraining training;

    /** Starts from nothing, in a space of its own. */
    public TwoTowerLearner(TwoTowerOptions options) {
        this(options, UUID.randomUUID().toString());
    }

    /**
     * Starts from nothing.
     *
     * @param lineage names the space that vectors live in; trainers that are averaged share it. A
     *     word of letters, digits, dots, underscores and hyphens
     */
    public TwoTowerLearner(TwoTowerOptions options, String lineage) {
        this(new TowerState(options, requireWord(lineage)));
    }

    private TwoTowerLearner(TowerState state) {
        this.options = state.options;
        this.state = state;
        this.training = new TwoTowerTraining(state);
    }

    private static String requireWord(String lineage) {
        if (!WORD.matcher(lineage).matches()) {
            throw new IllegalArgumentException(
                    "lineage is '"
                            + lineage
                            + "', it must be 1 to 64 letters, digits or ._- and begin with a letter"
                            + " or digit");
        }
        return lineage;
    }

    public TwoTowerOptions options() {
        return options;
    }

    /** The space that the vectors live in: vectors of different lineages never mix. */
    public String lineage() {
        return state.lineage;
    }

    /** Batches trained so far in this lineage. */
    public long steps() {
        return state.steps;
    }

    /** Gives an item its catalogue entry; it has vectors from now on, clicked or not. */
    public void describe(String itemId, ItemAttributes attributes) {
        state.describe(
                itemId,
                options.attributes()
                        ? attributes.featureKeys(options.maximumFeatures())
                        : new long[0]);
    }

    /** Forgets an item and its entry. */
    public void withdraw(String itemId) {
        state.withdraw(itemId);
    }

    /** Takes an example; trains when a batch is full. */
    public Optional<TowerStep> add(TowerExample example) {
        long time = example.eventTimeMillis();
        state.eventTime = Math.max(state.eventTime, time);
        if (example.items().size() == 1) {
            // The session's first click, which is no example's target.
            state.clicked(example.items().get(0), time);
        }
        boolean admitted = state.clicked(example.target(), time) != RowTable.NONE;
        if (options.users() && example.userId() != null) {
            state.occurred(RowKeys.of(RowKeys.USER, example.userId()), time);
        }
        if (options.contexts()) {
            long[] keys = TowerWeights.contextKeys(example.context(), options.maximumFeatures());
            for (long key : keys) {
                state.occurred(key, time);
            }
        }
        if (!admitted || !knowsAny(example.items())) {
            state.notAdmitted++;
            return Optional.empty();
        }
        state.pending.add(example);
        return state.pending.size() < options.batchExamples()
                ? Optional.empty()
                : Optional.of(train());
    }

    /** A batch of what is pending, which may be more than one where trainers became fewer. */
    private TowerStep train() {
        int size = Math.min(state.pending.size(), options.batchExamples());
        List<TowerExample> batch = state.pending.subList(0, size);
        List<TowerExample> examples = List.copyOf(batch);
        batch.clear();
        return training.step(examples);
    }

    private boolean knowsAny(List<String> items) {
        for (int i = items.size() - 1; i >= 0; i--) {
            if (state.table.item(items.get(i)) != RowTable.NONE) {
                return true;
            }
        }
        return false;
    }

    /**
     * Trains what is pending.
     *
     * @return the last batch; empty if there was nothing
     */
    public Optional<TowerStep> flush() {
        Optional<TowerStep> last = Optional.empty();
        while (!state.pending.isEmpty()) {
            last = Optional.of(train());
        }
        return last;
    }

    /**
     * The items whose vectors changed since the last call: their own rows, or their entry. (Rows of
     * features that they share with others don't count: {@link #forEachItem} catches up with them.)
     */
    public List<ItemVectors> drainTouched() {
        List<ItemVectors> touched = new ArrayList<>();
        for (int slot : state.unpublished.drain()) {
            touched.add(vectors(slot));
        }
        return touched;
    }

    private ItemVectors vectors(int slot) {
        int dimension = options.dimension();
        float[] output = new float[dimension];
        float[] input = new float[dimension];
        state.table.compose(slot, 0, output, 0);
        normalise(output, 0, dimension);
        state.table.compose(slot, dimension, input, 0);
        return new ItemVectors(state.table.names[slot], output, input);
    }

    static void normalise(float[] values, int from, int dimension) {
        double squares = TowerWeights.NORM_EPSILON;
        for (int c = from; c < from + dimension; c++) {
            squares += (double) values[c] * values[c];
        }
        float factor = (float) (1 / Math.sqrt(squares));
        for (int c = from; c < from + dimension; c++) {
            values[c] *= factor;
        }
    }

    /** An item's vectors as they are now; empty if it has none. */
    public Optional<ItemVectors> vectors(String itemId) {
        int slot = state.table.item(itemId);
        return slot == RowTable.NONE ? Optional.empty() : Optional.of(vectors(slot));
    }

    /** Items that have vectors. */
    public int items() {
        return state.table.rows(RowTable.ITEM);
    }

    /** Hands over every item that has vectors. */
    public void forEachItem(Consumer<ItemVectors> consumer) {
        forEachItem(0, 1, consumer);
    }

    /**
     * Hands over one part of the items; the parts, taken one after the other, are a full refresh
     * spread over time.
     *
     * @param part in [0, parts)
     */
    public void forEachItem(int part, int parts, Consumer<ItemVectors> consumer) {
        RowTable table = state.table;
        for (int slot = 0; slot < table.limit(); slot++) {
            if (table.kinds[slot] == RowTable.ITEM
                    && Long.remainderUnsigned(table.keys[slot], parts) == part) {
                consumer.accept(vectors(slot));
            }
        }
    }

    /** A copy of the query tower as it is now. */
    public TowerWeights queryTower() {
        long[] keys = publishedProfiles();
        int dimension = options.dimension();
        float[] rows = new float[keys.length * dimension];
        for (int i = 0; i < keys.length; i++) {
            int slot = state.table.find(keys[i], null);
            System.arraycopy(
                    state.table.values(slot),
                    state.table.at(slot) + dimension,
                    rows,
                    i * dimension,
                    dimension);
        }
        QueryParameters query = state.query;
        return new TowerWeights(
                options,
                query.positions.clone(),
                query.hiddenWeight.clone(),
                query.hiddenBias.clone(),
                query.outputWeight.clone(),
                query.outputBias.clone(),
                keys,
                rows);
    }

    /** Keys of the profiles touched last, ascending. */
    private long[] publishedProfiles() {
        RowTable table = state.table;
        return IntStream.range(0, table.limit())
                .filter(slot -> table.kinds[slot] == RowTable.PROFILE)
                .boxed()
                .sorted(
                        Comparator.comparingLong((Integer slot) -> -table.touched[slot])
                                .thenComparingLong(slot -> table.keys[slot]))
                .limit(options.publishedProfiles())
                .mapToLong(slot -> table.keys[slot])
                .sorted()
                .toArray();
    }

    /**
     * Lets rows go that have been idle for too long.
     *
     * @param eventTimeMillis how far event time has come
     * @return items that lost their vectors since the last call, by idleness, because the table was
     *     full or because they were withdrawn; to be withdrawn where they were published
     */
    public List<String> expire(long eventTimeMillis) {
        state.expire(eventTimeMillis - options.idleExpiry().toMillis());
        List<String> gone = new ArrayList<>();
        for (String id : state.gone) {
            if (state.table.item(id) == RowTable.NONE) {
                gone.add(id);
            }
        }
        state.gone.clear();
        return gone;
    }

    /** Counts and sizes, for metrics. */
    public TowerFigures figures() {
        RowTable table = state.table;
        long bytes =
                table.bytes()
                        + state.frequency.bytes()
                        + state.sightings.counts.length
                        + state.recent.bytes();
        return new TowerFigures(
                table.rows(RowTable.ITEM),
                table.rows(RowTable.FEATURE),
                table.rows(RowTable.PROFILE),
                state.pending.size(),
                state.examples,
                state.notAdmitted,
                state.expired,
                state.evicted,
                bytes);
    }

    /**
     * Mean cosine of the output vectors of randomly chosen pairs of items: near 1 when the towers
     * collapse.
     *
     * @param pairs how many, at least 1
     * @return 0 if there are fewer than two items
     */
    public double meanPairwiseCosine(int pairs) {
        if (pairs < 1) {
            throw new IllegalArgumentException("pairs is " + pairs + ", it must be at least 1");
        }
        RowTable table = state.table;
        if (table.rows(RowTable.ITEM) < 2) {
            return 0;
        }
        SplittableRandom random = new SplittableRandom(options.seed());
        int dimension = options.dimension();
        float[] first = new float[dimension];
        float[] second = new float[dimension];
        double sum = 0;
        for (int i = 0; i < pairs; i++) {
            int one = anyItem(random);
            int other = anyItem(random);
            while (other == one) {
                other = anyItem(random);
            }
            table.compose(one, 0, first, 0);
            normalise(first, 0, dimension);
            table.compose(other, 0, second, 0);
            normalise(second, 0, dimension);
            for (int c = 0; c < dimension; c++) {
                sum += (double) first[c] * second[c];
            }
        }
        return sum / pairs;
    }

    private int anyItem(SplittableRandom random) {
        RowTable table = state.table;
        int slot = random.nextInt(table.limit());
        while (table.kinds[slot] != RowTable.ITEM) {
            slot = slot + 1 == table.limit() ? 0 : slot + 1;
        }
        return slot;
    }

    /** What changed since the last call, for {@link #average} of all trainers. */
    public TowerChanges drainChanges() {
        return TowerChanges.of(state, state.beginAgreement());
    }

    /**
     * Agrees with the other trainers: a row becomes the mean of what those made of it that touched
     * it; accumulators grow by everybody's increments, or by their mean if they forget. What this
     * trainer learnt since its own changes were drained stays on top. All trainers must be given
     * the same changes in the same order.
     *
     * @param own which of them are this trainer's
     */
    public void average(List<TowerChanges> all, int own) {
        TowerChanges.average(state, all, own);
    }

    /**
     * Writes its part of the state as versioned bytes, in chunks of at most about a mebibyte. Of
     * rows, each trainer writes its share and what it alone has changed; the rest is its own.
     *
     * @param shard which of the trainers this is
     */
    public void snapshot(int shard, int shards, Consumer<byte[]> chunks) {
        TowerSnapshot.write(state, shard, shards, chunks);
    }

    /**
     * Goes on from snapshots: exactly, if one trainer wrote them and one goes on; otherwise from
     * what {@link #average} would have made of them.
     *
     * @param chunks all chunks of all trainers' snapshots, in any order
     * @param shard which of the trainers that go on this is; pending examples are shared out
     * @throws IllegalArgumentException if chunks are missing, damaged, of an unknown version or of
     *     other dimensions than the options
     */
    public static TwoTowerLearner restore(
            TwoTowerOptions options, Iterable<byte[]> chunks, int shard, int shards) {
        return new TwoTowerLearner(TowerSnapshot.read(options, chunks, shard, shards));
    }

    /** As {@link #restore(TwoTowerOptions, Iterable, int, int)} for a single trainer. */
    public static TwoTowerLearner restore(TwoTowerOptions options, Iterable<byte[]> chunks) {
        return restore(options, chunks, 0, 1);
    }

    /**
     * Everything as a model folder of the kind {@code two-tower}: it can be evaluated and served,
     * and a trainer can start from it.
     */
    public ModelFolder toFolder(
            String name, String version, SessionRules sessionRules, Instant createdAt) {
        return TowerFolder.whole(state, queryTower(), name, version, sessionRules, createdAt);
    }

    /**
     * The query tower alone, as a model folder of the kind {@code query-tower}, whose manifest has
     * the hyper-parameter {@code lineage} and the metric {@code items}.
     */
    public ModelFolder toQueryTowerFolder(
            String name, String version, SessionRules sessionRules, Instant createdAt) {
        return TowerFolder.queryTower(
                queryTower(), state.lineage, items(), name, version, sessionRules, createdAt);
    }

    /**
     * Goes on from a saved model, in its lineage.
     *
     * @throws ModelFileException if it is no {@code two-tower}, or doesn't fit the options
     */
    public static TwoTowerLearner fromFolder(TwoTowerOptions options, ModelFolder folder)
            throws ModelFileException {
        return new TwoTowerLearner(TowerFolder.read(options, folder));
    }

    @Override
    public void close() {
        training.close();
    }
}
