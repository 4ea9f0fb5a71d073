package io.nextclick.jobs.bench;

import io.nextclick.schemas.Click;
import io.nextclick.schemas.Codec;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import java.util.SplittableRandom;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A known load: clicks of many sessions at once. The n-th click belongs to session {@code n mod
 * sessions} in an order that looks random to a cache; its item is drawn from the head of the
 * catalogue more often than from its tail. The same arguments give the same clicks.
 *
 * @param sessions live sessions
 * @param items size of the catalogue
 * @param seed of the items
 */
record ClickLoad(int sessions, int items, long seed) {

    /**
     * Larger than any number of sessions and prime, so that it visits each session once a round.
     */
    private static final long STRIDE = 2_147_483_629L;

    /** Milliseconds of event time between two clicks: a session's clicks stay within its gap. */
    private static final double MILLIS_PER_CLICK = 0.01;

    private static final long START_MILLIS = 1_700_000_000_000L;

    /** The id of an item row, as the models of this benchmark name it. */
    static String item(int row) {
        return "item-" + row;
    }

    Click click(long index) {
        SplittableRandom random = new SplittableRandom(seed * 31 + index);
        double skewed = Math.pow(random.nextDouble(), 3);
        long session = Math.floorMod((index % sessions) * STRIDE, (long) sessions);
        return new Click(
                null,
                "session-" + session,
                null,
                item((int) (skewed * items)),
                Click.DEFAULT_EVENT_TYPE,
                START_MILLIS + (long) (index * MILLIS_PER_CLICK),
                Map.of());
    }

    /** Publishes the clicks {@code from} to {@code to} as fast as the broker takes them. */
    void publish(String bootstrapServers, String topic, Codec<Click> codec, long from, long to) {
        Properties properties = new Properties();
        properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        properties.put(ProducerConfig.LINGER_MS_CONFIG, "20");
        properties.put(ProducerConfig.BATCH_SIZE_CONFIG, String.valueOf(256 << 10));
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(
                        properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            FirstFailure failure = new FirstFailure();
            for (long index = from; index < to; index++) {
                Click click = click(index);
                byte[] key = click.sessionId().getBytes(StandardCharsets.UTF_8);
                Future<RecordMetadata> unused =
                        producer.send(
                                new ProducerRecord<>(topic, key, codec.encode(click)), failure);
            }
            producer.flush();
            failure.rethrow();
        }
    }
}
