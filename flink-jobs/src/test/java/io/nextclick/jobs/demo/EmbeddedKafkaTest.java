package io.nextclick.jobs.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedKafkaTest {

    @TempDir Path parent;

    @Test
    void carriesRecordsAndLeavesNeitherFilesNorThreads() throws Exception {
        Set<Thread> before = otherThreads();
        List<String> received = new ArrayList<>();

        try (EmbeddedKafka kafka = EmbeddedKafka.start(parent)) {
            assertThat(kafka.bootstrapServers()).startsWith("127.0.0.1:");
            kafka.createTopic("clicks", 2);
            send(kafka, 100);
            received.addAll(receive(kafka, 100));
        }

        assertThat(received).hasSize(100).doesNotHaveDuplicates();
        try (Stream<Path> left = Files.list(parent)) {
            assertThat(left).isEmpty();
        }
        Set<Thread> after = otherThreads();
        after.removeAll(before);
        for (Thread thread : after) {
            thread.join(5_000);
        }
        assertThat(after).filteredOn(Thread::isAlive).isEmpty();
    }

    /** Without the daemons that the JDK and Kafka's metric library start once for the process. */
    private static Set<Thread> otherThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .filter(
                        thread ->
                                !"system".equals(thread.getThreadGroup().getName())
                                        && !thread.getName().startsWith("ForkJoinPool")
                                        && !thread.getName().startsWith("metrics-meter-tick"))
                .collect(Collectors.toCollection(HashSet::new));
    }

    private static void send(EmbeddedKafka kafka, int count) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            for (int i = 0; i < count; i++) {
                byte[] bytes = String.valueOf(i).getBytes(StandardCharsets.UTF_8);
                producer.send(new ProducerRecord<>("clicks", i % 2, null, bytes)).get();
            }
        }
    }

    private static List<String> receive(EmbeddedKafka kafka, int count) {
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        Map.of(
                                "bootstrap.servers",
                                kafka.bootstrapServers(),
                                "auto.offset.reset",
                                "earliest"),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer())) {
            consumer.assign(
                    List.of(new TopicPartition("clicks", 0), new TopicPartition("clicks", 1)));
            long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (values.size() < count && System.nanoTime() < deadline) {
                for (ConsumerRecord<byte[], byte[]> record :
                        consumer.poll(Duration.ofMillis(200))) {
                    values.add(new String(record.value(), StandardCharsets.UTF_8));
                }
            }
        }
        return values;
    }
}
