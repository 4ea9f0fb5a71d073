package io.nextclick.it.containers;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.PortBinding;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.ExecConfig;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * One container of a cluster, as a machine: its process can be killed, halted, slowed and started
 * again, and its cable pulled. Its name, its address in the network and its ports on the host stay
 * the same whatever befalls it.
 */
final class Node {

    private static final long MEBIBYTE = 1L << 20;
    private static final long CPU_PERIOD_MICROS = 100_000L;
    private static final int STOP_SECONDS = 30;

    private final DockerClient docker = DockerClientFactory.instance().client();
    private final SeverableNetwork network;
    private final String alias;
    private final String address;
    private final GenericContainer<?> container;

    /**
     * Prepares it; it isn't plugged in.
     *
     * @param alias what it is called in the network
     * @param number in the network, from 2 to 254
     * @param memoryMebibytes the container's limit
     */
    Node(SeverableNetwork network, String alias, int number, String image, int memoryMebibytes) {
        this.network = network;
        this.alias = alias;
        address = network.address(number);
        container =
                new GenericContainer<>(DockerImageName.parse(image))
                        .withImagePullPolicy(unused -> false)
                        .withCreateContainerCmdModifier(
                                command -> {
                                    command.withName(network.name() + "-" + alias)
                                            .withHostName(alias);
                                    command.getHostConfig().withMemory(memoryMebibytes * MEBIBYTE);
                                });
    }

    /** Has it start in the network, rather than in Docker's own. */
    Node pluggedIn() {
        container
                .withNetwork(network.network())
                .withNetworkAliases(alias)
                .withCreateContainerCmdModifier(command -> command.withIpv4Address(address));
        return this;
    }

    /** Has a port be found on the host's loopback. */
    Node published(int hostPort, int port) {
        container.addExposedPort(port);
        container.withCreateContainerCmdModifier(command -> publish(command, hostPort, port));
        return this;
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

    /** A port of the host to publish one at. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    String alias() {
        return alias;
    }

    /** The container, to be told what else it needs before it starts. */
    GenericContainer<?> container() {
        return container;
    }

    /** Ends its process as a crash does. */
    void kill() {
        docker.killContainerCmd(container.getContainerId()).withSignal("KILL").exec();
    }

    /** Ends its process in good order. */
    void stop() {
        docker.stopContainerCmd(container.getContainerId()).withTimeout(STOP_SECONDS).exec();
    }

    /** Starts its process again. */
    void start() {
        docker.startContainerCmd(container.getContainerId()).exec();
    }

    /** Lets its process hang: it keeps its connections and doesn't answer. */
    void pause() {
        docker.pauseContainerCmd(container.getContainerId()).exec();
    }

    void resume() {
        docker.unpauseContainerCmd(container.getContainerId()).exec();
    }

    /** Takes it off the network; what is published to the host stays if it is in Docker's own. */
    void cut() {
        network.cut(container.getContainerId());
    }

    void plugIn() {
        network.join(container.getContainerId(), alias, address);
    }

    /**
     * Gives its process little of a processor.
     *
     * @param share of one processor
     */
    void slow(double share) {
        setCpuQuota((long) (CPU_PERIOD_MICROS * share));
    }

    void unslow() {
        setCpuQuota(-1);
    }

    private void setCpuQuota(long micros) {
        docker.updateContainerCmd(container.getContainerId())
                .withCpuPeriod(CPU_PERIOD_MICROS)
                .withCpuQuota(micros)
                .exec();
    }

    /** Runs a shell's command as whoever the process runs as, and says how it ended. */
    ExecResult execute(String command) throws IOException, InterruptedException {
        return container.execInContainer(StandardCharsets.UTF_8, "sh", "-c", command);
    }

    /** Runs a shell's command as root, and says how it ended. */
    ExecResult executeAsRoot(String command) throws IOException, InterruptedException {
        return container.execInContainer(
                ExecConfig.builder()
                        .user("root")
                        .command(new String[] {"sh", "-c", command})
                        .build());
    }

    /** What a command prints that has to succeed. */
    private String output(String command) throws IOException {
        try {
            ExecResult result = execute(command);
            if (result.getExitCode() != 0) {
                throw new IOException(alias + ": " + command + ": " + result);
            }
            return result.getStdout();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** A file's text. */
    String read(String path) throws IOException {
        return output("cat " + path);
    }

    /** Who the main process runs as. */
    String user() throws IOException {
        return output("stat -c %u /proc/1").strip();
    }

    /** All that it has logged. */
    String log() {
        return container.getLogs();
    }

    /** Keeps its log in a folder, under its container's name; nothing if it never started. */
    void keepLog(Path folder) throws IOException {
        if (container.getContainerId() != null) {
            Files.writeString(
                    folder.resolve(container.getContainerName().substring(1) + ".log"), log());
        }
    }
}
