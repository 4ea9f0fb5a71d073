package io.nextclick.jobs.kafka;

import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Recommendations as records, keyed by session so that a session's answers stay in order. Kafka's
 * timestamp is the time of writing: an old log's event times would have its answers deleted at
 * once.
 */
final class RecommendationRecords implements KafkaRecordSerializationSchema<Recommendation> {

    private static final long serialVersionUID = 1L;

    private final String topic;
    private final Encoding encoding;

    private transient Codec<Recommendation> codec;

    RecommendationRecords(String topic, Encoding encoding) {
        this.topic = Objects.requireNonNull(topic, "topic");
        this.encoding = Objects.requireNonNull(encoding, "encoding");
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
            Recommendation recommendation, KafkaSinkContext context, Long timestamp) {
        if (codec == null) {
            codec = Topics.RECOMMENDATIONS.codec(encoding);
        }
        byte[] key = Topics.RECOMMENDATIONS.key(recommendation).getBytes(StandardCharsets.UTF_8);
        return new ProducerRecord<>(topic, key, codec.encode(recommendation));
    }
}
