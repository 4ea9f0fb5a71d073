package io.nextclick.jobs.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.BlobServerOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.CheckpointStatsSnapshot;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.minicluster.RpcServiceSharing;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * A Flink cluster in this process, with its dashboard on loopback. Jobs cannot be uploaded through
 * the dashboard: whoever can reach the port could run code otherwise.
 */
public final class EmbeddedFlink implements AutoCloseable {

    private static final String LOOPBACK = "127.0.0.1";
    private static final long TIMEOUT_SECONDS = 30;
    private static final MemorySize MANAGED_MEMORY = MemorySize.ofMebiBytes(256);
    private static final long START_SECONDS = 120;
    private static final long POLL_MILLIS = 20;

    private final MiniCluster cluster;
    private final String dashboard;
    private boolean closed;

    private EmbeddedFlink(MiniCluster cluster, String dashboard) {
        this.cluster = cluster;
        this.dashboard = dashboard;
    }

    /**
     * Starts a cluster.
     *
     * @param directory for all its files
     * @param slots subtasks of an operator it can run side by side
     * @param ports where the dashboard tries to listen, such as {@code 8081,0}; 0 is any free port
     */
    public static EmbeddedFlink start(Path directory, int slots, String ports) throws Exception {
        return start(directory, slots, ports, MANAGED_MEMORY);
    }

    /**
     * Starts a cluster.
     *
     * @param managedMemory for RocksDB, all slots together
     */
    public static EmbeddedFlink start(
            Path directory, int slots, String ports, MemorySize managedMemory) throws Exception {
        Configuration configuration = new Configuration();
        configuration.set(RestOptions.BIND_ADDRESS, LOOPBACK);
        configuration.set(RestOptions.ADDRESS, LOOPBACK);
        configuration.set(RestOptions.BIND_PORT, ports);
        // Without these the server of jars and logs would listen on every address.
        configuration.set(JobManagerOptions.BIND_HOST, LOOPBACK);
        configuration.set(TaskManagerOptions.BIND_HOST, LOOPBACK);
        configuration.set(WebOptions.SUBMIT_ENABLE, false);
        configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, managedMemory);
        configuration.set(CoreOptions.TMP_DIRS, folder(directory, "tmp"));
        configuration.set(WebOptions.TMP_DIR, folder(directory, "web"));
        configuration.set(BlobServerOptions.STORAGE_DIRECTORY, folder(directory, "blobs"));
        MiniCluster cluster =
                new MiniCluster(
                        new MiniClusterConfiguration.Builder()
                                .setConfiguration(configuration)
                                .setNumTaskManagers(1)
                                .setNumSlotsPerTaskManager(slots)
                                .setRpcServiceSharing(RpcServiceSharing.SHARED)
                                .setCommonBindAddress(LOOPBACK)
                                .build());
        try {
            cluster.start();
            String dashboard =
                    cluster.getRestAddress().get(TIMEOUT_SECONDS, TimeUnit.SECONDS).toString();
            return new EmbeddedFlink(cluster, dashboard);
        } catch (Exception e) {
            cluster.close();
            throw new IOException("the embedded Flink did not start: " + e.getMessage(), e);
        }
    }

    private static String folder(Path directory, String name) throws IOException {
        return Files.createDirectories(directory.resolve(name)).toString();
    }

    /** The dashboard's address, {@code http://127.0.0.1:port}. */
    public String dashboard() {
        return dashboard;
    }

    /** Submits what has been defined in an environment, and returns as soon as it is accepted. */
    public JobID submit(StreamExecutionEnvironment environment) throws Exception {
        return cluster.submitJob(environment.getStreamGraph().getJobGraph())
                .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .getJobID();
    }

    /**
     * Waits until every subtask of a job runs.
     *
     * @throws IOException if the job ends instead, or takes too long
     */
    public void awaitRunning(JobID job) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (!isRunning(job)) {
            if (status(job).isGloballyTerminalState()) {
                Throwable failure = failure(job);
                throw new IOException("the job did not start: " + rootMessage(failure), failure);
            }
            if (System.nanoTime() > deadline) {
                throw new IOException("the job did not start within " + START_SECONDS + " s");
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private boolean isRunning(JobID job) throws IOException, InterruptedException {
        try {
            // Before its master has been made, a job has no subtasks at all.
            boolean isMade = false;
            for (AccessExecutionVertex subtask :
                    cluster.getExecutionGraph(job)
                            .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                            .getAllExecutionVertices()) {
                if (subtask.getExecutionState() != ExecutionState.RUNNING) {
                    return false;
                }
                isMade = true;
            }
            return isMade;
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the state of job " + job + " cannot be told", e);
        }
    }

    /** How a job is. */
    public JobStatus status(JobID job) throws IOException, InterruptedException {
        try {
            return cluster.getJobStatus(job).get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the state of job " + job + " cannot be told", e);
        }
    }

    /** Why a job that has ended did so; null if it ended well. */
    public Throwable failure(JobID job) throws IOException, InterruptedException {
        try {
            return cluster.requestJobResult(job)
                    .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                    .getSerializedThrowable()
                    .map(error -> error.deserializeError(EmbeddedFlink.class.getClassLoader()))
                    .orElse(null);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the result of job " + job + " cannot be told", e);
        }
    }

    /**
     * The last checkpoint that a job completed.
     *
     * @return null if there is none yet
     */
    public CompletedCheckpointStats lastCheckpoint(JobID job)
            throws IOException, InterruptedException {
        try {
            CheckpointStatsSnapshot checkpoints =
                    cluster.getArchivedExecutionGraph(job)
                            .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                            .getCheckpointStatsSnapshot();
            return checkpoints == null
                    ? null
                    : checkpoints.getHistory().getLatestCompletedCheckpoint();
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the checkpoints of job " + job + " cannot be told", e);
        }
    }

    /** What went wrong in the first place; Flink wraps it many times over. */
    static String rootMessage(Throwable failure) {
        if (failure == null) {
            return "nobody knows why";
        }
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }

    /** Cancels a job and waits until it has ended. */
    public void cancel(JobID job) throws Exception {
        if (!status(job).isGloballyTerminalState()) {
            cluster.cancelJob(job).get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        }
        cluster.requestJobResult(job).get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    /**
     * Stops a job with a savepoint in Flink's canonical format, without ending its event time.
     *
     * @param directory where the savepoint is made
     * @return the savepoint's path
     */
    public String stopWithSavepoint(JobID job, Path directory) throws Exception {
        return cluster.stopWithSavepoint(
                        job,
                        directory.toUri().toString(),
                        /* terminate= */ false,
                        SavepointFormatType.CANONICAL)
                .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    /** Ends all jobs and the cluster. */
    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            cluster.close();
        } catch (Exception e) {
            throw new IOException("the embedded Flink did not end cleanly", e);
        }
    }
}
