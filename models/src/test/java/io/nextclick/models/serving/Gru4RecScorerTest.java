package io.nextclick.models.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.scoring.RecurrentScorer;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.serving.ServableGru4Rec.CellKind;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Shapes: V = items, E = embedding size, H = hidden size. */
class Gru4RecScorerTest {

    private static final long SEED = 42;

    static Stream<Arguments> cells() {
        return Stream.of(
                Arguments.of(CellKind.PACKED, Placement.on(DenseKernel.fastest())),
                Arguments.of(CellKind.PACKED, Placement.on(DenseKernel.plain())),
                Arguments.of(CellKind.TORCH, Placement.on(DenseKernel.fastest())),
                // All that a GPU would do, on the device that there is.
                Arguments.of(
                        CellKind.TORCH, new Placement(DenseKernel.fastest(), ComputeDevice.CPU)));
    }

    @ParameterizedTest
    @MethodSource("cells")
    void advancesAsTheEquationsSay(CellKind cell, Placement placement) throws ModelFileException {
        for (boolean tied : new boolean[] {true, false}) {
            Map<String, Tensor> tensors = weights(150, tied ? 37 : 20, 37, tied);
            try (ServableModel model = new ServableGru4Rec(folder(150, tensors), cell, placement)) {
                RecurrentScorer scorer = (RecurrentScorer) model.newScorer();
                assertThat(scorer.stateSize()).isEqualTo(37);
                int sessions = 13;
                float[][] states = new float[sessions][37];
                double[][] expected = new double[sessions][37];
                Random random = new Random(SEED);
                for (int step = 0; step < 20; step++) {
                    int[] rows = random.ints(sessions, 0, 150).toArray();
                    scorer.advance(rows, states, sessions);
                    for (int i = 0; i < sessions; i++) {
                        expected[i] = advanced(tensors, rows[i], expected[i]);
                        for (int j = 0; j < 37; j++) {
                            assertThat((double) states[i][j])
                                    .isCloseTo(expected[i][j], within(1e-5));
                        }
                    }
                }
                assertRanksAsTheOutputLayerSays(scorer, tensors, states, expected);
            }
        }
    }

    private static void assertRanksAsTheOutputLayerSays(
            RecurrentScorer scorer,
            Map<String, Tensor> tensors,
            float[][] states,
            double[][] expected) {
        TopItems[] lists = scorer.rank(states, states.length, 10, null);
        float[] output = values(tensors, "output.weight");
        float[] bias = values(tensors, "output.bias");
        for (int i = 0; i < states.length; i++) {
            double[] scores = new double[bias.length];
            for (int row = 0; row < bias.length; row++) {
                scores[row] = bias[row] + dot(output, row, expected[i]);
            }
            double[] sorted = Arrays.stream(scores).sorted().toArray();
            for (int j = 0; j < 10; j++) {
                assertThat((double) lists[i].scores()[j])
                        .isCloseTo(sorted[sorted.length - 1 - j], within(1e-4));
                assertThat((double) lists[i].scores()[j])
                        .isCloseTo(scores[lists[i].rows()[j]], within(1e-4));
            }
            int[] target = {lists[i].rows()[3]};
            assertThat(scorer.ranksOf(new float[][] {states[i]}, 1, target, null))
                    .containsExactly(3);
        }
    }

    @Test
    void aStateIsTheSameToTheBitInAnyBundleAndOnAnyKernel() throws ModelFileException {
        ModelFolder folder = folder(500, weights(500, 64, 64, true));
        try (ServableModel model =
                        new ServableGru4Rec(
                                folder, CellKind.PACKED, Placement.on(DenseKernel.fastest()));
                ServableModel plain =
                        new ServableGru4Rec(
                                folder, CellKind.PACKED, Placement.on(DenseKernel.plain()))) {
            int sessions = 300;
            int steps = 6;
            int[][] rows = new int[steps][];
            Random random = new Random(SEED);
            for (int step = 0; step < steps; step++) {
                rows[step] = random.ints(sessions, 0, 500).toArray();
            }
            float[][] together = run(model, rows, sessions);
            for (int bundle : new int[] {1, 2, 3, 7, 32, 256}) {
                assertThat(run(model, rows, bundle)).isDeepEqualTo(together);
            }
            assertThat(run(plain, rows, 32)).isDeepEqualTo(together);
        }
    }

    private static float[][] run(ServableModel model, int[][] rows, int bundle) {
        RecurrentScorer scorer = (RecurrentScorer) model.newScorer();
        int sessions = rows[0].length;
        float[][] states = new float[sessions][scorer.stateSize()];
        for (int[] step : rows) {
            for (int from = 0; from < sessions; from += bundle) {
                int to = Math.min(sessions, from + bundle);
                scorer.advance(
                        Arrays.copyOfRange(step, from, to),
                        Arrays.copyOfRange(states, from, to),
                        to - from);
            }
        }
        return states;
    }

