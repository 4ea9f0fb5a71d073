package io.nextclick.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.demo.EmbeddedKafka;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** replay and watch, against a real broker. */
class StreamCommandsTest {

    @TempDir Path folder;

    @Test
    void clicksAreReplayedAndRecommendationsShown() throws Exception {
        Path log = folder.resolve("clicks.jsonl");
        Files.writeString(
                log,
                """
                {"session_id":"s1","item_id":"a","event_time":1000}
                {"session_id":"s2","item_id":"b","event_time":61000}
                {"session_id":"s1","item_id":"c","event_time":121000}
                """);
        Path properties = folder.resolve("client.properties");
        Files.writeString(properties, "client.id=from-file\n");
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder)) {
            kafka.createTopic("clicks", 2);
            kafka.createTopic("recommendations", 1);

            CommandRun replay =
                    CommandRun.of(
                            "replay",
                            "--clicks",
                            log.toString(),
                            "--format",
                            "jsonl",
                            "--bootstrap-servers",
                            kafka.bootstrapServers(),
                            "--kafka-properties",
                            properties.toString(),
                            "-K",
                            "compression.type=lz4",
                            "--encoding",
                            "avro",
                            "--speed",
                            "1000");
            assertThat(replay.exitCode()).as(replay.err()).isEqualTo(Nextclick.DONE);
            assertThat(replay.out()).contains("published 3 clicks to clicks");
            assertThat(kafka.records("clicks")).isEqualTo(3);

            send(
                    kafka,
                    DetectingCodec.of(Topics.RECOMMENDATIONS, Encoding.AVRO)
                            .encode(recommendation()));
            send(kafka, new byte[] {'x'});
            send(
                    kafka,
                    DetectingCodec.of(Topics.RECOMMENDATIONS, Encoding.JSON)
                            .encode(recommendation()));
            CommandRun watch =
                    CommandRun.of(
                            "watch",
                            "--bootstrap-servers",
                            kafka.bootstrapServers(),
                            "--from-beginning",
                            "--max",
                            "2",
                            "--items",
                            "1");
            assertThat(watch.exitCode()).as(watch.err()).isEqualTo(Nextclick.DONE);
            assertThat(watch.out().lines()).hasSize(2);
            assertThat(watch.out())
                    .contains("s1")
                    .contains("step 2")
                    .contains("item-7 4.25")
                    .contains("+1")
                    .contains("[gru4rec 3]")
                    .contains("fallback: unknown-items");
            assertThat(watch.err()).contains("unreadable record at recommendations-0-1");

            CommandRun nowhere =
                    CommandRun.of(
                            "watch",
                            "--bootstrap-servers",
                            kafka.bootstrapServers(),
                            "--topic",
                            "nowhere");
            assertThat(nowhere.exitCode()).isEqualTo(Nextclick.FAILED);
            assertThat(nowhere.err()).contains("nowhere");
        }
    }

    @Test
    void theShopIsOpen() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder)) {
            kafka.createTopic("visits", 2);
            CommandRun topics =
                    CommandRun.of("topics", "--bootstrap-servers", kafka.bootstrapServers());
            assertThat(topics.exitCode()).as(topics.err()).isEqualTo(Nextclick.DONE);
            assertThat(topics.out())
                    .contains("clicks created", "clicks-rejected created", "tower-sync created");
            CommandRun again =
                    CommandRun.of("topics", "--bootstrap-servers", kafka.bootstrapServers());
            assertThat(again.exitCode()).as(again.err()).isEqualTo(Nextclick.DONE);
            assertThat(again.out()).contains("clicks is there").doesNotContain("created");

            CommandRun open = open(kafka, "200");
            assertThat(open.exitCode()).as(open.err()).isEqualTo(Nextclick.DONE);
            assertThat(open.out()).contains("published 200 clicks of ").contains(" on 300 items");
            assertThat(kafka.records("visits")).isEqualTo(200);
            assertThat(kafka.records("item-catalog")).isEqualTo(300);

            assertThat(open(kafka, "-1").exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        }
        CommandRun both =
                CommandRun.of("simulate", "--out", "clicks.jsonl", "--to-kafka", "localhost:1");
        assertThat(both.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        CommandRun mixed = CommandRun.of("simulate", "--out", "clicks.jsonl", "--topic", "visits");
        assertThat(mixed.exitCode()).isEqualTo(Nextclick.WRONG_USAGE);
        assertThat(mixed.err()).contains("--to-kafka");
    }

    @Test
    void aTopicThatLosesItsEntriesIsAFailure() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder)) {
            kafka.createTopic("item-catalog", 1);
            CommandRun topics =
                    CommandRun.of("topics", "--bootstrap-servers", kafka.bootstrapServers());
            assertThat(topics.exitCode()).isEqualTo(Nextclick.FAILED);
            assertThat(topics.err())
                    .contains("'item-catalog'", "cleanup.policy=delete", "must be compact");
        }
    }

    private static CommandRun open(EmbeddedKafka kafka, String clicks) {
        return CommandRun.of(
                "simulate",
                "--to-kafka",
                kafka.bootstrapServers(),
                "--topic",
                "visits",
                "--clicks",
                clicks,
                "--items",
                "300",
                "--visitors",
                "50",
                "--clicks-per-second",
                "1000");
    }

    private static Recommendation recommendation() {
        return new Recommendation(
                "clicks-0-0",
                "s1",
                null,
                2,
                new Recommendation.Trigger(0, 0, null, 1_000),
                List.of(
                        new Recommendation.RecommendedItem("item-7", 4.25f, "model"),
                        new Recommendation.RecommendedItem("item-8", 1.5f, "model")),
                new Recommendation.ModelReference("gru4rec", "3"),
                "unknown-items",
                2_000);
    }

    private static void send(EmbeddedKafka kafka, byte[] value) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>("recommendations", value)).get();
        }
    }
}
