package io.nextclick.it.containers;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import com.github.dockerjava.api.model.RestartPolicy;
import io.nextclick.it.Await;
import io.nextclick.it.Dashboard;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.utility.MountableFile;

/**
 * Kafka, ZooKeeper, a JobManager and TaskManagers, each in a container of the image it is deployed
 * from, on a network of their own: a session cluster with high availability, whose checkpoints lie
 * on a volume of limited size that all of Flink shares.
 *
 * <pre>
 *   host (loopback only)       network
 *   Kafka's clients   ───────▶ kafka ◀──────────┐
 *   REST, dashboard   ───────▶ jobmanager ◀──▶ taskmanager-1 … n ◀── memory figures (JMX), host
 *                              zookeeper ◀──────┘    └── /nextclick-state (tmpfs), /models
 * </pre>
 */
final class ContainerCluster implements AutoCloseable {

    /** The volume of checkpoints, savepoints and what high availability needs, in each Flink. */
    static final String STATE = "/nextclick-state";

    /** Where models lie in each Flink container. */
    static final String MODELS = "/models";

    private static final String ZOOKEEPER = "zookeeper";
    private static final String JOB_MANAGER = "jobmanager";
    private static final int REST_PORT = 8081;

    // Numbers in the network.
    private static final int ZOOKEEPER_NUMBER = 10;
    private static final int JOB_MANAGER_NUMBER = 12;
    private static final int TASK_MANAGER_NUMBER = 20;

    private static final Path LOGS = Path.of("target", "containers");
    private static final Duration START_TIMEOUT = Duration.ofMinutes(3);
    private static final String VECTOR_MODULE = "--add-modules=jdk.incubator.vector";

    /**
     * How large a cluster is.
     *
     * @param taskManagers how many
     * @param slots of each
     * @param memoryMebibytes of each, Flink's budget for the process and the container's limit
     * @param stateMebibytes size of the volume for checkpoints
     */
    record Size(int taskManagers, int slots, int memoryMebibytes, int stateMebibytes) {

        static final Size TWO_SMALL = new Size(2, 2, 1_600, 512);
    }

    private final Size size;
    private final Path models;
    private final DockerClient docker = DockerClientFactory.instance().client();
    private final SeverableNetwork network;
    private final String volume;
    private final Broker broker;
    private final Node zookeeper;
    private final Node jobManager;
    private final List<Node> taskManagers = new ArrayList<>();
    private final int restPort = Node.freePort();
    private final Map<Node, Integer> memoryPorts = new HashMap<>();

    /**
     * @param models a folder of model folders, copied to {@link #MODELS}
     */
    private ContainerCluster(Size size, Path models) throws IOException {
        this.size = size;
        this.models = models;
        network =
                new SeverableNetwork(
                        "nextclick-containers-"
                                + HexFormat.of()
                                        .toHexDigits(ThreadLocalRandom.current().nextInt()));
        volume = network.name() + "-state";
        docker.createVolumeCmd()
                .withName(volume)
                .withDriver("local")
                .withDriverOpts(
                        Map.of(
                                "type",
                                "tmpfs",
                                "device",
                                "tmpfs",
                                "o",
                                "size=" + size.stateMebibytes() + "m,uid=9999,gid=9999,mode=0755"))
                .exec();
        broker = new Broker(network);
        zookeeper = newZookeeper();
        jobManager = newJobManager();
        for (int number = 0; number < size.taskManagers(); number++) {
            taskManagers.add(newTaskManager(number));
        }
    }

    /** Starts a cluster and waits until all its slots are there. */
    static ContainerCluster start(Size size, Path models) throws Exception {
        ContainerCluster cluster = new ContainerCluster(size, models);
        try {
            Startables.deepStart(cluster.nodes().stream().map(Node::container)).join();
            cluster.broker.node().plugIn();
            cluster.broker.await();
            cluster.awaitTaskManagers();
            return cluster;
        } catch (Exception | Error e) {
            try {
                cluster.close();
            } catch (RuntimeException also) {
                e.addSuppressed(also);
            }
            throw e;
        }
    }

    /** Flink waits for it by itself. */
    private Node newZookeeper() {
        Node node =
                new Node(network, ZOOKEEPER, ZOOKEEPER_NUMBER, Images.zookeeper(), 512).pluggedIn();
        node.container()
                .withEnv("ZOO_TICK_TIME", "1000")
                .withEnv("ZOO_STANDALONE_ENABLED", "true")
                .withEnv("JVMFLAGS", "-Xmx256m");
        return node;
    }

    private Node newJobManager() throws IOException {
        Node node =
                newFlink(
                                JOB_MANAGER,
                                JOB_MANAGER_NUMBER,
                                1_024,
                                Map.of("jobmanager.memory.process.size", "1024m"))
                        .published(restPort, REST_PORT);
        node.container()
                .withCommand("jobmanager")
                .waitingFor(
                        Wait.forHttp("/overview")
                                .forPort(REST_PORT)
                                .withStartupTimeout(START_TIMEOUT));
        return node;
    }

