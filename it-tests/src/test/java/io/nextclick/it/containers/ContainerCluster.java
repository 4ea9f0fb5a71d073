package io.nextclick.it.containers;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.RestartPolicy;
import io.nextclick.it.Await;
import io.nextclick.it.Dashboard;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.ExecConfig;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.lifecycle.Startable;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.utility.DockerImageName;
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
 *
 * Ports on the host stay the same when a container is killed and started again.
 */
final class ContainerCluster implements AutoCloseable {

    /** Kafka's address within the network: what jobs are told. */
    static final String BROKERS = "kafka:19092";

    /** The volume of checkpoints, savepoints and what high availability needs, in each Flink. */
    static final String STATE = "/nextclick-state";

    /** Where models lie in each Flink container. */
    static final String MODELS = "/models";

    private static final Pattern CLASS_LOADING =
            Pattern.compile(
                    "already loaded in another classloader|LinkageError|NoClassDefFoundError"
                            + "|ClassNotFoundException|UnsatisfiedLinkError|ClassCastException"
                            + "|OutOfMemoryError|Metaspace");

    /** What Flink says of itself when it starts, before there is a job. */
    private static final Pattern OF_FLINK =
            Pattern.compile("-XX:MaxMetaspaceSize=|Hadoop FS is not available");

    private static final String KAFKA = "kafka";
    private static final String ZOOKEEPER = "zookeeper";
    private static final String JOB_MANAGER = "jobmanager";
    private static final String TASK_MANAGER = "taskmanager-";
    private static final int REST_PORT = 8081;

    // Numbers in the network.
    private static final int ZOOKEEPER_NUMBER = 10;
    private static final int KAFKA_NUMBER = 11;
    private static final int JOB_MANAGER_NUMBER = 12;
    private static final int TASK_MANAGER_NUMBER = 20;

    private static final Path LOGS = Path.of("target", "containers");
    private static final Duration START_TIMEOUT = Duration.ofMinutes(3);
    private static final long MEBIBYTE = 1L << 20;
    private static final long CPU_PERIOD_MICROS = 100_000L;
    private static final String VECTOR_MODULE = "--add-modules=jdk.incubator.vector";
    private static final String FILLER = STATE + "/filler";

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
    private final String name;
    private final Path models;
    private final Map<String, String> flinkOptions;
    private final DockerClient docker = DockerClientFactory.instance().client();
    private final SeverableNetwork network;
    private final GenericContainer<?> kafka;
    private final GenericContainer<?> zookeeper;
    private final GenericContainer<?> jobManager;
    private final List<GenericContainer<?>> taskManagers = new ArrayList<>();
    private final int kafkaPort;
    private final int restPort;
    private final Map<String, Integer> memoryPorts = new HashMap<>();
    private final String volume;

    /**
     * @param models a folder of model folders, copied to {@link #MODELS}
     * @param flinkOptions in addition to the cluster's own, and before them
     */
    private ContainerCluster(Size size, Path models, Map<String, String> flinkOptions)
            throws IOException {
        this.size = size;
        this.models = models;
        this.flinkOptions = Map.copyOf(flinkOptions);
        name =
                "nextclick-containers-"
                        + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
        kafkaPort = freePort();
        restPort = freePort();
        network = new SeverableNetwork(name);
        volume = name + "-state";
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
        kafka = kafka();
        zookeeper = zookeeper();
        DockerImageName nextclick = DockerImageName.parse(Images.nextclick());
        jobManager = jobManager(nextclick);
        for (int number = 0; number < size.taskManagers(); number++) {
            taskManagers.add(taskManager(nextclick, number));
        }
    }

    /** Starts a cluster and waits until all its slots are there. */
    static ContainerCluster start(Size size, Path models, Map<String, String> flinkOptions)
            throws Exception {
        ContainerCluster cluster = new ContainerCluster(size, models, flinkOptions);
        try {
            Startables.deepStart(cluster.containers()).join();
            cluster.healBroker();
            cluster.awaitBroker();
            cluster.awaitSlots();
            return cluster;
        } catch (Exception | Error e) {
            cluster.close();
            throw e;
        }
    }

