package io.nextclick.it.faults;

import io.nextclick.it.Await;
import io.nextclick.it.faults.BreakableStorage.Volume;
import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.RecommenderConfig;
import io.nextclick.jobs.SessionRecommenderJob;
import io.nextclick.models.files.ModelFolder;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.BlobServerOptions;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.runtime.checkpoint.CheckpointStatsSnapshot;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.highavailability.HighAvailabilityServices;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.minicluster.RpcServiceSharing;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * A Flink cluster in this process, whose JobManager keeps what must outlive it in ZooKeeper, and a
 * broker in a process of its own behind a network that can be cut. What is killed in this process
 * notices: a TaskManager ends its tasks, and the JobManager takes its TaskManagers with it. Who
 * wants processes that notice nothing has containers.
 */
final class EmbeddedTarget implements FaultTarget {

    private static final String LOOPBACK = "127.0.0.1";
    private static final int TASK_MANAGERS = 2;
    private static final long TIMEOUT_SECONDS = 30;

    private final Path folder;
    private final List<String> items;
    private final CuttableNetwork network;
    private final BrokerProcess broker;
    private final ZooKeeper zooKeeper;
    private final Configuration clusterConfiguration;
    private final ExecutorService supervisor =
            Executors.newSingleThreadExecutor(
                    runnable -> {
                        Thread thread = new Thread(runnable, "supervisor");
                        thread.setDaemon(true);
                        return thread;
                    });
    private LastingCluster cluster;

    /** Whether the cluster is meant to run. */
    private boolean up;

    /** Fails if the cluster ended by itself and did not start again. */
    private CompletableFuture<Void> supervision;

    /** Numbers of the TaskManagers that live, as the cluster counts them. */
    private final List<Integer> taskManagers = new ArrayList<>();

    private int startedTaskManagers;
    private JobID job;

    /**
     * Starts everything.
     *
     * @param folder for all files; deleted at the end
     * @param model what the job answers by; is copied
     */
    EmbeddedTarget(Path folder, Path model) throws Exception {
        this.folder = folder;
        Path models = Files.createDirectories(Volume.MODELS.folder(folder));
        try (Stream<Path> files = Files.list(model)) {
            for (Path file : files.toList()) {
                Files.copy(file, models.resolve(file.getFileName()));
            }
        }
        items = ModelFolder.read(models).vocabulary().items();
        Files.createDirectories(Volume.CHECKPOINTS.folder(folder));
        network = new CuttableNetwork();
        broker = new BrokerProcess(folder.resolve("kafka"), network.port());
        network.to(broker.jobPort());
        broker.start();
        zooKeeper = new ZooKeeper(folder.resolve("zookeeper"));
        clusterConfiguration = clusterConfiguration();
        startCluster();
    }

    /**
     * A JobManager that can't take up its job, because storage is out of reach for instance, ends
     * its process. Whatever Flink runs on starts it again.
     */
    private synchronized void startAgain(LastingCluster ended) {
        if (up && cluster == ended) {
            try {
                startCluster();
            } catch (Exception e) {
                throw new IllegalStateException("the cluster does not start again", e);
            }
        }
    }

