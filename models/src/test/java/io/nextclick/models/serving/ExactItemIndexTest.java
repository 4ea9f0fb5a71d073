package io.nextclick.models.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.scoring.TopItems;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ExactItemIndexTest {

    private static final long SEED = 20_26;

    /** The last is what a GPU is given to do, on the device that there is. */
    static Stream<Placement> placements() {
        return Stream.of(
                Placement.on(DenseKernel.fastest()),
                Placement.on(DenseKernel.plain()),
                new Placement(DenseKernel.fastest(), ComputeDevice.CPU));
    }

    static Stream<Arguments> sizes() {
        int[][] sizes = {
            // items, dimension, queries, k
            {1, 1, 1, 1},
            {1, 1, 1, 20},
            {5, 3, 2, 20},
            {47, 16, 3, 5},
            {48, 17, 4, 48},
            {49, 100, 5, 49},
            {383, 33, 7, 20},
            {385, 128, 8, 20},
            {1_000, 64, 9, 100},
            {3_000, 128, 33, 20},
            {5_001, 50, 300, 20},
            {20_000, 8, 31, 1},
            {20_000, 8, 2, 1_000},
        };
        return placements()
                .flatMap(
                        placement ->
                                Arrays.stream(sizes)
                                        .map(s -> Arguments.of(placement, s[0], s[1], s[2], s[3])));
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void findsWhatANaiveSearchFinds(
            Placement placement, int items, int dimension, int queryCount, int k) {
        Random random = new Random(SEED);
        float[] vectors = gaussians(random, items * dimension);
        float[] biases = gaussians(random, items);
        float[][] queries = queries(random, queryCount, dimension);
        int[][] excluded = new int[queryCount][];
        for (int i = 0; i < queryCount; i += 2) {
            excluded[i] = random.ints(i % 50, -1, items).toArray();
        }
        try (ItemIndex index = placement.index(vectors, biases, dimension)) {
            TopItems[] lists = index.search(queries, queryCount, k, excluded);
            for (int i = 0; i < queryCount; i++) {
                assertIsExact(lists[i], vectors, biases, dimension, queries[i], k, excluded[i]);
            }
        }
    }

    /** Compares with scores in double precision, so that only a rounding's worth may differ. */
    private static void assertIsExact(
            TopItems list,
            float[] vectors,
            float[] biases,
            int dimension,
            float[] query,
            int k,
            int[] excluded) {
        double[] scores = exactScores(vectors, biases, dimension, query);
        List<Integer> eligible = eligible(scores.length, excluded);
        eligible.sort(Comparator.comparingDouble(row -> -scores[row]));
        assertThat(list.size()).isEqualTo(Math.min(k, eligible.size()));
        double tolerance = 1e-5 * dimension;
        for (int i = 0; i < list.size(); i++) {
            assertThat(list.rows()[i]).isIn(eligible);
            assertThat((double) list.scores()[i])
                    .isCloseTo(scores[list.rows()[i]], within(tolerance));
            assertThat((double) list.scores()[i])
                    .isCloseTo(scores[eligible.get(i)], within(tolerance));
        }
        assertThat(Arrays.stream(list.rows()).distinct().count()).isEqualTo(list.size());
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void ranksAsANaiveSearchDoes(
            Placement placement, int items, int dimension, int queryCount, int k) {
        Random random = new Random(SEED);
        // Small integers: every sum is exact, and ties abound.
        float[] vectors = integers(random, items * dimension);
        float[] biases = integers(random, items);
        float[][] queries = new float[queryCount][];
        int[][] excluded = new int[queryCount][];
        int[] targets = new int[queryCount];
        for (int i = 0; i < queryCount; i++) {
            queries[i] = integers(random, dimension);
            excluded[i] = i % 3 == 0 ? null : random.ints(i % 20, 0, items).toArray();
            targets[i] = random.nextInt(items);
        }
        try (ItemIndex index = placement.index(vectors, biases, dimension)) {
            int[] ranks = index.ranks(queries, queryCount, targets, excluded);
            TopItems[] lists = index.search(queries, queryCount, k, excluded);
            for (int i = 0; i < queryCount; i++) {
                double[] scores = exactScores(vectors, biases, dimension, queries[i]);
                int target = targets[i];
                List<Integer> eligible = eligible(items, excluded[i]);
                assertThat(ranks[i])
                        .isEqualTo(
                                eligible.stream()
                                        .filter(row -> row != target)
                                        .filter(row -> scores[row] >= scores[target])
                                        .count());
                // Equal scores come in the order of their rows.
                eligible.sort(
                        Comparator.<Integer>comparingDouble(row -> -scores[row])
                                .thenComparing(Comparator.naturalOrder()));
                assertThat(lists[i].rows())
                        .containsExactly(
                                eligible.stream().limit(k).mapToInt(Integer::intValue).toArray());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("placements")
    void breaksTiesByRowHoweverManyThereAre(Placement placement) {
        int items = 10_000;
        int dimension = 4;
        float[] vectors = new float[items * dimension];
        try (ItemIndex index = placement.index(vectors, null, dimension)) {
            float[][] queries = {{1, 2, 3, 4}, {0, 0, 0, 0}, {-0f, -1, -2, 0}};
            for (TopItems list : index.search(queries, 3, 20, new int[][] {{0, 3}, null, {}})) {
                assertThat(list.size()).isEqualTo(20);
                assertThat(list.scores()).containsOnly(0f);
            }
            TopItems[] lists = index.search(queries, 3, 20, new int[][] {{0, 3}, null, {}});
            assertThat(lists[0].rows()).startsWith(1, 2, 4, 5).endsWith(21);
            assertThat(lists[1].rows()).containsExactly(IntStream.range(0, 20).toArray());
            assertThat(index.ranks(queries, 3, new int[] {7, 7, 7}, null)).containsOnly(items - 1);
        }
    }

    @ParameterizedTest
    @MethodSource("placements")
    void findsTheBestInAnyOrder(Placement placement) {
        int items = 30_000;
        float[] ascending = new float[items];
        float[] descending = new float[items];
        float[] pairs = new float[items];
        for (int row = 0; row < items; row++) {
            ascending[row] = row;
            descending[row] = -row;
            pairs[row] = row >> 1;
        }
        float[][] one = {{1}};
        int[] lastTwenty = IntStream.range(0, 20).map(i -> items - 1 - i).toArray();
        try (ItemIndex up = placement.index(ascending, null, 1);
                ItemIndex down = placement.index(descending, null, 1);
                ItemIndex twice = placement.index(pairs, null, 1)) {
            assertThat(up.search(one, 1, 20, null)[0].rows()).containsExactly(lastTwenty);
            assertThat(down.search(one, 1, 20, null)[0].rows())
                    .containsExactly(IntStream.range(0, 20).toArray());
            assertThat(twice.search(one, 1, 3, null)[0].rows())
                    .containsExactly(items - 2, items - 1, items - 4);
        }
    }

    @ParameterizedTest
    @MethodSource("placements")
    void leavesOutWhatIsExcludedEvenIfThatIsEverything(Placement placement) {
        float[] vectors = gaussians(new Random(SEED), 60 * 5);
        try (ItemIndex index = placement.index(vectors, null, 5)) {
            float[][] queries = queries(new Random(SEED), 2, 5);
            int[] all = IntStream.range(0, 60).toArray();
            int[] allButTwo = IntStream.range(0, 60).filter(row -> row % 30 != 17).toArray();
            TopItems[] lists = index.search(queries, 2, 20, new int[][] {all, allButTwo});
            assertThat(lists[0].size()).isZero();
            assertThat(lists[1].rows()).containsExactlyInAnyOrder(17, 47);
            assertThat(index.ranks(queries, 2, new int[] {3, 3}, new int[][] {all, all}))
                    .containsOnly(0);
        }
    }

    @Test
    void scoresDependNeitherOnTheBatchNorOnTheKernel() {
        Random random = new Random(SEED);
        int items = 2_500;
        int dimension = 77;
        float[] vectors = gaussians(random, items * dimension);
        float[] biases = gaussians(random, items);
        float[][] queries = queries(random, 256, dimension);
        try (ItemIndex index = new ExactItemIndex(vectors, biases, dimension);
                ItemIndex plain =
                        new ExactItemIndex(vectors, biases, dimension, DenseKernel.plain())) {
            TopItems[] together = index.search(queries, 256, 20, null);
            TopItems[] plainly = plain.search(queries, 256, 20, null);
            for (int i = 0; i < 256; i++) {
                assertThat(plainly[i].rows()).containsExactly(together[i].rows());
                assertThat(plainly[i].scores()).containsExactly(together[i].scores());
            }
            for (int batch : new int[] {1, 2, 3, 5, 8, 31, 32}) {
                for (int from = 0; from + batch <= 256; from += batch) {
                    float[][] part = Arrays.copyOfRange(queries, from, from + batch);
                    TopItems[] lists = index.search(part, batch, 20, null);
                    for (int i = 0; i < batch; i++) {
                        TopItems expected = together[from + i];
                        assertThat(lists[i].rows()).containsExactly(expected.rows());
                        assertThat(lists[i].scores()).containsExactly(expected.scores());
                    }
                }
            }
        }
    }

    @Test
    void ranksAgreeWithTheListsToTheBit() {
        Random random = new Random(SEED);
        int dimension = 128;
        float[] vectors = gaussians(random, 4_000 * dimension);
        float[][] queries = queries(random, 20, dimension);
        try (ItemIndex index = new ExactItemIndex(vectors, null, dimension)) {
            TopItems[] lists = index.search(queries, 20, 20, null);
            for (int position = 0; position < 20; position++) {
                int[] targets = new int[20];
                for (int i = 0; i < 20; i++) {
                    targets[i] = lists[i].rows()[position];
                }
                assertThat(index.ranks(queries, 20, targets, null)).containsOnly(position);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("placements")
    void neverRecommendsAnItemWithoutAScore(Placement placement) {
        float[] vectors = {1, 0, 0, 1, 1, 1, 2, -1};
        try (ItemIndex index = placement.index(vectors, null, 2)) {
            float infinity = Float.POSITIVE_INFINITY;
            float[][] queries = {{Float.NaN, 1}, {infinity, 1}, {1, 1}};
            TopItems[] lists = index.search(queries, 3, 4, null);
            assertThat(lists[0].size()).isZero();
            // inf · 0 is no number: row 1 has no score.
            assertThat(lists[1].rows()).containsExactly(0, 2, 3);
            assertThat(lists[2].rows()).containsExactly(2, 0, 1, 3);
        }
    }

    /** Weights and queries that are finite, and products that aren't. */
    @ParameterizedTest
    @MethodSource("placements")
    void scoresAreFiniteHoweverLargeTheWeights(Placement placement) {
        float[] vectors = {3e38f, 3e38f, 1, 1, -3e38f, -3e38f};
        try (ItemIndex index = placement.index(vectors, null, 2)) {
            TopItems list = index.search(new float[][] {{9, 9}}, 1, 3, null)[0];
            assertThat(list.rows()).containsExactly(0, 1, 2);
            assertThat(list.scores()).containsExactly(1e30f, 18, -1e30f);
        }
    }

    @ParameterizedTest
    @MethodSource("placements")
    void hasNothingToFindInAnEmptyCatalogue(Placement placement) {
        try (ItemIndex index = placement.index(new float[0], null, 3)) {
            assertThat(index.size()).isZero();
            assertThat(index.search(new float[][] {{1, 2, 3}}, 1, 20, null)[0].size()).isZero();
            assertThat(index.search(new float[0][], 0, 20, null)).isEmpty();
        }
    }

    @Test
    void refusesWhatCannotBeSearched() {
        assertThatThrownBy(() -> new ExactItemIndex(new float[] {1, Float.NaN}, null, 2))
                .hasMessageContaining("value 1 of row 0 is NaN");
        float[] infinite = {0, Float.NEGATIVE_INFINITY};
        assertThatThrownBy(() -> new ExactItemIndex(new float[] {1, 2}, infinite, 1))
                .hasMessageContaining("bias of row 1 is -Infinity");
        assertThatThrownBy(() -> new ExactItemIndex(new float[5], null, 2))
                .hasMessageContaining("5 weights, not a multiple of 2");
        assertThatThrownBy(() -> new ExactItemIndex(new float[4], new float[3], 2))
                .hasMessageContaining("3 biases for 2 rows");
        try (ItemIndex index = new ExactItemIndex(new float[4], null, 2)) {
            float[][] query = {{1, 2}};
            assertThatThrownBy(() -> index.search(query, 1, 0, null))
                    .hasMessageContaining("k is 0");
            assertThatThrownBy(() -> index.search(new float[][] {{1}}, 1, 1, null))
                    .hasMessageContaining("query 0 has 1 values, the items have 2");
            assertThatThrownBy(() -> index.ranks(query, 1, new int[] {2}, null))
                    .hasMessageContaining("row 2 of 2 items");
        }
    }

    @ParameterizedTest
    @MethodSource("placements")
    void severalThreadsMaySearchAtOnce(Placement placement)
            throws InterruptedException, ExecutionException {
        Random random = new Random(SEED);
        int dimension = 32;
        float[] vectors = gaussians(random, 3_000 * dimension);
        float[][] queries = queries(random, 64, dimension);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (ItemIndex index = placement.index(vectors, null, dimension)) {
            TopItems[] expected = index.search(queries, 64, 20, null);
            List<Future<?>> runs = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                int batch = 7 + 5 * thread;
                runs.add(threads.submit(() -> searchAgain(index, queries, batch, expected)));
            }
            for (Future<?> run : runs) {
                run.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void searchAgain(
            ItemIndex index, float[][] queries, int batch, TopItems[] expected) {
        for (int round = 0; round < 20; round++) {
            for (int from = 0; from + batch <= queries.length; from += batch) {
                float[][] part = Arrays.copyOfRange(queries, from, from + batch);
                TopItems[] lists = index.search(part, batch, 20, null);
                for (int i = 0; i < batch; i++) {
                    assertThat(lists[i].rows()).containsExactly(expected[from + i].rows());
                }
            }
        }
    }

    /** What settles ties isn't reached by chance: more items share a score than are selected. */
    @Test
    void torchFindsWhatTheKernelFindsAmongTiesOfAllSizes() {
        Random random = new Random(SEED);
        int items = 3_000;
        float[] vectors = integers(random, items * 2);
        int[][] excluded = new int[30][];
        float[][] queries = new float[30][];
        for (int i = 0; i < queries.length; i++) {
            queries[i] = integers(random, 2);
            excluded[i] = i % 3 == 0 ? null : random.ints(i, 0, items).toArray();
        }
        Placement torch = new Placement(DenseKernel.fastest(), ComputeDevice.CPU);
        try (ItemIndex index = new ExactItemIndex(vectors, null, 2);
                ItemIndex onTorch = torch.index(vectors, null, 2)) {
            assertThat(onTorch.describe()).endsWith(", torch on cpu");
            for (int k : new int[] {1, 20, 119, 121, 2_999, 3_000, 5_000}) {
                TopItems[] expected = index.search(queries, queries.length, k, excluded);
                TopItems[] found = onTorch.search(queries, queries.length, k, excluded);
                for (int i = 0; i < queries.length; i++) {
                    assertThat(found[i].rows()).containsExactly(expected[i].rows());
                    assertThat(found[i].scores()).containsExactly(expected[i].scores());
                }
            }
        }
    }

    @Test
    void saysWhichKernelRunsAndClosesTwice() {
        ItemIndex index = new ExactItemIndex(new float[6], null, 2, DenseKernel.plain());
        assertThat(index.describe())
                .isEqualTo("exact search over 3 items of dimension 2, plain Java");
        // The build starts its tests with the vector module.
        assertThat(DenseKernel.fastest().describe()).endsWith("-bit vector instructions");
        index.close();
        index.close();
    }

    private static double[] exactScores(
            float[] vectors, float[] biases, int dimension, float[] query) {
        double[] scores = new double[biases.length];
        for (int row = 0; row < scores.length; row++) {
            scores[row] = biases[row];
            for (int d = 0; d < dimension; d++) {
                scores[row] += (double) query[d] * vectors[row * dimension + d];
            }
        }
        return scores;
    }

    private static List<Integer> eligible(int items, int[] excluded) {
        boolean[] out = new boolean[items];
        if (excluded != null) {
            for (int row : excluded) {
                if (row >= 0) {
                    out[row] = true;
                }
            }
        }
        List<Integer> rows = new ArrayList<>();
        for (int row = 0; row < items; row++) {
            if (!out[row]) {
                rows.add(row);
            }
        }
        return rows;
    }

    private static float[][] queries(Random random, int count, int dimension) {
        float[][] queries = new float[count][];
        for (int i = 0; i < count; i++) {
            queries[i] = gaussians(random, dimension);
        }
        return queries;
    }

    private static float[] gaussians(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static float[] integers(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextInt(5) - 2;
        }
        return values;
    }
}