    /** On Docker's own network, for the host; joins the other when it has started. */
    private GenericContainer<?> kafka() {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("KAFKA_NODE_ID", "1");
        environment.put("KAFKA_PROCESS_ROLES", "broker,controller");
        environment.put(
                "KAFKA_LISTENERS",
                "INSIDE://:19092,OUTSIDE://:" + kafkaPort + ",CONTROLLER://:9093");
        environment.put(
                "KAFKA_ADVERTISED_LISTENERS",
                "INSIDE://" + BROKERS + ",OUTSIDE://127.0.0.1:" + kafkaPort);
        environment.put(
                "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
                "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT");
        // Off the network, the broker still reaches itself, and so do clients on the host.
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
        return container(DockerImageName.parse(Images.kafka()), KAFKA, 1_024)
                .withEnv(environment)
                .withExposedPorts(kafkaPort)
                .withCreateContainerCmdModifier(command -> publish(command, kafkaPort, kafkaPort))
                .waitingFor(
                        Wait.forLogMessage(".*Transitioning from RECOVERY to RUNNING.*", 1)
                                .withStartupTimeout(START_TIMEOUT));
    }

    /** Flink waits for it by itself. */
    private GenericContainer<?> zookeeper() {
        return container(DockerImageName.parse(Images.zookeeper()), ZOOKEEPER, 512)
                .withNetwork(network.network())
                .withNetworkAliases(ZOOKEEPER)
                .withCreateContainerCmdModifier(
                        command -> command.withIpv4Address(network.address(ZOOKEEPER_NUMBER)))
                .withEnv("ZOO_TICK_TIME", "1000")
                .withEnv("ZOO_STANDALONE_ENABLED", "true")
                .withEnv("JVMFLAGS", "-Xmx256m");
    }

    private GenericContainer<?> jobManager(DockerImageName image) throws IOException {
        return flink(
                        image,
                        JOB_MANAGER,
                        JOB_MANAGER_NUMBER,
                        1_024,
                        Map.of("jobmanager.memory.process.size", "1024m"))
                .withCommand("jobmanager")
                .withExposedPorts(memoryPorts.get(JOB_MANAGER), REST_PORT)
                .withCreateContainerCmdModifier(command -> publish(command, restPort, REST_PORT))
                .waitingFor(
                        Wait.forHttp("/overview")
                                .forPort(REST_PORT)
                                .withStartupTimeout(START_TIMEOUT));
    }

    private GenericContainer<?> taskManager(DockerImageName image, int number) throws IOException {
        String alias = TASK_MANAGER + (number + 1);
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
        return flink(image, alias, TASK_MANAGER_NUMBER + number, size.memoryMebibytes(), options)
                .withCommand("taskmanager")
                .waitingFor(
                        Wait.forLogMessage(".*Successful registration at resource manager.*", 1)
                                .withStartupTimeout(START_TIMEOUT));
    }

    private GenericContainer<?> flink(
            DockerImageName image,
            String alias,
            int number,
            int memoryMebibytes,
            Map<String, String> own)
            throws IOException {
        Map<String, String> options = new LinkedHashMap<>(flinkOptions);
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
        int memoryPort = freePort();
        memoryPorts.put(alias, memoryPort);
        String properties =
                options.entrySet().stream()
                        .map(option -> option.getKey() + ": " + option.getValue())
                        .collect(Collectors.joining("\n"));
        return container(image, alias, memoryMebibytes)
                .withNetwork(network.network())
                .withNetworkAliases(alias)
                .withEnv("FLINK_PROPERTIES", properties)
                .withEnv("JVM_ARGS", VECTOR_MODULE + " " + memoryOptions(memoryPort))
                .withExposedPorts(memoryPort)
                .withCreateContainerCmdModifier(command -> publish(command, memoryPort, memoryPort))
                .withCopyFileToContainer(MountableFile.forHostPath(models, 0755), MODELS)
                .withCreateContainerCmdModifier(
                        command ->
                                command.withIpv4Address(network.address(number))
                                        .getHostConfig()
                                        // Flink ends a process that can't go on.
                                        .withRestartPolicy(RestartPolicy.unlessStoppedRestart())
                                        .withMounts(
                                                List.of(
                                                        new Mount()
                                                                .withType(MountType.VOLUME)
                                                                .withSource(volume)
                                                                .withTarget(STATE))));
    }

    private static String memoryOptions(int port) {
        return "-XX:NativeMemoryTracking=summary"
                + " -Dcom.sun.management.jmxremote.port="
                + port
                + " -Dcom.sun.management.jmxremote.rmi.port="
                + port
                + " -Dcom.sun.management.jmxremote.authenticate=false"
                + " -Dcom.sun.management.jmxremote.ssl=false"
                + " -Djava.rmi.server.hostname=127.0.0.1";
    }

    private GenericContainer<?> container(
            DockerImageName image, String alias, int memoryMebibytes) {
        return new GenericContainer<>(image)
                .withImagePullPolicy(unused -> false)
                .withCreateContainerCmdModifier(
                        command -> {
                            command.withName(name + "-" + alias).withHostName(alias);
                            command.getHostConfig().withMemory(memoryMebibytes * MEBIBYTE);
                        });
    }

