package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchStagesCommandTest {

    @ParameterizedTest
    @CsvSource({
        "--ranker, gbdt, '--ranker is gbdt, which is out of bounds'",
        "--items, 99, '--items is 99'",
        "--candidates, 1, '--candidates is 1'",
        "--rate, 0, '--rate is 0.0, which is out of bounds'",
        "--scale, 0, '--scale is 0.0'"
    })
    void refusesWhatIsOutOfBounds(String option, String value, String message) {
        CommandRun run = CommandRun.of("bench", "stages", option, value);
        assertThat(run.exitCode()).isNotEqualTo(Nextclick.DONE);
        assertThat(run.err()).contains(message);
    }
}
