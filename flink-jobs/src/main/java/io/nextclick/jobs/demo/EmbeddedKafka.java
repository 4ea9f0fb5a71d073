package io.nextclick.jobs.demo;

import io.nextclick.schemas.Topic;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * A real Kafka in this process: one node that is broker and KRaft controller at once, reachable on
 * loopback only, without authentication unless a {@link Guard} asks for it. For demonstrations,
 * benchmarks and tests; it survives neither the process nor {@link #close()}.
 *
 * <p>Its files live in a folder of their own, which {@link #close()} deletes.
 */
public final class EmbeddedKafka implements AutoCloseable {

    private static final int NODE_ID = 1;
    private static final String LOOPBACK = "127.0.0.1";

    private static final Duration READY_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration READY_POLL = Duration.ofMillis(10);

    /** Between choosing a free port and binding it, another process may take it: try again. */
    private static final int ATTEMPTS = 3;

    private final KafkaRaftServer server;
    private final String bootstrapServers;
    private final Path directory;
    private final Guard guard;
    private boolean closed;

    private EmbeddedKafka(
            KafkaRaftServer server, String bootstrapServers, Path directory, Guard guard) {
        this.server = server;
        this.bootstrapServers = bootstrapServers;
        this.directory = directory;
        this.guard = guard;
    }

    /**
     * How a broker knows its clients and they know it.
     *
     * @param protocol of the clients' listener, such as {@code SASL_SSL}
     * @param broker further properties of the broker
     * @param credentials of users that exist from the start, as {@code kafka-storage.sh format
     *     --add-scram} takes them
     * @param client properties of a client that may do anything
     */
    public record Guard(
            String protocol,
            Map<String, String> broker,
            List<String> credentials,
            Map<String, String> client) {

        private static final Guard NONE = new Guard("PLAINTEXT", Map.of(), List.of(), Map.of());

        /** There are passwords in the rest. */
        @Override
        public String toString() {
            return "Guard[" + protocol + "]";
        }
    }

    /**
     * Starts a broker under the system's temporary folder.
     *
     * @throws IOException if its storage cannot be prepared or it does not start
     */
    public static EmbeddedKafka start() throws IOException {
        return start(Path.of(System.getProperty("java.io.tmpdir")));
    }

    /**
     * Starts a broker.
     *
     * @param parent where its folder is made
     * @throws IOException if its storage cannot be prepared or it does not start
     */
    public static EmbeddedKafka start(Path parent) throws IOException {
        return start(parent, Guard.NONE);
    }

    /**
     * Starts a broker that doesn't let everybody in.
     *
     * @param parent where its folder is made
     * @throws IOException if its storage cannot be prepared or it does not start
     */
    public static EmbeddedKafka start(Path parent, Guard guard) throws IOException {
        for (int attempt = 1; ; attempt++) {
            Path directory = Files.createTempDirectory(parent, "nextclick-kafka-");
            try {
                return startIn(directory, guard);
            } catch (IOException e) {
                Folders.delete(directory);
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private static EmbeddedKafka startIn(Path directory, Guard guard) throws IOException {
        int[] ports = freePorts(2);
        String broker = LOOPBACK + ":" + ports[0];
        KafkaConfig config =
                new KafkaConfig(
                        properties(directory, broker, LOOPBACK + ":" + ports[1], guard),
                        /* doLog= */ false);
        KafkaRaftServer server = null;
        try {
            format(directory, guard);
            server = new KafkaRaftServer(config, Time.SYSTEM);
            server.startup();
            EmbeddedKafka kafka = new EmbeddedKafka(server, broker, directory, guard);
            kafka.awaitGroups();
            return kafka;
        } catch (Exception e) {
            if (server != null) {
                server.shutdown();
            }
            throw new IOException("the embedded Kafka did not start: " + e.getMessage(), e);
        }
    }

    private static Map<String, String> properties(
            Path directory, String broker, String controller, Guard guard) {
        Map<String, String> properties = new HashMap<>();
        properties.put("process.roles", "broker,controller");
        properties.put("node.id", String.valueOf(NODE_ID));
        properties.put(
                "listeners", guard.protocol() + "://" + broker + ",CONTROLLER://" + controller);
        properties.put("advertised.listeners", guard.protocol() + "://" + broker);
        properties.put("controller.listener.names", "CONTROLLER");
        properties.put(
                "listener.security.protocol.map",
                guard.protocol() + ":" + guard.protocol() + ",CONTROLLER:PLAINTEXT");
        properties.put("inter.broker.listener.name", guard.protocol());
        properties.put("controller.quorum.voters", NODE_ID + "@" + controller);
        properties.put("log.dirs", directory.toString());
        properties.put("auto.create.topics.enable", "false");
        // One node: nothing can be replicated, and one partition of each internal topic is plenty.
        for (String topic : List.of("offsets.topic", "transaction.state.log")) {
            properties.put(topic + ".num.partitions", "1");
            properties.put(topic + ".replication.factor", "1");
        }
        properties.put("transaction.state.log.min.isr", "1");
        properties.put("share.coordinator.state.topic.num.partitions", "1");
        properties.put("share.coordinator.state.topic.replication.factor", "1");
        properties.put("share.coordinator.state.topic.min.isr", "1");
        properties.put("default.replication.factor", "1");
        properties.put("min.insync.replicas", "1");
        // A record's time is when it stood in the log: what latency is measured by.
        properties.put("log.message.timestamp.type", "LogAppendTime");
        // Consumers come one at a time here; waiting for others would only delay them.
        properties.put("group.initial.rebalance.delay.ms", "0");
        // Defaults are sized for a machine that does nothing else: 128 MB of heap for the cleaner.
        properties.put("log.cleaner.dedupe.buffer.size", String.valueOf(4 << 20));
        properties.put("num.network.threads", "2");
        properties.put("num.io.threads", "2");
        properties.put("background.threads", "2");
        properties.putAll(guard.broker());
        return properties;
    }

    private static void format(Path directory, Guard guard) throws Exception {
        Formatter formatter = new Formatter();
        formatter
                .setPrintStream(
                        new PrintStream(
                                OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
                .setNodeId(NODE_ID)
                .setClusterId(Uuid.randomUuid().toString())
                .setControllerListenerName("CONTROLLER")
                .setDirectories(List.of(directory.toString()))
                .setMetadataLogDirectory(directory.toString())
                .setScramArguments(guard.credentials())
                .run();
    }

    private static int[] freePorts(int count) throws IOException {
        ServerSocket[] sockets = new ServerSocket[count];
        int[] ports = new int[count];
        try {
            for (int i = 0; i < count; i++) {
                sockets[i] = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ports[i] = sockets[i].getLocalPort();
            }
        } finally {
            for (ServerSocket socket : sockets) {
                if (socket != null) {
                    socket.close();
                }
            }
        }
        return ports;
    }

    /**
     * The topic of the groups' offsets is made when somebody first asks for a group; until then
     * commits fail.
     */
    private void awaitGroups() throws InterruptedException, ExecutionException {
        try (Admin admin = admin()) {
            admin.listConsumerGroupOffsets("nextclick").partitionsToOffsetAndMetadata().get();
        }
    }

    /** Where clients connect, {@code 127.0.0.1:port}. */
    public String bootstrapServers() {
        return bootstrapServers;
    }

    /**
     * Creates a topic that deletes by the broker's defaults.
     *
     * @throws IOException if it exists or the broker refuses
     */
    public void createTopic(String name, int partitions) throws IOException, InterruptedException {
        createTopic(name, partitions, Map.of());
    }

    /**
     * Creates a topic of the contract, with its own clean-up.
     *
     * @throws IOException if it exists or the broker refuses
     */
    public void createTopic(Topic<?> topic, int partitions)
            throws IOException, InterruptedException {
        createTopic(
                topic.name(),
                partitions,
                Map.of("cleanup.policy", topic.cleanUpPolicy().configValue()));
    }

    /**
     * Creates a topic. It is ready when this returns: a producer whose first batch meets a
     * partition that isn't, while its second is taken, is refused for good as out of order.
     *
     * @param configuration the topic's own settings, such as {@code message.timestamp.type}
     * @throws IOException if it exists or the broker refuses
     */
    public void createTopic(String name, int partitions, Map<String, String> configuration)
            throws IOException, InterruptedException {
        try (Admin admin = admin()) {
            admin.createTopics(
                            List.of(
                                    new NewTopic(name, Optional.of(partitions), Optional.empty())
                                            .configs(configuration)))
                    .all()
                    .get();
            awaitLeaders(admin, name, partitions);
        } catch (ExecutionException e) {
            throw new IOException(
                    "topic '" + name + "' cannot be created: " + e.getCause().getMessage(),
                    e.getCause());
        }
    }

    /** Waits until each partition's leader answers: the broker hears of a topic after the fact. */
    private static void awaitLeaders(Admin admin, String topic, int partitions)
            throws InterruptedException, ExecutionException {
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            ends.put(new TopicPartition(topic, partition), OffsetSpec.latest());
        }
        long deadline = System.nanoTime() + READY_TIMEOUT.toNanos();
        while (true) {
            try {
                admin.listOffsets(ends).all().get();
                return;
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof RetriableException) || System.nanoTime() > deadline) {
                    throw e;
                }
                LockSupport.parkNanos(READY_POLL.toNanos());
            }
        }
    }

    /**
     * How many records were ever written to a topic.
     *
     * @throws IOException if there is no such topic
     */
    public long records(String topic) throws IOException, InterruptedException {
        try (Admin admin = admin()) {
            Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
            for (TopicPartitionInfo partition :
                    admin.describeTopics(List.of(topic))
                            .allTopicNames()
                            .get()
                            .get(topic)
                            .partitions()) {
                latest.put(new TopicPartition(topic, partition.partition()), OffsetSpec.latest());
            }
            return admin.listOffsets(latest).all().get().values().stream()
                    .mapToLong(ListOffsetsResultInfo::offset)
                    .sum();
        } catch (ExecutionException e) {
            throw new IOException(
                    "topic '" + topic + "' cannot be counted: " + e.getCause().getMessage(),
                    e.getCause());
        }
    }

    private Admin admin() {
        Properties properties = new Properties();
        properties.putAll(guard.client());
        properties.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        return Admin.create(properties);
    }

    /** Stops the broker and deletes its files. */
    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        server.shutdown();
        server.awaitShutdown();
        Folders.delete(directory);
    }
}
