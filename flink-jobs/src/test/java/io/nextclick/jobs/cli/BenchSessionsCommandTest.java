package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BenchSessionsCommandTest {

    @Test
    void comparesTheOtherSessionsOfEachStretchWithThoseOfUsualTraffic() {
        CommandRun run =
                CommandRun.of(
                        "bench",
                        "sessions",
                        "--items=100",
                        "--sessions=50",
                        "--rate=200",
                        "--bot-rate=50000",
                        "--turns=1",
                        "--warm-up=200ms",
                        "--stretch=500ms",
                        "--parallelism=1");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
        assertThat(run.out())
                .contains("clicks, all answered")
                .containsPattern("a hot session has half of it +p50 .* times the usual p99")
                .containsPattern("a bot's 100,000 clicks on top +p50 .* times the usual p99");
    }

    @Test
    void refusesWhatIsOutOfBounds() {
        CommandRun run = CommandRun.of("bench", "sessions", "--bot-rate", "0");
        assertThat(run.exitCode()).isNotEqualTo(Nextclick.DONE);
        assertThat(run.err()).contains("--bot-rate is 0.0, which is out of bounds");
    }
}
