package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.demo.EmbeddedKafka;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.ranker.FeatureSpace;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.models.ranker.RankerLearner;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.models.session.SessionRules;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** train --from-kafka and release, against a real broker. */
class ReleaseCommandTest {

    @TempDir Path folder;

    private EmbeddedKafka kafka;

    @Test
    void aModelIsTrainedOnATopicReleasedAndTakenBack() throws Exception {
        try (EmbeddedKafka started = EmbeddedKafka.start(folder)) {
            kafka = started;
            kafka.createTopic("clicks", 3);
            kafka.createTopic("model-releases", 1, Map.of("cleanup.policy", "compact"));
            publishClicks(300);

            trainsUpToNow();
            releasesAndRollsBack();
            releasesRankersToo();
            refusesWhatItShould();
        }
    }

    private void trainsUpToNow() throws Exception {
        Path kept = folder.resolve("kept.jsonl");
        CommandRun all = train("one", "--model-version", "v1", "--keep-clicks", kept.toString());
        assertThat(all.exitCode()).as(all.err()).isEqualTo(Nextclick.DONE);
        assertThat(all.err())
                .contains("300 clicks read from Kafka, 2 records without a usable click");
        assertThat(all.out()).contains("100 sessions");
        assertThat(Files.readAllLines(kept)).hasSize(300);

        CommandRun last = train("two", "--model-version", "v2", "--max-clicks", "60");
        assertThat(last.exitCode()).as(last.err()).isEqualTo(Nextclick.DONE);
        long read =
                Long.parseLong(
                        last.err()
                                .lines()
                                .filter(line -> line.contains("clicks read from Kafka"))
                                .findFirst()
                                .orElseThrow()
                                .split(" ")[0]);
        assertThat(read).isBetween(50L, 60L);

        CommandRun fromFile =
                CommandRun.of(
                        "train",
                        "--model",
                        "vmis-knn",
                        "--clicks",
                        kept.toString(),
                        "--format",
                        "jsonl",
                        "--model-version",
                        "v1",
                        "--out",
                        folder.resolve("again").toString());
        assertThat(fromFile.exitCode()).as(fromFile.err()).isEqualTo(Nextclick.DONE);
        ModelFolder again = ModelFolder.read(folder.resolve("again"));
        assertThat(ModelFolder.read(folder.resolve("one")).manifest().dataFingerprint())
                .isEqualTo(again.manifest().dataFingerprint());

        for (List<String> wrong :
                List.of(
                        List.of("--topic", "clicks", "--clicks", "x", "--format", "jsonl"),
                        List.of("--from-kafka", "localhost:1", "--clicks", "x"),
                        List.of("--clicks", "x"),
                        List.of("--from-kafka", "localhost:1", "--max-clicks", "0"))) {
            List<String> arguments = new ArrayList<>(List.of("train", "--model", "vmis-knn"));
            arguments.addAll(wrong);
            arguments.addAll(List.of("--out", folder.resolve("wrong").toString()));
            CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
            assertThat(run.exitCode()).as("%s: %s", wrong, run.err()).isEqualTo(2);
        }
    }