    private Node newTaskManager(int number) throws IOException {
        String alias = "taskmanager-" + (number + 1);
        Map<String, String> options = new LinkedHashMap<>();
        options.put("taskmanager.host", alias);
        options.put("taskmanager.resource-id", alias);
        options.put("taskmanager.numberOfTaskSlots", Integer.toString(size.slots()));
        options.put("taskmanager.memory.process.size", size.memoryMebibytes() + "m");
        options.put("taskmanager.memory.task.off-heap.size", "384m");
        options.put("taskmanager.memory.managed.size", "192m");
        options.put("taskmanager.memory.network.min", "64m");
        options.put("taskmanager.memory.network.max", "64m");
        options.put("taskmanager.memory.jvm-metaspace.size", "192m");
        Node node = newFlink(alias, TASK_MANAGER_NUMBER + number, size.memoryMebibytes(), options);
        node.container()
                .withCommand("taskmanager")
                .waitingFor(
                        Wait.forLogMessage(".*Successful registration at resource manager.*", 1)
                                .withStartupTimeout(START_TIMEOUT));
        return node;
    }

    private Node newFlink(String alias, int number, int memoryMebibytes, Map<String, String> own)
            throws IOException {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("jobmanager.rpc.address", JOB_MANAGER);
        options.put("rest.bind-address", "0.0.0.0");
        options.put("high-availability.type", "zookeeper");
        options.put("high-availability.zookeeper.quorum", ZOOKEEPER + ":2181");
        options.put("high-availability.zookeeper.client.session-timeout", "6 s");
        options.put("high-availability.storageDir", "file://" + STATE + "/ha");
        options.put("execution.checkpointing.dir", "file://" + STATE + "/checkpoints");
        options.put("execution.checkpointing.savepoint-dir", "file://" + STATE + "/savepoints");
        options.put("heartbeat.interval", "1 s");
        options.put("heartbeat.timeout", "5 s");
        options.put("restart-strategy.type", "fixed-delay");
        options.put("restart-strategy.fixed-delay.attempts", "100000");
        options.put("restart-strategy.fixed-delay.delay", "1 s");
        options.put("execution.checkpointing.interval", "2 s");
        options.put("execution.checkpointing.tolerable-failed-checkpoints", "100000");
        options.put("execution.checkpointing.timeout", "30 s");
        options.putAll(own);
        String properties =
                options.entrySet().stream()
                        .map(option -> option.getKey() + ": " + option.getValue())
                        .collect(Collectors.joining("\n"));
        int memoryPort = Node.freePort();
        Node node =
                new Node(network, alias, number, Images.nextclick(), memoryMebibytes)
                        .pluggedIn()
                        .published(memoryPort, memoryPort);
        node.container()
                .withEnv("FLINK_PROPERTIES", properties)
                .withEnv("JVM_ARGS", VECTOR_MODULE + " " + ProcessMemory.jvmOptions(memoryPort))
                .withCopyFileToContainer(MountableFile.forHostPath(models, 0755), MODELS)
                .withCreateContainerCmdModifier(
                        command ->
                                command.getHostConfig()
                                        // Flink ends a process that can't go on.
                                        .withRestartPolicy(RestartPolicy.unlessStoppedRestart())
                                        .withMounts(
                                                List.of(
                                                        new Mount()
                                                                .withType(MountType.VOLUME)
                                                                .withSource(volume)
                                                                .withTarget(STATE))));
        memoryPorts.put(node, memoryPort);
        return node;
    }

    private void awaitTaskManagers() throws Exception {
        Dashboard dashboard = rest().dashboard();
        Await.until(
                size.taskManagers() + " task managers",
                START_TIMEOUT,
                () -> {
                    try {
                        return dashboard.json("/overview").path("taskmanagers").asInt()
                                >= size.taskManagers();
                    } catch (IOException e) {
                        return false;
                    }
                });
    }

    Broker broker() {
        return broker;
    }

    Node jobManager() {
        return jobManager;
    }

    List<Node> taskManagers() {
        return List.copyOf(taskManagers);
    }

    /** The JobManager and all TaskManagers. */
    List<Node> flink() {
        List<Node> flink = new ArrayList<>(List.of(jobManager));
        flink.addAll(taskManagers);
        return flink;
    }

    private List<Node> nodes() {
        List<Node> nodes = new ArrayList<>(List.of(broker.node(), zookeeper));
        nodes.addAll(flink());
        return nodes;
    }

    /** Flink over REST. */
    FlinkRest rest() {
        return new FlinkRest("http://127.0.0.1:" + restPort);
    }

    /** What the process of one of {@link #flink} holds. */
    ProcessMemory memory(Node node) throws IOException {
        return ProcessMemory.connect(memoryPorts.get(node), node::read);
    }

    /** Ends everything; what all containers have logged stays. */
    @Override
    public void close() {
        try {
            Files.createDirectories(LOGS);
            for (Node node : nodes()) {
                node.keepLog(LOGS);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            nodes().forEach(node -> node.container().stop());
            network.close();
            docker.removeVolumeCmd(volume).exec();
        }
    }
}
