package io.nextclick.it.faults;

import io.nextclick.it.Await;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * A Kafka broker in a process of its own, which can be killed, halted and started again on the same
 * files and ports. It has two listeners: one for the test, and one for the job, which says that it
 * is to be found at a proxy's port.
 */
final class BrokerProcess implements AutoCloseable {

    private static final String LOOPBACK = "127.0.0.1";
    private static final int NODE_ID = 1;
    private static final long STOP_SECONDS = 60;

    private final Path folder;
    private final int testPort = freePort();
    private final int jobPort = freePort();
    private final List<String> command;

    /** A test that is interrupted leaves no broker behind. */
    private final Thread atExit = new Thread(this::close);

    private Process process;

    /**
     * Prepares a broker; {@link #start} starts it.
     *
     * @param folder for its files
     * @param advertisedJobPort where the job is to connect instead of {@link #jobPort}
     */
    BrokerProcess(Path folder, int advertisedJobPort) throws Exception {
        this.folder = Files.createDirectories(folder);
        Path data = folder.resolve("data");
        Files.createDirectories(data);
        Path properties = folder.resolve("server.properties");
        try (OutputStream out = Files.newOutputStream(properties)) {
            properties(data, advertisedJobPort).store(out, null);
        }
        format(data);
        Runtime.getRuntime().addShutdownHook(atExit);
        command =
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx320m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "kafka.Kafka",
                        properties.toString());
    }

    private Properties properties(Path data, int advertisedJobPort) throws IOException {
        int controllerPort = freePort();
        Properties properties = new Properties();
        properties.setProperty("process.roles", "broker,controller");
        properties.setProperty("node.id", String.valueOf(NODE_ID));
        properties.setProperty(
                "listeners",
                "TEST://%1$s:%2$d,JOB://%1$s:%3$d,CONTROLLER://%1$s:%4$d"
                        .formatted(LOOPBACK, testPort, jobPort, controllerPort));
        properties.setProperty(
                "advertised.listeners",
                "TEST://%1$s:%2$d,JOB://%1$s:%3$d"
                        .formatted(LOOPBACK, testPort, advertisedJobPort));
        properties.setProperty("controller.listener.names", "CONTROLLER");
        properties.setProperty("inter.broker.listener.name", "TEST");
        properties.setProperty(
                "listener.security.protocol.map",
                "TEST:PLAINTEXT,JOB:PLAINTEXT,CONTROLLER:PLAINTEXT");
        properties.setProperty(
                "controller.quorum.voters", NODE_ID + "@" + LOOPBACK + ":" + controllerPort);
        properties.setProperty("log.dirs", data.toString());
        properties.setProperty("auto.create.topics.enable", "false");
        for (String topic : List.of("offsets.topic", "transaction.state.log")) {
            properties.setProperty(topic + ".num.partitions", "1");
            properties.setProperty(topic + ".replication.factor", "1");
        }
        properties.setProperty("transaction.state.log.min.isr", "1");
        properties.setProperty("share.coordinator.state.topic.num.partitions", "1");
        properties.setProperty("share.coordinator.state.topic.replication.factor", "1");
        properties.setProperty("share.coordinator.state.topic.min.isr", "1");
        properties.setProperty("group.initial.rebalance.delay.ms", "0");
        properties.setProperty("log.cleaner.dedupe.buffer.size", String.valueOf(4 << 20));
        properties.setProperty("num.network.threads", "2");
        properties.setProperty("num.io.threads", "2");
        properties.setProperty("background.threads", "2");
        // One that was killed is taken for alive so long, and may not come back before.
        properties.setProperty("broker.session.timeout.ms", "6000");
        properties.setProperty("broker.heartbeat.interval.ms", "500");
        return properties;
    }

    private static void format(Path data) throws Exception {
        new Formatter()
                .setPrintStream(
                        new PrintStream(
                                OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
                .setNodeId(NODE_ID)
                .setClusterId(Uuid.randomUuid().toString())
                .setControllerListenerName("CONTROLLER")
                .setDirectories(List.of(data.toString()))
                .setMetadataLogDirectory(data.toString())
                .run();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Where the test connects. */
    String bootstrapServers() {
        return LOOPBACK + ":" + testPort;
    }

    /** Where the proxy connects. */
    int jobPort() {
        return jobPort;
    }

    /** Starts it and returns when it answers. */
    void start() throws Exception {
        process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(
                                ProcessBuilder.Redirect.appendTo(
                                        folder.resolve("broker.log").toFile()))
                        .start();
        Await.until("the broker listens", this::isListening);
        Properties client = new Properties();
        client.setProperty("bootstrap.servers", bootstrapServers());
        try (Admin admin = Admin.create(client)) {
            admin.listTopics().names().get();
        }
    }

    private boolean isListening() throws IOException {
        if (!process.isAlive()) {
            throw new IOException(
                    "the broker ended with "
                            + process.exitValue()
                            + ": "
                            + Files.readString(folder.resolve("broker.log")));
        }
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), testPort)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** As {@code kill -9}. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** As the operator stops it. */
    void stop() throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw new IOException("the broker doesn't stop");
        }
    }

    /** Halts it; its connections stay open. */
    void halt() throws Exception {
        signal("-STOP");
    }

    /** Has it go on. */
    void goOn() throws Exception {
        signal("-CONT");
    }

    private void signal(String signal) throws Exception {
        List<String> kill = new ArrayList<>(List.of("kill", signal));
        kill.add(String.valueOf(process.pid()));
        int exit = new ProcessBuilder(kill).inheritIO().start().waitFor();
        if (exit != 0) {
            throw new IOException(kill + " ended with " + exit);
        }
    }

    @Override
    public void close() {
        if (process != null) {
            // Its files may be deleted next.
            process.destroyForcibly().onExit().join();
        }
    }
}
