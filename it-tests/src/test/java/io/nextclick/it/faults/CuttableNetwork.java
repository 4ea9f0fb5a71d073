package io.nextclick.it.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The network between a job and its broker: a port that passes all connections on to another, until
 * it is cut or slowed.
 */
final class CuttableNetwork implements AutoCloseable {

    private static final int BUFFER_BYTES = 8 << 10;

    /** What becomes of the bytes. */
    private enum State {
        PASSES,
        /** Nothing arrives any more, and nobody is told. */
        SWALLOWS,
        /** Connections end, and no new ones are made. */
        REFUSES
    }

    private final InetAddress loopback = InetAddress.getLoopbackAddress();
    private final ServerSocket server;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private volatile int port;
    private volatile State state = State.PASSES;
    private volatile long bytesPerSecond;
    private volatile boolean closed;

    CuttableNetwork() throws IOException {
        server = new ServerSocket(0, 50, loopback);
        thread("accepts", this::accept);
    }

    /** Where the job connects. */
    int port() {
        return server.getLocalPort();
    }

    /** Where connections are passed on to. */
    void to(int brokerPort) {
        port = brokerPort;
    }

    /** Swallows everything from now on; connections stay open. */
    void swallow() {
        set(State.SWALLOWS);
    }

    /** Ends all connections and refuses new ones. */
    void refuse() {
        set(State.REFUSES);
        endAll();
    }

    /** Passes no more than this to the job in each of its connections. */
    void slow(long bytes) {
        bytesPerSecond = bytes;
    }

    /** All is well again. What was swallowed stays lost: its connections end. */
    void heal() {
        boolean lost = state == State.SWALLOWS;
        bytesPerSecond = 0;
        set(State.PASSES);
        if (lost) {
            endAll();
        }
    }

    private void set(State next) {
        lock.lock();
        try {
            state = next;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void endAll() {
        sockets.forEach(CuttableNetwork::end);
    }

    private void accept() {
        while (!closed) {
            try {
                Socket job = server.accept();
                if (state == State.REFUSES) {
                    end(job);
                    continue;
                }
                sockets.add(job);
                thread("connects", () -> connect(job));
            } catch (IOException e) {
                if (!closed) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void connect(Socket job) {
        Socket broker = new Socket();
        sockets.add(broker);
        try {
            awaitPassage();
            broker.connect(new InetSocketAddress(loopback, port));
            broker.setTcpNoDelay(true);
            job.setTcpNoDelay(true);
        } catch (IOException e) {
            endBoth(job, broker);
            return;
        }
        thread("to the broker", () -> pass(job, broker, false));
        thread("to the job", () -> pass(broker, job, true));
    }

    private void pass(Socket from, Socket to, boolean slowed) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            while (true) {
                long limit = slowed ? bytesPerSecond : 0;
                int most = limit == 0 ? buffer.length : (int) Math.min(buffer.length, limit / 10);
                int read = in.read(buffer, 0, Math.max(1, most));
                if (read < 0) {
                    break;
                }
                awaitPassage();
                out.write(buffer, 0, read);
                if (limit > 0) {
                    LockSupport.parkNanos(1_000_000_000L * read / limit);
                }
            }
        } catch (IOException e) {
            // One end is gone; so is the other.
        } finally {
            endBoth(from, to);
        }
    }

    private void awaitPassage() throws IOException {
        lock.lock();
        try {
            while (state == State.SWALLOWS && !closed) {
                changed.awaitUninterruptibly();
            }
            if (state == State.REFUSES || closed) {
                throw new IOException("cut");
            }
        } finally {
            lock.unlock();
        }
    }

    private void endBoth(Socket one, Socket other) {
        for (Socket each : new Socket[] {one, other}) {
            end(each);
            sockets.remove(each);
        }
    }

    private static void end(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException("a socket can't be closed", e);
        }
    }

    private static void thread(String name, Runnable work) {
        Thread thread = new Thread(work, "network: " + name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        closed = true;
        server.close();
        set(State.PASSES);
        endAll();
    }
}
