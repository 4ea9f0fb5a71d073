package io.nextclick.jobs.kafka;

import io.nextclick.jobs.JobOptions.Guarantee;
import io.nextclick.jobs.JobOptions.StartOffsets;
import io.nextclick.schemas.ClickMapping;
import io.nextclick.schemas.Encoding;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;

/**
 * How the job reads from and writes to Kafka.
 *
 * @param clicksTopic topic of clicks
 * @param recommendationsTopic topic of recommendations
 * @param rejectedTopic topic of dead letters
 * @param groupId consumer group
 * @param start where reading begins without a savepoint
 * @param bounded whether to stop at the offsets that are the latest at the start
 * @param maxRecordBytes longer clicks are rejected unread
 * @param mapping where a foreign JSON event holds a click's fields; null for our own formats
 * @param futureTolerance how far an event time may lie after the record's timestamp; zero: as far
 *     as it likes
 * @param encoding how recommendations are written
 * @param guarantee what a failure may do to the output
 * @param transactionalIdPrefix what the ids of transactions begin with
 * @param transactionTimeout the least that transactions must be given
 * @param properties what is passed to the clients, {@code bootstrap.servers} among it
 */
public record KafkaSettings(
        String clicksTopic,
        String recommendationsTopic,
        String rejectedTopic,
        String groupId,
        StartOffsets start,
        boolean bounded,
        int maxRecordBytes,
        ClickMapping mapping,
        Duration futureTolerance,
        Encoding encoding,
        Guarantee guarantee,
        String transactionalIdPrefix,
        Duration transactionTimeout,
        Map<String, String> properties) {

    private static final String CONSUMER = "consumer.";
    private static final String PRODUCER = "producer.";

    public KafkaSettings {
        properties = Map.copyOf(properties);
    }

    /** The consumer's properties: ours where they differ from Kafka's defaults, then the user's. */
    Properties consumerProperties() {
        return clientProperties(CONSUMER, PRODUCER);
    }

    /** The producers' properties, as above. */
    Properties producerProperties() {
        Properties result = new Properties();
        // Kafka's default of 5 ms would be a third of the whole time to a recommendation.
        result.setProperty("linger.ms", "1");
        // A recommendation of 20 items is 1.5 KB of JSON: the default batch holds ten of them.
        result.setProperty("batch.size", "131072");
        result.putAll(clientProperties(PRODUCER, CONSUMER));
        return result;
    }

    private Properties clientProperties(String own, String other) {
        Properties result = new Properties();
        properties.forEach(
                (key, value) -> {
                    if (!key.startsWith(own) && !key.startsWith(other)) {
                        result.setProperty(key, value);
                    }
                });
        properties.forEach(
                (key, value) -> {
                    if (key.startsWith(own)) {
                        result.setProperty(key.substring(own.length()), value);
                    }
                });
        return result;
    }

    /** Leaves the clients' properties out: there are passwords among them. */
    @Override
    public String toString() {
        return "KafkaSettings["
                + clicksTopic
                + " -> "
                + recommendationsTopic
                + ", "
                + rejectedTopic
                + ", properties "
                + properties.keySet().stream().sorted().toList()
                + "]";
    }
}
