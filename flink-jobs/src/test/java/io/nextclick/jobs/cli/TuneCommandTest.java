package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.training.TrainingOptions;
import io.nextclick.models.training.TrainingOptions.Loss;
import io.nextclick.models.tuning.SearchSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** tune: a search, its continuation, and what it refuses. */
class TuneCommandTest {

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
                        "2000",
                        "--items",
                        "100",
                        "--categories",
                        "5",
                        "--sample",
                        "0.2");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
    }

    private CommandRun tune(String... more) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "tune",
                                "--model",
                                "gru4rec",
                                "--clicks",
                                log.toString(),
                                "--format",
                                "jsonl",
                                "--out",
                                folder.resolve("search").toString(),
                                "--embedding-size",
                                "8",
                                "--epochs",
                                "2"));
        arguments.addAll(List.of(more));
        return CommandRun.of(arguments.toArray(new String[0]));
    }

    @Test
    void aSearchGoesOnAndItsBestModelIsWritten() throws IOException {
        CommandRun first = tune("--trials", "2");
        assertThat(first.exitCode()).as(first.err()).isEqualTo(Nextclick.DONE);
        assertThat(first.err())
                .contains("trial 1: as given", "trial 2: --embedding-dropout")
                .doesNotContain("trial 2: --embedding-size", "--epochs: one of");
        assertThat(first.out()).contains("as given", "nextclick train --model gru4rec");

        Path search = folder.resolve("search");
        assertThat(search.resolve("trial-0002.json")).exists();
        assertThat(Files.readAllLines(search.resolve("trials.csv"))).hasSize(3);
        ModelFolder best = ModelFolder.read(search.resolve("best"));
        assertThat(best.manifest().kind()).isEqualTo("gru4rec");
        assertThat(best.manifest().integer("embedding_size")).isEqualTo(8);
        assertThat(best.manifest().metrics()).containsKey("validation_mrr@20");

        CommandRun same = tune("--trials", "2");
        assertThat(same.exitCode()).as(same.err()).isEqualTo(Nextclick.DONE);
        assertThat(same.err()).contains("2 trials are there").doesNotContain("trial 3");
        assertThat(same.out()).contains("as it was");
        ModelManifest untouched =
                ModelFolder.readManifest(
                        name -> Files.newInputStream(search.resolve("best").resolve(name)));
        assertThat(untouched).isEqualTo(best.manifest());

        CommandRun more = tune("--trials", "3");
        assertThat(more.exitCode()).as(more.err()).isEqualTo(Nextclick.DONE);
        assertThat(more.err()).contains("trial 3: ").doesNotContain("trial 2: --");
        assertThat(Files.readAllLines(search.resolve("trials.csv"))).hasSize(4);
    }

    @Test
    void anotherSearchInTheFolderAndTooSmallABudgetAreOneLine() {
        CommandRun hasty = tune("--budget", "1ms");
        assertThat(hasty.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(hasty.err()).contains("the budget was too small", "0 trials are kept");

        CommandRun other = tune("--seed", "7", "--trials", "1");
        assertThat(other.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(other.err().lines()).hasSize(1);
        assertThat(other.err()).contains("seed is 42 there, 7 here");
    }

    @Test
    void mistakesAreWrongUsage() {
        assertThat(tune("--trials", "0").exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(tune("--validation", "0").exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(tune("--budget", "soon").exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(folder.resolve("search")).doesNotExist();
    }

    @Test
    void whatIsSearchedAreOptionsOfTrain() {
        var options =
                Nextclick.commandLine().getSubcommands().get("train").getCommandSpec().optionsMap();
        for (NetworkKind network : NetworkKind.values()) {
            for (Loss loss : Loss.values()) {
                TrainingOptions given =
                        TrainingOptions.defaults(network).toBuilder().loss(loss).build();
                assertThat(SearchSpace.of(given, Integer.MAX_VALUE).ranges().keySet())
                        .allSatisfy(name -> assertThat(options).containsKey("--" + name));
            }
        }
    }
}
