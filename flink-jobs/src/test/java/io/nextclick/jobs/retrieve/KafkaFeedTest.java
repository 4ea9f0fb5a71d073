package io.nextclick.jobs.retrieve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.JobOptions.Guarantee;
import io.nextclick.jobs.kafka.KafkaClients;
import io.nextclick.jobs.retrieve.TopicFeed.Kind;
import io.nextclick.schemas.WriterSchemas;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.junit.jupiter.api.Test;

class KafkaFeedTest {

    private static final Map<Kind, String> TOPICS =
            Map.of(Kind.EMBEDDINGS, "vectors", Kind.CATALOG, "shop");

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
    private final List<String> received = new ArrayList<>();

    private void partition(String topic, int partitions, long end) {
        List<PartitionInfo> infos = new ArrayList<>();
        for (int i = 0; i < partitions; i++) {
            infos.add(new PartitionInfo(topic, i, Node.noNode(), new Node[0], new Node[0]));
            TopicPartition place = new TopicPartition(topic, i);
            consumer.updateBeginningOffsets(Map.of(place, 0L));
            consumer.updateEndOffsets(Map.of(place, i == partitions - 1 ? end : 0L));
        }
        consumer.updatePartitions(topic, infos);
    }

    private void record(String topic, int partition, long offset, String value) {
        consumer.addRecord(
                new ConsumerRecord<>(
                        topic,
                        partition,
                        offset,
                        "key".getBytes(StandardCharsets.UTF_8),
                        value == null ? null : value.getBytes(StandardCharsets.UTF_8)));
    }

    private void poll(TopicFeed feed) {
        feed.poll(
                Duration.ofMillis(1),
                entry ->
                        received.add(
                                entry.kind()
                                        + " "
                                        + entry.place()
                                        + " "
                                        + (entry.value() == null
                                                ? null
                                                : new String(
                                                        entry.value(), StandardCharsets.UTF_8))));
    }

    @Test
    void readsEveryPartitionFromItsBeginningUntilItHasCaughtUp() {
        partition("vectors", 2, 2);
        partition("shop", 1, 1);
        try (TopicFeed feed = new KafkaFeed(consumer, TOPICS)) {
            assertThat(feed.isCaughtUp()).isFalse();
            consumer.schedulePollTask(
                    () -> {
                        record("vectors", 1, 0, "a");
                        record("shop", 0, 0, null);
                    });
            poll(feed);
            assertThat(received)
                    .containsExactlyInAnyOrder("EMBEDDINGS vectors-1@0 a", "CATALOG shop-0@0 null");
            assertThat(feed.isCaughtUp()).isFalse();
            assertThat(feed.lag()).isEqualTo(1);
            consumer.schedulePollTask(() -> record("vectors", 1, 1, "b"));
            poll(feed);
            assertThat(feed.isCaughtUp()).isTrue();
            assertThat(feed.lag()).isZero();
            assertThat(received).hasSize(3).endsWith("EMBEDDINGS vectors-1@1 b");
        }
        assertThat(consumer.closed()).isTrue();
    }

    @Test
    void topicsThatAreNotThereHoldNobodyUp() {
        partition("shop", 1, 0);
        try (TopicFeed feed = new KafkaFeed(consumer, TOPICS)) {
            poll(feed);
            assertThat(feed.isCaughtUp()).isTrue();
            assertThat(consumer.assignment()).containsExactly(new TopicPartition("shop", 0));
        }
        MockConsumer<byte[], byte[]> none = new MockConsumer<>("earliest");
        try (TopicFeed feed = new KafkaFeed(none, TOPICS)) {
            poll(feed);
            assertThat(feed.isCaughtUp()).isTrue();
            assertThat(received).isEmpty();
        }
    }

    @Test
    void isWokenUp() {
        partition("shop", 1, 0);
        try (TopicFeed feed = new KafkaFeed(consumer, TOPICS)) {
            poll(feed);
            feed.wakeUp();
            assertThatThrownBy(() -> poll(feed)).isInstanceOf(WakeupException.class);
        }
    }

    @Test
    void topicsAreNamedTogetherAndOnce() {
        KafkaClients clients =
                new KafkaClients(
                        Guarantee.AT_LEAST_ONCE,
                        "prefix",
                        Duration.ofMinutes(1),
                        Map.of("bootstrap.servers", "broker:9092"));
        assertThatThrownBy(() -> new CompactedTopics(clients, "vectors", null, null))
                .hasMessageContaining("topic of releases is not named");
        assertThatThrownBy(() -> new CompactedTopics(clients, null, "releases", null))
                .hasMessageContaining("topic of vectors is not named");
        assertThat(
                        new CompactedTopics(clients, null, "r", null, true, WriterSchemas.NONE)
                                .rankers())
                .isTrue();
        assertThatThrownBy(
                        () ->
                                new CompactedTopics(
                                        clients, null, null, "c", true, WriterSchemas.NONE))
                .hasMessageContaining("rankers can't be followed");
        assertThatThrownBy(() -> new CompactedTopics(clients, "a", "b", "a"))
                .hasMessageContaining("topic a is named twice");
        assertThatThrownBy(() -> new CompactedTopics(clients, null, null, null))
                .hasMessageContaining("no topic");
    }
}
