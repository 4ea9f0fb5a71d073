package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BenchTrainingCommandTest {

    @Test
    void comparesMethodsAndTimesEpochs() {
        CommandRun run =
                CommandRun.of(
                        "bench",
                        "training",
                        "--items",
                        "400",
                        "--epoch-items",
                        "200,400",
                        "--scale",
                        "0.01");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
        assertThat(run.out())
                .contains("touched rows, Adagrad")
                .contains("whole matrices, DJL's Adam")
                .contains(" 1.00 x dense")
                .contains("one epoch");
    }

    @Test
    void refusesWhatIsOutOfBounds() {
        CommandRun run = CommandRun.of("bench", "training", "--items", "3");
        assertThat(run.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(run.err()).contains("--items is 3, it must be in [100, 5000000]");
    }
}
