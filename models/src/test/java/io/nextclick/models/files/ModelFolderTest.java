package io.nextclick.models.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFolderTest {

    private static final List<String> ITEMS =
            List.of("a", "b\\n", "line\nfeed", "", "ü☃", "\r\\", " ");

    @TempDir Path root;
    private Path folder;

    private static ModelManifest manifest() {
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("hidden_size", 128);
        parameters.put("learning_rate", 0.05);
        parameters.put("tied", true);
        parameters.put("loss", "cross-entropy");
        parameters.put("seed", 1L << 40);
        return new ModelManifest(
                "gru4rec",
                "gru4rec",
                "2026-01-02.1",
                parameters,
                SessionRules.DEFAULT,
                "f".repeat(64),
                Map.of("mrr@20", 0.25),
                Instant.parse("2026-01-02T03:04:05.678Z"));
    }

    private static ModelFolder model() {
        ItemVocabulary vocabulary = new ItemVocabulary(ITEMS);
        List<Session> log = List.of(new Session("s", 0, ITEMS), new Session("t", 0, List.of("a")));
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("output.bias", new Tensor.Floats(new float[ITEMS.size()], ITEMS.size()));
        tensors.putAll(
                ModelFolder.fallbackTensors(
                        Popularity.of(log, vocabulary), CoVisitation.of(log, vocabulary, 1, 4)));
        return new ModelFolder(manifest(), vocabulary, tensors);
    }

    @BeforeEach
    void write() throws IOException {
        folder = root.resolve("deep/model");
        model().write(folder);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private byte[] file(String name) throws IOException {
        return Files.readAllBytes(folder.resolve(name));
    }

    private void editManifest(UnaryOperator<String> edit) throws IOException {
        String before = new String(file(ModelFolder.MANIFEST), StandardCharsets.UTF_8);
        String after = edit.apply(before);
        assertThat(after).isNotEqualTo(before);
        Files.writeString(folder.resolve(ModelFolder.MANIFEST), after);
    }

    /** Replaces a file and makes the manifest agree with it. */
    private void replace(String name, byte[] bytes) throws IOException {
        byte[] before = file(name);
        Files.write(folder.resolve(name), bytes);
        editManifest(
                json ->
                        json.replace(sha256(before), sha256(bytes))
                                .replace(
                                        "\"bytes\" : " + before.length,
                                        "\"bytes\" : " + bytes.length));
    }

    private void assertRefused(String... parts) {
        assertThatThrownBy(() -> ModelFolder.read(folder))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContainingAll(parts);
    }

    @Test
    void everythingComesBack() throws IOException {
        ModelFolder back = ModelFolder.read(folder);
        assertThat(back.manifest()).isEqualTo(manifest());
        assertThat(back.manifest().integer("hidden_size")).isEqualTo(128);
        assertThat(back.manifest().number("learning_rate")).isEqualTo(0.05);
        assertThat(back.manifest().flag("tied")).isTrue();
        assertThat(back.manifest().text("loss")).isEqualTo("cross-entropy");
        assertThatThrownBy(() -> back.manifest().integer("seed"))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("parameter seed is 1099511627776");
        assertThat(back.vocabulary().items()).isEqualTo(ITEMS);
        assertThat(back.popularity().top(1, null).rows()).containsExactly(0);
        assertThat(back.popularity().count(0)).isEqualTo(2);
        assertThat(back.coVisitation().neighbours(1, 9).rows()).containsExactly(2, 0);
        assertThat(back.floats("output.bias", ITEMS.size())).hasSize(ITEMS.size());
        assertThatThrownBy(() -> back.floats("output.bias", 3)).hasMessageContaining("[3]");
        assertThatThrownBy(() -> back.ints("output.bias", -1)).hasMessageContaining("integers");
        assertThatThrownBy(() -> back.floats("gru")).hasMessageContaining("no tensor gru");
        assertThat(ModelFolder.readManifest(name -> Files.newInputStream(folder.resolve(name))))
                .isEqualTo(manifest());
    }

    @Test
    void writingReplacesAModelWholeAndNothingElse() throws IOException {
        model().write(folder);
        assertThat(ModelFolder.read(folder).vocabulary().size()).isEqualTo(ITEMS.size());
        try (Stream<Path> left = Files.list(folder.getParent())) {
            assertThat(left).containsExactly(folder);
        }
        Path other = Files.createDirectories(root.resolve("other"));
        Files.writeString(other.resolve("thesis.txt"), "precious");
        assertThatThrownBy(() -> model().write(other)).hasMessageContaining("thesis.txt");
        assertThatThrownBy(() -> model().write(other.resolve("thesis.txt")))
                .hasMessageContaining("is a file");
        assertThat(other.resolve("thesis.txt")).hasContent("precious");
    }

    @Test
    void writingThatFailsLeavesTheOldModel() throws IOException {
        ModelFolder unwritable =
                new ModelFolder(
                        manifest(), new ItemVocabulary(List.of("half \ud800 of a pair")), Map.of());
        assertThatThrownBy(() -> unwritable.write(folder)).isInstanceOf(IOException.class);
        assertThat(ModelFolder.read(folder).vocabulary().size()).isEqualTo(ITEMS.size());
        try (Stream<Path> left = Files.list(folder.getParent())) {
            assertThat(left).containsExactly(folder);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {ModelFolder.WEIGHTS, ModelFolder.ITEMS})
    void anyTamperedOrMissingByteIsNoticed(String name) throws IOException {
        byte[] good = file(name);
        for (int i = 0; i < good.length; i += Math.max(1, good.length / 50)) {
            byte[] bad = good.clone();
            bad[i] ^= 1;
            Files.write(folder.resolve(name), bad);
            assertRefused(name, "SHA-256");
        }
        Files.write(folder.resolve(name), Arrays.copyOf(good, good.length - 1));
        assertRefused(name, "shorter");
        Files.write(folder.resolve(name), Arrays.copyOf(good, good.length + 1));
        assertRefused(name, "longer");
        Files.delete(folder.resolve(name));
        assertRefused(name, "is missing");
    }

    @Test
    void aModuleTravelsAlongUnderTheSameGuard() throws IOException {
        byte[] module = {'P', 'K', 3, 4, 0};
        ModelFolder plain = model();
        assertThatThrownBy(plain::module).hasMessage("module.pt: is missing");
        new ModelFolder(manifest(), plain.vocabulary(), plain.tensors(), module).write(folder);
        assertThat(ModelFolder.read(folder).module()).isEqualTo(module);
        Files.write(folder.resolve(ModelFolder.MODULE), new byte[] {'P', 'K', 3, 4, 1});
        assertRefused(ModelFolder.MODULE, "SHA-256");
        Files.write(folder.resolve(ModelFolder.MODULE), new byte[4]);
        assertRefused(ModelFolder.MODULE, "shorter");
        editManifest(json -> json.replace("\"bytes\" : 5,", "\"bytes\" : 1073741825,"));
        assertRefused(ModelFolder.MODULE, "takes 1073741825 bytes");
        // A model without a module replaces one that has it, and leaves nothing of it.
        plain.write(folder);
        assertThat(folder.resolve(ModelFolder.MODULE)).doesNotExist();
        assertThatThrownBy(ModelFolder.read(folder)::module).hasMessageContaining("missing");
    }

    @Test
    void nothingIsParsedBeforeItsDigestIsVerified() throws IOException {
        List<String> opened = new ArrayList<>();
        byte[] weights = file(ModelFolder.WEIGHTS);
        weights[0] = 2;
        FileSource source =
                name -> {
                    opened.add(name);
                    return new ByteArrayInputStream(
                            name.equals(ModelFolder.WEIGHTS) ? weights : file(name));
                };
        assertThatThrownBy(() -> ModelFolder.read(source)).hasMessageContaining("SHA-256");
        assertThat(opened)
                .containsExactly(ModelFolder.MANIFEST, ModelFolder.ITEMS, ModelFolder.WEIGHTS);
    }

    @Test
    void aFileThatChangesBetweenThePassesIsRefused() throws IOException {
        List<String> opened = new ArrayList<>();
        FileSource source =
                name -> {
                    byte[] bytes = file(name);
                    if (opened.contains(name) && name.equals(ModelFolder.WEIGHTS)) {
                        bytes[bytes.length - 1] ^= 1;
                    }
                    opened.add(name);
                    return new ByteArrayInputStream(bytes);
                };
        assertThatThrownBy(() -> ModelFolder.read(source))
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("SHA-256");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "\"format\" : 1|\"format\" : 2|unknown format 2",
                "\"format\" : 1|\"format\" : 1, \"format\" : 1|Duplicate",
                "\"items.txt\"|\"../items.txt\"|names the files",
                "\"kind\" : \"gru4rec\"|\"kind\" : \"gru 4\"|kind is 'gru 4'",
                "\"version\" : \"2026|\"version\" : \"../2026|version is",
                "\"maximum_length\" : 50|\"maximum_length\" : 0|maximum length is 0",
                "\"maximum_length\" : 50|\"maximum_length\" : 1e3|maximum_length",
                "\"inactivity_gap_ms\" : 1800000|\"inactivity_gap_ms\" : -1|inactivity gap",
                "\"collapse_repeats\" : true|\"collapse_repeats\" : 1|collapse_repeats",
                "\"mrr@20\" : 0.25|\"mrr@20\" : \"x\"|metric mrr@20",
                "\"mrr@20\" : 0.25|\"mrr@20\" : 1e999|metric mrr@20",
                "\"hidden_size\" : 128|\"hidden_size\" : []|parameter hidden_size",
                "\"sha256\" : \"|\"sha256\" : \"g|64 hexadecimal",
                "\"bytes\" :|\"bytes\" : 99999999999999, \"was\" :|must be in",
                "\"bytes\" :|\"bytes\" : -1, \"was\" :|must be in",
                "2026-01-02T|yesterday|parsed",
            })
    void aManifestThatIsWrongIsRefused(String from, String to, String problem) throws IOException {
        editManifest(json -> json.replace(from, to));
        assertRefused(problem);
    }

    @Test
    void aManifestThatIsNoneIsRefused() throws IOException {
        for (byte[] bytes :
                List.of(
                        new byte[0],
                        "null".getBytes(StandardCharsets.UTF_8),
                        "[".repeat(100_000).getBytes(StandardCharsets.UTF_8),
                        new byte[ModelFolder.LARGEST_MANIFEST_BYTES + 1])) {
            Files.write(folder.resolve(ModelFolder.MANIFEST), bytes);
            assertRefused(ModelFolder.MANIFEST);
        }
        Files.delete(folder.resolve(ModelFolder.MANIFEST));
        assertRefused(ModelFolder.MANIFEST, "is missing");
    }

    @Test
    void itemsThatAreWrongAreRefusedThoughTheirDigestIsRight() throws IOException {
        replace(ModelFolder.ITEMS, "a\nb\na\n".getBytes(StandardCharsets.UTF_8));
        assertRefused(ModelFolder.ITEMS, "'a' occurs twice");
        replace(ModelFolder.ITEMS, "a\nb".getBytes(StandardCharsets.UTF_8));
        assertRefused(ModelFolder.ITEMS, "last line");
        replace(ModelFolder.ITEMS, "a\n\\x\n".getBytes(StandardCharsets.UTF_8));
        assertRefused(ModelFolder.ITEMS, "line 2");
        replace(ModelFolder.ITEMS, new byte[] {(byte) 0xff, '\n'});
        assertRefused(ModelFolder.ITEMS, "UTF-8");
    }

    @Test
    void fallbacksThatDoNotFitTheVocabularyAreRefused() throws IOException {
        replace(ModelFolder.ITEMS, "a\nb\n".getBytes(StandardCharsets.UTF_8));
        ModelFolder fewer = ModelFolder.read(folder);
        assertThatThrownBy(fewer::popularity).hasMessageContaining("[7] where [2]");
        assertThatThrownBy(fewer::coVisitation).hasMessageContaining("where [2, -1]");
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put(ModelFolder.POPULARITY_COUNTS, new Tensor.Floats(new float[] {1, -1}, 2));
        tensors.put(ModelFolder.CO_VISITATION_ITEMS, new Tensor.Ints(new int[] {1, 2}, 2, 1));
        tensors.put(ModelFolder.CO_VISITATION_SCORES, new Tensor.Floats(new float[2], 2, 1));
        ModelFolder wrong =
                new ModelFolder(manifest(), new ItemVocabulary(List.of("a", "b")), tensors);
        assertThatThrownBy(wrong::popularity)
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("row 1 is -1");
        assertThatThrownBy(wrong::coVisitation)
                .isInstanceOf(ModelFileException.class)
                .hasMessageContaining("neighbour 2");
    }
}
