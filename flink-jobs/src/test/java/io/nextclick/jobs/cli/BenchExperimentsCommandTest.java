package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BenchExperimentsCommandTest {

    @Test
    void calibratesAndDetects() {
        CommandRun run =
                CommandRun.of(
                        "bench",
                        "experiments",
                        "--experiments",
                        "4",
                        "--sessions",
                        "400",
                        "--look-every",
                        "200",
                        "--spoilt",
                        "1",
                        "--ab-experiments",
                        "2",
                        "--shops",
                        "2");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
        assertThat(run.out())
                .contains("4 A/A experiments of 400 sessions in 2 shops, a look every 200")
                .contains("split: Welch's t, wrongly at every look")
                .contains("interleaved: sequential test, at every look")
                .contains("100 % ");
    }

    @Test
    void refusesWhatIsOutOfBounds() {
        for (String[] wrong :
                new String[][] {
                    {"--spoilt", "0"}, {"--experiments", "0"}, {"--look-every", "30000"}
                }) {
            CommandRun run = CommandRun.of("bench", "experiments", wrong[0], wrong[1]);
            assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.WRONG_USAGE);
        }
    }
}
