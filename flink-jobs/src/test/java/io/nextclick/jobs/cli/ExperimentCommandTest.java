package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nextclick.jobs.demo.EmbeddedKafka;
import io.nextclick.models.experiment.ExperimentDesign;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.ExperimentOutcome.Credit;
import io.nextclick.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExperimentCommandTest {

    private static final String[] SHARES = {"--variant", "control=0.5", "--variant", "b=0.5"};

    @TempDir Path folder;

    private EmbeddedKafka kafka;

    @Test
    void experimentsAreStartedChangedStoppedAndReported() throws Exception {
        try (EmbeddedKafka started = EmbeddedKafka.start(folder)) {
            kafka = started;
            kafka.createTopic("experiments", 1, Map.of("cleanup.policy", "compact"));
            kafka.createTopic("experiment-outcomes", 2);

            assertThat(run("list").out()).contains("there are no experiments");
            startsAndChanges();
            refusesWhatItShould();
            reports();
            stops();
        }
    }

    private void startsAndChanges() {
        CommandRun start =
                run(
                        "start",
                        "bigger",
                        "--variant",
                        "control=0.1",
                        "--variant",
                        "b=0.1",
                        "--model",
                        "b=gru4rec-large",
                        "--blend",
                        "b=two-tower:0.75",
                        "--rule",
                        "b=most-per-category:3",
                        "--guard",
                        "0.01",
                        "--unit",
                        "user",
                        "--salt",
                        "one");
        assertThat(start.exitCode()).as(start.err()).isEqualTo(Nextclick.DONE);
        assertThat(start.out())
                .contains("bigger: running since ")
                .contains("split by user, salt 'one', guard at 0.01")
                .contains("  control 10.00 %")
                .contains(
                        "  b 10.00 %, model gru4rec-large, blend {two-tower=0.75}, rules"
                                + " {most-per-category=3}");
        CommandRun twice = run(with("start", "bigger", SHARES));
        assertThat(twice.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(twice.err()).contains("experiment bigger is running: stop it first");
        CommandRun change = run(with("start", "bigger", SHARES, "--change", "--encoding", "avro"));
        assertThat(change.exitCode()).as(change.err()).isEqualTo(Nextclick.DONE);
        assertThat(change.out())
                .contains("split by user, salt 'one', guard at 0.01")
                .contains("  b 50.00 %, model gru4rec-large, blend {two-tower=0.75}, rules");
        assertThat(run("list").out()).isEqualTo(change.out());
    }

    private void refusesWhatItShould() {
        for (String[] wrong :
                new String[][] {
                    {"start", "x"},
                    {"start", "x", "--variant", "a=1"},
                    {"start", "x", "--variant", "a=0.7", "--variant", "b=0.7"},
                    {"start", "x", "--variant", "a=0.5", "--variant", "b=much"},
                    with("start", "x", SHARES, "--model", "c=m"),
                    with("start", "x", SHARES, "--blend", "b=two-tower"),
                    with("start", "x", SHARES, "--blend", "b=two-tower:much"),
                    with("start", "x", SHARES, "--blend", "b=two-tower:7"),
                    with("start", "x", SHARES, "--guard", "-1"),
                    with("start", "x", SHARES, "--change", "--salt", "s"),
                }) {
            CommandRun run = run(wrong);
            assertThat(run.exitCode())
                    .as("%s: %s", Arrays.toString(wrong), run.err())
                    .isEqualTo(Nextclick.WRONG_USAGE);
        }
        assertThat(run(with("start", "x", SHARES, "--change")).err())
                .contains("no experiment x is running");
        assertThat(run(with("start", "bigger", SHARES, "--change", "--unit", "session")).err())
                .contains("unit and method of a running experiment can't be changed");
        assertThat(run("stop", "x").err()).contains("no experiment x is running");
        assertThat(CommandRun.of("experiment").exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
    }

    private void reports() throws Exception {
        assertThat(run("report", "bigger").err()).contains("there are no outcomes of experiment");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            List<Future<?>> sent = new ArrayList<>();
            for (ExperimentOutcome outcome : outcomes("one", false, 4_000)) {
                sent.add(
                        producer.send(
                                new ProducerRecord<>(
                                        "experiment-outcomes",
                                        outcome.sessionId().getBytes(StandardCharsets.UTF_8),
                                        Topics.EXPERIMENT_OUTCOMES
                                                .codec(Encoding.AVRO)
                                                .encode(outcome))));
            }
            sent.add(producer.send(new ProducerRecord<>("experiment-outcomes", new byte[] {'x'})));
            for (Future<?> each : sent) {
                each.get();
            }
        }
        CommandRun report = run("report", "bigger", "--tightest-at", "3000");
        assertThat(report.exitCode()).as(report.err()).isEqualTo(Nextclick.DONE);
        assertThat(report.err()).contains("1 unreadable records were left out");
        assertThat(report.out())
                .contains("against control")
                .contains("worse: the guard ends it")
                .contains("The variants got their shares of traffic");
        assertThat(run("report", "other").err()).contains("there is no experiment other");
    }

    private void stops() {
        CommandRun stop = run("stop", "bigger", "--reason", "worse");
        assertThat(stop.exitCode()).as(stop.err()).isEqualTo(Nextclick.DONE);
        assertThat(run("list").out()).contains("bigger: stopped since ").contains(", worse");
        CommandRun again = run(with("start", "bigger", SHARES));
        assertThat(again.exitCode()).as(again.err()).isEqualTo(Nextclick.DONE);
        assertThat(again.out()).contains("salt 'bigger 2");
    }

    /** Sessions of two to six clicks, of which b foresees clearly less. */
    private static List<ExperimentOutcome> outcomes(
            String salt, boolean interleaved, int sessions) {
        Random random = new Random(5);
        var assignment =
                new ExperimentDesign(List.of("control", "b"), List.of(0.5, 0.5)).assignment(salt);
        List<ExperimentOutcome> outcomes = new ArrayList<>();
        for (int i = 0; i < sessions; i++) {
            int variant = assignment.variantOf("s" + i);
            int lists = 1 + random.nextInt(5);
            int hits = 0;
            int[] credits = new int[2];
            for (int list = 0; list < lists; list++) {
                boolean hit = random.nextDouble() < (interleaved || variant == 0 ? 0.5 : 0.3);
                hits += hit ? 1 : 0;
                credits[random.nextDouble() < 0.65 ? 0 : 1] += hit ? 1 : 0;
            }
            outcomes.add(
                    new ExperimentOutcome(
                            salt + "/s" + i,
                            "bigger",
                            salt,
                            interleaved ? null : variant == 0 ? "control" : "b",
                            "s" + i,
                            "s" + i,
                            1_000L * i,
                            1_000L * i + 500,
                            lists + 1,
                            lists,
                            hits,
                            interleaved
                                    ? List.of(
                                            new Credit("control", credits[0]),
                                            new Credit("b", credits[1]))
                                    : List.of(),
                            Map.of("revenue", 10.0 * lists)));
        }
        return outcomes;
    }

    private Path file(List<ExperimentOutcome> outcomes) throws Exception {
        StringBuilder lines = new StringBuilder();
        for (ExperimentOutcome outcome : outcomes) {
            lines.append(
                            new String(
                                    Topics.EXPERIMENT_OUTCOMES.codec(Encoding.JSON).encode(outcome),
                                    StandardCharsets.UTF_8))
                    .append('\n');
        }
        Path file = folder.resolve("outcomes.jsonl");
        Files.writeString(file, lines);
        return file;
    }

    private static CommandRun fromFile(Path file, String... more) {
        List<String> arguments =
                new ArrayList<>(
                        List.of("experiment", "report", "bigger", "--outcomes", file.toString()));
        arguments.addAll(List.of(more));
        return CommandRun.of(arguments.toArray(String[]::new));
    }

    @Test
    void aFileOfOutcomesIsReportedAsTableJsonAndPage() throws Exception {
        List<ExperimentOutcome> outcomes = outcomes("old", false, 50);
        outcomes.addAll(outcomes("new", false, 3_000));
        // An outcome that is told again counts once.
        outcomes.addAll(outcomes.subList(100, 200));
        Path file = file(outcomes);
        Path json = folder.resolve("report.json");
        Path page = folder.resolve("report.html");
        CommandRun run =
                fromFile(
                        file,
                        "--variant",
                        "control=0.5",
                        "--variant",
                        "b=0.5",
                        "--json",
                        json.toString(),
                        "--report",
                        page.toString());
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
        JsonNode report = new ObjectMapper().readTree(json.toFile());
        assertThat(
                        report.get("variants").get(0).get("units").asInt()
                                + report.get("variants").get(1).get("units").asInt())
                .isEqualTo(3_000);
        assertThat(report.get("comparisons").get(0).get("difference").asDouble())
                .isBetween(-0.25, -0.15);
        assertThat(report.get("course")).hasSize(40);
        assertThat(report.get("guard_margin").isNull()).isTrue();
        assertThat(Files.readString(page)).contains("nextclick experiment").contains(">worse<");

        CommandRun revenue = fromFile(file, with(SHARES, "--metric", "revenue", "--json", "-"));
        JsonNode means = new ObjectMapper().readTree(revenue.out());
        assertThat(means.get("variants").get(0).get("rate").asDouble()).isBetween(25.0, 35.0);
        CommandRun old = fromFile(file, with(SHARES, "--salt", "old", "--metric", "clicks"));
        assertThat(old.out()).contains("too few");
        CommandRun foreign = fromFile(file, "--variant", "control=0.5", "--variant", "c=0.5");
        assertThat(foreign.err()).contains("outcomes of variants that aren't among [control, c]");
    }

    @Test
    void interleavedListsAreReported() throws Exception {
        Path file = file(outcomes("i", true, 2_000));
        CommandRun run = fromFile(file, SHARES);
        assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
        assertThat(run.out()).contains("p (sign)").contains("credit");
        assertThat(fromFile(file, with(SHARES, "--metric", "clicks")).err())
                .contains("only hits can be credited");
    }

    @Test
    void refusesFilesThatHoldSomethingElse() throws Exception {
        Path file = folder.resolve("outcomes.jsonl");
        Files.writeString(file, "\n{\"id\":\"x\"}\n");
        assertThat(fromFile(file, SHARES).err()).contains("outcomes.jsonl, line 2: ");
        assertThat(fromFile(file).exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(fromFile(file, with(SHARES, "--confidence", "2")).exitCode())
                .isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(CommandRun.of("experiment", "report", "x").exitCode())
                .isEqualTo(Nextclick.WRONG_USAGE);
    }

    private CommandRun run(String... arguments) {
        List<String> all = new ArrayList<>(List.of("experiment"));
        all.addAll(List.of(arguments));
        all.addAll(List.of("--bootstrap-servers", kafka.bootstrapServers()));
        return CommandRun.of(all.toArray(String[]::new));
    }

    private static String[] with(String[] some, String... more) {
        List<String> all = new ArrayList<>(List.of(some));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private static String[] with(String command, String name, String[] some, String... more) {
        return with(with(new String[] {command, name}, some), more);
    }
}
