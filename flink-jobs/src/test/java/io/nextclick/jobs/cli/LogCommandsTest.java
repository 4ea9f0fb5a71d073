package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

    /** The last item of each user is tested on and must be unknown to the model. */
    private Path usersSequences() throws IOException {
        Path log = folder.resolve("users.txt");
        StringBuilder users = new StringBuilder();
        for (int user = 0; user < 80; user++) {
            users.append("user-").append(user);
            for (int i = 0; i < 6; i++) {
                users.append(' ').append((user + i) % 20);
            }
            users.append(" only-tested\n");
        }
        return Files.writeString(log, users);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sasrec", "bert4rec"})
    void trainsOnUsersSequencesAndIsEvaluatedOnTheirLastItems(String kind) throws Exception {
        Path log = usersSequences();
        Path model = folder.resolve(kind);
        CommandRun train =
                CommandRun.of(
                        "train",
                        "--model",
                        kind,
                        "--clicks",
                        log.toString(),
                        "--format",
                        "user-sequences",
                        "--out",
                        model.toString(),
                        "--embedding-size",
                        "8",
                        "--epochs",
                        "2",
                        "--batch",
                        "64");
        assertThat(train.exitCode()).as(train.err()).isEqualTo(Nextclick.DONE);
        assertThat(train.out()).contains(kind, "20 items", "validation, 80 predictions");
        assertThat(train.err()).doesNotContain("once more on all sessions");

        CommandRun evaluate =
                CommandRun.of(
                        "evaluate",
                        "--model",
                        model.toString(),
                        "--test",
                        log.toString(),
                        "--format",
                        "user-sequences",
                        "--mask-seen",
                        "--json",
                        "-");
        assertThat(evaluate.exitCode()).as(evaluate.err()).isEqualTo(Nextclick.DONE);
        JsonNode figures = new ObjectMapper().readTree(evaluate.out());
        assertThat(figures.get("predictions").intValue()).isEqualTo(80);
        assertThat(figures.get("hr@20").doubleValue()).isZero();
    }

    /** The last item of each user is for testing, and the one before it is learnt from. */
    @Test
    void neuMfTrainsOnAllButTheTestedItemsAndIsEvaluatedOnThem() throws Exception {
        Path log = usersSequences();
        Path model = folder.resolve("neumf");
        CommandRun train =
                CommandRun.of(
                        "train",
                        "--model",
                        "neumf",
                        "--clicks",
                        log.toString(),
                        "--format",
                        "user-sequences",
                        "--out",
                        model.toString(),
                        "--factors",
                        "4",
                        "--layers",
                        "2",
                        "--epochs",
                        "2",
                        "--fusion-alpha",
                        "0.4");
        assertThat(train.exitCode()).as(train.err()).isEqualTo(Nextclick.DONE);
        assertThat(train.err())
                .contains("gmf, epoch 1: loss", "mlp, epoch 1", "neumf, as joined, validation");
        assertThat(train.out())
                .contains(
                        "neumf", "20 items, 80 users", "the last item of 80 users among up to 99");

        CommandRun evaluate =
                CommandRun.of(
                        "evaluate",
                        "--model",
                        model.toString(),
                        "--test",
                        log.toString(),
                        "--format",
                        "user-sequences",
                        "--mask-seen",
                        "--json",
                        "-");
        assertThat(evaluate.exitCode()).as(evaluate.err()).isEqualTo(Nextclick.DONE);
        assertThat(new ObjectMapper().readTree(evaluate.out()).get("predictions").intValue())
                .isEqualTo(80);

        for (String[] foreign :
                new String[][] {
                    {"gmf", "--heads", "2"},
                    {"gmf", "--neighbours", "5"},
                    {"sasrec", "--factors", "8"},
                    {"popularity", "--pretrain", "true"}
                }) {
            CommandRun refused =
                    CommandRun.of(
                            "train",
                            "--model",
                            foreign[0],
                            "--clicks",
                            log.toString(),
                            "--format",
                            "user-sequences",
                            "--out",
                            folder.resolve("refused").toString(),
                            foreign[1],
                            foreign[2]);
            assertThat(refused.exitCode()).as(foreign[1]).isEqualTo(Nextclick.WRONG_USAGE);
        }
    }

    @Test
    void baselinesAreCountedFromATrainingLog() {
        Path log = folder.resolve("clicks.jsonl");
        simulate(log);
        for (String model : new String[] {"popularity", "markov", "item-knn", "vmis-knn"}) {
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
    void baselinesAreTrainedAndEvaluatedAsFolders() throws Exception {
        Path log = folder.resolve("clicks.jsonl");
        simulate(log);
        String[][] baselines = {
            {"popularity", "--window", "1d", "--half-life", "6h"},
            {"markov"},
            {"item-knn", "--neighbours", "30", "--shrinkage", "5", "--session-items", "2"},
            {"vmis-knn", "--recent-sessions", "300", "--idf", "0.5", "--no-repeats"}
        };
        for (String[] baseline : baselines) {
            Path model = folder.resolve(baseline[0]);
            CommandRun train = count(log, model, baseline);
            assertThat(train.exitCode()).as(train.err()).isEqualTo(Nextclick.DONE);
            assertThat(train.out()).contains(baseline[0]).contains("items").contains("sessions");
            CommandRun evaluate =
                    CommandRun.of(
                            "evaluate",
                            "--model",
                            model.toString(),
                            "--test",
                            log.toString(),
                            "--format",
                            "jsonl",
                            "--json",
                            "-");
            assertThat(evaluate.exitCode()).as(evaluate.err()).isEqualTo(Nextclick.DONE);
            JsonNode figures = new ObjectMapper().readTree(evaluate.out());
            assertThat(figures.get("hr@20").doubleValue()).as(baseline[0]).isPositive();
        }
    }

    @Test
    void optionsOfOtherModelsAreRefused() {
        Path log = folder.resolve("clicks.jsonl");
        simulate(log);
        assertRefused(log, "--epochs is no option of markov", "markov", "--epochs", "3");
        assertRefused(log, "--window is no option of vmis-knn", "vmis-knn", "--window", "1d");
        assertRefused(log, "--repeats is no option of item-knn", "item-knn", "--no-repeats");
        assertRefused(log, "--idf is no option of gru4rec", "gru4rec", "--idf", "1");
        assertRefused(log, "neighbours is 0", "vmis-knn", "--neighbours", "0");
        assertRefused(log, "no model, there are", "slope-one");
    }

    private void assertRefused(Path log, String message, String... baseline) {
        CommandRun run = count(log, folder.resolve("refused"), baseline);
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(run.err()).contains(message);
    }

    private static CommandRun count(Path log, Path model, String... baseline) {
        List<String> arguments = new ArrayList<>(List.of("train", "--model"));
        arguments.addAll(List.of(baseline));
        arguments.addAll(
                List.of(
                        "--clicks",
                        log.toString(),
                        "--format",
                        "jsonl",
                        "--out",
                        model.toString()));
        return CommandRun.of(arguments.toArray(String[]::new));
    }

    @Test
    void modelsAreComparedOnTheSameClicks() throws Exception {
        Path log = folder.resolve("clicks.jsonl");
        simulate(log);
        Path json = folder.resolve("figures.json");
        Path page = folder.resolve("page.html");
        String[] arguments = {
            "evaluate",
            "--model",
            "markov",
            "--against",
            "popularity",
            "--train",
            log.toString(),
            "--test",
            log.toString(),
            "--format",
            "jsonl",
            "--cutoffs",
            "10",
            "--resamples",
            "50",
            "--seed",
            "3",
            "--json",
            json.toString(),
            "--report",
            page.toString()
        };
        CommandRun run = CommandRun.of(arguments);
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
        assertThat(run.out()).contains("markov against popularity", "hr@10", "p (t)");
        JsonNode figures = new ObjectMapper().readTree(Files.readString(json));
        JsonNode difference = figures.at("/comparison/differences/mrr@10");
        assertThat(difference.get("difference").doubleValue())
                .isCloseTo(
                        figures.get("mrr@10").doubleValue()
                                - figures.at("/against/mrr@10").doubleValue(),
                        within(1e-9));
        assertThat(difference.get("p").doubleValue()).isBetween(0.0, 1.0);
        assertThat(figures.at("/intervals/map@10")).hasSize(2);
        assertThat(figures.get("by_position").size()).isPositive();
        assertThat(Files.readString(page))
                .contains("<title>markov against popularity</title>", "Sample sessions")
                .doesNotContain(folder.toString());

        arguments[arguments.length - 1] = folder.resolve("nowhere/page.html").toString();
        CommandRun nowhere = CommandRun.of(arguments);
        assertThat(nowhere.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(nowhere.err()).contains("nowhere");
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
        assertWrongUsage("train", "--model", "slope-one", "--clicks", there);
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
