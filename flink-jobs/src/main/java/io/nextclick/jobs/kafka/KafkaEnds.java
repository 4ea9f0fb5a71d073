package io.nextclick.jobs.kafka;

import io.nextclick.jobs.JobOptions.Guarantee;
import io.nextclick.schemas.Recommendation;
import java.util.Properties;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.KafkaSinkBuilder;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;

/** The job's source and sinks as {@link KafkaSettings} describe them. Nothing connects yet. */
public final class KafkaEnds {

    private static final String BOOTSTRAP_SERVERS = "bootstrap.servers";
    private static final String MAX_REQUEST_SIZE = "max.request.size";
    private static final String TRANSACTION_TIMEOUT = "transaction.timeout.ms";

    /** Kafka's default of {@link #MAX_REQUEST_SIZE}. */
    private static final int DEFAULT_MAX_REQUEST_BYTES = 1 << 20;

    private KafkaEnds() {}

    /** Clicks and rejects. */
    public static KafkaSource<ClickRecord> clicks(KafkaSettings settings) {
        KafkaSourceBuilder<ClickRecord> source =
                KafkaSource.<ClickRecord>builder()
                        .setProperties(withServers(settings.consumerProperties()))
                        .setTopics(settings.clicksTopic())
                        .setGroupId(settings.groupId())
                        .setClientIdPrefix(settings.groupId())
                        .setStartingOffsets(start(settings))
                        .setDeserializer(
                                new ClickDecoder(
                                        settings.mapping(),
                                        settings.maxRecordBytes(),
                                        settings.futureTolerance()));
        if (settings.bounded()) {
            source.setBounded(OffsetsInitializer.latest());
        }
        return source.build();
    }

    /** Answers. */
    public static KafkaSink<Recommendation> recommendations(KafkaSettings settings) {
        return sink(
                settings,
                "recommendations",
                new RecommendationRecords(settings.recommendationsTopic(), settings.encoding()));
    }

    /** Dead letters. */
    public static KafkaSink<RejectedClick> rejected(KafkaSettings settings) {
        Object maxRequestBytes =
                settings.producerProperties()
                        .getOrDefault(MAX_REQUEST_SIZE, DEFAULT_MAX_REQUEST_BYTES);
        return sink(
                settings,
                "rejected",
                new RejectedRecords(
                        settings.rejectedTopic(), Integer.parseInt(maxRequestBytes.toString())));
    }

    private static <T> KafkaSink<T> sink(
            KafkaSettings settings, String name, KafkaRecordSerializationSchema<T> records) {
        Properties properties = withServers(settings.producerProperties());
        KafkaSinkBuilder<T> sink =
                KafkaSink.<T>builder()
                        .setBootstrapServers(properties.getProperty(BOOTSTRAP_SERVERS))
                        .setRecordSerializer(records);
        if (settings.guarantee() == Guarantee.EXACTLY_ONCE) {
            properties.setProperty(
                    TRANSACTION_TIMEOUT, Long.toString(settings.transactionTimeout().toMillis()));
            sink.setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                    .setTransactionalIdPrefix(settings.transactionalIdPrefix() + "-" + name);
        } else {
            sink.setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE);
        }
        return sink.setKafkaProducerConfig(properties).build();
    }

    @SuppressWarnings("deprecation") // Kafka deprecates the type, and Flink has no other way yet.
    private static OffsetsInitializer start(KafkaSettings settings) {
        return switch (settings.start()) {
            case EARLIEST -> OffsetsInitializer.earliest();
            case LATEST -> OffsetsInitializer.latest();
            case COMMITTED -> OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST);
        };
    }

    private static Properties withServers(Properties properties) {
        if (properties.getProperty(BOOTSTRAP_SERVERS, "").isBlank()) {
            throw new IllegalArgumentException("kafka." + BOOTSTRAP_SERVERS + " is not set");
        }
        return properties;
    }
}