    private CommandRun train(String out, String... more) throws Exception {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "train",
                                "--model",
                                "vmis-knn",
                                "--from-kafka",
                                kafka.bootstrapServers(),
                                "--out",
                                folder.resolve(out).toString()));
        arguments.addAll(List.of(more));
        return CommandRun.of(arguments.toArray(String[]::new));
    }

    private void releasesAndRollsBack() throws Exception {
        assertThat(release("--list").out()).contains("nothing is released");
        CommandRun first = release("--model", folder.resolve("one").toString(), "--name", "shop");
        assertThat(first.exitCode()).as(first.err()).isEqualTo(Nextclick.DONE);
        assertThat(first.out()).contains("released shop: vmis-knn v1 at file:");
        assertThat(release("--model", folder.resolve("one").toString(), "--name", "shop").out())
                .contains("is what is released already");
        CommandRun second =
                release(
                        "--model",
                        folder.resolve("two").toString(),
                        "--name",
                        "shop",
                        "--encoding",
                        "avro");
        assertThat(second.exitCode()).as(second.err()).isEqualTo(Nextclick.DONE);
        assertThat(release("--list").out())
                .contains("shop: vmis-knn v2 at ")
                .contains("  before: vmis-knn v1 at ");
        assertThat(kafka.records("model-releases")).isEqualTo(2);

        CommandRun back = release("--rollback");
        assertThat(back.exitCode()).as(back.err()).isEqualTo(Nextclick.DONE);
        assertThat(back.out()).contains("released shop: vmis-knn v1");
        assertThat(release("--list").out()).doesNotContain("v2");
        CommandRun further = release("--rollback");
        assertThat(further.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(further.err()).contains("has no release before it");
    }

    private void releasesRankersToo() throws Exception {
        for (String version : List.of("r1", "r2")) {
            Path ranker = folder.resolve(version);
            new RankerLearner(
                            FeatureSpace.learn(List.of(Field.parse("price")), List.of()),
                            RankerOptions.of(RankerKind.FM))
                    .folder("fm", version, SessionRules.DEFAULT, "", Map.of(), Instant.EPOCH)
                    .write(ranker);
            CommandRun run = release("--model", ranker.toString(), "--name", "ranker");
            assertThat(run.exitCode()).as(run.err()).isEqualTo(Nextclick.DONE);
            assertThat(run.out()).contains("released ranker: ranker " + version);
        }
        assertThat(release("--rollback", "--name", "ranker").out())
                .contains("released ranker: ranker r1");
    }

    private void refusesWhatItShould() throws Exception {
        Path damaged = folder.resolve("damaged");
        ModelFolder.read(folder.resolve("one")).write(damaged);
        Files.writeString(damaged.resolve("items.txt"), "x\n");
        CommandRun run = release("--model", damaged.toString());
        assertThat(run.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(run.err()).contains("items.txt");
        assertThat(release("--model", folder.resolve("nowhere").toString()).err())
                .contains("there is no model at ");
        assertThat(release("--rollback", "--name", "other").err())
                .contains("nothing is released under the name other");
        assertThat(release().exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(release("--list", "--uri", "file:/x").exitCode())
                .isEqualTo(Nextclick.WRONG_USAGE);

        // Files that were exchanged since: going back to them would be going elsewhere.
        release("--model", folder.resolve("two").toString(), "--name", "shop");
        Files.writeString(folder.resolve("one").resolve("manifest.json"), "{}");
        CommandRun changed = release("--rollback");
        assertThat(changed.exitCode()).isEqualTo(Nextclick.FAILED);
        assertThat(changed.err()).contains("its SHA-256 is ");
        assertThat(release("--rollback", "--unseen").exitCode()).isEqualTo(Nextclick.DONE);

        // Towers are no models that answer by themselves, and need no name to be told apart.
        ModelRelease tower =
                new ModelRelease(
                        "two-tower", "1", "file:/t", "a".repeat(64), "query-tower", Map.of(), 1);
        send("model-releases", Topics.MODEL_RELEASES.codec(Encoding.AVRO).encode(tower));
        send("model-releases", new byte[] {'x'});
        CommandRun list = release("--list");
        assertThat(list.out()).contains("two-tower: query-tower 1");
        assertThat(list.err()).contains("unreadable record at model-releases-0-");
        assertThat(release("--rollback").err()).contains("has no release before it");
    }

    private CommandRun release(String... more) throws Exception {
        List<String> arguments =
                new ArrayList<>(
                        List.of("release", "--bootstrap-servers", kafka.bootstrapServers()));
        arguments.addAll(List.of(more));
        return CommandRun.of(arguments.toArray(String[]::new));
    }

    /** Sessions of three clicks, and two records that hold none. */
    private void publishClicks(int clicks) throws Exception {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < clicks; i++) {
            lines.append(
                    """
                    {"session_id":"s%d","item_id":"i%d","event_time":%d}
                    """
                            .formatted(i / 3, (i * 7) % 20, 1_000_000L + i * 1_000L));
        }
        Path log = folder.resolve("clicks.jsonl");
        Files.writeString(log, lines);
        CommandRun replay =
                CommandRun.of(
                        "replay",
                        "--clicks",
                        log.toString(),
                        "--format",
                        "jsonl",
                        "--bootstrap-servers",
                        kafka.bootstrapServers(),
                        "--speed",
                        "0");
        assertThat(replay.exitCode()).as(replay.err()).isEqualTo(Nextclick.DONE);
        send("clicks", "no click".getBytes(StandardCharsets.UTF_8));
        send("clicks", "{}".getBytes(StandardCharsets.UTF_8));
    }

    private void send(String topic, byte[] value) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(topic, new byte[] {1}, value)).get();
        }
    }
}
