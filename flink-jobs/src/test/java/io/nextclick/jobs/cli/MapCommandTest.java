package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.models.session.SessionRules;
import io.nextclick.models.tower.TowerExample;
import io.nextclick.models.tower.TwoTowerLearner;
import io.nextclick.models.tower.TwoTowerOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MapCommandTest {

    @TempDir Path folder;

    private CommandRun map(Path model, String... more) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "map",
                                "--model",
                                model.toString(),
                                "--out",
                                folder.resolve("map.html").toString()));
        arguments.addAll(List.of(more));
        return CommandRun.of(arguments.toArray(String[]::new));
    }

    /** Twenty items in two categories; sessions stay in one. */
    private Path log() throws Exception {
        Path log = folder.resolve("clicks.jsonl");
        StringBuilder lines = new StringBuilder();
        for (int s = 0; s < 300; s++) {
            for (int i = 0; i < 4; i++) {
                int item = s % 2 * 10 + (s / 2 + i) % 10;
                lines.append(
                        String.format(
                                "{\"session_id\":\"s%d\",\"user_id\":\"u%d\",\"item_id\":\"i%d\","
                                        + "\"event_time\":%d,\"attributes\":{\"title\":\"Item %d\","
                                        + "\"category\":\"%s\",\"age\":\"%d\"}}%n",
                                s,
                                s % 30,
                                item,
                                s * 1_000_000L + i * 1_000L,
                                item,
                                s % 2 == 0 ? "shirts|all" : "skirts",
                                s % 3));
            }
        }
        Files.writeString(log, lines);
        return log;
    }

    private Path trained(Path log, String kind) {
        Path model = folder.resolve(kind);
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "train",
                                "--model",
                                kind,
                                "--clicks",
                                log.toString(),
                                "--format",
                                "jsonl",
                                "--out",
                                model.toString()));
        if (kind.equals("gru4rec")) {
            arguments.addAll(
                    List.of(
                            "--embedding-size",
                            "8",
                            "--epochs",
                            "2",
                            "--threads",
                            "1",
                            "--no-refit"));
        }
        CommandRun train = CommandRun.of(arguments.toArray(String[]::new));
        assertThat(train.exitCode()).as(train.err()).isEqualTo(Nextclick.DONE);
        return model;
    }

    @Test
    void writesAPageOfItemsWithTitlesAndCategoriesOfALogOrACatalogue() throws Exception {
        Path log = log();
        Path model = trained(log, "gru4rec");
        CommandRun run =
                map(model, "--clicks", log.toString(), "--format", "jsonl", "--neighbours", "3");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
        assertThat(run.out())
                .contains("20 of 20 items, dimension 8", "trustworthiness@3", "continuity@3");
        String page = Files.readString(folder.resolve("map.html"));
        assertThat(page).contains("\"label\":\"Item 7\"", "\"name\":\"shirts\"", "skirts");
        assertThat(page).doesNotContain("shirts|all");

        Path catalog = folder.resolve("catalog.jsonl");
        Files.writeString(
                catalog,
                "{\"item_id\":\"i7\",\"title\":\"Seven\",\"categories\":[\"numbers\"],"
                        + "\"attributes\":{\"colour\":\"red\"}}\n\n");
        assertThat(map(model, "--catalog", catalog.toString(), "--points", "8").out())
                .contains("8 of 20 items");
        assertThat(map(model, "--catalog", catalog.toString(), "--category", "colour").exitCode())
                .isEqualTo(Nextclick.DONE);
        assertThat(Files.readString(folder.resolve("map.html")))
                .contains("\"label\":\"Seven\"", "\"name\":\"red\"");

        Files.writeString(catalog, "{\"title\":\"Nobody\"}\n");
        CommandRun broken = map(model, "--catalog", catalog.toString());
        assertThat(broken.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(broken.err()).contains("catalog.jsonl, line 1: ", "item_id");
    }

    @Test
    void writesAPageOfTheUsersThatALogNames() throws Exception {
        Path log = log();
        Path model = folder.resolve("two-tower");
        TwoTowerOptions options =
                TwoTowerOptions.DEFAULTS.toBuilder()
                        .dimension(6)
                        .hidden(4)
                        .batchExamples(32)
                        .users(true)
                        .build();
        try (TwoTowerLearner learner = new TwoTowerLearner(options, "space-1")) {
            for (int i = 0; i < 400; i++) {
                learner.add(
                        new TowerExample(
                                List.of("i" + i % 9),
                                "u" + i % 25,
                                Map.of(),
                                "i" + (i + 1) % 9,
                                i));
            }
            learner.toFolder("two-tower", "1", SessionRules.DEFAULT, Instant.EPOCH).write(model);
        }
        CommandRun run =
                map(
                        model,
                        "--of",
                        "users",
                        "--clicks",
                        log.toString(),
                        "--format",
                        "jsonl",
                        "--category",
                        "age");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
        // The log has thirty, the model has seen twenty-five.
        assertThat(run.out()).contains("25 of 25 users, dimension 6");
        assertThat(Files.readString(folder.resolve("map.html")))
                .contains("The users of two-tower 1", "\"label\":\"u24\"", "Search the users");
    }

    @Test
    void equalOptionsGiveAnEqualMap() throws Exception {
        Path model = trained(log(), "gru4rec");
        String[] pages = new String[3];
        for (int i = 0; i < 3; i++) {
            map(model, "--seed", i < 2 ? "5" : "6");
            pages[i] =
                    Files.readString(folder.resolve("map.html"))
                            .replaceAll("(?s)^.*id=\"charts\">", "")
                            .replaceAll("(?s)</script>.*$", "");
        }
        assertThat(pages[1]).isEqualTo(pages[0]);
        assertThat(pages[2]).isNotEqualTo(pages[0]);
    }

    @Test
    void saysWhyThereIsNoMap() throws Exception {
        Path log = log();
        Path markov = trained(log, "markov");
        assertThat(map(markov).err())
                .contains(
                        "a model of kind markov knows no items by vectors; those that do are als,")
                .contains(" gru4rec, implicit-als, mf, mlp, neumf, sasrec, ");
        assertThat(map(markov, "--of", "users").err())
                .contains("--clicks is needed to know the users by");
        assertThat(
                        map(
                                        markov,
                                        "--of",
                                        "users",
                                        "--clicks",
                                        log.toString(),
                                        "--format",
                                        "jsonl")
                                .err())
                .contains("knows no users by vectors; those that do are als,");
        assertThat(map(markov, "--points", "4").exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(map(markov, "--clicks", log.toString()).err())
                .contains("--clicks and --format go together");
        assertThat(map(folder.resolve("nowhere")).exitCode()).isEqualTo(Nextclick.FAILED);
    }
}
