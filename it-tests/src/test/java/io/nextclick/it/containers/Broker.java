package io.nextclick.it.containers;

import io.nextclick.it.Await;
import io.nextclick.it.KafkaTopics;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * A cluster's Kafka. It is in Docker's own network, where the test reaches it, and is plugged into
 * the cluster's besides: pulled out of that, it still reaches itself, and so do clients on the
 * host.
 */
final class Broker {

    /** Its address within the network: what jobs are told. */
    static final String ADDRESS = "kafka:19092";

    private static final String ALIAS = "kafka";
    private static final int NUMBER = 11;
    private static final int MEMORY_MEBIBYTES = 1_024;
    private static final Duration START_TIMEOUT = Duration.ofMinutes(3);

    private final int port = Node.freePort();
    private final Node node;

    Broker(SeverableNetwork network) throws IOException {
        node =
                new Node(network, ALIAS, NUMBER, Images.kafka(), MEMORY_MEBIBYTES)
                        .published(port, port);
        node.container()
                .withEnv(environment(port))
                .waitingFor(
                        Wait.forLogMessage(".*Transitioning from RECOVERY to RUNNING.*", 1)
                                .withStartupTimeout(START_TIMEOUT));
    }

    private static Map<String, String> environment(int port) {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("KAFKA_NODE_ID", "1");
        environment.put("KAFKA_PROCESS_ROLES", "broker,controller");
        environment.put(
                "KAFKA_LISTENERS", "INSIDE://:19092,OUTSIDE://:" + port + ",CONTROLLER://:9093");
        environment.put(
                "KAFKA_ADVERTISED_LISTENERS",
                "INSIDE://" + ADDRESS + ",OUTSIDE://127.0.0.1:" + port);
        environment.put(
                "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
                "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT");
        environment.put("KAFKA_INTER_BROKER_LISTENER_NAME", "OUTSIDE");
        environment.put("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER");
        environment.put("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@localhost:9093");
        environment.put("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1");
        environment.put("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1");
        environment.put("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1");
        environment.put("KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS", "5");
        environment.put("KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS", "5");
        environment.put("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0");
        environment.put("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false");
        environment.put("KAFKA_HEAP_OPTS", "-Xmx512m -Xms256m");
        return environment;
    }

    Node node() {
        return node;
    }

    /** What Kafka's clients on the host need. */
    Properties client() {
        Properties properties = new Properties();
        properties.setProperty("bootstrap.servers", "127.0.0.1:" + port);
        return properties;
    }

    /** Makes a topic. */
    void createTopic(String topic, int partitions) throws Exception {
        KafkaTopics.create(client(), List.of(topic), partitions);
    }

    /** Waits until it answers. */
    void await() throws Exception {
        Await.until("the broker answers", START_TIMEOUT, this::answers);
    }

    private boolean answers() throws InterruptedException {
        Properties client = client();
        client.setProperty("default.api.timeout.ms", "2000");
        client.setProperty("request.timeout.ms", "2000");
        try (Admin admin = Admin.create(client)) {
            admin.describeCluster().nodes().get(2, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }
}
