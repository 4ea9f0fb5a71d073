package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models of users: from ratings to figures. */
class UserCommandsTest {

    private static final int USERS = 60;
    private static final int ITEMS = 40;

    @TempDir Path folder;

    /** Two camps of users and of items; whoever is of the same likes it. */
    @BeforeEach
    void writeRatings() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        StringBuilder ratings = new StringBuilder();
        StringBuilder items = new StringBuilder();
        for (int item = 1; item <= ITEMS; item++) {
            items.append(item).append("|Film ").append(item).append(" (1995)|||");
            for (int genre = 0; genre < 19; genre++) {
                items.append('|').append(genre == 1 + item % 2 ? 1 : 0);
            }
            items.append('\n');
        }
        for (int user = 1; user <= USERS; user++) {
            for (int item = 1; item <= ITEMS; item++) {
                if (random.nextInt(2) == 0) {
                    int rating =
                            user % 2 == item % 2 ? 4 + random.nextInt(2) : 1 + random.nextInt(2);
                    ratings.append(user)
                            .append('\t')
                            .append(item)
                            .append('\t')
                            .append(rating)
                            .append('\t')
                            .append(1_000_000 + random.nextInt(1_000_000))
                            .append('\n');
                }
            }
        }
        Files.writeString(folder.resolve("u.data"), ratings);
        Files.writeString(folder.resolve("u.item"), items);
    }

    private CommandRun train(String kind, String... more) {
        List<String> command = new ArrayList<>(List.of("train", "--model", kind));
        command.addAll(List.of("--clicks", folder.toString(), "--format", "movielens"));
        command.addAll(List.of("--out", folder.resolve(kind).toString(), "--force"));
        command.addAll(List.of(more));
        return CommandRun.of(command.toArray(new String[0]));
    }

    private CommandRun evaluate(String kind, String... more) {
        List<String> command = new ArrayList<>(List.of("evaluate"));
        command.addAll(List.of("--model", folder.resolve(kind).toString()));
        command.addAll(List.of("--test", folder.toString(), "--format", "movielens"));
        command.addAll(List.of("--resamples", "50"));
        command.addAll(List.of(more));
        return CommandRun.of(command.toArray(new String[0]));
    }

    @ParameterizedTest
    @ValueSource(strings = {"mf", "als", "user-neighbours", "item-neighbours"})
    void ratingsAreForetold(String kind) throws Exception {
        CommandRun train = train(kind, "--test-share", "0.2", "--split-seed", "3");
        assertThat(train.exitCode()).as(train.err()).isEqualTo(Nextclick.DONE);
        assertThat(train.out()).contains(kind).contains("left out");

        CommandRun evaluate =
                evaluate(kind, "--test-share", "0.2", "--split-seed", "3", "--json", "-");
        assertThat(evaluate.exitCode()).as(evaluate.err()).isEqualTo(Nextclick.DONE);
        JsonNode figures = new ObjectMapper().readTree(evaluate.out());
        // Chance alone moves a rating by one half; the mean misses by 1.6.
        assertThat(figures.at("/ratings/rmse").doubleValue()).isBetween(0.4, 0.9);
        assertThat(figures.at("/ratings/mae").doubleValue()).isBetween(0.3, 0.8);
        assertThat(figures.at("/liked/auc").doubleValue()).isGreaterThan(0.9);
        assertThat(figures.at("/liked/log_loss").doubleValue()).isLessThan(0.5);
        assertThat(figures.at("/ratings/intervals/rmse").size()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mf", "implicit-als", "item-neighbours"})
    void heldOutItemsAreRanked(String kind) throws Exception {
        CommandRun train = train(kind, "--leave-last-out");
        assertThat(train.exitCode()).as(train.err()).isEqualTo(Nextclick.DONE);

        CommandRun evaluate =
                evaluate(kind, "--leave-last-out", "--sampled-negatives", "9", "--json", "-");
        assertThat(evaluate.exitCode()).as(evaluate.err()).isEqualTo(Nextclick.DONE);
        JsonNode figures = new ObjectMapper().readTree(evaluate.out());
        assertThat(figures.at("/full/predictions").intValue()).isEqualTo(USERS);
        assertThat(figures.at("/sampled_9/hr@10").doubleValue()).isEqualTo(1);
        assertThat(figures.at("/full/hr@10").doubleValue()).isBetween(0.1, 1.0);
        assertThat(figures.at("/ratings").isMissingNode()).isEqualTo(kind.equals("implicit-als"));
        assertThat(evaluate(kind, "--leave-last-out").out())
                .contains("held-out items, full", "held-out items, sampled 99", "auc");
    }

    @Test
    void aModelOfUsersAnswersSessionsToo() throws Exception {
        assertThat(train("als", "--leave-last-out").exitCode()).isEqualTo(Nextclick.DONE);

        CommandRun evaluate = evaluate("als", "--mask-seen", "--json", "-");

        assertThat(evaluate.exitCode()).as(evaluate.err()).isEqualTo(Nextclick.DONE);
        JsonNode figures = new ObjectMapper().readTree(evaluate.out());
        assertThat(figures.get("predictions").intValue()).isEqualTo(USERS);
        assertThat(figures.get("hr@20").doubleValue()).isGreaterThan(0.3);
    }

    @Test
    void aTimeParts() throws Exception {
        String time = "1970-01-18T09:00:00Z";
        CommandRun train = train("mf", "--until", time, "--item-features", "genres,year");
        assertThat(train.exitCode()).as(train.err()).isEqualTo(Nextclick.DONE);

        CommandRun evaluate = evaluate("mf", "--from", time);

        assertThat(evaluate.exitCode()).as(evaluate.err()).isEqualTo(Nextclick.DONE);
        assertThat(evaluate.out()).contains("rmse", "mae", "auc", "log_loss");
    }

    @Test
    void theClassicsStandInOneTable() {
        CommandRun run = classics("--seeds", "1-2", "--item-features", "genres");

        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
        for (String row :
                new String[] {
                    "popularity",
                    "markov",
                    "item-knn",
                    "vmis-knn",
                    "user-neighbours",
                    "item-neighbours",
                    "mf",
                    "als",
                    "mf, features",
                    "als, features",
                    "implicit-als",
                    "gmf",
                    "mlp",
                    "neumf"
                }) {
            assertThat(run.out()).containsPattern("(?m)^" + row + " +[–0]");
        }
        assertThat(run.out()).contains("RMSE").contains("HR@10 of 100").contains("±");
        assertThat(run.out()).doesNotContain("sasrec");
        assertThat(run.err()).contains("seed 1: neumf").contains("seed 2: gmf");
    }

    private CommandRun classics(String... more) {
        List<String> command = new ArrayList<>(List.of("bench", "classics"));
        command.addAll(List.of("--clicks", folder.toString(), "--format", "movielens"));
        command.addAll(List.of(more));
        return CommandRun.of(command.toArray(new String[0]));
    }

    @Test
    void networksOfSessionsAreMeasuredWhenNamed() {
        CommandRun run = classics("--seeds", "3-3", "--models", "markov,gru4rec");

        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
        assertThat(run.out()).containsPattern("(?m)^markov +–").containsPattern("(?m)^gru4rec +–");
        assertThat(run.out()).doesNotContain("popularity");
        assertThat(classics("--models", "x").err()).contains("--models names 'x', there are [pop");
        assertThat(classics("--seeds", "x").err()).contains("--seeds is 'x'");
    }

    @Test
    void usersOfNeuMfAreKnown() throws Exception {
        CommandRun train = train("neumf", "--leave-last-out", "--regularization", "0.01");
        assertThat(train.exitCode()).as(train.err()).isEqualTo(Nextclick.DONE);

        CommandRun evaluate = evaluate("neumf", "--leave-last-out", "--json", "-");

        assertThat(evaluate.exitCode()).as(evaluate.err()).isEqualTo(Nextclick.DONE);
        JsonNode figures = new ObjectMapper().readTree(evaluate.out());
        assertThat(figures.at("/full/predictions").intValue()).isEqualTo(USERS);
        // Who rates what is chance here, so neither is more than that.
        assertThat(figures.at("/full/hr@10").doubleValue()).isBetween(0.1, 1.0);
        assertThat(figures.at("/liked/auc").doubleValue()).isBetween(0.2, 0.8);
    }

    @Test
    void towersLearnFromAttributes() throws Exception {
        CommandRun train =
                train(
                        "content-towers",
                        "--item-features",
                        "genres",
                        "--leave-last-out",
                        "--epochs",
                        "2",
                        "--tower-history",
                        "5");
        assertThat(train.exitCode()).as(train.err()).isEqualTo(Nextclick.DONE);
        assertThat(train.out()).contains("content-towers").contains(ITEMS + " items");
        assertThat(train.err()).contains("epoch 2: loss");
        assertThat(evaluate("content-towers", "--leave-last-out").out())
                .contains("held-out items, full");
        assertThat(evaluate("content-towers", "--mask-seen").out()).contains("0 targets unknown");
        assertThat(train("two-tower", "--leave-last-out", "--epochs", "1").exitCode())
                .isEqualTo(Nextclick.DONE);
        assertThat(train("content-towers").err()).contains("--item-features is needed");
        assertThat(train("mf", "--tower-history", "5").err())
                .contains("--tower-history is no option of mf");
        assertThat(train("two-tower", "--epochs", "0").err()).contains("epochs is 0");
    }

    @Test
    void whatDoesNotGoTogetherIsRefused() {
        assertThat(train("mf", "--confidence", "3").err())
                .contains("--confidence is no option of mf");
        assertThat(train("gru4rec", "--test-share", "0.2").err())
                .contains("--test-share is no option of gru4rec");
        assertThat(train("mf", "--patience", "3").err()).contains("--patience is no option of mf");
        assertThat(train("mf", "--test-share", "2").err())
                .contains("test share is 2.0, it must be between 0 and 1");
        assertThat(train("mf", "--test-share", "0.2", "--leave-last-out").err())
                .contains("exclude each other");
        assertThat(train("als", "--factors", "-1").err()).contains("factors is -1.0");
        assertThat(train("markov").exitCode()).isEqualTo(Nextclick.DONE);
        assertThat(evaluate("markov", "--test-share", "0.2").err())
                .contains("knows sessions, not users");
        assertThat(evaluate("markov", "--sampled-negatives", "9").err())
                .contains("--sampled-negatives goes with --leave-last-out only");
        assertThat(evaluate("markov", "--leave-last-out").out()).contains("held-out items, full");
    }
}
