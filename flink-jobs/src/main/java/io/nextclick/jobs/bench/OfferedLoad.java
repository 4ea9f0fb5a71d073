package io.nextclick.jobs.bench;

import io.nextclick.schemas.Click;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ModelReference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Clicks at an even rate, whatever the job makes of them, and the time from a click's append in the
 * log to its recommendation's, by the broker's own clock. Both topics must stamp records when they
 * are appended ({@code message.timestamp.type=LogAppendTime}).
 *
 * @param clicksPerSecond the rate offered
 * @param warmUp clicks of this time are sent first and not counted
 * @param measured clicks of this time are counted
 */
record OfferedLoad(double clicksPerSecond, Duration warmUp, Duration measured) {

    private static final double FEW_CLICKS_PER_SECOND = 5_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long LONGEST_MILLIS = Duration.ofMinutes(10).toMillis();

    /**
     * A click that was counted.
     *
     * @param clickMillis when it was appended to its log
     * @param answerMillis when its recommendation was
     * @param model that ranked it; may be null
     */
    record Answered(long clickMillis, long answerMillis, ModelReference model) {

        long delayMillis() {
            return Math.max(0, answerMillis - clickMillis);
        }
    }

    /**
     * Latencies in milliseconds.
     *
     * @throws IllegalStateException if a counted click is not answered
     */
    Histogram measure(
            String bootstrapServers,
            String clicks,
            String recommendations,
            int partitions,
            ClickLoad load,
            Codec<Click> clickCodec,
            Codec<Recommendation> recommendationCodec)
            throws InterruptedException, MalformedRecordException {
        Histogram latencies = new Histogram(LONGEST_MILLIS, 3);
        for (Answered answered :
                offer(
                        bootstrapServers,
                        clicks,
                        recommendations,
                        partitions,
                        load,
                        clickCodec,
                        recommendationCodec)) {
            latencies.recordValue(answered.delayMillis());
        }
        return latencies;
    }

    /**
     * Sends the load and waits for the answers.
     *
     * @return the counted clicks, in the order of their partitions' answers
     * @throws IllegalStateException if a counted click is not answered
     */
    List<Answered> offer(
            String bootstrapServers,
            String clicks,
            String recommendations,
            int partitions,
            ClickLoad load,
            Codec<Click> clickCodec,
            Codec<Recommendation> recommendationCodec)
            throws InterruptedException, MalformedRecordException {
        long uncounted = (long) (clicksPerSecond * warmUp.toMillis() / 1000);
        long total = uncounted + (long) (clicksPerSecond * measured.toMillis() / 1000);
        publish(bootstrapServers, clicks, clickCodec, load, total);

        Map<Place, Long> appended = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer = reader(bootstrapServers)) {
            read(
                    consumer,
                    clicks,
                    partitions,
                    total,
                    record -> {
                        if (counts(clickCodec.decode(record.value()), load, uncounted)) {
                            appended.put(
                                    new Place(record.partition(), record.offset()),
                                    record.timestamp());
                        }
                    });
        }
        List<Answered> answers = new ArrayList<>(appended.size());
        try (KafkaConsumer<byte[], byte[]> consumer = reader(bootstrapServers)) {
            read(
                    consumer,
                    recommendations,
                    partitions,
                    total,
                    record -> {
                        Recommendation answer = recommendationCodec.decode(record.value());
                        Long click =
                                appended.remove(
                                        new Place(
                                                answer.trigger().partition(),
                                                answer.trigger().offset()));
                        if (click != null) {
                            answers.add(new Answered(click, record.timestamp(), answer.model()));
                        }
                    });
        }
        if (!appended.isEmpty()) {
            throw new IllegalStateException(appended.size() + " clicks were not answered");
        }
        return answers;
    }

    /** The load's event times rise with its index, so that they tell warm-up from the rest. */
    private static boolean counts(Click click, ClickLoad load, long uncounted) {
        return click.eventTimeMillis() > load.click(uncounted).eventTimeMillis();
    }

    private void publish(
            String bootstrapServers, String topic, Codec<Click> codec, ClickLoad load, long total)
            throws InterruptedException {
        Properties properties = new Properties();
        properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        // The time that counts begins at the append; a request for each click of many would take
        // the cores from what is measured.
        properties.put(
                ProducerConfig.LINGER_MS_CONFIG,
                clicksPerSecond > FEW_CLICKS_PER_SECOND ? "5" : "0");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            FirstFailure failure = new FirstFailure();
            long start = System.nanoTime();
            for (long index = 0; index < total; index++) {
                long due = start + (long) (index / clicksPerSecond * 1e9);
                for (long left; (left = due - System.nanoTime()) > 0; ) {
                    LockSupport.parkNanos(left);
                    if (Thread.interrupted()) {
                        throw new InterruptedException();
                    }
                }
                Click click = load.click(index);
                byte[] key = click.sessionId().getBytes(StandardCharsets.UTF_8);
                Future<RecordMetadata> unused =
                        producer.send(
                                new ProducerRecord<>(topic, key, codec.encode(click)), failure);
            }
            producer.flush();
            failure.rethrow();
        }
    }

    private record Place(int partition, long offset) {}

    private interface Reader {
        void accept(ConsumerRecord<byte[], byte[]> record) throws MalformedRecordException;
    }

    private static KafkaConsumer<byte[], byte[]> reader(String bootstrapServers) {
        Properties properties = new Properties();
        properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        return new KafkaConsumer<>(
                properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static void read(
            KafkaConsumer<byte[], byte[]> consumer,
            String topic,
            int partitions,
            long count,
            Reader reader)
            throws MalformedRecordException {
        List<TopicPartition> all =
                IntStream.range(0, partitions)
                        .mapToObj(partition -> new TopicPartition(topic, partition))
                        .toList();
        consumer.assign(all);
        consumer.seekToBeginning(all);
        long read = 0;
        long giveUp = System.nanoTime() + PATIENCE.toNanos();
        while (read < count) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                reader.accept(record);
                read++;
            }
            if (System.nanoTime() > giveUp) {
                throw new IllegalStateException(
                        "only " + read + " of " + count + " records appeared on " + topic);
            }
        }
    }
}
