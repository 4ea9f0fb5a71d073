package io.nextclick.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.schemas.Click;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the dashboard shows of a stream whose every click is known: names and values. */
@ExtendWith(LiveSystem.Extension.class)
class MetricsIT {

    private static final String OPERATOR = "0.Recommend_next_items.";
    private static final String DECODER = "0.Set_aside_rejected_clicks.";
    private static final long START_MILLIS = 1_704_067_200_000L;

    @Test
    void countsWhatHappens(LiveSystem system) throws Exception {
        ClicksTopic topic = system.clicksTopic(1);
        String known = system.shop().model().vocabulary().item(0);
        String other = system.shop().model().vocabulary().item(1);
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        records.add(record(topic, click("a", "a1", known, 0)));
        records.add(record(topic, click("a", "a2", other, 2)));
        records.add(record(topic, click("a", "a1", known, 0))); // told twice
        records.add(record(topic, click("a", "a3", other, 3))); // on the same item again
        records.add(record(topic, click("a", "a4", known, 1))); // late
        records.add(record(topic, click("b", null, "an item unknown to the model", 4)));
        records.add(record(topic, click("b", null, "another", 5)));
        records.add(record(topic, click("c", null, other, 6)));
        records.add(new ProducerRecord<>(topic.name(), "no click".getBytes(UTF_8)));
        records.add(new ProducerRecord<>(topic.name(), "{\"session_id\":\"d\"}".getBytes(UTF_8)));
        topic.publish(records);

        try (JobRun run =
                new JobRun(system, topic)
                        .withModel(system.shop().folder())
                        .unending(Duration.ofSeconds(10))
                        .start()
                        .awaitAnswers(7)) {
            Map<String, String> vertices = system.dashboard().vertices(run.job());
            assertThat(String.join(" | ", vertices.keySet()))
                    .contains(
                            "Source: Clicks from Kafka",
                            "Set aside rejected clicks",
                            "Rejected clicks to Kafka",
                            "Recommend next items",
                            "Recommendations to Kafka");

            Map<String, String> metrics = new TreeMap<>();
            // Flink looks at its task managers every ten seconds.
            Await.until(
                    "metrics are on the dashboard",
                    () -> {
                        for (String vertex : vertices.values()) {
                            for (String operator : List.of(OPERATOR, DECODER)) {
                                metrics.putAll(
                                        system.dashboard().metrics(run.job(), vertex, operator));
                            }
                        }
                        return "8".equals(metrics.get(OPERATOR + "clicks"))
                                && "2".equals(metrics.get(DECODER + "rejected"));
                    });
            System.out.println(metrics);
            assertThat(metrics)
                    .containsEntry(OPERATOR + "clicks", "8")
                    .containsEntry(OPERATOR + "recommendations", "7")
                    .containsEntry(OPERATOR + "duplicates", "1")
                    .containsEntry(OPERATOR + "repeats", "1")
                    .containsEntry(OPERATOR + "late", "1")
                    .containsEntry(OPERATOR + "sessionsStarted", "3")
                    .containsEntry(OPERATOR + "sessionsRebuilt", "0")
                    .containsEntry(OPERATOR + "liveSessions", "3")
                    .containsEntry(OPERATOR + "fallbacks.unknown-items", "2")
                    .containsEntry(OPERATOR + "fallbacks.no-model", "0")
                    .containsEntry(OPERATOR + "fallbacks.overrun", "0")
                    .containsEntry(OPERATOR + "modelVersion", "it-1")
                    .containsEntry(OPERATOR + "model.it-1.inForce", "1")
                    // The clicks that follow a list: two of a, one of b.
                    .containsEntry(OPERATOR + "labels", "3")
                    .containsEntry(DECODER + "rejected", "2")
                    .containsEntry(DECODER + "rejectedBy.record", "1")
                    .containsEntry(DECODER + "rejectedBy.event_time", "1")
                    .containsKeys(
                            OPERATOR + "recall@20",
                            OPERATOR + "mrr@20",
                            OPERATOR + "popularityRecall@20",
                            OPERATOR + "popularityMrr@20",
                            OPERATOR + "bundleSize_max",
                            OPERATOR + "inferenceTimeMicros_p99",
                            OPERATOR + "clickToRecommendationMillis_p99");
        }
    }

    private static Click click(String session, String event, String item, int second) {
        return new Click(
                event, session, null, item, "click", START_MILLIS + 1_000L * second, Map.of());
    }

    private static ProducerRecord<byte[], byte[]> record(ClicksTopic topic, Click click) {
        Codec<Click> codec = Topics.CLICKS.codec(Encoding.JSON);
        return new ProducerRecord<>(
                topic.name(), click.sessionId().getBytes(UTF_8), codec.encode(click));
    }
}
