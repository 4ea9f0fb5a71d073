package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.Tensor;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trainings that are killed, asked to end, or fail, and what the next command makes of them. */
class InterruptedTrainCommandTest {

    @TempDir Path folder;
    private Path log;

    @BeforeEach
    void simulate() {
        log = folder.resolve("clicks.jsonl");
        CommandRun run =
                CommandRun.of(
                        "simulate",
                        "--out",
                        log.toString(),
                        "--clicks",
                        "4000",
                        "--items",
                        "200",
                        "--categories",
                        "10");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
    }

    private String[] train(Path model, String... more) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "train",
                                "--model",
                                "gru4rec",
                                "--clicks",
                                log.toString(),
                                "--format",
                                "jsonl",
                                "--out",
                                model.toString(),
                                "--embedding-size",
                                "16",
                                "--patience",
                                "25",
                                "--no-refit"));
        if (!List.of(more).contains("--epochs")) {
            arguments.addAll(List.of("--epochs", "25"));
        }
        arguments.addAll(List.of(more));
        return arguments.toArray(new String[0]);
    }

    /** Runs the command in a process of its own, up to a line of its standard error. */
    private static String process(String[] arguments, String upTo, Consumer<ProcessHandle> end)
            throws IOException, InterruptedException {
        String classes =
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx512m",
                                "-cp",
                                classes,
                                Nextclick.class.getName()));
        command.addAll(List.of(arguments));
        Process process =
                new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        StringBuilder said = new StringBuilder();
        try (BufferedReader err = process.errorReader(StandardCharsets.UTF_8)) {
            boolean ended = false;
            for (String line = err.readLine(); line != null; line = err.readLine()) {
                said.append(line).append('\n');
                if (!ended && line.startsWith(upTo)) {
                    ended = true;
                    end.accept(process.toHandle()); // ending the Process would close its streams
                }
            }
            assertThat(ended).as("'%s' was said:%n%s", upTo, said).isTrue();
            assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
            return said.toString();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void killedThenAskedToEndItStillMakesTheSameModel() throws Exception {
        Path model = folder.resolve("model");
        Path checkpoint = folder.resolve("model.checkpoint");

        process(train(model), "epoch 2:", ProcessHandle::destroyForcibly);
        assertThat(checkpoint).isDirectory();
        assertThat(model).doesNotExist();

        CommandRun unasked = CommandRun.of(train(model));
        assertThat(unasked.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(unasked.err()).contains("--resume goes on with it, --force begins anew");

        String said = process(train(model, "--resume"), "epoch 5:", ProcessHandle::destroy);
        assertThat(said)
                .contains("going on after epoch 2")
                .doesNotContain("epoch 2:")
                .contains("ended early; the complete epochs are kept in " + checkpoint)
                .contains("the same command with --resume goes on");

        CommandRun others = CommandRun.of(train(model, "--resume", "--seed", "7"));
        assertThat(others.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(others.err()).contains("its seed is 42, this one's is 7");

        CommandRun rest = CommandRun.of(train(model, "--resume"));
        assertThat(rest.exitCode()).as(rest.err()).isEqualTo(Nextclick.DONE);
        assertThat(rest.err()).contains("going on after epoch ");
        assertThat(checkpoint).doesNotExist();

        Path whole = folder.resolve("whole");
        assertThat(CommandRun.of(train(whole, "--resume")).exitCode()).isEqualTo(Nextclick.DONE);
        assertThat(model.resolve(ModelFolder.WEIGHTS))
                .hasSameBinaryContentAs(whole.resolve(ModelFolder.WEIGHTS));
    }

    @Test
    void aTrainingThatDivergesLeavesItsLastGoodModel() throws Exception {
        Path model = folder.resolve("model");
        CommandRun run =
                CommandRun.of(
                        train(
                                model,
                                "--item-optimizer",
                                "adam",
                                "--item-learning-rate",
                                "2",
                                "--weight-decay",
                                "10",
                                "--vector-norm",
                                "0"));
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.FAILED);
        assertThat(run.err())
                .contains("a smaller learning rate usually helps")
                .contains("the last good model, of epoch ");
        assertThat(folder.resolve("model.checkpoint")).doesNotExist();
        for (Tensor tensor : ModelFolder.read(model).tensors().values()) {
            if (tensor instanceof Tensor.Floats floats) {
                for (float value : floats.values()) {
                    assertThat(value).isFinite();
                }
            }
        }
    }

    @Test
    void theCheckpointMayLieElsewhereAndCountedModelsHaveNone() throws IOException {
        Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
        Files.writeString(elsewhere.resolve("thesis.txt"), "mine");
        CommandRun run =
                CommandRun.of(
                        train(
                                folder.resolve("model"),
                                "--epochs",
                                "1",
                                "--checkpoint",
                                elsewhere.toString()));
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
        assertThat(elsewhere).isDirectoryContaining("glob:**thesis.txt");
        CommandRun counted =
                CommandRun.of(
                        "train",
                        "--model",
                        "markov",
                        "--clicks",
                        log.toString(),
                        "--format",
                        "jsonl",
                        "--out",
                        folder.resolve("counted").toString(),
                        "--resume");
        assertThat(counted.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
    }
}