    private Configuration clusterConfiguration() throws IOException {
        Configuration configuration = new Configuration();
        configuration.set(RestOptions.BIND_ADDRESS, LOOPBACK);
        configuration.set(RestOptions.ADDRESS, LOOPBACK);
        configuration.set(RestOptions.BIND_PORT, "0");
        configuration.set(JobManagerOptions.BIND_HOST, LOOPBACK);
        configuration.set(TaskManagerOptions.BIND_HOST, LOOPBACK);
        configuration.set(WebOptions.SUBMIT_ENABLE, false);
        configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(64));
        configuration.set(CoreOptions.TMP_DIRS, sub("tmp"));
        configuration.set(WebOptions.TMP_DIR, sub("web"));
        configuration.set(BlobServerOptions.STORAGE_DIRECTORY, sub("blobs"));
        configuration.set(HighAvailabilityOptions.HA_MODE, "zookeeper");
        configuration.set(HighAvailabilityOptions.HA_ZOOKEEPER_QUORUM, zooKeeper.quorum());
        configuration.set(
                HighAvailabilityOptions.HA_STORAGE_PATH, Path.of(sub("ha")).toUri().toString());
        return configuration;
    }

    private String sub(String name) throws IOException {
        return Files.createDirectories(folder.resolve(name)).toString();
    }

    private synchronized void startCluster() throws Exception {
        cluster =
                new LastingCluster(
                        new MiniClusterConfiguration.Builder()
                                .setConfiguration(clusterConfiguration)
                                .setNumTaskManagers(TASK_MANAGERS)
                                // So that each holds a part of the job.
                                .setNumSlotsPerTaskManager(1)
                                .setRpcServiceSharing(RpcServiceSharing.SHARED)
                                .setCommonBindAddress(LOOPBACK)
                                .build());
        cluster.start();
        LastingCluster started = cluster;
        supervision = started.ended().thenRunAsync(() -> startAgain(started), supervisor);
        up = true;
        taskManagers.clear();
        for (startedTaskManagers = 0; startedTaskManagers < TASK_MANAGERS; startedTaskManagers++) {
            taskManagers.add(startedTaskManagers);
        }
    }

    /**
     * What it keeps in ZooKeeper outlives it, however it ends: a process that an error ends tidies
     * nothing up.
     */
    private static final class LastingCluster extends MiniCluster {

        private final CompletableFuture<Void> ended = new CompletableFuture<>();

        LastingCluster(MiniClusterConfiguration configuration) {
            super(configuration);
        }

        /** Is complete when it has ended by itself, or was closed. */
        CompletableFuture<Void> ended() {
            return ended;
        }

        /** Flink's own way to end after an error, too. */
        @Override
        public CompletableFuture<Void> closeAsync() {
            return super.closeAsync()
                    .whenComplete(
                            (nothing, failure) -> {
                                if (failure == null) {
                                    ended.complete(null);
                                } else {
                                    ended.completeExceptionally(failure);
                                }
                            });
        }

        @Override
        public void close() throws IOException {
            try {
                get(closeAsync());
            } catch (Exception e) {
                throw new IOException("the cluster did not end cleanly", e);
            }
        }

        @Override
        protected HighAvailabilityServices createHighAvailabilityServices(
                Configuration configuration, Executor executor) throws Exception {
            HighAvailabilityServices services =
                    super.createHighAvailabilityServices(configuration, executor);
            return (HighAvailabilityServices)
                    Proxy.newProxyInstance(
                            EmbeddedTarget.class.getClassLoader(),
                            new Class<?>[] {HighAvailabilityServices.class},
                            (proxy, method, arguments) -> untidied(services, method, arguments));
        }

        private static Object untidied(
                HighAvailabilityServices services, Method method, Object[] arguments)
                throws Throwable {
            try {
                return switch (method.getName()) {
                    case "cleanupAllData" -> null;
                    case "closeWithOptionalClean" -> {
                        services.close();
                        yield null;
                    }
                    default -> method.invoke(services, arguments);
                };
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }
    }

    @Override
    public String name() {
        return "embedded";
    }

    @Override
    public String bootstrapServers() {
        return broker.bootstrapServers();
    }

    @Override
    public List<String> items() {
        return items;
    }

    @Override
    public synchronized void submit(Map<String, String> options) throws Exception {
        Configuration all = Configuration.fromMap(options);
        all.setString("kafka.bootstrap.servers", LOOPBACK + ":" + network.port());
        all.set(JobOptions.MODEL_PATH, Volume.MODELS.below(folder));
        all.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, Volume.CHECKPOINTS.below(folder));
        StreamExecutionEnvironment environment = SessionRecommenderJob.environment(all);
        environment.setParallelism(TASK_MANAGERS);
        SessionRecommenderJob.define(environment, RecommenderConfig.of(all));
        job = get(cluster.submitJob(environment.getStreamGraph().getJobGraph())).getJobID();
        Await.until("the job runs", this::isRunning);
    }

    private boolean isRunning() throws Exception {
        if (get(cluster.getJobStatus(job)).isGloballyTerminalState()) {
            throw new IllegalStateException("the job ended: " + get(cluster.requestJobResult(job)));
        }
        for (AccessExecutionVertex subtask :
                get(cluster.getExecutionGraph(job)).getAllExecutionVertices()) {
            if (subtask.getExecutionState() != ExecutionState.RUNNING) {
                return false;
            }
        }
        return true;
    }

    @Override
    public synchronized long lastCheckpoint() throws Exception {
        try {
            CheckpointStatsSnapshot checkpoints =
                    get(cluster.getArchivedExecutionGraph(job)).getCheckpointStatsSnapshot();
            CompletedCheckpointStats last =
                    checkpoints == null
                            ? null
                            : checkpoints.getHistory().getLatestCompletedCheckpoint();
            return last == null ? -1 : last.getCheckpointId();
        } catch (ExecutionException | TimeoutException | IllegalStateException e) {
            // There is no JobManager at the moment.
            return -1;
        }
    }

    @Override
    public synchronized void cancel() throws Exception {
        if (!get(cluster.getJobStatus(job)).isGloballyTerminalState()) {
            get(cluster.cancelJob(job));
            get(cluster.requestJobResult(job));
        }
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public boolean supports(FaultKind kind) {
        return !kind.isOfWorkload();
    }

    @Override
    public synchronized Damage inject(FaultKind kind, SplittableRandom random) throws Exception {
        switch (kind) {
            case TASK_MANAGER_KILLED -> {
                killTaskManager(random);
                return this::startTaskManager;
            }
            case JOB_MANAGER_KILLED -> {
                up = false;
                get(cluster.closeAsyncWithoutCleaningHighAvailabilityData());
                return this::startCluster;
            }
            case BROKER_PAUSED -> {
                broker.halt();
                return broker::goOn;
            }
            case BROKER_KILLED -> {
                broker.kill();
                return broker::start;
            }
            case BROKER_RESTARTED -> {
                broker.stop();
                return broker::start;
            }
            case NETWORK_CUT -> {
                if (random.nextInt(2) == 0) {
                    network.swallow();
                } else {
                    network.refuse();
                }
                return network::heal;
            }
            case SLOW_CONSUMER -> {
                network.slow(random.nextLong(5_000, 20_000));
                return network::heal;
            }
            case CHECKPOINT_DISK_FULL -> {
                Volume.CHECKPOINTS.fill(random.nextLong(20_000));
                return Volume.CHECKPOINTS::repair;
            }
            case CHECKPOINT_FAILING -> {
                Volume.CHECKPOINTS.setUnreachable();
                return Volume.CHECKPOINTS::repair;
            }
            case MODEL_STORE_UNREACHABLE -> {
                Volume.MODELS.setUnreachable();
                killTaskManager(random);
                startTaskManager();
                return Volume.MODELS::repair;
            }
            default -> throw new IllegalArgumentException(kind + " is not of the system");
        }
    }

    /** It may have ended by itself a moment ago; who is here first starts it again. */
    private void requireRunning() throws Exception {
        if (!cluster.isRunning()) {
            get(cluster.closeAsync());
            startCluster();
        }
    }

    private void killTaskManager(SplittableRandom random) throws Exception {
        requireRunning();
        get(cluster.terminateTaskManager(taskManagers.remove(random.nextInt(TASK_MANAGERS))));
    }

    private synchronized void startTaskManager() throws Exception {
        requireRunning();
        cluster.startTaskManager();
        taskManagers.add(startedTaskManagers++);
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            up = false;
        }
        try (network;
                broker;
                zooKeeper) {
            cluster.close();
            supervision.join();
        } finally {
            supervisor.shutdown();
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
