package io.nextclick.jobs.retrieve;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads topics of a Kafka cluster, all partitions from their beginning, in no consumer group. A
 * topic may come into being later, and partitions may be added.
 */
final class KafkaFeed implements TopicFeed {

    private static final Logger LOG = LoggerFactory.getLogger(KafkaFeed.class);

    /** How often topics are looked for that weren't there, and partitions that weren't. */
    private static final long MISSING_NANOS = Duration.ofSeconds(1).toNanos();

    private static final long ADDED_NANOS = Duration.ofSeconds(30).toNanos();

    private static final Duration CLOSING = Duration.ofSeconds(5);

    private final Consumer<byte[], byte[]> consumer;
    private final Map<String, Kind> kinds = new HashMap<>();
    private final Set<String> missing = new HashSet<>();

    /** Where the partitions ended that were there at the start, as far as not reached yet. */
    private final Map<TopicPartition, Long> ends = new HashMap<>();

    private boolean started;
    private long lookedNanos;

    /**
     * @param consumer becomes this object's
     * @param topics the topic of each kind
     */
    KafkaFeed(Consumer<byte[], byte[]> consumer, Map<Kind, String> topics) {
        this.consumer = consumer;
        topics.forEach((kind, topic) -> kinds.put(topic, kind));
    }

    @Override
    public void poll(Duration longest, Receiver receiver) {
        long now = System.nanoTime();
        if (!started || now - lookedNanos >= (missing.isEmpty() ? ADDED_NANOS : MISSING_NANOS)) {
            look();
            lookedNanos = now;
        }
        if (consumer.assignment().isEmpty()) {
            waitForTopics(longest);
            return;
        }
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(longest)) {
            receiver.receive(
                    new Entry(
                            kinds.get(record.topic()),
                            record.key(),
                            record.value(),
                            record.topic(),
                            record.partition(),
                            record.offset(),
                            record.timestamp()));
        }
        ends.entrySet().removeIf(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    /** Begins to read the partitions that aren't read yet. */
    private void look() {
        Set<TopicPartition> assigned = consumer.assignment();
        List<TopicPartition> found = new ArrayList<>();
        for (String topic : kinds.keySet()) {
            List<PartitionInfo> partitions = partitionsOf(topic);
            if (partitions.isEmpty()) {
                if (missing.add(topic)) {
                    LOG.warn("There is no topic {} yet: waiting for it", topic);
                }
                continue;
            }
            if (missing.remove(topic)) {
                LOG.info("There is a topic {} now", topic);
            }
            for (PartitionInfo partition : partitions) {
                TopicPartition place = new TopicPartition(topic, partition.partition());
                if (!assigned.contains(place)) {
                    found.add(place);
                }
            }
        }
        if (!found.isEmpty()) {
            List<TopicPartition> all = new ArrayList<>(assigned);
            all.addAll(found);
            consumer.assign(all);
            consumer.seekToBeginning(found);
            if (!started) {
                ends.putAll(consumer.endOffsets(found));
            }
        }
        started = true;
    }

    private List<PartitionInfo> partitionsOf(String topic) {
        try {
            List<PartitionInfo> partitions = consumer.partitionsFor(topic);
            return partitions == null ? List.of() : partitions;
        } catch (UnknownTopicOrPartitionException e) {
            return List.of();
        }
    }

    /** There is nothing to poll: only the clock can bring something. */
    private void waitForTopics(Duration longest) {
        try {
            Thread.sleep(Math.min(longest.toMillis(), Duration.ofNanos(MISSING_NANOS).toMillis()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isCaughtUp() {
        return started && ends.isEmpty();
    }

    @Override
    public long lag() {
        long lag = 0;
        for (TopicPartition partition : consumer.assignment()) {
            lag += consumer.currentLag(partition).orElse(0);
        }
        return lag;
    }

    @Override
    public void wakeUp() {
        consumer.wakeup();
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(CLOSING));
    }
}
