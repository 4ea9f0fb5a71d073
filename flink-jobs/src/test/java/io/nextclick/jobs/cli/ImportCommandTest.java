package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nextclick.models.files.ModelFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** import, then evaluate: networks that PyTorch trained; {@code models} makes the fixtures. */
class ImportCommandTest {

    private static final Path FIXTURES = Path.of("../models/src/test/resources/imports");
    private static final String ITEMS = FIXTURES.resolve("items.txt").toString();

    @TempDir Path folder;

    @Test
    void aModuleIsImportedAndEvaluated() throws Exception {
        Path log = log();
        Path model = folder.resolve("model");
        CommandRun imported =
                module(
                        model,
                        "--clicks",
                        log.toString(),
                        "--format",
                        "sessions",
                        "--model-version",
                        "3",
                        "--name",
                        "circle",
                        "--session-length",
                        "9");
        assertThat(imported.exitCode()).as(imported.err()).isEqualTo(Nextclick.DONE);
        assertThat(imported.out())
                .isEqualTo(model + ": circle 3, 12 items, fallbacks from 24 sessions\n");
        ModelFolder read = ModelFolder.read(model);
        assertThat(read.manifest().kind()).isEqualTo("torchscript");
        assertThat(read.manifest().sessionRules().maximumLength()).isEqualTo(9);
        assertThat(read.manifest().sessionRules().inactivityGap()).isEqualTo(Duration.ZERO);
        assertThat(read.popularity().count(0)).isPositive();
        assertEvaluatesWell(model, log);

        CommandRun again = module(model);
        assertThat(again.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(again.err()).contains("--force");
        assertThat(module(model, "--force").exitCode()).isEqualTo(Nextclick.DONE);
        assertThat(ModelFolder.read(model).manifest().sessionRules().inactivityGap())
                .isEqualTo(Duration.ofMinutes(30));
    }

    @Test
    void aSasRecIsImportedAndEvaluated() throws Exception {
        Path model = folder.resolve("model");
        String file = "sasrec-weights.safetensors";
        CommandRun imported = weights(model, "sasrec", file, "--heads", "2");
        assertThat(imported.exitCode()).as(imported.err()).isEqualTo(Nextclick.DONE);
        assertThat(imported.out()).contains("sasrec", "12 items");
        assertEvaluatesWell(model, log());
        CommandRun headless = weights(model, "sasrec", file, "--force");
        assertThat(headless.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(headless.err()).contains("--heads is needed");
    }

    @Test
    void plainWeightsAreImportedAndEvaluated() throws Exception {
        Path model = folder.resolve("model");
        CommandRun imported = weights(model, "gru4rec", "gru-weights.safetensors");
        assertThat(imported.exitCode()).as(imported.err()).isEqualTo(Nextclick.DONE);
        assertThat(imported.out()).contains("gru4rec", "12 items", "fallbacks from 0 sessions");
        assertEvaluatesWell(model, log());
    }

    @Test
    void whatCannotBeServedIsNotWritten() {
        Path model = folder.resolve("model");
        CommandRun wrong = weights(model, "gru4rec", "gru-items.safetensors");
        assertThat(wrong.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(wrong.err().lines()).hasSize(1);
        assertThat(wrong.err()).contains("gru-items.safetensors: the tensors of a gru4rec are");
        CommandRun missing = weights(model, "gru4rec", "no-such-file");
        assertThat(missing.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(missing.err()).contains("no-such-file");
        assertThat(model).doesNotExist();
    }

    @Test
    void mistakesAreWrongUsage() {
        String model = folder.resolve("model").toString();
        String file = FIXTURES.resolve("gru-module.pt").toString();
        assertWrongUsage("import", "--items", ITEMS, "--out", model);
        assertWrongUsage("import", "--torchscript", file, "--items", ITEMS, "--out", model);
        assertWrongUsage("import", "--safetensors", file, "--items", ITEMS, "--out", model);
        assertWrongUsage(
                "import",
                "--torchscript",
                file,
                "--item-matrix",
                file,
                "--safetensors",
                file,
                "--kind",
                "gru4rec",
                "--items",
                ITEMS,
                "--out",
                model);
        assertWrongUsage(
                "import",
                "--safetensors",
                file,
                "--kind",
                "perceptron",
                "--items",
                ITEMS,
                "--out",
                model);
        assertWrongUsage(
                "import",
                "--safetensors",
                file,
                "--kind",
                "gru4rec",
                "--items",
                ITEMS,
                "--out",
                model,
                "--clicks",
                file);
    }

    private static void assertWrongUsage(String... arguments) {
        CommandRun run = CommandRun.of(arguments);
        assertThat(run.exitCode())
                .as("%s: %s", String.join(" ", arguments), run.err())
                .isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(run.err()).contains("--help");
    }

    private static CommandRun module(Path model, String... more) {
        return run(
                List.of(
                        "--torchscript",
                        FIXTURES.resolve("gru-module.pt").toString(),
                        "--item-matrix",
                        FIXTURES.resolve("gru-items.safetensors").toString()),
                model,
                more);
    }

    private static CommandRun weights(Path model, String kind, String file, String... more) {
        return run(
                List.of("--safetensors", FIXTURES.resolve(file).toString(), "--kind", kind),
                model,
                more);
    }

    private static CommandRun run(List<String> source, Path model, String... more) {
        List<String> arguments = new ArrayList<>(List.of("import"));
        arguments.addAll(source);
        arguments.addAll(List.of("--items", ITEMS, "--out", model.toString()));
        arguments.addAll(List.of(more));
        return CommandRun.of(arguments.toArray(String[]::new));
    }

    /** Visitors who walk around the circle of items that the network was trained on. */
    private Path log() throws Exception {
        Path log = folder.resolve("sessions.txt");
        StringBuilder lines = new StringBuilder();
        for (int start = 0; start < 12; start++) {
            for (int step : new int[] {1, 11}) {
                for (int click = 0; click < 6; click++) {
                    lines.append(click == 0 ? "" : " ")
                            .append("shoe-")
                            .append((start + click * step) % 12);
                }
                lines.append('\n');
            }
        }
        Files.writeString(log, lines);
        return log;
    }

    private void assertEvaluatesWell(Path model, Path log) throws Exception {
        CommandRun evaluate =
                CommandRun.of(
                        "evaluate",
                        "--model",
                        model.toString(),
                        "--test",
                        log.toString(),
                        "--format",
                        "sessions",
                        "--cutoffs",
                        "2",
                        "--json",
                        "-");
        assertThat(evaluate.exitCode()).as(evaluate.err()).isEqualTo(Nextclick.DONE);
        JsonNode figures = new ObjectMapper().readTree(evaluate.out());
        // A list of two by chance would hold one target in six.
        assertThat(figures.get("hr@2").asDouble()).isGreaterThan(0.85);
    }
}
