package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** simulate, train and evaluate: from nothing to figures. */
class LogCommandsTest {

    private static final String[] SMALL = {
        "--embedding-size", "16", "--epochs", "1", "--threads", "1", "--no-refit"
    };

    @TempDir Path folder;

    @Test
    void aSimulatedLogTrainsAModelThatCanBeEvaluated() throws Exception {
        Path log = folder.resolve("clicks.jsonl.gz");
        Path model = folder.resolve("model");
        Path json = folder.resolve("figures.json");

        CommandRun simulate = simulate(log);
        assertThat(simulate.exitCode()).as(simulate.err()).isEqualTo(Nextclick.DONE);
        assertThat(simulate.out()).contains("4,000 clicks").contains("best reachable: recall@20");

        CommandRun train = train(log, model);
        assertThat(train.exitCode()).as(train.err()).isEqualTo(Nextclick.DONE);
        assertThat(train.out()).contains("gru4rec").contains("validation");

        CommandRun evaluate =
                CommandRun.of(
                        "evaluate",
                        "--model",
                        model.toString(),
                        "--test",
                        log.toString(),
                        "--format",
                        "jsonl",
                        "--cutoffs",
                        "1,20",
                        "--json",
                        json.toString());
        assertThat(evaluate.exitCode()).as(evaluate.err()).isEqualTo(Nextclick.DONE);
        JsonNode figures = new ObjectMapper().readTree(Files.readString(json));
        for (String figure : new String[] {"hr@1", "recall@20", "mrr@20", "ndcg@20"}) {
            assertThat(figures.get(figure).isNumber()).as(figure).isTrue();
        }
        assertThat(evaluate.out()).contains("HR").contains("MRR").contains("NDCG");
    }

    @Test
    void baselinesAreCountedFromATrainingLog() {
        Path log = folder.resolve("clicks.jsonl");
        simulate(log);
        for (String model : new String[] {"popularity", "markov"}) {
            CommandRun run =
                    CommandRun.of(
                            "evaluate",
                            "--model",
                            model,
                            "--train",
                            log.toString(),
                            "--test",
                            log.toString(),
                            "--format",
                            "jsonl",
                            "--json",
                            "-");
            assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
            assertThat(run.out()).contains("\"hr@20\"");
        }
    }

    @Test
    void nothingIsOverwrittenUnasked() throws Exception {
        Path log = folder.resolve("clicks.jsonl");
        simulate(log);
        CommandRun again = simulate(log);
        assertThat(again.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(again.err().lines()).hasSize(1);
        assertThat(again.err()).contains("--force");

        Path occupied = Files.createDirectories(folder.resolve("occupied"));
        Files.writeString(occupied.resolve("thesis.txt"), "mine");
        CommandRun train = train(log, occupied);
        assertThat(train.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(train.err()).contains("--force");
    }

    @Test
    void mistakesAreWrongUsageAndMissingFilesAreFailures() {
        Path log = folder.resolve("clicks.jsonl");
        simulate(log);
        String there = log.toString();
        assertWrongUsage("train", "--model", "sasrec", "--clicks", there);
        assertWrongUsage(
                "train", "--model", "gru4rec", "--clicks", there, "--format", "csv", "--out", "m");
        assertWrongUsage(
                "train",
                "--model",
                "gru4rec",
                "--clicks",
                there,
                "--format",
                "jsonl",
                "--out",
                "m",
                "--hidden-dropout",
                "1.5");
        assertWrongUsage(
                "train",
                "--model",
                "gru4rec",
                "--clicks",
                there,
                "--format",
                "sessions",
                "--until",
                "2008-08-01",
                "--out",
                "m");
        assertWrongUsage("evaluate", "--model", "markov", "--test", there, "--format", "jsonl");
        assertWrongUsage(
                "evaluate",
                "--model",
                "markov",
                "--train",
                there,
                "--test",
                there,
                "--format",
                "jsonl",
                "--cutoffs",
                "0");
        assertWrongUsage("simulate", "--out", "x", "--categories", "0");
        assertWrongUsage("demo", "--clicks", there);
        assertWrongUsage("demo", "--duration", "soon");
        assertWrongUsage("demo", "--rate", "0", "--duration", "1s");
        assertWrongUsage("replay", "--clicks", there, "--format", "jsonl");

        CommandRun missing =
                CommandRun.of(
                        "evaluate",
                        "--model",
                        folder.resolve("no-model").toString(),
                        "--test",
                        there,
                        "--format",
                        "jsonl");
        assertThat(missing.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(missing.err()).contains("no-model");
        CommandRun noLog =
                CommandRun.of(
                        "train",
                        "--model",
                        "gru4rec",
                        "--clicks",
                        "no-such-file",
                        "--format",
                        "jsonl",
                        "--out",
                        folder.resolve("m").toString());
        assertThat(noLog.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(noLog.err()).contains("no-such-file");
    }

    private static void assertWrongUsage(String... arguments) {
        CommandRun run = CommandRun.of(arguments);
        assertThat(run.exitCode())
                .as("%s: %s", String.join(" ", arguments), run.err())
                .isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(run.err()).contains("--help");
    }

    private static CommandRun simulate(Path log) {
        return CommandRun.of(
                "simulate",
                "--out",
                log.toString(),
                "--clicks",
                "4000",
                "--items",
                "200",
                "--categories",
                "10",
                "--sample",
                "0.2");
    }

    private static CommandRun train(Path log, Path model) {
        String[] arguments = {
            "train",
            "--model",
            "gru4rec",
            "--clicks",
            log.toString(),
            "--format",
            "jsonl",
            "--out",
            model.toString()
        };
        String[] all = new String[arguments.length + SMALL.length];
        System.arraycopy(arguments, 0, all, 0, arguments.length);
        System.arraycopy(SMALL, 0, all, arguments.length, SMALL.length);
        return CommandRun.of(all);
    }
}