    private static void publish(CreateContainerCmd command, int hostPort, int port) {
        List<PortBinding> bindings = new ArrayList<>();
        command.getHostConfig()
                .getPortBindings()
                .getBindings()
                .forEach(
                        (exposed, before) -> {
                            // Docker's choice is replaced; what was published by us stays.
                            if (exposed.getPort() != port) {
                                bindings.add(new PortBinding(before[0], exposed));
                            }
                        });
        bindings.add(PortBinding.parse("127.0.0.1:" + hostPort + ":" + port));
        command.getHostConfig().withPortBindings(bindings);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private List<GenericContainer<?>> containers() {
        List<GenericContainer<?>> all = new ArrayList<>(List.of(kafka, zookeeper, jobManager));
        all.addAll(taskManagers);
        return all;
    }

    /** What Kafka's clients on the host need. */
    Properties client() {
        Properties properties = new Properties();
        properties.setProperty("bootstrap.servers", "127.0.0.1:" + kafkaPort);
        return properties;
    }

    /** Makes a topic. */
    void createTopic(String topic, int partitions) throws Exception {
        try (Admin admin = Admin.create(client())) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1)))
                    .all()
                    .get(START_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        }
    }

    /** Flink over REST. */
    FlinkRest rest() {
        return new FlinkRest("http://127.0.0.1:" + restPort);
    }

    /** Waits until all slots of all TaskManagers are there. */
    void awaitSlots() throws Exception {
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

    /** Waits until the broker answers. */
    void awaitBroker() throws Exception {
        Await.until(
                "the broker answers",
                START_TIMEOUT,
                () -> {
                    Properties client = client();
                    client.setProperty("default.api.timeout.ms", "2000");
                    client.setProperty("request.timeout.ms", "2000");
                    try (Admin admin = Admin.create(client)) {
                        admin.describeCluster().nodes().get(2, TimeUnit.SECONDS);
                        return true;
                    } catch (ExecutionException | TimeoutException e) {
                        return false;
                    }
                });
    }

    int taskManagerCount() {
        return taskManagers.size();
    }

    /** Ends a TaskManager's process as a crash does. */
    void killTaskManager(int number) {
        kill(taskManagers.get(number));
    }

    void startTaskManager(int number) {
        start(taskManagers.get(number));
    }

    /** Ends the JobManager's process as a crash does. */
    void killJobManager() {
        kill(jobManager);
    }

    void startJobManager() {
        start(jobManager);
    }

    /** Lets the broker hang: it keeps its connections and doesn't answer. */
    void pauseBroker() {
        docker.pauseContainerCmd(kafka.getContainerId()).exec();
    }

    void resumeBroker() {
        docker.unpauseContainerCmd(kafka.getContainerId()).exec();
    }

    /** Ends the broker's process as a crash does. */
    void killBroker() {
        kill(kafka);
    }

    /** Ends the broker in good order. */
    void stopBroker() {
        docker.stopContainerCmd(kafka.getContainerId()).withTimeout(30).exec();
    }

    void startBroker() {
        start(kafka);
    }

    /** Takes the broker off Flink's network; clients on the host keep it. */
    void cutBroker() {
        network.cut(kafka.getContainerId());
    }

    void healBroker() {
        network.join(kafka.getContainerId(), KAFKA, network.address(KAFKA_NUMBER));
    }

    /** Takes a TaskManager off the network. */
    void cutTaskManager(int number) {
        network.cut(taskManagers.get(number).getContainerId());
    }

    void healTaskManager(int number) {
        network.join(
                taskManagers.get(number).getContainerId(),
                TASK_MANAGER + (number + 1),
                network.address(TASK_MANAGER_NUMBER + number));
    }

    /** Fills the volume of checkpoints to the last block. */
    void fillStateVolume() throws Exception {
        // Fails when the volume is full, which is what is wanted.
        execute(
                jobManager,
                "dd if=/dev/zero of="
                        + FILLER
                        + " bs=64k; dd if=/dev/zero of="
                        + FILLER
                        + "-end bs=512");
    }

    void freeStateVolume() throws Exception {
        mustSucceed(execute(jobManager, "rm -f " + FILLER + " " + FILLER + "-end"));
    }

    /** Takes the folder of checkpoints away from all of Flink. */
    void forbidCheckpoints() throws Exception {
        mustSucceed(execute(jobManager, "chmod 0 " + STATE + "/checkpoints"));
    }

    void allowCheckpoints() throws Exception {
        mustSucceed(execute(jobManager, "chmod 755 " + STATE + "/checkpoints"));
    }

    /** Takes the models away from all of Flink. */
    void hideModels() throws Exception {
        for (GenericContainer<?> taskManager : taskManagers) {
            mustSucceed(executeAsRoot(taskManager, "chmod 0 " + MODELS));
        }
    }

    void showModels() throws Exception {
        for (GenericContainer<?> taskManager : taskManagers) {
            mustSucceed(executeAsRoot(taskManager, "chmod 755 " + MODELS));
        }
    }

    /**
     * Gives the TaskManagers little of a processor.
     *
     * @param share of one processor, each
     */
    void slowTaskManagers(double share) {
        for (GenericContainer<?> taskManager : taskManagers) {
            docker.updateContainerCmd(taskManager.getContainerId())
                    .withCpuPeriod(CPU_PERIOD_MICROS)
                    .withCpuQuota((long) (CPU_PERIOD_MICROS * share))
                    .exec();
        }
    }

    void unslowTaskManagers() {
        for (GenericContainer<?> taskManager : taskManagers) {
            docker.updateContainerCmd(taskManager.getContainerId())
                    .withCpuPeriod(CPU_PERIOD_MICROS)
                    .withCpuQuota(-1L)
                    .exec();
        }
    }

    /** What the JobManager's process holds. */
    ProcessMemory jobManagerMemory() throws IOException {
        return memory(JOB_MANAGER, jobManager);
    }

    /** What a TaskManager's process holds. */
    ProcessMemory taskManagerMemory(int number) throws IOException {
        return memory(TASK_MANAGER + (number + 1), taskManagers.get(number));
    }

    private ProcessMemory memory(String alias, GenericContainer<?> container) throws IOException {
        return ProcessMemory.connect(memoryPorts.get(alias), path -> read(container, path));
    }

    private static String read(GenericContainer<?> container, String path) throws IOException {
        try {
            return execute(container, "cat " + path).getStdout();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /**
     * Lines of Flink's logs that speak of classes that could not be loaded, with their container.
     */
    List<String> classLoadingErrors() {
        Map<String, GenericContainer<?>> containers = new LinkedHashMap<>();
        containers.put(JOB_MANAGER, jobManager);
        IntStream.range(0, taskManagers.size())
                .forEach(
                        number ->
                                containers.put(
                                        TASK_MANAGER + (number + 1), taskManagers.get(number)));
        List<String> errors = new ArrayList<>();
        containers.forEach(
                (name, container) ->
                        container
                                .getLogs()
                                .lines()
                                .filter(CLASS_LOADING.asPredicate())
                                .filter(Predicate.not(OF_FLINK.asPredicate()))
                                .forEach(line -> errors.add(name + ": " + line)));
        return errors;
    }

    /** Who each container's main process runs as. */
    List<String> users() throws Exception {
        List<String> users = new ArrayList<>();
        for (GenericContainer<?> container : taskManagers) {
            users.add(execute(container, "stat -c %u /proc/1").getStdout().strip());
        }
        users.add(execute(jobManager, "stat -c %u /proc/1").getStdout().strip());
        return users;
    }

    /** Keeps what all containers have logged for whoever looks into a failure. */
    private void keepLogs() throws IOException {
        Files.createDirectories(LOGS);
        for (GenericContainer<?> container : containers()) {
            if (container.getContainerId() != null) {
                Files.writeString(
                        LOGS.resolve(container.getContainerName().substring(1) + ".log"),
                        container.getLogs());
            }
        }
    }

    private void kill(GenericContainer<?> container) {
        docker.killContainerCmd(container.getContainerId()).withSignal("KILL").exec();
    }

    private void start(GenericContainer<?> container) {
        docker.startContainerCmd(container.getContainerId()).exec();
    }

    private static ExecResult execute(GenericContainer<?> container, String command)
            throws IOException, InterruptedException {
        return container.execInContainer(StandardCharsets.UTF_8, "sh", "-c", command);
    }

    private static ExecResult executeAsRoot(GenericContainer<?> container, String command)
            throws IOException, InterruptedException {
        return container.execInContainer(
                ExecConfig.builder()
                        .user("root")
                        .command(new String[] {"sh", "-c", command})
                        .build());
    }

    private static void mustSucceed(ExecResult result) {
        if (result.getExitCode() != 0) {
            throw new IllegalStateException("exit code " + result.getExitCode() + ": " + result);
        }
    }

    @Override
    public void close() {
        try {
            keepLogs();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            containers().forEach(Startable::stop);
            network.close();
            docker.removeVolumeCmd(volume).exec();
        }
    }
}
