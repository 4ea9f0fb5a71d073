package io.nextclick.jobs.kafka;

import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.RankingFacts.SourceFacts;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.RecordLimits;
import io.nextclick.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Recommendations as records, keyed by session so that a session's answers stay in order. Kafka's
 * timestamp is the time of writing: an old log's event times would have its answers deleted at
 * once.
 *
 * <p>A list of the longest ids there may be can be more than a producer sends, and one that can't
 * be written would stop the job for ever: its end is left out. What the ranking went by is left out
 * before, where a list with it is more than readers take: in JSON, of some 30 items with facts of
 * six sources each.
 */
final class RecommendationRecords implements KafkaRecordSerializationSchema<Recommendation> {

    private static final long serialVersionUID = 1L;

    /** What a record takes beside key and value, generously. */
    private static final int OVERHEAD_BYTES = 512;

    /** Readers take so much text of a record; the rest is room for everything but the items. */
    private static final int MOST_ITEM_CHARS = RecordLimits.DEFAULT.totalTextChars() * 3 / 4;

    /** And so many members of JSON objects. */
    private static final int MOST_ITEM_MEMBERS = RecordLimits.DEFAULT.jsonMembers() * 3 / 4;

    /** Members of an item, of its facts and of a source among them. */
    private static final int ITEM_MEMBERS = 4;

    private static final int FACTS_MEMBERS = 5;
    private static final int SOURCE_MEMBERS = 3;

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
            Recommendation whole, KafkaSinkContext context, Long timestamp) {
        if (codec == null) {
            codec = Topics.RECOMMENDATIONS.codec(encoding);
        }
        Recommendation recommendation = factsAreTooMany(whole) ? withoutFacts(whole) : whole;
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

    private boolean factsAreTooMany(Recommendation recommendation) {
        int members = 0;
        int chars = itemChars(recommendation, recommendation.items().size());
        boolean some = false;
        for (RecommendedItem item : recommendation.items()) {
            members += ITEM_MEMBERS;
            if (item.facts() != null) {
                some = true;
                members += FACTS_MEMBERS + SOURCE_MEMBERS * item.facts().sources().size();
                for (SourceFacts source : item.facts().sources()) {
                    chars += source.source().length();
                }
            }
        }
        boolean tooManyMembers = encoding == Encoding.JSON && members > MOST_ITEM_MEMBERS;
        return some && (chars > MOST_ITEM_CHARS || tooManyMembers);
    }

    private static Recommendation withoutFacts(Recommendation recommendation) {
        List<RecommendedItem> items = new ArrayList<>(recommendation.items().size());
        for (RecommendedItem item : recommendation.items()) {
            items.add(new RecommendedItem(item.itemId(), item.score(), item.source()));
        }
        return recommendation.withItems(items);
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
        return items == recommendation.items().size()
                ? recommendation
                : recommendation.withItems(recommendation.items().subList(0, items));
    }
}
