package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RankerCommandsTest {

    @TempDir private Path folder;

    private Path log;

    /** Users like films of the genre whose number is theirs modulo two, nine times of ten. */
    @BeforeEach
    void rate() throws IOException {
        SplittableRandom random = new SplittableRandom(8);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 3_000; i++) {
            int user = random.nextInt(20);
            int item = random.nextInt(30);
            boolean likes = random.nextInt(10) > 0 == ((user + item) % 2 == 0);
            lines.append(
                    String.format(
                            "{\"session_id\":\"u%d\",\"user_id\":\"u%d\",\"item_id\":\"i%d\","
                                    + "\"event_time\":%d,\"attributes\":{\"rating\":\"%d\","
                                    + "\"category\":\"g%d\",\"taste\":\"t%d\"}}%n",
                            user,
                            user,
                            item,
                            1_600_000_000_000L + 60_000L * i,
                            likes ? 5 : 2,
                            item % 2,
                            user % 2));
        }
        log = Files.writeString(folder.resolve("ratings.jsonl"), lines);
    }

    private CommandRun train(String... more) {
        String[] arguments = {
            "ranker", "train", "--model", "fm", "--clicks", log.toString(), "--format", "jsonl"
        };
        String[] out = {"--out", folder.resolve("fm").toString(), "--until", "1600120000000"};
        return CommandRun.of(
                Stream.of(arguments, out, more).flatMap(Arrays::stream).toArray(String[]::new));
    }

    @Test
    void trainsAndMeasures() throws IOException {
        CommandRun trained =
                train(
                        "--features",
                        "context.taste,category,hour",
                        "--rate",
                        "0.1",
                        "--epochs",
                        "5",
                        "--negative-rate",
                        "0.5");
        assertThat(trained.exitCode()).as(trained.err()).isEqualTo(Nextclick.DONE);
        assertThat(trained.out())
                .contains(": fm ")
                .contains("2,000 examples, 3 fields, ")
                .contains("validation: log-loss 0.3");
        assertThat(trained.err()).contains("epoch 1: validation log-loss");

        Path json = folder.resolve("figures.json");
        String[] evaluate = {
            "ranker",
            "evaluate",
            "--model",
            folder.resolve("fm").toString(),
            "--clicks",
            log.toString(),
            "--format",
            "jsonl",
            "--from",
            "1600120000000",
            "--resamples",
            "50",
            "--json",
            json.toString()
        };
        CommandRun measured = CommandRun.of(evaluate);
        assertThat(measured.exitCode()).as(measured.err()).isEqualTo(Nextclick.DONE);
        assertThat(measured.out()).contains("1,000 ratings of 20 users").contains("auc");
        JsonNode figures = new ObjectMapper().readTree(json.toFile());
        assertThat(figures.get("auc").doubleValue()).isBetween(0.85, 0.95);
        assertThat(figures.get("log_loss").doubleValue()).isBetween(0.28, 0.42);

        String[] learning = Arrays.copyOf(evaluate, evaluate.length + 1);
        learning[evaluate.length] = "--learn";
        assertThat(CommandRun.of(learning).exitCode()).isEqualTo(Nextclick.DONE);
        JsonNode learnt = new ObjectMapper().readTree(json.toFile());
        assertThat(learnt.get("auc").doubleValue()).isBetween(0.85, 0.95);
        assertThat(learnt.get("auc")).isNotEqualTo(figures.get("auc"));
    }

    @Test
    void saysWhatIsWrong() {
        CommandRun run = train("--features", "colour");
        assertThat(run.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(run.err()).contains("no fact 'colour'");
        run = train("--features", "context.rating");
        assertThat(run.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(run.err()).contains("what is to be learnt");
        run = train("--hidden", "8");
        assertThat(run.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(run.err()).contains("fm has no hidden layers");
        run = train("--rating-attribute", "stars");
        assertThat(run.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(run.err()).contains("has no number as its attribute stars");
        run = CommandRun.of("ranker");
        assertThat(run.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
    }

    @Test
    void measuresWhatRankersCost() {
        CommandRun run = CommandRun.of("bench", "rankers", "--items", "200", "--scale", "0.01");
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
        assertThat(run.out())
                .contains("200 items, 200 candidates a query")
                .contains("logistic-regression")
                .contains("wide-and-deep");
        run = CommandRun.of("bench", "rankers", "--items", "3");
        assertThat(run.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
    }
}
