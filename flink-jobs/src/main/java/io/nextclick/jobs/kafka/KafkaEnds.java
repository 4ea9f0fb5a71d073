package io.nextclick.jobs.kafka;

import io.nextclick.jobs.JobOptions.Guarantee;
import io.nextclick.jobs.JobOptions.StartOffsets;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topic;
import io.nextclick.schemas.WriterSchemas;
import java.util.Properties;
import java.util.Set;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaSinkBuilder;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.common.TopicPartition;

/** Sources and sinks as {@link KafkaClients} describe them. Nothing connects yet. */
public final class KafkaEnds {

    private static final String BOOTSTRAP_SERVERS = "bootstrap.servers";
    private static final String MAX_REQUEST_SIZE = "max.request.size";
    private static final String TRANSACTION_TIMEOUT = "transaction.timeout.ms";

    /** Kafka's default of {@link #MAX_REQUEST_SIZE}. */
    private static final int DEFAULT_MAX_REQUEST_BYTES = 1 << 20;

    private KafkaEnds() {}

    /** Clicks and rejects. */
    public static KafkaSource<ClickRecord> clicks(KafkaSettings settings) {
        return clicks(settings.clicks(), settings.clients());
    }

    /** Clicks and rejects. */
    public static KafkaSource<ClickRecord> clicks(ClickTopic clicks, KafkaClients clients) {
        return asClicksAre(
                clicks,
                clicks.topic(),
                clicks.groupId(),
                new ClickDecoder(
                        clicks.mapping(),
                        clicks.maxRecordBytes(),
                        clicks.futureTolerance(),
                        clicks.contextAttributes(),
                        clicks.writers()),
                clients);
    }

    /**
     * The records of a log that is read beside the clicks: under their consumer group, from the
     * same place on and to the same end.
     */
    public static <T> KafkaSource<T> besideClicks(
            ClickTopic clicks,
            String topic,
            KafkaRecordDeserializationSchema<T> records,
            KafkaClients clients) {
        return asClicksAre(clicks, topic, clicks.groupId() + '-' + topic, records, clients);
    }

    private static <T> KafkaSource<T> asClicksAre(
            ClickTopic clicks,
            String topic,
            String clientIdPrefix,
            KafkaRecordDeserializationSchema<T> records,
            KafkaClients clients) {
        KafkaSourceBuilder<T> source =
                KafkaSource.<T>builder()
                        .setProperties(clients.consumerProperties())
                        .setTopics(topic)
                        .setGroupId(clicks.groupId())
                        .setClientIdPrefix(clientIdPrefix)
                        .setStartingOffsets(start(clicks.start()))
                        .setDeserializer(records);
        if (clicks.bounded()) {
            source.setBounded(OffsetsInitializer.latest());
        }
        return source.build();
    }

    /**
     * The entries of a compacted topic, from the oldest on.
     *
     * @param values what the entries are
     * @param topic the topic they are read from
     * @param groupId consumer group; read offsets are published under it and never asked for
     * @param bounded whether to stop at the offsets that are the latest at the start
     * @param writers schemas of writers that this build doesn't know by itself
     */
    public static <T> KafkaSource<TopicEntry<T>> entries(
            Topic<T> values,
            String topic,
            String groupId,
            boolean bounded,
            WriterSchemas writers,
            KafkaClients clients) {
        KafkaSourceBuilder<TopicEntry<T>> source =
                KafkaSource.<TopicEntry<T>>builder()
                        .setProperties(clients.consumerProperties())
                        .setTopics(topic)
                        .setGroupId(groupId)
                        .setClientIdPrefix(groupId + '-' + topic)
                        .setStartingOffsets(OffsetsInitializer.earliest())
                        .setDeserializer(new TopicEntryDecoder<>(values, writers));
        if (bounded) {
            source.setBounded(OffsetsInitializer.latest());
        }
        return source.build();
    }

    /**
     * What arrives in one partition of a topic after the start.
     *
     * @param groupId consumer group; read offsets are published under it and never asked for
     */
    public static <T> KafkaSource<T> latest(
            String topic,
            int partition,
            String groupId,
            KafkaRecordDeserializationSchema<T> records,
            KafkaClients clients) {
        return KafkaSource.<T>builder()
                .setProperties(clients.consumerProperties())
                .setPartitions(Set.of(new TopicPartition(topic, partition)))
                .setGroupId(groupId)
                .setClientIdPrefix(groupId + '-' + topic)
                .setStartingOffsets(OffsetsInitializer.latest())
                .setDeserializer(records)
                .build();
    }

