package io.nextclick.jobs.kafka;

import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.RecordLimits;
import io.nextclick.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Recommendations as records, keyed by session so that a session's answers stay in order. Kafka's
 * timestamp is the time of writing: an old log's event times would have its answers deleted at
 * once.
 *
 * <p>A list of the longest ids there may be can be more than a producer sends, and one that can't
 * be written would stop the job for ever: its end is left out.
 */
final class RecommendationRecords implements KafkaRecordSerializationSchema<Recommendation> {

    private static final long serialVersionUID = 1L;

    /** What a record takes beside key and value, generously. */
    private static final int OVERHEAD_BYTES = 512;

    /** Readers take so much text of a record; the rest is room for everything but the items. */
    private static final int MOST_ITEM_CHARS = RecordLimits.DEFAULT.totalTextChars() * 3 / 4;

    private final String topic;
    private final Encoding encoding;
    private final int maxRequestBytes;

    private transient Codec<Recommendation> codec;

    /**
     * @param maxRequestBytes the producer's {@code max.request.size}
     */
    RecommendationRecords(String topic, Encoding encoding, int maxRequestBytes) {
        this.topic = Objects.requireNonNull(topic, "topic");
        this.encoding = Objects.requireNonNull(encoding, "encoding");
        this.maxRequestBytes = maxRequestBytes;
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
            Recommendation recommendation, KafkaSinkContext context, Long timestamp) {
        if (codec == null) {
            codec = Topics.RECOMMENDATIONS.codec(encoding);
        }
        byte[] key = Topics.RECOMMENDATIONS.key(recommendation).getBytes(StandardCharsets.UTF_8);
        int items = recommendation.items().size();
        while (items > 0 && itemChars(recommendation, items) > MOST_ITEM_CHARS) {
            items /= 2;
        }
        byte[] value = codec.encode(shortened(recommendation, items));
        while (items > 0 && key.length + value.length + OVERHEAD_BYTES > maxRequestBytes) {
            items /= 2;
            value = codec.encode(shortened(recommendation, items));
        }
        return new ProducerRecord<>(topic, key, value);
    }

    private static int itemChars(Recommendation recommendation, int items) {
        int chars = 0;
        for (int i = 0; i < items; i++) {
            RecommendedItem item = recommendation.items().get(i);
            chars += item.itemId().length() + item.source().length();
        }
        return chars;
    }

    private static Recommendation shortened(Recommendation recommendation, int items) {
        if (items == recommendation.items().size()) {
            return recommendation;
        }
        return new Recommendation(
                recommendation.id(),
                recommendation.sessionId(),
                recommendation.userId(),
                recommendation.step(),
                recommendation.trigger(),
                recommendation.items().subList(0, items),
                recommendation.model(),
                recommendation.fallback(),
                recommendation.emittedAtMillis());
    }
}
