package io.nextclick.jobs.demo;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.Click;
import io.nextclick.schemas.Codec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Publishes the clicks of a log to a topic, each session's in order and each click once: the
 * producer is idempotent and waits for all replicas. Publishing is asynchronous; the first failure
 * surfaces at the next call.
 */
public final class ClickPublisher implements AutoCloseable {

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

    /** Hears that a click stands in the log. Called on the producer's thread. */
    @FunctionalInterface
    public interface Listener {

        /**
         * @param index the click's place in the replay, from 0
         * @param timestampMillis the record's time, milliseconds since the epoch: when it was
         *     appended, if the topic says so, or else sent
         */
        void published(long index, int partition, long offset, long timestampMillis);

        /** Hears nothing. */
        static Listener none() {
            return (index, partition, offset, timestampMillis) -> {};
        }
    }

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final Codec<Click> codec;
    private final Listener listener;
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final AtomicLong acknowledged = new AtomicLong();
    private long sent;

    /**
     * @param client properties of Kafka's producer, {@code bootstrap.servers} among them
     * @throws org.apache.kafka.common.KafkaException if they make no producer
     */
    public ClickPublisher(Properties client, String topic, Codec<Click> codec, Listener listener) {
        Properties properties = new Properties();
        properties.putAll(Map.of("enable.idempotence", "true", "acks", "all"));
        properties.putAll(client);
        this.producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer());
        this.topic = topic;
        this.codec = codec;
        this.listener = listener;
    }

    /**
     * Sends one click under its session's key.
     *
     * @param shiftMillis added to its event time
     * @throws IOException if an earlier one could not be published
     */
    public void publish(LoggedClick click, long shiftMillis) throws IOException {
        throwFailure();
        Click published =
                new Click(
                        click.eventId(),
                        click.sessionId(),
                        click.userId(),
                        click.itemId(),
                        Click.DEFAULT_EVENT_TYPE,
                        click.eventTimeMillis() + shiftMillis,
                        click.attributes());
        byte[] key = click.sessionId().getBytes(StandardCharsets.UTF_8);
        long index = sent++;
        try {
            Future<RecordMetadata> ignored =
                    producer.send(
                            new ProducerRecord<>(topic, key, codec.encode(published)),
                            (metadata, exception) -> acknowledge(index, metadata, exception));
        } catch (org.apache.kafka.common.KafkaException e) {
            throw new IOException(
                    "click " + index + " cannot be published to " + topic + ": " + e.getMessage(),
                    e);
        }
    }

    private void acknowledge(long index, RecordMetadata metadata, Exception exception) {
        if (exception != null) {
            failure.compareAndSet(null, exception);
            return;
        }
        listener.published(index, metadata.partition(), metadata.offset(), metadata.timestamp());
        acknowledged.incrementAndGet();
    }

    private void throwFailure() throws IOException {
        Exception cause = failure.get();
        if (cause != null) {
            throw new IOException(
                    "clicks cannot be published to " + topic + ": " + cause.getMessage(), cause);
        }
    }

    /** Clicks handed to the producer. */
    public long sent() {
        return sent;
    }

    /** Clicks that stand in the log. */
    public long acknowledged() {
        return acknowledged.get();
    }

    /**
     * Waits until all clicks stand in the log.
     *
     * @throws IOException if one could not be published
     */
    public void flush() throws IOException {
        producer.flush();
        throwFailure();
    }

    @Override
    public void close() {
        producer.close(CLOSE_TIMEOUT);
    }
}