    /** Writes records that readers are to see at once, whatever the job's guarantee. */
    public static <T> KafkaSink<T> atLeastOnce(
            KafkaRecordSerializationSchema<T> records, KafkaClients clients) {
        Properties properties = clients.producerProperties();
        return KafkaSink.<T>builder()
                .setBootstrapServers(properties.getProperty(BOOTSTRAP_SERVERS))
                .setRecordSerializer(records)
                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                .setKafkaProducerConfig(properties)
                .build();
    }

    /**
     * Writes entries to a compacted topic.
     *
     * @param values what the entries are
     * @param topic the topic they are written to
     */
    public static <T> KafkaSink<TopicEntry<T>> entrySink(
            Topic<T> values, String topic, Encoding encoding, KafkaClients clients) {
        return sink(
                clients,
                topic,
                new TopicEntryRecords<>(values, topic, encoding, maxRequestBytes(clients)));
    }

    /**
     * Writes entries to a compacted topic that readers are to see at once, whatever the job's
     * guarantee.
     *
     * @param values what the entries are
     * @param topic the topic they are written to
     */
    public static <T> KafkaSink<TopicEntry<T>> entrySinkAtOnce(
            Topic<T> values, String topic, Encoding encoding, KafkaClients clients) {
        return atLeastOnce(
                new TopicEntryRecords<>(values, topic, encoding, maxRequestBytes(clients)),
                clients);
    }

    /**
     * Writes values to a topic in which nothing is ever withdrawn.
     *
     * @param values what the values are
     * @param topic the topic they are written to
     */
    public static <T> KafkaSink<T> valueSink(
            Topic<T> values, String topic, Encoding encoding, KafkaClients clients) {
        return sink(
                clients,
                topic,
                new ValueRecords<>(values, topic, encoding, maxRequestBytes(clients)));
    }

    /** Answers. */
    public static KafkaSink<Recommendation> recommendations(KafkaSettings settings) {
        return sink(
                settings.clients(),
                "recommendations",
                new RecommendationRecords(
                        settings.recommendationsTopic(),
                        settings.encoding(),
                        maxRequestBytes(settings.clients())));
    }

    /** Dead letters. */
    public static KafkaSink<RejectedClick> rejected(KafkaSettings settings) {
        return rejected(settings.rejectedTopic(), settings.clients());
    }

    /** Dead letters. */
    public static KafkaSink<RejectedClick> rejected(String topic, KafkaClients clients) {
        return sink(clients, "rejected", new RejectedRecords(topic, maxRequestBytes(clients)));
    }

    /** The longest request that a producer sends. */
    private static int maxRequestBytes(KafkaClients clients) {
        Object given =
                clients.producerProperties()
                        .getOrDefault(MAX_REQUEST_SIZE, DEFAULT_MAX_REQUEST_BYTES);
        return Integer.parseInt(given.toString());
    }

    private static <T> KafkaSink<T> sink(
            KafkaClients clients, String name, KafkaRecordSerializationSchema<T> records) {
        Properties properties = clients.producerProperties();
        KafkaSinkBuilder<T> sink =
                KafkaSink.<T>builder()
                        .setBootstrapServers(properties.getProperty(BOOTSTRAP_SERVERS))
                        .setRecordSerializer(records);
        if (clients.guarantee() == Guarantee.EXACTLY_ONCE) {
            properties.setProperty(
                    TRANSACTION_TIMEOUT, Long.toString(clients.transactionTimeout().toMillis()));
            sink.setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                    .setTransactionalIdPrefix(clients.transactionalIdPrefix() + "-" + name);
        } else {
            sink.setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE);
        }
        return sink.setKafkaProducerConfig(properties).build();
    }

    @SuppressWarnings("deprecation") // Kafka deprecates the type, and Flink has no other way yet.
    private static OffsetsInitializer start(StartOffsets start) {
        return switch (start) {
            case EARLIEST -> OffsetsInitializer.earliest();
            case LATEST -> OffsetsInitializer.latest();
            case COMMITTED -> OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST);
        };
    }
}
