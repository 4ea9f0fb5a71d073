package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchLearningCommandTest {

    @TempDir Path directory;

    @Test
    void comparesTheSettingsThatAreVariedAndWritesAPage() {
        Path page = directory.resolve("learning.html");
        CommandRun run =
                CommandRun.of(
                        "bench",
                        "learning",
                        "--items=200",
                        "--warm-up=1000",
                        "--clicks=1000",
                        "--windows=2",
                        "--vary=logq",
                        "--report=" + page);
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
        assertThat(run.out())
                .contains("1,000 clicks to warm up, 1,000 to foresee")
                .contains("recall@20 of each stretch")
                .contains("logQ off minus logQ on")
                .containsPattern("logQ on: after the shift +distance to the oracle")
                .containsPattern("logQ off +0\\.\\d{4} ");
        assertThat(page).content().contains("A shop that changes");
    }

    @Test
    void refusesALogWithoutItsFormat() {
        CommandRun run = CommandRun.of("bench", "learning", "--log", "clicks.jsonl");
        assertThat(run.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(run.err()).contains("--log and --format go together");
    }

    @Test
    void refusesNoWindows() {
        CommandRun run = CommandRun.of("bench", "learning", "--windows", "0");
        assertThat(run.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(run.err()).contains("--windows is 0, it must be 1 or more");
    }
}
