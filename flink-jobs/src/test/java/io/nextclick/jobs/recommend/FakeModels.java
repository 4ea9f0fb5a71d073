package io.nextclick.jobs.recommend;

import io.nextclick.jobs.model.ModelLoader;
import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.RecurrentScorer;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import java.io.FileNotFoundException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Small models of the items {@code i0} to {@code i39} whose answers can be worked out by hand, and
 * depend on the order of a session's clicks. State' = state / 2 + the item's vector; score = state
 * · vector. Halving is exact, so any batch gives the same floats.
 */
public record FakeModels(String version, boolean isRecurrent, boolean asLogged)
        implements ModelLoader {

    public static final int ITEMS = 40;
    static final int STATE = 6;

    /** Models loaded and not closed, and scorers likewise, in this JVM. */
    public static final AtomicInteger OPEN = new AtomicInteger();

    /** Batches that models have ranked. */
    static final AtomicInteger RANKED_BATCHES = new AtomicInteger();

    /** Steps that recurrent models have taken. */
    static final AtomicInteger STEPS = new AtomicInteger();

    private static final long serialVersionUID = 1L;

    public static FakeModels recurrent(String version) {
        return new FakeModels(version, true, false);
    }

    public static FakeModels encoding(String version) {
        return new FakeModels(version, false, false);
    }

    @Override
    public String fingerprint(String path) throws FileNotFoundException {
        if (path.equals("absent")) {
            throw new FileNotFoundException(path);
        }
        return toString();
    }

    @Override
    public ServableModel load(String path, String fingerprint, ComputeDevice device) {
        OPEN.incrementAndGet();
        return new Model(this);
    }

    @Override
    public boolean serves(String kind) {
        return kind.equals("fake");
    }

    static float[] vector(int row, String version) {
        float[] vector = new float[STATE];
        if (version.equals("broken")) {
            Arrays.fill(vector, Float.NaN);
            return vector;
        }
        int mixed = row * 31 + version.hashCode();
        for (int i = 0; i < STATE; i++) {
            mixed = mixed * 1_103_515_245 + 12_345;
            vector[i] = ((mixed >>> 16) & 0xff) - 128;
        }
        return vector;
    }

    private static TopItems best(float[] state, String version, int k, int[] excluded) {
        // Versions of this name recommend what others wouldn't.
        int sign = version.startsWith("contrary") ? 1 : -1;
        float[] scores = new float[ITEMS];
        for (int row = 0; row < ITEMS; row++) {
            float[] vector = vector(row, version);
            for (int i = 0; i < STATE; i++) {
                scores[row] += state[i] * vector[i];
            }
        }
        int[] rows =
                IntStream.range(0, ITEMS)
                        .filter(
                                row ->
                                        excluded == null
                                                || Arrays.stream(excluded)
                                                        .noneMatch(out -> out == row))
                        .boxed()
                        .sorted(Comparator.comparingDouble(row -> sign * scores[row]))
                        .limit(k)
                        .mapToInt(Integer::intValue)
                        .toArray();
        float[] best = new float[rows.length];
        for (int i = 0; i < best.length; i++) {
            best[i] = scores[rows[i]];
        }
        return new TopItems(rows, best);
    }

    private static void step(float[] state, int row, String version) {
        float[] vector = vector(row, version);
        for (int i = 0; i < STATE; i++) {
            state[i] = state[i] / 2 + vector[i];
        }
    }

    private record Model(FakeModels kind) implements ServableModel {

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public String version() {
            return kind.version;
        }

        @Override
        public ItemVocabulary vocabulary() {
            return new ItemVocabulary(
                    IntStream.range(0, ITEMS).mapToObj(row -> "i" + row).toList());
        }

        @Override
        public SessionRules sessionRules() {
            return kind.asLogged ? SessionRules.AS_LOGGED : SessionRules.DEFAULT;
        }

        @Override
        public Popularity popularity() {
            float[] counts = new float[ITEMS];
            for (int row = 0; row < ITEMS; row++) {
                counts[row] = 100 - row;
            }
            return new Popularity(counts);
        }

        /** Each item's neighbours are the two after it. */
        @Override
        public CoVisitation coVisitation() {
            int[][] neighbours = new int[ITEMS][];
            float[][] scores = new float[ITEMS][];
            for (int row = 0; row < ITEMS; row++) {
                neighbours[row] = new int[] {(row + 1) % ITEMS, (row + 2) % ITEMS};
                scores[row] = new float[] {2, 1};
            }
            return new CoVisitation(neighbours, scores);
        }

        @Override
        public SessionScorer newScorer() {
            OPEN.incrementAndGet();
            return kind.isRecurrent ? new Stepping(kind.version) : new Encoding(kind.version);
        }

        @Override
        public void close() {
            OPEN.decrementAndGet();
        }
    }

    private record Stepping(String version) implements RecurrentScorer {

        @Override
        public int stateSize() {
            return STATE;
        }

        @Override
        public void advance(int[] itemRows, float[][] states, int count) {
            for (int i = 0; i < count; i++) {
                step(states[i], itemRows[i], version);
            }
            STEPS.addAndGet(count);
        }

        @Override
        public TopItems[] rank(float[][] states, int count, int k, int[][] excluded) {
            RANKED_BATCHES.incrementAndGet();
            TopItems[] lists = new TopItems[count];
            for (int i = 0; i < count; i++) {
                lists[i] = best(states[i], version, k, excluded == null ? null : excluded[i]);
            }
            return lists;
        }

        @Override
        public int[] ranksOf(float[][] states, int count, int[] targets, int[][] excluded) {
            throw new UnsupportedOperationException("the job never asks");
        }

        @Override
        public void close() {
            OPEN.decrementAndGet();
        }
    }

    private record Encoding(String version) implements EncodingScorer {

        @Override
        public int maximumLength() {
            return 3;
        }

        @Override
        public TopItems[] rank(int[][] sessions, int count, int k, int[][] excluded) {
            RANKED_BATCHES.incrementAndGet();
            TopItems[] lists = new TopItems[count];
            for (int i = 0; i < count; i++) {
                lists[i] =
                        best(
                                state(sessions[i], version),
                                version,
                                k,
                                excluded == null ? null : excluded[i]);
            }
            return lists;
        }

        @Override
        public int[] ranksOf(int[][] sessions, int count, int[] targets, int[][] excluded) {
            throw new UnsupportedOperationException("the job never asks");
        }

        @Override
        public void close() {
            OPEN.decrementAndGet();
        }
    }

    private static float[] state(int[] rows, String version) {
        float[] state = new float[STATE];
        for (int row : rows) {
            step(state, row, version);
        }
        return state;
    }

    /** What a session with these items should be recommended. */
    public static List<String> expected(List<String> items, String version, int k) {
        int[] rows = items.stream().mapToInt(item -> Integer.parseInt(item.substring(1))).toArray();
        return Arrays.stream(best(state(rows, version), version, k, null).rows())
                .mapToObj(row -> "i" + row)
                .toList();
    }
}
