package io.nextclick.models.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.Safetensors;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.RecurrentScorer;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * With a network that PyTorch trained and exported in both ways: see {@code
 * imports/make_fixtures.py}.
 */
class ModelImportTest {

    private static final int ITEMS = 12;

    @TempDir Path folder;
    private Path module;
    private Path itemMatrix;
    private Path weights;
    private Path items;

    @BeforeEach
    void copyFixtures() throws IOException {
        module = copy("gru-module.pt");
        itemMatrix = copy("gru-items.safetensors");
        weights = copy("gru-weights.safetensors");
        items = copy("items.txt");
    }

    private Path copy(String name) throws IOException {
        try (InputStream in = ModelImportTest.class.getResourceAsStream("/imports/" + name)) {
            Files.copy(in, folder.resolve(name));
        }
        return folder.resolve(name);
    }

    private static Map<String, Tensor> read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return Safetensors.read("test", in, Files.size(file));
        }
    }

    private static ModelFolder folder(ModelImport imported, List<Session> log) throws IOException {
        return imported.folder("shoes", "7", SessionRules.AS_LOGGED, log, Instant.EPOCH);
    }

    @Test
    void aModuleAndPlainWeightsOfTheSameNetworkRankAsPyTorchDoes() throws IOException {
        Map<String, Tensor> expected = read(copy("gru-expected.safetensors"));
        float[] scores = ((Tensor.Floats) expected.get("scores")).values();
        for (ModelImport imported :
                List.of(
                        ModelImport.torchScript(module, itemMatrix, items),
                        ModelImport.gru4Rec(weights, items))) {
            assertRanks(folder(imported, List.of()), sessions(expected), scores);
        }
    }

    /** By way of its files. */
    private void assertRanks(ModelFolder made, int[][] sessions, float[] scores)
            throws IOException {
        Path written = folder.resolve(made.manifest().kind());
        made.write(written);
        try (ServableModel model = ServableModels.load(ModelFolder.read(written));
                SessionScorer scorer = model.newScorer()) {
            for (int i = 0; i < sessions.length; i++) {
                TopItems list = rank(scorer, sessions[i]);
                assertThat(list.size()).isEqualTo(ITEMS);
                for (int place = 0; place < ITEMS; place++) {
                    float score = scores[i * ITEMS + list.rows()[place]];
                    assertThat(list.scores()[place]).isCloseTo(score, within(1e-4f));
                }
            }
        }
    }

    /** The fixture's sessions as rows. */
    private static int[][] sessions(Map<String, Tensor> expected) {
        long[] padded = ((Tensor.Longs) expected.get("sessions")).values();
        long[] lengths = ((Tensor.Longs) expected.get("lengths")).values();
        int columns = padded.length / lengths.length;
        int[][] sessions = new int[lengths.length][];
        for (int i = 0; i < sessions.length; i++) {
            int begin = i * columns;
            sessions[i] =
                    Arrays.stream(padded, begin, begin + (int) lengths[i])
                            .mapToInt(item -> (int) item - 1)
                            .toArray();
        }
        return sessions;
    }

    @Test
    void aSasRecRanksAsPyTorchDoes() throws IOException {
        Map<String, Tensor> expected = read(copy("gru-expected.safetensors"));
        float[] scores =
                ((Tensor.Floats) read(copy("sasrec-expected.safetensors")).get("scores")).values();
        ModelImport imported = ModelImport.sasRec(copy("sasrec-weights.safetensors"), items, 2);
        ModelFolder made = folder(imported, List.of());
        assertThat(made.manifest().integer("layers")).isEqualTo(2);
        assertThat(made.manifest().integer("positions")).isEqualTo(9);
        assertThat(made.manifest().integer("inner_size")).isEqualTo(24);
        assertThat(made.manifest().flag("tied")).isTrue();
        assertRanks(made, sessions(expected), scores);
        SessionRules forgetful = new SessionRules(Duration.ZERO, 6, false);
        try (ServableModel model =
                        ServableModels.load(
                                imported.folder("s", "1", forgetful, List.of(), Instant.EPOCH));
                SessionScorer scorer = model.newScorer()) {
            assertThat(((EncodingScorer) scorer).maximumLength()).isEqualTo(6);
        }
    }

    @Test
    void aSasRecThatDoesNotFitIsRefused() throws IOException {
        Path sasRec = copy("sasrec-weights.safetensors");
        assertRefused(
                "heads is 3",
                "16",
                "",
                () -> folder(ModelImport.sasRec(sasRec, items, 3), List.of()));
        edit(sasRec, tensors -> tensors.remove("encoder.layers.1.norm1.bias"));
        assertRefused(
                "missing are [encoder.layers.1.norm1.bias]",
                "unexpected are []",
                "",
                () -> ModelImport.sasRec(sasRec, items, 2));
        edit(sasRec, tensors -> tensors.keySet().removeIf(name -> name.contains("layers")));
        assertRefused(
                "missing are [encoder.layers.0.linear1.bias, ",
                "",
                "",
                () -> ModelImport.sasRec(sasRec, items, 2));
    }

    private static TopItems rank(SessionScorer scorer, int[] session) {
        if (scorer instanceof RecurrentScorer recurrent) {
            float[][] states = new float[1][recurrent.stateSize()];
            for (int row : session) {
                recurrent.advance(new int[] {row}, states, 1);
            }
            return recurrent.rank(states, 1, ITEMS, null)[0];
        }
        return ((EncodingScorer) scorer).rank(new int[][] {session}, 1, ITEMS, null)[0];
    }

    @Test
    void aFolderSaysWhereItCameFromAndCarriesFallbacks() throws IOException {
        List<Session> log =
                List.of(
                        new Session("a", 0, List.of("shoe-3", "shoe-4", "boot")),
                        new Session("b", 0, List.of("shoe-3")));
        ModelFolder made = folder(ModelImport.torchScript(module, itemMatrix, items), log);
        assertThat(made.manifest().kind()).isEqualTo("torchscript");
        assertThat(made.manifest().name()).isEqualTo("shoes");
        assertThat(made.manifest().version()).isEqualTo("7");
        assertThat(made.manifest().sessionRules()).isEqualTo(SessionRules.AS_LOGGED);
        assertThat(made.manifest().integer("hidden_size")).isEqualTo(16);
        assertThat(made.manifest().flag("imported")).isTrue();
        assertThat(made.manifest().text("source")).isEqualTo("gru-items.safetensors");
        assertThat(made.manifest().text("source_sha256")).hasSize(64);
        assertThat(made.popularity().count(3)).isEqualTo(2);
        assertThat(made.coVisitation().neighbours(3, 5).rows()).containsExactly(4);
        ModelFolder bare = folder(ModelImport.gru4Rec(weights, items), List.of());
        assertThat(bare.manifest().kind()).isEqualTo("gru4rec");
        assertThat(bare.manifest().flag("tied")).isFalse();
        assertThat(bare.popularity().count(3)).isZero();
        assertThat(bare.coVisitation().neighbours(3, 5).size()).isZero();
    }

    @Test
    void absentOptionalTensorsAreMadeUpFor() throws IOException {
        edit(
                weights,
                tensors -> {
                    tensors.remove("output.bias");
                    tensors.remove("embedding.weight");
                });
        ModelFolder made = folder(ModelImport.gru4Rec(weights, items), List.of());
        assertThat(made.manifest().flag("tied")).isTrue();
        assertThat(made.floats("output.bias", ITEMS)).containsOnly(0f);
        edit(itemMatrix, tensors -> tensors.remove("item.bias"));
        folder(ModelImport.torchScript(module, itemMatrix, items), List.of());
    }

    @Test
    void tensorsThatAreNotThoseOfTheKindAreRefused() throws IOException {
        assertRefused(
                "gru-items.safetensors: the tensors of a gru4rec are [",
                "missing are [gru.bias_hh_l0, ",
                "unexpected are [item.bias, item.weight]",
                () -> ModelImport.gru4Rec(itemMatrix, items));
        edit(weights, tensors -> tensors.put("gru.weight_ih_l1", tensors.get("gru.weight_ih_l0")));
        assertRefused(
                "gru-weights.safetensors",
                "missing are []",
                "unexpected are [gru.weight_ih_l1]",
                () -> ModelImport.gru4Rec(weights, items));
        edit(
                weights,
                tensors -> {
                    tensors.remove("gru.weight_ih_l1");
                    tensors.put("gru.bias_hh_l0", new Tensor.Floats(new float[47], 47));
                });
        assertRefused(
                "gru-weights.safetensors: tensor gru.bias_hh_l0 has shape [47]",
                "where [48] is needed",
                "",
                () -> folder(ModelImport.gru4Rec(weights, items), List.of()));
        edit(
                itemMatrix,
                tensors -> tensors.put("item.weight", new Tensor.Floats(new float[208], 13, 16)));
        assertRefused(
                "gru-items.safetensors: tensor item.weight has 13 rows",
                "the list of items has 12 lines",
                "without a row for padding",
                () -> ModelImport.torchScript(module, itemMatrix, items));
        edit(itemMatrix, tensors -> tensors.put("item.weight", new Tensor.Ints(new int[9], 3, 3)));
        assertRefused(
                "tensor item.weight is I32 where F32 is needed",
                "",
                "",
                () -> ModelImport.torchScript(module, itemMatrix, items));
        float[] infinite = new float[ITEMS * 16];
        infinite[5] = Float.POSITIVE_INFINITY;
        edit(
                itemMatrix,
                tensors -> tensors.put("item.weight", new Tensor.Floats(infinite, ITEMS, 16)));
        assertRefused(
                "value 5 of tensor item.weight is Infinity",
                "",
                "",
                () -> ModelImport.torchScript(module, itemMatrix, items));
        edit(
                itemMatrix,
                tensors -> tensors.put("item.weight", new Tensor.Floats(new float[12], 12)));
        assertRefused(
                "tensor item.weight has 1 dimensions, not 2",
                "",
                "",
                () -> ModelImport.torchScript(module, itemMatrix, items));
    }

    @Test
    void aModuleIsNamedAsTheUserKnowsIt() throws IOException {
        Path stateDict = copy("gru-state-dict.pt");
        assertRefused(
                "gru-state-dict.pt: not a TorchScript archive",
                "torch.save",
                "",
                () -> folder(ModelImport.torchScript(stateDict, itemMatrix, items), List.of()));
        edit(
                itemMatrix,
                tensors -> tensors.put("item.weight", new Tensor.Floats(new float[96], 12, 8)));
        assertRefused(
                "gru-module.pt: a trial with one session of 1 items",
                "returns [1, 16] float32 where [1, 8] float32 is needed",
                "",
                () -> folder(ModelImport.torchScript(module, itemMatrix, items), List.of()));
    }

    @Test
    void listsOfItemsFromAnywhereAreRead() throws IOException {
        Files.writeString(items, "a\r\nb\\\\\r\nc\nd\ne\nf\ng\nh\ni\nj\nk\n\u00fc");
        assertThat(ModelImport.gru4Rec(weights, items).vocabulary().items())
                .startsWith("a", "b\\", "c")
                .endsWith("k", "\u00fc");
        Files.writeString(items, "a\n\nb\n");
        assertRefused(
                "items.txt: line 2 is empty", "", "", () -> ModelImport.gru4Rec(weights, items));
        Files.writeString(items, "a\nb\na\n");
        assertRefused(
                "items.txt: item 'a' occurs twice",
                "",
                "",
                () -> ModelImport.gru4Rec(weights, items));
        Files.writeString(items, "a\n\\q\n");
        assertRefused(
                "items.txt: line 2 has an unknown escape",
                "",
                "",
                () -> ModelImport.gru4Rec(weights, items));
        Files.write(items, new byte[] {'a', (byte) 0xff});
        assertRefused("items.txt: not UTF-8", "", "", () -> ModelImport.gru4Rec(weights, items));
        Files.writeString(items, "");
        assertRefused("items.txt: is empty", "", "", () -> ModelImport.gru4Rec(weights, items));
        Files.delete(items);
        assertThatThrownBy(() -> ModelImport.gru4Rec(weights, items))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void filesThatAreTooLargeAreRefusedUnread() throws IOException {
        try (RandomAccessFile large = new RandomAccessFile(module.toFile(), "rw")) {
            large.setLength(ModelFolder.LARGEST_MODULE_BYTES + 1L);
        }
        assertRefused(
                "gru-module.pt: takes 1073741825 bytes, the most are 1073741824",
                "",
                "",
                () -> ModelImport.torchScript(module, itemMatrix, items));
        try (RandomAccessFile large = new RandomAccessFile(weights.toFile(), "rw")) {
            large.setLength(ModelFolder.LARGEST_WEIGHTS_BYTES + 1);
        }
        assertRefused(
                "gru-weights.safetensors: takes 17179869185 bytes",
                "",
                "",
                () -> ModelImport.gru4Rec(weights, items));
    }

    private interface Made {
        Object make() throws IOException;
    }

    private static void assertRefused(String start, String part, String other, Made made) {
        assertThatThrownBy(made::make)
                .isInstanceOf(ModelFileException.class)
                .hasMessageContainingAll(start, part, other);
    }

    private static void edit(Path file, Consumer<Map<String, Tensor>> edit) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>(read(file));
        edit.accept(tensors);
        try (OutputStream out = Files.newOutputStream(file)) {
            Safetensors.write(out, tensors);
        }
    }
}