    @Test
    void precomputedInputsChangeNothing() throws ModelFileException {
        Gru4RecWeights weights = Gru4RecWeights.of(folder(100, weights(100, 24, 24, true)));
        PackedGruCell.Embeddings embeddings =
                (row, target) -> System.arraycopy(weights.embedding(), row * 24, target, 0, 24);
        DenseKernel kernel = DenseKernel.fastest();
        GruCell table =
                new PackedGruCell(
                        new PackedGruCell.Weights(weights, embeddings, Long.MAX_VALUE, kernel));
        GruCell direct =
                new PackedGruCell(new PackedGruCell.Weights(weights, embeddings, 0, kernel));
        assertThat(table.describe()).endsWith("inputs precomputed");
        assertThat(direct.describe()).doesNotContain("precomputed");
        int[] rows = IntStream.range(0, 100).toArray();
        float[][] one = new float[100][24];
        float[][] other = new float[100][24];
        for (int step = 0; step < 3; step++) {
            table.advance(rows, one, 100);
            direct.advance(rows, other, 100);
        }
        assertThat(one).isDeepEqualTo(other);
    }

    @ParameterizedTest
    @MethodSource("cells")
    void staysFiniteHoweverLargeItsInputs(CellKind cell, Placement placement)
            throws ModelFileException {
        Map<String, Tensor> tensors = weights(10, 16, 16, true);
        float[] embedding = values(tensors, "output.weight");
        for (int i = 0; i < embedding.length; i++) {
            embedding[i] *= 1e6f;
        }
        try (ServableModel model = new ServableGru4Rec(folder(10, tensors), cell, placement)) {
            RecurrentScorer scorer = (RecurrentScorer) model.newScorer();
            float[][] states = new float[10][16];
            for (int step = 0; step < 5; step++) {
                scorer.advance(IntStream.range(0, 10).toArray(), states, 10);
            }
            for (float[] state : states) {
                for (float value : state) {
                    assertThat(value).isBetween(-1f, 1f);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cells")
    void tenThousandStepsLeaveNothingBehind(CellKind cell, Placement placement) throws IOException {
        ModelFolder folder = folder(200, weights(200, 128, 128, true));
        try (ServableGru4Rec model = new ServableGru4Rec(folder, cell, placement)) {
            RecurrentScorer scorer = model.newScorer();
            float[][] states = new float[32][128];
            int[] rows = IntStream.range(0, 32).toArray();
            for (int step = 0; step < 1_000; step++) {
                scorer.advance(rows, states, 32);
                scorer.rank(states, 32, 20, null);
            }
            int arrays = model.nativeArrays();
            long before = residentBytes();
            for (int step = 0; step < 10_000; step++) {
                scorer.advance(rows, states, 32);
                scorer.rank(states, 32, 20, null);
            }
            assertThat(model.nativeArrays()).isEqualTo(arrays);
            // One leaked array a step would be 10,000 · 32 · 128 · 4 bytes = 156 MiB. The heap has
            // been touched whole before the tests began.
            assertThat(residentBytes() - before).isLessThan(128L << 20);
            scorer.close();
        }
    }

    private static long residentBytes() throws IOException {
        Path statm = Path.of("/proc/self/statm");
        if (!Files.exists(statm)) {
            return 0;
        }
        return Long.parseLong(Files.readString(statm).split(" ")[1]) * 4096;
    }

    @Test
    void comesOutOfTheRegistryByKind() throws IOException {
        ModelFolder folder = folder(30, weights(30, 8, 8, true));
        ServableModel model = ServableModels.load(folder);
        assertThat(model.name()).isEqualTo("test");
        assertThat(model.version()).isEqualTo("1");
        assertThat(model.describe())
                .contains("exact search over 30 items of dimension 8", "recurrent cell in");
        assertThat(model.popularity().top(1, null).rows()).containsExactly(29);
        assertThat(model.sessionRules()).isEqualTo(SessionRules.DEFAULT);
        assertThat(model.vocabulary().size()).isEqualTo(30);
        assertThat(model.coVisitation().size()).isEqualTo(30);
        SessionScorer scorer = model.newScorer();
        scorer.close();
        scorer.close();
        model.close();
        model.close();
        assertThatThrownBy(model::newScorer)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("test 1 has been closed");
        ModelManifest unknown = manifest("perceptron");
        assertThatThrownBy(
                        () ->
                                ServableModels.load(
                                        new ModelFolder(
                                                unknown, folder.vocabulary(), folder.tensors())))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContainingAll("kind is 'perceptron', known are [", "gru4rec");
    }

    @Test
    void refusesWhatDoesNotFit() throws ModelFileException {
        for (String name :
                List.of("gru.weight_ih_l0", "gru.bias_hh_l0", "output.weight", "output.bias")) {
            Map<String, Tensor> tensors = weights(30, 8, 8, true);
            tensors.put(name, new Tensor.Floats(new float[15], 3, 5));
            assertThatThrownBy(() -> ServableModels.load(folder(30, tensors)))
                    .isInstanceOf(ModelFileException.class)
                    .hasMessageContaining(name);
        }
        Map<String, Tensor> broken = weights(30, 8, 8, true);
        values(broken, "output.weight")[9] = Float.NaN;
        assertThatThrownBy(() -> ServableModels.load(folder(30, broken)))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("value 9 of tensor output.weight is NaN");
        try (ServableModel model = ServableModels.load(folder(30, weights(30, 8, 8, true)))) {
            RecurrentScorer scorer = (RecurrentScorer) model.newScorer();
            assertThatThrownBy(() -> scorer.advance(new int[] {30}, new float[1][8], 1))
                    .hasMessageContaining("item 0 is row 30 of 30 items");
            assertThatThrownBy(() -> scorer.advance(new int[] {0}, new float[1][7], 1))
                    .hasMessageContaining("state 0 has 7 values, the model's have 8");
        }
    }

    /** One step of the unit in double precision, written from the equations. */
    private static double[] advanced(Map<String, Tensor> tensors, int item, double[] state) {
        boolean tied = !tensors.containsKey("embedding.weight");
        float[] embedding = values(tensors, tied ? "output.weight" : "embedding.weight");
        float[] inputWeight = values(tensors, "gru.weight_ih_l0");
        float[] hiddenWeight = values(tensors, "gru.weight_hh_l0");
        float[] inputBias = values(tensors, "gru.bias_ih_l0");
        float[] hiddenBias = values(tensors, "gru.bias_hh_l0");
        int h = state.length;
        int e = inputWeight.length / (3 * h);
        double[] x = new double[e];
        for (int d = 0; d < e; d++) {
            x[d] = embedding[item * e + d];
        }
        double[] next = new double[h];
        for (int i = 0; i < h; i++) {
            double[] in = new double[3];
            double[] out = new double[3];
            for (int gate = 0; gate < 3; gate++) {
                int row = gate * h + i;
                in[gate] = inputBias[row] + dot(inputWeight, row, x);
                out[gate] = hiddenBias[row] + dot(hiddenWeight, row, state);
            }
            double reset = 1 / (1 + Math.exp(-in[0] - out[0]));
            double update = 1 / (1 + Math.exp(-in[1] - out[1]));
            double candidate = Math.tanh(in[2] + reset * out[2]);
            next[i] = (1 - update) * candidate + update * state[i];
        }
        return next;
    }

    private static double dot(float[] matrix, int row, double[] vector) {
        double sum = 0;
        for (int d = 0; d < vector.length; d++) {
            sum += matrix[row * vector.length + d] * vector[d];
        }
        return sum;
    }

    private static float[] values(Map<String, Tensor> tensors, String name) {
        return ((Tensor.Floats) tensors.get(name)).values();
    }

    private static Map<String, Tensor> weights(int v, int e, int h, boolean tied) {
        Random random = new Random(SEED);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        if (!tied) {
            tensors.put("embedding.weight", gaussians(random, v, e));
        }
        tensors.put("gru.weight_ih_l0", gaussians(random, 3 * h, e));
        tensors.put("gru.weight_hh_l0", gaussians(random, 3 * h, h));
        tensors.put("gru.bias_ih_l0", gaussians(random, 3 * h));
        tensors.put("gru.bias_hh_l0", gaussians(random, 3 * h));
        tensors.put("output.weight", gaussians(random, v, h));
        tensors.put("output.bias", gaussians(random, v));
        return tensors;
    }

    private static Tensor gaussians(Random random, int... shape) {
        int size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        double scale = 1 / Math.sqrt(shape[shape.length - 1]);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (random.nextGaussian() * scale);
        }
        return new Tensor.Floats(values, shape);
    }

    private static ModelFolder folder(int items, Map<String, Tensor> weights) {
        Map<String, Tensor> tensors = new LinkedHashMap<>(weights);
        float[] counts = new float[items];
        int[][] neighbours = new int[items][0];
        float[][] scores = new float[items][0];
        List<String> ids = new ArrayList<>();
        for (int row = 0; row < items; row++) {
            counts[row] = row;
            ids.add("item-" + row);
        }
        tensors.putAll(
                ModelFolder.fallbackTensors(
                        new Popularity(counts), new CoVisitation(neighbours, scores)));
        return new ModelFolder(manifest("gru4rec"), new ItemVocabulary(ids), tensors);
    }

    private static ModelManifest manifest(String kind) {
        return new ModelManifest(
                kind, "test", "1", Map.of(), SessionRules.DEFAULT, "", Map.of(), Instant.EPOCH);
    }
}
