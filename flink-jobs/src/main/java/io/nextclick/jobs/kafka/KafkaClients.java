package io.nextclick.jobs.kafka;

import io.nextclick.jobs.JobOptions.Guarantee;
import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;

/**
 * How a job's consumers and producers talk to the brokers, whatever the topic. Secrets are named
 * and not held; see {@link SecretReferences}.
 *
 * @param guarantee what a failure may do to the output
 * @param transactionalIdPrefix what the ids of transactions begin with
 * @param transactionTimeout the least that transactions must be given
 * @param properties what is passed to the clients, {@code bootstrap.servers} among it
 */
public record KafkaClients(
        Guarantee guarantee,
        String transactionalIdPrefix,
        Duration transactionTimeout,
        Map<String, String> properties)
        implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final String CONSUMER = "consumer.";
    private static final String PRODUCER = "producer.";
    private static final String BOOTSTRAP_SERVERS = "bootstrap.servers";

    public KafkaClients {
        properties = Map.copyOf(properties);
    }

    /**
     * The consumers' properties: ours where they differ from Kafka's defaults, then the user's.
     *
     * @throws IllegalArgumentException if no broker is named
     */
    public Properties consumerProperties() {
        return withServers(clientProperties(CONSUMER, PRODUCER));
    }

    /** The producers' properties, as above. */
    public Properties producerProperties() {
        Properties result = new Properties();
        // Kafka's default of 5 ms would be a third of the whole time to a recommendation.
        result.setProperty("linger.ms", "1");
        // A recommendation of 20 items is 1.5 KB of JSON: the default batch holds ten of them.
        result.setProperty("batch.size", "131072");
        result.putAll(clientProperties(PRODUCER, CONSUMER));
        return withServers(result);
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

    private static Properties withServers(Properties properties) {
        if (properties.getProperty(BOOTSTRAP_SERVERS, "").isBlank()) {
            throw new IllegalArgumentException("kafka." + BOOTSTRAP_SERVERS + " is not set");
        }
        return SecretReferences.followed(properties);
    }

    /** Leaves the clients' properties out: there are passwords among them. */
    @Override
    public String toString() {
        return "KafkaClients["
                + guarantee
                + ", properties "
                + properties.keySet().stream().sorted().toList()
                + "]";
    }
}
