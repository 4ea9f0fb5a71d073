package io.nextclick.jobs.retrieve;

import io.nextclick.jobs.kafka.KafkaClients;
import io.nextclick.schemas.WriterSchemas;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The compacted topics of a Kafka cluster that live items are read from.
 *
 * @param clients how the brokers are talked to
 * @param embeddings topic of the items' vectors; may be null
 * @param releases topic of released models, query towers and rankers among them; null where there
 *     are neither vectors nor rankers
 * @param catalog topic of the catalogue; may be null
 * @param rankers whether released rankers are followed
 * @param writers schemas of writers that this build doesn't know by itself
 */
public record CompactedTopics(
        KafkaClients clients,
        String embeddings,
        String releases,
        String catalog,
        boolean rankers,
        WriterSchemas writers)
        implements TopicFeed.Source {

    private static final long serialVersionUID = 1L;

    /** Tells the clients of one process apart in the brokers' logs. */
    private static final AtomicInteger OPENED = new AtomicInteger();

    public CompactedTopics {
        Objects.requireNonNull(clients, "clients");
        Objects.requireNonNull(writers, "writers");
        if (rankers && releases == null) {
            throw new IllegalArgumentException(
                    "rankers can't be followed: the topic of releases is not named");
        }
        if (!rankers && (embeddings == null) != (releases == null)) {
            throw new IllegalArgumentException(
                    "item vectors and query towers are of use only together: the topic of "
                            + (embeddings == null ? "vectors" : "releases")
                            + " is not named");
        }
        Set<String> named = new HashSet<>();
        for (String topic : new String[] {embeddings, releases, catalog}) {
            if (topic != null && !named.add(topic)) {
                throw new IllegalArgumentException(
                        "topic " + topic + " is named twice, for values of different kinds");
            }
        }
        if (named.isEmpty()) {
            throw new IllegalArgumentException("no topic is named");
        }
    }

    /** Without rankers, and of writers that this build knows. */
    public CompactedTopics(
            KafkaClients clients, String embeddings, String releases, String catalog) {
        this(clients, embeddings, releases, catalog, false, WriterSchemas.NONE);
    }

    @Override
    public TopicFeed open() {
        Properties properties = clients.consumerProperties();
        properties.setProperty(
                ConsumerConfig.CLIENT_ID_CONFIG, "live-items-" + OPENED.getAndIncrement());
        // Every process reads all of it, and begins anew when it starts: nothing is committed.
        properties.remove(ConsumerConfig.GROUP_ID_CONFIG);
        properties.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
        properties.setProperty(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        properties.setProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        // A topic that a reader makes isn't compacted.
        properties.setProperty(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        // A trainer that writes exactly once takes back what it wrote before it failed.
        properties.putIfAbsent(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.putIfAbsent(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "5000");
        Map<TopicFeed.Kind, String> topics = new EnumMap<>(TopicFeed.Kind.class);
        if (embeddings != null) {
            topics.put(TopicFeed.Kind.EMBEDDINGS, embeddings);
        }
        if (releases != null) {
            topics.put(TopicFeed.Kind.RELEASES, releases);
        }
        if (catalog != null) {
            topics.put(TopicFeed.Kind.CATALOG, catalog);
        }
        return new KafkaFeed(
                new KafkaConsumer<>(
                        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer()),
                topics);
    }
}
