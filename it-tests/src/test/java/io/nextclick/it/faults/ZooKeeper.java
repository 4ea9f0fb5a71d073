package io.nextclick.it.faults;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.NIOServerCnxnFactory;
import org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.ZooKeeperServer;

/**
 * Where Flink keeps what outlives its JobManager; the server that comes with Flink's own client.
 */
final class ZooKeeper implements AutoCloseable {

    private static final int TICK_MILLIS = 500;
    private static final int CONNECTIONS = 100;

    private final ZooKeeperServer server;
    private final ServerCnxnFactory connections;

    ZooKeeper(Path folder) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        server = new ZooKeeperServer(folder.toFile(), folder.toFile(), TICK_MILLIS);
        connections = new NIOServerCnxnFactory();
        connections.configure(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), CONNECTIONS);
        connections.startup(server);
    }

    /** Where clients connect. */
    String quorum() {
        return "127.0.0.1:" + connections.getLocalPort();
    }

    @Override
    public void close() {
        connections.shutdown();
        server.shutdown();
    }
}
