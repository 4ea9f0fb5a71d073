package io.nextclick.it.containers;

import java.io.IOException;
import java.lang.management.ClassLoadingMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.RuntimeMXBean;
import java.lang.management.ThreadMXBean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** The memory of a JVM in a container, asked of the JVM over JMX and of the kernel. */
final class ProcessMemory implements AutoCloseable {

    private static final long KIBIBYTE = 1_024;
    private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");
    private static final Pattern TRACKED = Pattern.compile("Total: .*?committed=(\\d+)KB");

    /** Reads a file of the container. */
    @FunctionalInterface
    interface Files {
        String read(String path) throws IOException;
    }

    /**
     * What a process holds after a garbage collection.
     *
     * @param residentBytes of all kinds, in real memory
     * @param metaspaceBytes of classes
     * @param classes that are loaded
     * @param classLoaders of jobs that aren't gone
     * @param threads that run
     * @param heapBytes that are reachable
     * @param committedBytes what the JVM itself has committed, heap and all, by its own books
     */
    record Figures(
            long residentBytes,
            long metaspaceBytes,
            int classes,
            long classLoaders,
            int threads,
            long heapBytes,
            long committedBytes) {}

    private final JMXConnector connector;
    private final MBeanServerConnection server;
    private final Files files;

    private ProcessMemory(JMXConnector connector, Files files) throws IOException {
        this.connector = connector;
        this.server = connector.getMBeanServerConnection();
        this.files = files;
    }

    /**
     * What a JVM has to be told for it to be asked at a port, its own and the host's. Its heap is
     * resident from the beginning: otherwise it would seem to leak for as long as there are pages
     * that it hasn't used yet.
     */
    static String jvmOptions(int port) {
        return "-XX:NativeMemoryTracking=summary"
                + " -XX:+AlwaysPreTouch"
                + " -Dcom.sun.management.jmxremote.port="
                + port
                + " -Dcom.sun.management.jmxremote.rmi.port="
                + port
                + " -Dcom.sun.management.jmxremote.authenticate=false"
                + " -Dcom.sun.management.jmxremote.ssl=false"
                + " -Djava.rmi.server.hostname=127.0.0.1";
    }

    /** Connects to a JVM of the test's own making, by a port of its own choosing. */
    @SuppressWarnings("BanJNDI")
    static ProcessMemory connect(int port, Files files) throws IOException {
        return new ProcessMemory(
                JMXConnectorFactory.connect(
                        new JMXServiceURL(
                                "service:jmx:rmi:///jndi/rmi://127.0.0.1:" + port + "/jmxrmi")),
                files);
    }

    /** Collects garbage and takes stock. */
    Figures measure() throws IOException, JMException {
        MemoryMXBean memory = bean(ManagementFactory.MEMORY_MXBEAN_NAME, MemoryMXBean.class);
        // What a first collection finds may only be freed by a second: cleaners, soft caches.
        memory.gc();
        memory.gc();
        long metaspace = 0;
        for (MemoryPoolMXBean pool :
                ManagementFactory.getPlatformMXBeans(server, MemoryPoolMXBean.class)) {
            if (pool.getName().equals("Metaspace")) {
                metaspace = pool.getUsage().getUsed();
            }
        }
        String status =
                files.read(
                        "/proc/"
                                + bean(ManagementFactory.RUNTIME_MXBEAN_NAME, RuntimeMXBean.class)
                                        .getPid()
                                + "/status");
        return new Figures(
                number(RESIDENT, status) * KIBIBYTE,
                metaspace,
                bean(ManagementFactory.CLASS_LOADING_MXBEAN_NAME, ClassLoadingMXBean.class)
                        .getLoadedClassCount(),
                jobClassLoaders(),
                bean(ManagementFactory.THREAD_MXBEAN_NAME, ThreadMXBean.class).getThreadCount(),
                memory.getHeapMemoryUsage().getUsed(),
                number(TRACKED, diagnose("vmNativeMemory", "summary")) * KIBIBYTE);
    }

    /** Class loaders of jobs, by the JVM's own count of their instances. */
    private long jobClassLoaders() throws IOException, JMException {
        Matcher line =
                Pattern.compile("(\\d+)\\s+\\d+\\s+org\\.apache\\.flink\\S*ChildFirstClassLoader")
                        .matcher(diagnose("gcClassHistogram"));
        return line.find() ? Long.parseLong(line.group(1)) : 0;
    }

    /** What {@code jcmd} would print. */
    private String diagnose(String command, String... arguments) throws IOException, JMException {
        return (String)
                server.invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        command,
                        new Object[] {arguments},
                        new String[] {String[].class.getName()});
    }

    private <T> T bean(String name, Class<T> type) throws IOException {
        return ManagementFactory.newPlatformMXBeanProxy(server, name, type);
    }

    private static long number(Pattern pattern, String text) throws IOException {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new IOException("no " + pattern + " in " + text);
        }
        return Long.parseLong(matcher.group(1));
    }

    @Override
    public void close() throws IOException {
        connector.close();
    }
}
