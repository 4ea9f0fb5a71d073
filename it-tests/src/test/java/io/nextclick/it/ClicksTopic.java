package io.nextclick.it;

import io.nextclick.jobs.demo.ClickPublisher;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A topic of clicks: what is put into it and what stands in it. */
final class ClicksTopic {

    private final LiveSystem system;
    private final String name;

    ClicksTopic(LiveSystem system, String name) {
        this.system = system;
        this.name = name;
    }

    String name() {
        return name;
    }

    /** Publishes clicks as {@code replay} does, and returns when all stand in the topic. */
    void publish(List<LoggedClick> clicks, Encoding encoding) throws IOException {
        try (ClickPublisher publisher =
                new ClickPublisher(
                        producer(),
                        name,
                        Topics.CLICKS.codec(encoding),
                        ClickPublisher.Listener.none())) {
            for (LoggedClick click : clicks) {
                publisher.publish(click, 0);
            }
            publisher.flush();
        }
    }

    /** Publishes records as they are, in their order, and returns when all stand in the topic. */
    void publish(Iterable<ProducerRecord<byte[], byte[]>> records) {
        List<RuntimeException> failures = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        producer(), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (ProducerRecord<byte[], byte[]> record : records) {
                var unused =
                        producer.send(
                                record,
                                (metadata, failure) -> {
                                    if (failure != null) {
                                        failures.add(new IllegalStateException(failure));
                                    }
                                });
            }
            producer.flush();
        }
        if (!failures.isEmpty()) {
            throw failures.get(0);
        }
    }

    private Properties producer() {
        Properties properties = system.client();
        properties.setProperty("enable.idempotence", "true");
        properties.setProperty("linger.ms", "10");
        properties.setProperty("request.timeout.ms", "10000");
        properties.setProperty("delivery.timeout.ms", "20000");
        properties.setProperty("batch.size", "131072");
        return properties;
    }

    /** Everything that stands in the topic, partition by partition in the order of offsets. */
    List<ConsumerRecord<byte[], byte[]>> records() {
        return records(system, name);
    }

    /** Everything that stands in a topic, partition by partition in the order of offsets. */
    static List<ConsumerRecord<byte[], byte[]>> records(LiveSystem system, String topic) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        system.client(),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer())) {
            for (var partition : consumer.partitionsFor(topic)) {
                TopicPartition each = new TopicPartition(topic, partition.partition());
                consumer.assign(List.of(each));
                consumer.seekToBeginning(List.of(each));
                long end = consumer.endOffsets(List.of(each)).get(each);
                while (consumer.position(each) < end) {
                    consumer.poll(Await.DEADLINE).records(each).forEach(records::add);
                }
            }
        }
        return records;
    }
}
