package io.nextclick.it.faults;

import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads a topic from its beginning in a thread of its own, through whatever befalls the broker. */
final class TopicReader implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(100);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Thread thread;
    private volatile RuntimeException failure;

    /**
     * @param client properties of Kafka's consumer
     * @param committedOnly whether to read only what is committed
     * @param listener is called in this reader's thread
     */
    TopicReader(
            Properties client,
            String topic,
            boolean committedOnly,
            Consumer<ConsumerRecord<byte[], byte[]>> listener) {
        Properties properties = new Properties();
        properties.putAll(client);
        properties.setProperty("enable.auto.commit", "false");
        properties.setProperty("auto.offset.reset", "earliest");
        properties.setProperty(
                "isolation.level", committedOnly ? "read_committed" : "read_uncommitted");
        properties.setProperty("fetch.max.wait.ms", "50");
        properties.setProperty("request.timeout.ms", "5000");
        properties.setProperty("reconnect.backoff.max.ms", "200");
        consumer =
                new KafkaConsumer<>(
                        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        List<TopicPartition> partitions =
                consumer.partitionsFor(topic).stream().map(TopicReader::partition).toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        thread = new Thread(() -> read(listener), "reads " + topic);
        thread.setDaemon(true);
    }

    private static TopicPartition partition(PartitionInfo partition) {
        return new TopicPartition(partition.topic(), partition.partition());
    }

    void start() {
        thread.start();
    }

    private void read(Consumer<ConsumerRecord<byte[], byte[]>> listener) {
        try (consumer) {
            while (true) {
                consumer.poll(POLL).forEach(listener);
            }
        } catch (WakeupException closed) {
            // That is how close() ends it.
            return;
        } catch (RuntimeException e) {
            failure = e;
        }
    }

    /**
     * Reads no more.
     *
     * @throws RuntimeException if reading had ended before
     */
    @Override
    public void close() {
        consumer.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (failure != null) {
            throw failure;
        }
    }
}
