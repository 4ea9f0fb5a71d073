package io.nextclick.models.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Safetensors;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Against a network that PyTorch trained, exported and ran: see {@code imports/make_fixtures.py}.
 *
 * <p>Shapes: V = items, d = dimension, N = sessions.
 */
class TorchScriptScorerTest {

    private static final int ITEMS = 12;
    private static final int DIMENSION = 16;
    private static final int LONGEST = 9;

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = TorchScriptScorerTest.class.getResourceAsStream("/imports/" + name)) {
            return in.readAllBytes();
        }
    }

    private static Map<String, Tensor> tensors(String name) throws IOException {
        byte[] bytes = resource(name);
        return Safetensors.read(name, new ByteArrayInputStream(bytes), bytes.length);
    }

    private static ModelFolder folder(byte[] module) throws IOException {
        return folder(tensors("gru-items.safetensors"), module);
    }

    private static ModelFolder folder(Map<String, Tensor> weights, byte[] module) {
        Map<String, Tensor> tensors = new LinkedHashMap<>(weights);
        tensors.putAll(
                ModelFolder.fallbackTensors(
                        new Popularity(new float[ITEMS]),
                        new CoVisitation(new int[ITEMS][0], new float[ITEMS][0])));
        return new ModelFolder(
                new ModelManifest(
                        "torchscript",
                        "circle",
                        "1",
                        Map.of(),
                        new SessionRules(Duration.ZERO, LONGEST, false),
                        "",
                        Map.of(),
                        Instant.EPOCH),
                new ItemVocabulary(
                        IntStream.range(0, ITEMS).mapToObj(row -> "shoe-" + row).toList()),
                tensors,
                module);
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
    void encodesAndRanksAsPyTorchDoes() throws IOException {
        Map<String, Tensor> expected = tensors("gru-expected.safetensors");
        int[][] sessions = sessions(expected);
        float[] hidden = ((Tensor.Floats) expected.get("hidden")).values();
        float[] scores = ((Tensor.Floats) expected.get("scores")).values();
        try (ServableModel model = ServableModels.load(folder(resource("gru-module.pt")));
                TorchScriptScorer scorer = (TorchScriptScorer) model.newScorer()) {
            assertThat(model.describe())
                    .contains("12 items of dimension 16", "TorchScript module", "last 9 items");
            assertThat(scorer.maximumLength()).isEqualTo(LONGEST);
            float[][] vectors = scorer.encode(sessions, sessions.length);
            TopItems[] lists = scorer.rank(sessions, sessions.length, ITEMS, null);
            for (int i = 0; i < sessions.length; i++) {
                for (int j = 0; j < DIMENSION; j++) {
                    assertThat(vectors[i][j]).isCloseTo(hidden[i * DIMENSION + j], within(1e-5f));
                }
                assertThat(lists[i].size()).isEqualTo(ITEMS);
                for (int place = 0; place < ITEMS; place++) {
                    int row = lists[i].rows()[place];
                    assertThat(lists[i].scores()[place])
                            .isCloseTo(scores[i * ITEMS + row], within(1e-4f));
                    assertThat(scorer.ranksOf(new int[][] {sessions[i]}, 1, new int[] {row}, null))
                            .containsExactly(place);
                }
            }
        }
    }

    @Test
    void aBundleOfAnySizeAndOrderGivesTheSameVectors() throws IOException {
        long seed = 5;
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int[][] sessions = new int[300][];
        Arrays.setAll(sessions, i -> random.ints(1 + random.nextInt(LONGEST), 0, ITEMS).toArray());
        try (ServableTorchScript model = load(resource("gru-module.pt"))) {
            TorchScriptScorer scorer = model.newScorer();
            float[][] together = scorer.encode(sessions, sessions.length);
            for (int i = 0; i < sessions.length; i++) {
                float[] alone = scorer.encode(new int[][] {sessions[i]}, 1)[0];
                for (int j = 0; j < DIMENSION; j++) {
                    assertThat(together[i][j]).isCloseTo(alone[j], within(1e-5f));
                }
            }
            int[][] excluded = new int[300][];
            excluded[7] = sessions[7];
            for (int row : scorer.rank(sessions, 300, 5, excluded)[7].rows()) {
                assertThat(sessions[7]).doesNotContain(row);
            }
        }
    }

    @Test
    void threadsShareTheModule() throws Exception {
        Map<String, Tensor> expected = tensors("gru-expected.safetensors");
        int[][] sessions = sessions(expected);
        try (ServableModel model = ServableModels.load(folder(resource("gru-module.pt")))) {
            TopItems[] lists;
            try (EncodingScorer scorer = (EncodingScorer) model.newScorer()) {
                lists = scorer.rank(sessions, sessions.length, 3, null);
            }
            ExecutorService threads = Executors.newFixedThreadPool(4);
            try {
                List<Future<?>> runs =
                        IntStream.range(0, 4)
                                .<Future<?>>mapToObj(
                                        thread ->
                                                threads.submit(
                                                        () -> rankOver(model, sessions, lists)))
                                .collect(Collectors.toList());
                for (Future<?> run : runs) {
                    run.get();
                }
            } finally {
                threads.shutdownNow();
            }
        }
    }

    private static void rankOver(ServableModel model, int[][] sessions, TopItems[] expected) {
        try (EncodingScorer scorer = (EncodingScorer) model.newScorer()) {
            for (int call = 0; call < 50; call++) {
                TopItems[] lists = scorer.rank(sessions, sessions.length, 3, null);
                for (int i = 0; i < lists.length; i++) {
                    assertThat(lists[i].rows()).isEqualTo(expected[i].rows());
                }
            }
        }
    }

    @Test
    void twoThousandCallsLeaveNothingBehind() throws IOException {
        Random random = new Random(3);
        try (ServableTorchScript model = load(resource("gru-module.pt"))) {
            TorchScriptScorer scorer = model.newScorer();
            call(scorer, random, 500);
            long before = residentBytes();
            call(scorer, random, 2_000);
            // Vectors and batches of one call take some 100 KiB: 2,000 kept ones were 200 MiB. The
            // heap has been touched whole before the tests began.
            assertThat(residentBytes() - before).isLessThan(64L << 20);
        }
    }

    private static void call(TorchScriptScorer scorer, Random random, int calls) {
        for (int call = 0; call < calls; call++) {
            int[][] sessions = new int[200 + random.nextInt(200)][];
            for (int i = 0; i < sessions.length; i++) {
                sessions[i] = random.ints(1 + random.nextInt(LONGEST), 0, ITEMS).toArray();
            }
            assertThat(scorer.encode(sessions, sessions.length).length).isEqualTo(sessions.length);
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
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "return _3|return torch.to(_3, 7)|returns [1, 16] float64 where [1, 16] float32 is needed",
                "return _3|return torch.slice(_3, 1, 0, 8)|returns [1, 8] float32 where [1, 16] float32",
                "return _3|return torch.unsqueeze(_3, 1)|returns [1, 1, 16] float32",
                "return _3|return torch.mul(_3, inf)|returns Infinity",
                "return _3|return torch.dropout(_3, 0.5, True)|after eval()",
                "return _3|return torch.select(states, 1, -1)|than without padding",
                "return _3|return torch.add(_3, torch.mean(_3))|than without padding",
                "return _3|return torch.matmul(_3, _3)|RuntimeError: mat1 and mat2",
                "return _3|return torch.view(_3, [1, 16])|several sessions in padded batches fails",
                "return _3|return (_3, 1)|libtorch cannot read it",
                "return _3|return _4|libtorch cannot read it",
                "return _3|return ops.aten.nonesuch(_3)|libtorch cannot read it",
                "torch.sub(lengths, 1)|torch.sub(lengths, 0)|index 1 is out of bounds",
                "embedding).forward(items, )|embedding).forward(torch.add(items, 1), )"
                        + "|index out of range",
                ", lengths: Tensor|, lengths: Tensor, more: Tensor|missing value for argument",
                "forward(self: __torch__.SessionEncoder|encode(self: __torch__.SessionEncoder"
                        + "|'forward'",
            })
    void aModuleThatBreaksTheContractIsRefused(String from, String to, String problem)
            throws IOException {
        byte[] module = rewritten(from, to);
        assertThatThrownBy(() -> load(module).close())
                .isInstanceOf(ModelFileException.class)
                .hasMessageStartingWith(ModelFolder.MODULE)
                .hasMessageContaining(problem)
                .hasMessageNotContaining("\n");
    }

    @Test
    void aVectorMayLieAnyhowInMemory() throws IOException {
        byte[] module = rewritten("return _3", "return torch.t(torch.contiguous(torch.t(_3)))");
        int[][] sessions = {{1, 2, 3}, {4, 5, 6}, {7}};
        try (ServableTorchScript model = load(module);
                ServableTorchScript plain = load(resource("gru-module.pt"))) {
            assertThat(model.newScorer().encode(sessions, 3))
                    .isDeepEqualTo(plain.newScorer().encode(sessions, 3));
        }
    }

    @Test
    void whatIsNoModuleIsRefused() throws IOException {
        for (byte[] bytes : List.of(new byte[0], "import torch".getBytes(StandardCharsets.UTF_8))) {
            assertThatThrownBy(() -> load(bytes).close())
                    .isInstanceOf(ModelFileException.class)
                    .hasMessage("module.pt: not a TorchScript archive: it is no zip file");
        }
        byte[] good = resource("gru-module.pt");
        assertThatThrownBy(() -> load(Arrays.copyOf(good, good.length / 2)).close())
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("module.pt: not a TorchScript archive: ");
        assertThatThrownBy(() -> load(resource("gru-state-dict.pt")).close())
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("torch.save");
        assertThatThrownBy(() -> load(null).close())
                .isInstanceOf(ModelFileException.class)
                .hasMessage("module.pt: is missing");
    }

    @Test
    void anItemMatrixThatDoesNotFitIsRefused() throws IOException {
        byte[] module = resource("gru-module.pt");
        assertRefused(Map.of(), module, "has no tensor item.weight");
        assertRefused(
                Map.of("item.weight", new Tensor.Floats(new float[13 * 16], 13, 16)),
                module,
                "tensor item.weight has shape [13, 16] where [12, -1] is needed");
        assertRefused(
                Map.of("item.weight", new Tensor.Ints(new int[12 * 16], 12, 16)),
                module,
                "item.weight is not of floats");
        assertRefused(
                Map.of(
                        "item.weight",
                        new Tensor.Floats(new float[12 * 16], 12, 16),
                        "item.bias",
                        new Tensor.Floats(new float[12], 12, 1)),
                module,
                "item.bias has shape [12, 1]");
        assertRefused(
                Map.of("item.weight", new Tensor.Floats(new float[12 * 8], 12, 8)),
                module,
                "returns [1, 16] float32 where [1, 8] float32 is needed");
        float[] broken = new float[12 * 16];
        broken[17] = Float.NaN;
        assertRefused(
                Map.of("item.weight", new Tensor.Floats(broken, 12, 16)),
                module,
                "value 17 of tensor item.weight is NaN");
    }

    private static void assertRefused(Map<String, Tensor> weights, byte[] module, String problem) {
        assertThatThrownBy(() -> ServableModels.load(folder(weights, module)).close())
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void refusesSessionsThatItCannotRead() throws IOException {
        ServableTorchScript model = load(resource("gru-module.pt"));
        TorchScriptScorer scorer = model.newScorer();
        assertThat(scorer.rank(new int[0][], 0, 5, null)).isEmpty();
        assertThatThrownBy(() -> scorer.encode(new int[][] {{}}, 1))
                .hasMessage("session 0 has 0 items, the model reads 1 to 9");
        assertThatThrownBy(() -> scorer.encode(new int[][] {new int[10]}, 1))
                .hasMessage("session 0 has 10 items, the model reads 1 to 9");
        assertThatThrownBy(() -> scorer.encode(new int[][] {{3}, {12}}, 2))
                .hasMessage("session 1 holds row 12 of 12 items");
        model.close();
        model.close();
        assertThatThrownBy(model::newScorer)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("model circle 1 has been closed");
    }

    @Test
    void comesBackFromItsFolderAndTheDigestGuardsTheModule(@TempDir Path root) throws IOException {
        Path path = root.resolve("model");
        folder(resource("gru-module.pt")).write(path);
        int[][] sessions = {{1, 2, 3}};
        try (ServableModel model = ServableModels.load(ModelFolder.read(path));
                EncodingScorer scorer = (EncodingScorer) model.newScorer()) {
            assertThat(scorer.rank(sessions, 1, 1, null)[0].rows()).containsExactly(4);
        }
        // Its code, still a module that libtorch would run.
        Files.write(path.resolve(ModelFolder.MODULE), rewritten("return _3", "return -_3"));
        assertThatThrownBy(() -> ModelFolder.read(path))
                .isInstanceOf(ModelFileException.class)
                .hasMessageStartingWith(ModelFolder.MODULE)
                .hasMessageContaining("the manifest");
        Files.delete(path.resolve(ModelFolder.MODULE));
        assertThatThrownBy(() -> ModelFolder.read(path))
                .isInstanceOf(ModelFileException.class)
                .hasMessage("module.pt: is missing");
        folder(resource("gru-module.pt")).write(path);
        assertThat(ModelFolder.read(path).module()).isEqualTo(resource("gru-module.pt"));
    }

    private static ServableTorchScript load(byte[] module) throws IOException {
        return new ServableTorchScript(folder(module), Placement.on(DenseKernel.fastest()));
    }

    /** The fixture's module with another program. */
    private static byte[] rewritten(String from, String to) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        boolean found = false;
        try (ZipInputStream in =
                        new ZipInputStream(new ByteArrayInputStream(resource("gru-module.pt")));
                ZipOutputStream out = new ZipOutputStream(bytes)) {
            for (ZipEntry each = in.getNextEntry(); each != null; each = in.getNextEntry()) {
                byte[] content = in.readAllBytes();
                if (each.getName().endsWith("/code/__torch__.py")) {
                    String code = new String(content, StandardCharsets.UTF_8);
                    // One argument a line, in the file.
                    String joined =
                            code.replace(
                                            "(self: __torch__.SessionEncoder,\n    items",
                                            "(self: __torch__.SessionEncoder, items")
                                    .replace(",\n    lengths", ", lengths");
                    found = joined.contains(from);
                    content = joined.replace(from, to).getBytes(StandardCharsets.UTF_8);
                }
                ZipEntry entry = new ZipEntry(each.getName());
                CRC32 crc = new CRC32();
                crc.update(content);
                entry.setMethod(ZipEntry.STORED);
                entry.setSize(content.length);
                entry.setCrc(crc.getValue());
                out.putNextEntry(entry);
                out.write(content);
                out.closeEntry();
            }
        }
        assertThat(found).as(from).isTrue();
        return bytes.toByteArray();
    }
}
