package io.nextclick.jobs.cli;

import io.nextclick.jobs.kafka.TopicHistory;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.Topic;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A compacted topic by which running jobs are told what to do: read as a whole, written one record
 * at a time.
 *
 * @param <T> its records
 */
final class ControlTopic<T> {

    private final Topic<T> contract;
    private final String name;
    private final Properties client;

    /**
     * @param contract what it holds
     * @param name its name on this cluster
     * @param client properties of Kafka's clients, {@code bootstrap.servers} among them
     */
    ControlTopic(Topic<T> contract, String name, Properties client) {
        this.contract = contract;
        this.name = name;
        this.client = client;
    }

    /**
     * The last record of each key that has not been withdrawn, by key.
     *
     * @param err is told of records that can't be read
     * @throws IOException if the brokers don't answer or there is no such topic
     */
    Map<String, T> latest(PrintWriter err) throws IOException {
        DetectingCodec<T> codec = DetectingCodec.of(contract, Encoding.JSON);
        Map<String, T> latest = new TreeMap<>();
        try (TopicHistory history = new TopicHistory(client, name)) {
            history.read(
                    record -> {
                        try {
                            if (record.value() != null) {
                                T value = codec.decode(record.value());
                                latest.put(contract.key(value), value);
                            } else if (record.key() != null) {
                                latest.remove(new String(record.key(), StandardCharsets.UTF_8));
                            }
                        } catch (MalformedRecordException e) {
                            err.printf(
                                    "unreadable record at %s-%d-%d: %s%n",
                                    record.topic(),
                                    record.partition(),
                                    record.offset(),
                                    e.getMessage());
                        }
                        return true;
                    });
        }
        return latest;
    }

    /**
     * Writes a record and waits until the brokers have it.
     *
     * @throws IOException if they don't take it
     */
    void publish(T value, Encoding encoding) throws IOException, InterruptedException {
        Properties properties = new Properties();
        properties.setProperty(ProducerConfig.ACKS_CONFIG, "all");
        properties.setProperty(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
        properties.putAll(client);
        byte[] key = contract.key(value).getBytes(StandardCharsets.UTF_8);
        byte[] bytes = DetectingCodec.of(contract, encoding).encode(value);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(name, key, bytes)).get();
        } catch (ExecutionException e) {
            throw new IOException(
                    "topic '" + name + "' can't be written to: " + e.getCause().getMessage(), e);
        }
    }
}
