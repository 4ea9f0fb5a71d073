package io.nextclick.jobs.kafka;

import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Topic;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Entries as records of a compacted topic: a withdrawal is a record without a value. An entry of
 * more bytes than a producer sends is logged and left out: it would stop the job for ever.
 *
 * @param <T> the topic's values
 */
final class TopicEntryRecords<T> implements KafkaRecordSerializationSchema<TopicEntry<T>> {

    private static final Logger LOG = LoggerFactory.getLogger(TopicEntryRecords.class);

    private static final long serialVersionUID = 1L;

    /** What a record takes beside key and value, generously. */
    private static final int OVERHEAD_BYTES = 512;

    private final String values;
    private final String topic;
    private final Encoding encoding;
    private final int maxRequestBytes;

    private transient Codec<T> codec;

    /**
     * @param values what the entries are
     * @param topic the topic they are written to
     * @param encoding how
     * @param maxRequestBytes the producer's {@code max.request.size}
     */
    TopicEntryRecords(Topic<T> values, String topic, Encoding encoding, int maxRequestBytes) {
        this.values = values.name();
        this.topic = Objects.requireNonNull(topic, "topic");
        this.encoding = Objects.requireNonNull(encoding, "encoding");
        this.maxRequestBytes = maxRequestBytes;
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
            TopicEntry<T> entry, KafkaSinkContext context, Long timestamp) {
        if (codec == null) {
            Topic<T> known = TopicEntrySerializer.topic(values);
            codec = known.codec(encoding);
        }
        byte[] key = entry.key().getBytes(StandardCharsets.UTF_8);
        byte[] value = entry.isWithdrawal() ? null : codec.encode(entry.value());
        int bytes = key.length + (value == null ? 0 : value.length) + OVERHEAD_BYTES;
        if (bytes > maxRequestBytes) {
            LOG.warn(
                    "An entry of {} bytes for {} is left out: kafka.max.request.size is {}",
                    bytes,
                    topic,
                    maxRequestBytes);
            // Flink's sink passes over it.
            return null;
        }
        return new ProducerRecord<>(topic, key, value);
    }
}
