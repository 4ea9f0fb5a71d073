package io.nextclick.jobs.bench;

import java.util.Properties;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Copies a topic to another, bytes as they are: what Kafka and Flink alone can do. */
final class PassThroughJob {

    private PassThroughJob() {}

    static void define(
            StreamExecutionEnvironment environment,
            String bootstrapServers,
            String from,
            String to,
            Properties producer) {
        environment
                .fromSource(
                        source(bootstrapServers, from), WatermarkStrategy.noWatermarks(), "Read")
                .uid("read")
                .sinkTo(
                        KafkaSink.<byte[]>builder()
                                .setBootstrapServers(bootstrapServers)
                                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                                .setKafkaProducerConfig(producer)
                                .setRecordSerializer(
                                        KafkaRecordSerializationSchema.<byte[]>builder()
                                                .setTopic(to)
                                                .setValueSerializationSchema(new Same())
                                                .build())
                                .build())
                .name("Write")
                .uid("write");
    }

    private static KafkaSource<byte[]> source(String bootstrapServers, String topic) {
        return KafkaSource.<byte[]>builder()
                .setBootstrapServers(bootstrapServers)
                .setTopics(topic)
                .setGroupId("bench-pass-through")
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setValueOnlyDeserializer(new Raw())
                .build();
    }

    private static final class Raw extends AbstractDeserializationSchema<byte[]> {

        private static final long serialVersionUID = 1L;

        @Override
        public byte[] deserialize(byte[] message) {
            return message;
        }
    }

    private static final class Same implements SerializationSchema<byte[]> {

        private static final long serialVersionUID = 1L;

        @Override
        public byte[] serialize(byte[] element) {
            return element;
        }
    }
}
