package io.nextclick.models.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.network.AttentionSizes;
import io.nextclick.models.network.Bert4Rec;
import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.network.Parameter;
import io.nextclick.models.network.SasRec;
import io.nextclick.models.network.SessionNetwork;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class AttentionScorerTest {

    private static final int ITEMS = 60;
    private static final int POSITIONS = 20;

    static Stream<DenseKernel> kernels() {
        return Stream.of(DenseKernel.fastest(), DenseKernel.plain());
    }

    private static SessionNetwork network(NetworkKind kind, boolean tied) {
        SplittableRandom random = new SplittableRandom(5);
        SessionNetwork network =
                kind == NetworkKind.SASREC
                        ? new SasRec(
                                new AttentionSizes(ITEMS, 24, POSITIONS, 3, 2, 40, tied), random)
                        : new Bert4Rec(
                                new AttentionSizes(ITEMS, 24, POSITIONS + 1, 3, 2, 40, tied),
                                random);
        for (Parameter parameter : network.parameters()) {
            for (int i = 0; i < parameter.values().length; i++) {
                parameter.values()[i] += (float) (0.4 * random.nextDouble() - 0.2);
            }
        }
        return network;
    }

    private static ServableModel model(ModelFolder folder, DenseKernel kernel)
            throws ModelFileException {
        return folder.manifest().kind().equals("sasrec")
                ? ServableAttention.sasRec(folder, Placement.on(kernel))
                : ServableAttention.bert4Rec(folder, Placement.on(kernel));
    }

    private static Map<String, Tensor> tensors(SessionNetwork network) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Parameter parameter : network.parameters()) {
            boolean vector = parameter.rows() == 1 || parameter.columns() == 1;
            tensors.put(
                    parameter.name(),
                    vector
                            ? new Tensor.Floats(parameter.copy(), parameter.values().length)
                            : new Tensor.Floats(
                                    parameter.copy(), parameter.rows(), parameter.columns()));
        }
        return tensors;
    }

    private static ModelFolder folder(
            NetworkKind kind, int items, Map<String, Object> sizes, Map<String, Tensor> weights) {
        Map<String, Tensor> tensors = new LinkedHashMap<>(weights);
        List<String> ids = new ArrayList<>();
        for (int row = 0; row < items; row++) {
            ids.add("item-" + row);
        }
        tensors.putAll(
                ModelFolder.fallbackTensors(
                        new Popularity(new float[items]),
                        new CoVisitation(new int[items][0], new float[items][0])));
        ModelManifest manifest =
                new ModelManifest(
                        kind.id(),
                        "test",
                        "1",
                        sizes,
                        SessionRules.DEFAULT,
                        "",
                        Map.of(),
                        Instant.EPOCH);
        return new ModelFolder(manifest, new ItemVocabulary(ids), tensors);
    }

    private static ModelFolder folder(NetworkKind kind, boolean tied) {
        SessionNetwork network = network(kind, tied);
        return folder(kind, ITEMS, network.sizes(), tensors(network));
    }

    private static int[][] sessions(int count) {
        SplittableRandom random = new SplittableRandom(8);
        int[][] sessions = new int[count][];
        for (int i = 0; i < count; i++) {
            sessions[i] = new int[1 + (i % 3 == 0 ? random.nextInt(POSITIONS) : random.nextInt(3))];
            Arrays.setAll(sessions[i], t -> random.nextInt(ITEMS));
        }
        return sessions;
    }

    /** The figures are PyTorch's: see {@code network/make_sasrec.py}. */
    @ParameterizedTest
    @MethodSource("kernels")
    void scoresAreThoseOfPyTorch(DenseKernel kernel) throws IOException {
        JsonNode golden;
        try (InputStream json = getClass().getResourceAsStream("/network/sasrec.json")) {
            golden = new ObjectMapper().readTree(json);
        }
        int items = golden.get("items").intValue();
        SasRec network =
                new SasRec(
                        new AttentionSizes(
                                items,
                                golden.get("size").intValue(),
                                golden.get("positions").intValue(),
                                golden.get("layers").intValue(),
                                golden.get("heads").intValue(),
                                golden.get("inner_size").intValue(),
                                true),
                        new SplittableRandom(1));
        for (Parameter parameter : network.parameters()) {
            JsonNode values = golden.get("weights").get(parameter.name());
            for (int i = 0; i < values.size(); i++) {
                parameter.values()[i] = values.get(i).floatValue();
            }
        }
        ModelFolder folder = folder(NetworkKind.SASREC, items, network.sizes(), tensors(network));
        try (ServableModel model = model(folder, kernel);
                EncodingScorer scorer = (EncodingScorer) model.newScorer()) {
            int sessions = golden.get("sessions").size();
            int[][] prefixes = new int[sessions][];
            for (int s = 0; s < sessions; s++) {
                JsonNode session = golden.get("sessions").get(s);
                prefixes[s] = new int[session.size()];
                Arrays.setAll(prefixes[s], t -> session.get(t).intValue());
            }
            TopItems[] lists = scorer.rank(prefixes, sessions, items, null);
            for (int s = 0; s < sessions; s++) {
                JsonNode scores = golden.get("scores").get(s).get(prefixes[s].length - 1);
                assertThat(lists[s].size()).isEqualTo(items);
                for (int i = 0; i < items; i++) {
                    assertThat((double) lists[s].scores()[i])
                            .as("session %d, item %d", s, lists[s].rows()[i])
                            .isCloseTo(scores.get(lists[s].rows()[i]).doubleValue(), within(1e-4));
                }
            }
        }
    }

    /** The figures are PyTorch's: see {@code network/make_bert4rec.py}. */
    @ParameterizedTest
    @MethodSource("kernels")
    void aBert4RecsScoresAreThoseOfPyTorch(DenseKernel kernel) throws IOException {
        JsonNode golden;
        try (InputStream json = getClass().getResourceAsStream("/network/bert4rec.json")) {
            golden = new ObjectMapper().readTree(json);
        }
        int items = golden.get("items").intValue();
        Bert4Rec network =
                new Bert4Rec(
                        new AttentionSizes(
                                items,
                                golden.get("size").intValue(),
                                golden.get("positions").intValue(),
                                golden.get("layers").intValue(),
                                golden.get("heads").intValue(),
                                golden.get("inner_size").intValue(),
                                true),
                        new SplittableRandom(1));
        for (Parameter parameter : network.parameters()) {
            JsonNode values = golden.get("weights").get(parameter.name());
            for (int i = 0; i < values.size(); i++) {
                parameter.values()[i] = values.get(i).floatValue();
            }
        }
        ModelFolder folder = folder(NetworkKind.BERT4REC, items, network.sizes(), tensors(network));
        try (ServableModel model = model(folder, kernel);
                EncodingScorer scorer = (EncodingScorer) model.newScorer()) {
            int sessions = golden.get("sessions").size();
            int[][] prefixes = new int[sessions][];
            for (int s = 0; s < sessions; s++) {
                JsonNode session = golden.get("sessions").get(s);
                prefixes[s] = new int[session.size() - 1]; // the last click is the one asked for
                Arrays.setAll(prefixes[s], t -> session.get(t).intValue());
            }
            TopItems[] lists = scorer.rank(prefixes, sessions, items, null);
            for (int s = 0; s < sessions; s++) {
                JsonNode scores = golden.get("next_scores").get(s);
                assertThat(lists[s].size()).isEqualTo(items);
                for (int i = 0; i < items; i++) {
                    assertThat((double) lists[s].scores()[i])
                            .as("session %d, item %d", s, lists[s].rows()[i])
                            .isCloseTo(scores.get(lists[s].rows()[i]).doubleValue(), within(1e-4));
                }
            }
        }
    }

    static Stream<Arguments> kindsAndKernels() {
        return Stream.of(NetworkKind.SASREC, NetworkKind.BERT4REC)
                .flatMap(kind -> kernels().map(kernel -> Arguments.of(kind, kernel)));
    }

    @ParameterizedTest
    @MethodSource("kindsAndKernels")
    void aSessionsListDoesNotDependOnItsBundleToTheLastBit(NetworkKind kind, DenseKernel kernel)
            throws ModelFileException {
        int[][] sessions = sessions(300);
        try (ServableModel model = model(folder(kind, true), kernel);
                EncodingScorer scorer = (EncodingScorer) model.newScorer();
                EncodingScorer another = (EncodingScorer) model.newScorer()) {
            TopItems[] bundled = scorer.rank(sessions, sessions.length, 10, null);
            for (int i = 0; i < sessions.length; i++) {
                TopItems alone = another.rank(new int[][] {sessions[i]}, 1, 10, null)[0];
                assertThat(bundled[i].rows()).as("session %d", i).isEqualTo(alone.rows());
                assertThat(bundled[i].scores()).as("session %d", i).isEqualTo(alone.scores());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SASREC", "BERT4REC"})
    void bothKernelsComputeTheSameBits(NetworkKind kind) throws ModelFileException {
        int[][] sessions = sessions(100);
        for (boolean tied : new boolean[] {true, false}) {
            try (ServableModel plain = model(folder(kind, tied), DenseKernel.plain());
                    ServableModel fast = model(folder(kind, tied), DenseKernel.fastest())) {
                TopItems[] one = ((EncodingScorer) plain.newScorer()).rank(sessions, 100, 10, null);
                TopItems[] other =
                        ((EncodingScorer) fast.newScorer()).rank(sessions, 100, 10, null);
                for (int i = 0; i < 100; i++) {
                    assertThat(one[i].scores()).isEqualTo(other[i].scores());
                }
            }
        }
    }

    @Test
    void tenThousandBundlesLeaveNothingBehind() throws IOException {
        int[][] sessions = sessions(32);
        try (ServableModel model = ServableModels.load(folder(NetworkKind.SASREC, true));
                EncodingScorer scorer = (EncodingScorer) model.newScorer()) {
            for (int step = 0; step < 1_000; step++) {
                scorer.rank(sessions, sessions.length, 20, null);
            }
            long before = residentBytes();
            for (int step = 0; step < 10_000; step++) {
                scorer.rank(sessions, sessions.length, 20, null);
            }
            // The heap has been touched whole before the tests began: growth would be native.
            assertThat(residentBytes() - before).isLessThan(64L << 20);
        }
    }

    private static long residentBytes() throws IOException {
        Path statm = Path.of("/proc/self/statm");
        if (!Files.exists(statm)) {
            return 0;
        }
        return Long.parseLong(Files.readString(statm).split(" ")[1]) * 4096;
    }

    @ParameterizedTest
    @EnumSource(names = {"SASREC", "BERT4REC"})
    void comesOutOfTheRegistryByKind(NetworkKind kind) throws ModelFileException {
        ServableModel model = ServableModels.load(folder(kind, false));
        assertThat(model.describe())
                .contains(
                        "exact search over 60 items of dimension 24",
                        kind == NetworkKind.SASREC
                                ? "3 blocks of attention in"
                                : "3 blocks of bidirectional attention in");
        EncodingScorer scorer = (EncodingScorer) model.newScorer();
        assertThat(scorer.maximumLength()).isEqualTo(POSITIONS);
        assertThatThrownBy(() -> scorer.rank(new int[1][0], 1, 5, null))
                .hasMessageContaining("session 0 has 0 items, 1 to 20 are read");
        assertThatThrownBy(() -> scorer.rank(new int[][] {{3, ITEMS}}, 1, 5, null))
                .hasMessageContaining("session 0 has row 60 of 60 items");
        model.close();
        model.close();
        assertThatThrownBy(model::newScorer).hasMessageContaining("test 1 has been closed");
    }

    @ParameterizedTest
    @EnumSource(names = {"SASREC", "BERT4REC"})
    void refusesWhatDoesNotFit(NetworkKind kind) {
        SessionNetwork network = network(kind, true);
        List<String> names =
                new ArrayList<>(
                        List.of(
                                "positions.weight",
                                "encoder.layers.1.self_attn.in_proj_weight",
                                "encoder.layers.2.linear2.bias",
                                "encoder.norm.weight",
                                "output.weight"));
        if (kind == NetworkKind.BERT4REC) {
            names.addAll(List.of("mask.weight", "head.weight", "head.norm.bias"));
        }
        for (String name : names) {
            Map<String, Tensor> missing = tensors(network);
            missing.remove(name);
            assertRefused(kind, network.sizes(), missing, "has no tensor " + name);
            Map<String, Tensor> shape = tensors(network);
            shape.put(name, new Tensor.Floats(new float[15], 3, 5));
            assertThatThrownBy(
                            () -> ServableModels.load(folder(kind, ITEMS, network.sizes(), shape)))
                    .isInstanceOf(ModelFileException.class);
            Map<String, Tensor> broken = tensors(network);
            ((Tensor.Floats) broken.get(name)).values()[1] = Float.NaN;
            assertRefused(kind, network.sizes(), broken, "NaN");
        }
        Map<String, Object> sizes = new LinkedHashMap<>(network.sizes());
        sizes.put("heads", 5);
        assertRefused(kind, sizes, tensors(network), "heads is 5");
        sizes.remove("heads");
        assertRefused(kind, sizes, tensors(network), "parameter heads is null");
    }

    @Test
    void aBert4RecNeedsAPositionForTheHiddenClick() {
        SessionNetwork network = network(NetworkKind.BERT4REC, true);
        Map<String, Tensor> tensors = tensors(network);
        tensors.put("positions.weight", new Tensor.Floats(new float[24], 1, 24));
        assertRefused(
                NetworkKind.BERT4REC,
                network.sizes(),
                tensors,
                "positions.weight has 1 rows, 2 to 10000 are read");
    }

    private static void assertRefused(
            NetworkKind kind,
            Map<String, Object> sizes,
            Map<String, Tensor> tensors,
            String message) {
        assertThatThrownBy(() -> ServableModels.load(folder(kind, ITEMS, sizes, tensors)))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining(message);
    }
}
