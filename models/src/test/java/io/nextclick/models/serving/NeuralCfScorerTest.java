package io.nextclick.models.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.neuralcf.NeuralCfKind;
import io.nextclick.models.neuralcf.NeuralCfModel;
import io.nextclick.models.neuralcf.NeuralCfOptions;
import io.nextclick.models.neuralcf.NeuralCfTraining;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.scoring.UserScorer;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NeuralCfScorerTest {

    /** More than a block, and no multiple of 16. */
    private static final int ITEMS = 301;

    private static List<Session> sessions() {
        SplittableRandom random = new SplittableRandom(3);
        List<Session> sessions = new ArrayList<>();
        sessions.add(
                new Session("all", 0, IntStream.range(0, ITEMS).mapToObj(i -> "" + i).toList()));
        for (int user = 1; user < 60; user++) {
            List<String> items = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                items.add("" + random.nextInt(ITEMS));
            }
            sessions.add(new Session("user-" + user, user, items));
        }
        return sessions;
    }

    private static ModelFolder folder(NeuralCfKind kind) {
        return model(kind).folder("1", SessionRules.AS_LOGGED, sessions(), Instant.EPOCH);
    }

    private static NeuralCfModel model(NeuralCfKind kind) {
        return NeuralCfTraining.train(
                sessions(),
                new NeuralCfOptions(
                        kind, 6, 3, 2, 3, 3, 60, 0.02, 0.001, true, 0.5, 0.01, false, false, 5),
                epoch -> {});
    }

    private static float[] floats(ModelFolder folder, String name) {
        return ((Tensor.Floats) folder.tensors().get(name)).values();
    }

    /** The equations of the paper, straight from the tensors; a session is given as its set. */
    private static double expected(ModelFolder folder, NeuralCfKind kind, int[] session, int item) {
        float[] mean = floats(folder, "session.mean");
        float[] items = floats(folder, "session.items");
        double[] user = new double[mean.length];
        for (int d = 0; d < user.length; d++) {
            user[d] = mean[d];
            for (int row : session) {
                user[d] += items[row * user.length + d] / Math.sqrt(session.length);
            }
        }
        float[] output = floats(folder, "output.weight");
        double z = floats(folder, "output.bias")[0];
        int factors = 6;
        int multiplied = 0;
        if (kind.multiplies()) {
            multiplied = factors;
            for (int f = 0; f < factors; f++) {
                z += output[f] * user[f] * floats(folder, "item.factors")[item * factors + f];
            }
        }
        if (kind.layered()) {
            int half = 24;
            double[] x = new double[2 * half];
            for (int d = 0; d < half; d++) {
                x[d] = user[multiplied + d];
                x[half + d] = floats(folder, "item.vectors")[item * half + d];
            }
            for (int layer = 1; layer <= 3; layer++) {
                float[] weight = floats(folder, "layers." + layer + ".weight");
                float[] bias = floats(folder, "layers." + layer + ".bias");
                double[] next = new double[bias.length];
                for (int o = 0; o < next.length; o++) {
                    next[o] = bias[o];
                    for (int i = 0; i < x.length; i++) {
                        next[o] += weight[o * x.length + i] * x[i];
                    }
                    next[o] = Math.max(0, next[o]);
                }
                x = next;
            }
            for (int f = 0; f < factors; f++) {
                z += output[multiplied + f] * x[f];
            }
        }
        return z;
    }

    @ParameterizedTest
    @EnumSource
    void scoresAreThoseOfTheEquations(NeuralCfKind kind) throws ModelFileException {
        ModelFolder folder = folder(kind);
        int[][] read = {{5}, {7, 200, 7, 300, 12, 7}, {ITEMS - 1, 0}};
        int[][] sets = {{5}, {7, 200, 300, 12}, {ITEMS - 1, 0}};
        for (DenseKernel kernel : List.of(DenseKernel.plain(), DenseKernel.fastest())) {
            try (ServableModel model = new ServableNeuralCf(folder, kind, Placement.on(kernel));
                    EncodingScorer scorer = (EncodingScorer) model.newScorer()) {
                TopItems[] lists = scorer.rank(read, 3, ITEMS, null);
                for (int s = 0; s < 3; s++) {
                    assertThat(lists[s].size()).isEqualTo(ITEMS);
                    for (int i = 0; i < ITEMS; i++) {
                        assertThat((double) lists[s].scores()[i])
                                .isCloseTo(
                                        expected(folder, kind, sets[s], lists[s].rows()[i]),
                                        within(1e-4));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void listsRanksAndExclusionsAgreeAndBundlesDoNotMatter(NeuralCfKind kind)
            throws ModelFileException {
        int[][] sessions = {{5}, {7, 200, 7}, {300, 0}, {5}};
        int[][] excluded = {null, {7, 200}, {300, 0}, {1, 2, 3}};
        try (ServableModel model = ServableModels.load(folder(kind));
                EncodingScorer scorer = (EncodingScorer) model.newScorer()) {
            TopItems[] lists = scorer.rank(sessions, 4, ITEMS, excluded);
            for (int s = 0; s < 4; s++) {
                int[][] one = {sessions[s]};
                int[][] out = {excluded[s]};
                TopItems alone = scorer.rank(one, 1, ITEMS, out)[0];
                assertThat(alone.rows()).isEqualTo(lists[s].rows());
                assertThat(alone.scores()).isEqualTo(lists[s].scores());
                assertThat(scorer.rank(one, 1, 10, out)[0].rows())
                        .isEqualTo(Arrays.copyOf(alone.rows(), 10));
                int left = ITEMS - (excluded[s] == null ? 0 : excluded[s].length);
                assertThat(alone.size()).isEqualTo(left);
                for (int place : new int[] {0, 3, 150, left - 1}) {
                    float score = alone.scores()[place];
                    int tied = 0;
                    while (place + tied + 1 < left && alone.scores()[place + tied + 1] == score) {
                        tied++;
                    }
                    assertThat(scorer.ranksOf(one, 1, new int[] {alone.rows()[place]}, out)[0])
                            .isEqualTo(place + tied);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void knownUsersAreScoredByTheirOwnVectors(NeuralCfKind kind) throws ModelFileException {
        NeuralCfModel trained = model(kind);
        ModelFolder folder = trained.folder("1", SessionRules.AS_LOGGED, sessions(), Instant.EPOCH);
        try (ServableModel model = ServableModels.load(folder)) {
            UserScorer scorer = model.userScorer().orElseThrow();
            assertThat(scorer.scale()).isEmpty();
            float[] scores = new float[ITEMS];
            for (String user : List.of("all", "user-1", "user-59")) {
                int row = scorer.user(user);
                scorer.scores(row, scores);
                double sum = 0;
                for (int item = 0; item < ITEMS; item++) {
                    double wanted =
                            trained.logOdds(user, model.vocabulary().item(item)).orElseThrow();
                    assertThat((double) scores[item]).isCloseTo(wanted, within(1e-4));
                    assertThat(scorer.score(row, item)).isCloseTo(wanted, within(1e-4));
                    sum += scores[item];
                }
                assertThat(scorer.score(row, UserScorer.UNKNOWN))
                        .isCloseTo(sum / ITEMS, within(1e-4));
            }
            assertThat(scorer.user("nobody")).isEqualTo(UserScorer.UNKNOWN);
            scorer.scores(UserScorer.UNKNOWN, scores);
            // A session of nothing: the mean of all users.
            assertThat((double) scores[7])
                    .isCloseTo(expected(folder, kind, new int[0], 7), within(1e-4));
        }
    }

    @Test
    void foldersOfEarlierVersionsHaveNoUsers() throws ModelFileException {
        ModelFolder whole = folder(NeuralCfKind.GMF);
        Map<String, Tensor> tensors = new LinkedHashMap<>(whole.tensors());
        tensors.remove("user.keys");
        assertRefused(whole, tensors, "has no tensor user.keys");
        tensors.remove("user.values");
        try (ServableModel model =
                ServableModels.load(
                        new ModelFolder(whole.manifest(), whole.vocabulary(), tensors))) {
            assertThat(model.userScorer()).isEmpty();
        }
    }

    @Test
    void comesOutOfTheRegistryByKind() throws ModelFileException {
        ServableModel model = ServableModels.load(folder(NeuralCfKind.NEUMF));
        assertThat(model.describe()).contains("neumf of 6 factors over 301 items");
        EncodingScorer scorer = (EncodingScorer) model.newScorer();
        assertThat(scorer.maximumLength()).isEqualTo(50);
        assertThatThrownBy(() -> scorer.rank(new int[1][0], 1, 5, null))
                .hasMessageContaining("session 0 has 0 items, 1 to 50 are read");
        assertThatThrownBy(() -> scorer.rank(new int[][] {{3, ITEMS}}, 1, 5, null))
                .hasMessageContaining("session 0 has row 301 of 301 items");
        model.close();
        assertThatThrownBy(model::newScorer).hasMessageContaining("has been closed");
    }

    @Test
    void refusesWhatDoesNotFit() {
        ModelFolder whole = folder(NeuralCfKind.NEUMF);
        for (String name :
                List.of(
                        "item.factors",
                        "item.vectors",
                        "layers.1.weight",
                        "layers.2.bias",
                        "layers.3.weight",
                        "output.weight",
                        "output.bias",
                        "session.mean",
                        "session.items",
                        "user.values")) {
            Map<String, Tensor> missing = new LinkedHashMap<>(whole.tensors());
            missing.remove(name);
            assertRefused(whole, missing, "has no tensor " + name);
            Map<String, Tensor> shape = new LinkedHashMap<>(whole.tensors());
            shape.put(name, new Tensor.Floats(new float[15], 3, 5));
            assertRefused(whole, shape, "");
            Map<String, Tensor> broken = new LinkedHashMap<>(whole.tensors());
            float[] values = floats(whole, name).clone();
            values[0] = Float.NaN;
            broken.put(name, new Tensor.Floats(values, whole.tensors().get(name).shape()));
            assertRefused(whole, broken, "NaN");
        }
    }

    private static void assertRefused(
            ModelFolder whole, Map<String, Tensor> tensors, String message) {
        assertThatThrownBy(
                        () ->
                                ServableModels.load(
                                        new ModelFolder(
                                                whole.manifest(), whole.vocabulary(), tensors)))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining(message);
    }
}
