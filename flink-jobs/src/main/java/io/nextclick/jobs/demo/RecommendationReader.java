package io.nextclick.jobs.demo;

import io.nextclick.schemas.Codec;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads all partitions of a recommendations topic, outside any consumer group: who watches changes
 * nothing for others. Belongs to one thread, but for {@link #wakeUp}.
 */
public final class RecommendationReader implements AutoCloseable {

    private static final Duration METADATA_TIMEOUT = Duration.ofSeconds(15);
    private static final Duration POLL = Duration.ofMillis(100);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Codec<Recommendation> codec =
            DetectingCodec.of(Topics.RECOMMENDATIONS, Encoding.JSON);
    private final List<TopicPartition> partitions = new ArrayList<>();

    /**
     * A record of the topic.
     *
     * @param recommendation null if the record cannot be read
     * @param problem where it stands and what is wrong with it; null if it can be read
     * @param timestampMillis the record's time, in milliseconds since the epoch
     */
    public record Received(Recommendation recommendation, String problem, long timestampMillis) {}

    /**
     * @param client properties of Kafka's consumer, {@code bootstrap.servers} among them
     * @param fromBeginning whether to begin with the oldest record rather than the next one
     * @throws IOException if the brokers do not answer or there is no such topic
     */
    public RecommendationReader(Properties client, String topic, boolean fromBeginning)
            throws IOException {
        Properties properties = new Properties();
        // A group of one's own making would leave traces; `auto.offset.reset` covers topics that
        // are emptied meanwhile.
        properties.putAll(Map.of("enable.auto.commit", "false", "auto.offset.reset", "earliest"));
        properties.putAll(client);
        consumer =
                new KafkaConsumer<>(
                        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        try {
            List<PartitionInfo> known = consumer.partitionsFor(topic, METADATA_TIMEOUT);
            if (known == null || known.isEmpty()) {
                throw new IOException("there is no topic '" + topic + "'");
            }
            for (PartitionInfo partition : known) {
                partitions.add(new TopicPartition(topic, partition.partition()));
            }
            consumer.assign(partitions);
            if (fromBeginning) {
                consumer.seekToBeginning(partitions);
            } else {
                consumer.seekToEnd(partitions);
            }
            // Seeking is lazy: fix the places now, before whatever the caller does next.
            for (TopicPartition partition : partitions) {
                consumer.position(partition, METADATA_TIMEOUT);
            }
        } catch (IOException | RuntimeException e) {
            consumer.close();
            throw e instanceof IOException io
                    ? io
                    : new IOException("topic '" + topic + "' cannot be read: " + e.getMessage(), e);
        }
    }

    /** What has come since the last call; waits a moment if there is nothing. */
    public List<Received> poll() {
        List<Received> received = new ArrayList<>();
        try {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                received.add(read(record));
            }
        } catch (WakeupException woken) {
            return received;
        }
        return received;
    }

    private Received read(ConsumerRecord<byte[], byte[]> record) {
        String place = record.topic() + "-" + record.partition() + "-" + record.offset();
        if (record.value() == null) {
            return new Received(null, place + ": it has no value", record.timestamp());
        }
        try {
            return new Received(codec.decode(record.value()), null, record.timestamp());
        } catch (MalformedRecordException e) {
            return new Received(null, place + ": " + e.getMessage(), record.timestamp());
        }
    }

    /** Whether every record that stands in the topic now has been read. */
    public boolean isAtEnd() {
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, METADATA_TIMEOUT);
        return partitions.stream()
                .allMatch(partition -> consumer.position(partition) >= ends.get(partition));
    }

    /** Ends a {@link #poll} that waits; from any thread. */
    public void wakeUp() {
        consumer.wakeup();
    }

    @Override
    public void close() {
        consumer.close();
    }
}
