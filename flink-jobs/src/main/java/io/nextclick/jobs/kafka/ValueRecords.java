package io.nextclick.jobs.kafka;

import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Topic;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Values as records under their own keys, of a topic in which nothing is ever withdrawn.
 *
 * @param <T> the topic's values
 */
final class ValueRecords<T> implements KafkaRecordSerializationSchema<T> {

    private static final long serialVersionUID = 1L;

    private final String values;
    private final TopicEntryRecords<T> entries;

    /**
     * @param values what the values are
     * @param topic the topic they are written to
     * @param maxRequestBytes the producer's {@code max.request.size}
     */
    ValueRecords(Topic<T> values, String topic, Encoding encoding, int maxRequestBytes) {
        this.values = values.name();
        entries = new TopicEntryRecords<>(values, topic, encoding, maxRequestBytes);
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
            T value, KafkaSinkContext context, Long timestamp) {
        Topic<T> known = TopicEntrySerializer.topic(values);
        return entries.serialize(TopicEntry.of(known, value), context, timestamp);
    }
}
