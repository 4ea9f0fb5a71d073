package io.nextclick.it.faults;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * A broker and a Flink cluster with at least two TaskManagers and a JobManager whose jobs outlive
 * it, all of which can be broken ({@link FaultInjector}) and repaired. Runs one job at a time.
 * Belongs to one thread.
 */
public interface FaultTarget extends FaultInjector, AutoCloseable {

    /** In a word, for the table and the names of topics. */
    String name();

    /**
     * Where the test's own clients reach the broker: under the same address for ever, and past the
     * network that {@link FaultKind#NETWORK_CUT} cuts and {@link FaultKind#SLOW_CONSUMER} slows.
     */
    String bootstrapServers();

    /** Items that the job's model knows. */
    List<String> items();

    /**
     * Starts the recommender with parallelism 2 and returns when all of it runs.
     *
     * @param options the job's options and Flink's; the target adds brokers, the model and where
     *     checkpoints are written
     */
    void submit(Map<String, String> options) throws Exception;

    /**
     * The number of the job's last completed checkpoint.
     *
     * @return -1 if there is none, or nobody can tell at the moment
     */
    long lastCheckpoint() throws Exception;

    /** Ends the job, whatever state it is in. */
    void cancel() throws Exception;

    /** Ends everything. */
    @Override
    void close() throws IOException;
}
