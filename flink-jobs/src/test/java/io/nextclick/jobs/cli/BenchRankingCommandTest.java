package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchRankingCommandTest {

    @TempDir Path directory;

    @Test
    void comparesOneStageAndTwoWithEachSource() throws Exception {
        Path page = directory.resolve("ranking.html");
        Path json = directory.resolve("ranking.json");
        CommandRun run =
                CommandRun.of(
                        "bench",
                        "ranking",
                        "--items=200",
                        "--warm-up=1000",
                        "--clicks=1000",
                        "--windows=2",
                        "--quota=model=40,two-tower=40,trending=20",
                        "--bin-examples=500",
                        "--vary=offset",
                        "--json=" + json,
                        "--report=" + page);
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
        assertThat(run.out())
                .contains("1,000 clicks to warm up, 1,000 to foresee")
                .containsPattern("two-tower +0\\.\\d{4} +0\\.\\d{4} .*Recall [+-]0\\.\\d{4} \\[")
                .containsPattern("blend in bins: [\\d,]+ examples")
                .doesNotContain("co-visitation");
        assertThat(page).content().contains("A shop that changes").contains("two stages minus it");
        JsonNode written = new ObjectMapper().readTree(json.toFile());
        assertThat(written.get("systems").findValuesAsText("name"))
                .containsExactly(
                        "model",
                        "two-tower",
                        "trending",
                        "blend",
                        "two stages",
                        "blend in bins",
                        "oracle");
        JsonNode blend = written.get("systems").get(3).get("recall@20");
        JsonNode twoStages = written.get("systems").get(4).get("recall@20");
        assertThat(blend.get("first_ranker_minus_it").get("difference").asDouble())
                .isEqualTo(
                        twoStages.get("all").asDouble() - blend.get("all").asDouble(),
                        within(1e-9));
        assertThat(written.get("windows")).hasSize(2);
    }

    @Test
    void refusesASourceThatThereIsNot() {
        CommandRun run = CommandRun.of("bench", "ranking", "--quota", "oracle=20");
        assertThat(run.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(run.err()).contains("source is 'oracle'");
    }

    @Test
    void refusesAFieldThatThereIsNot() {
        CommandRun run = CommandRun.of("bench", "ranking", "--fields", "price/offset:8");
        assertThat(run.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(run.err()).contains("only a score can be an offset");
    }
}
