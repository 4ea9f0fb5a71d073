package io.nextclick.it.containers;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.dockerjava.api.exception.ConflictException;
import io.nextclick.it.Await;
import io.nextclick.it.faults.FaultKind;
import io.nextclick.it.faults.FaultTarget;
import io.nextclick.models.files.ModelFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.flink.api.common.JobID;
import org.testcontainers.containers.Container.ExecResult;

/**
 * A cluster of containers under faults: processes that are killed notice nothing of it, networks
 * lose packets without a word, and a full disk is one.
 */
final class ContainerTarget implements FaultTarget {

    private static final String MODEL = "shop";
    private static final String CHECKPOINTS = ContainerCluster.STATE + "/checkpoints";
    private static final String FILLER = ContainerCluster.STATE + "/filler";
    private static final String FILL =
            "dd if=/dev/zero of="
                    + FILLER
                    + " bs=64k; dd if=/dev/zero of="
                    + FILLER
                    + "-end bs=512";
    private static final String FREE = "rm -f " + FILLER + " " + FILLER + "-end";

    private final ContainerCluster cluster;
    private final FlinkRest rest;
    private final List<String> items;
    private JobID job;

    /**
     * Starts a cluster of two TaskManagers.
     *
     * @param models a folder that holds the model's, named {@value #MODEL}
     */
    ContainerTarget(Path models) throws Exception {
        items = ModelFolder.read(models.resolve(MODEL)).vocabulary().items();
        cluster =
                ContainerCluster.start(
                        // One slot each, so that each holds a part of the job.
                        new ContainerCluster.Size(2, 1, 1_600, 512), models);
        rest = cluster.rest();
    }

    @Override
    public String name() {
        return "containers";
    }

    @Override
    public String bootstrapServers() {
        return cluster.broker().client().getProperty("bootstrap.servers");
    }

    @Override
    public List<String> items() {
        return items;
    }

    @Override
    public void submit(Map<String, String> options) throws Exception {
        Map<String, String> all = new HashMap<>(options);
        all.put("kafka.bootstrap.servers", Broker.ADDRESS);
        all.put("nextclick.model.path", "file://" + ContainerCluster.MODELS + "/" + MODEL);
        // What was uploaded before goes with the JobManager that is killed.
        String jar = rest.upload(Images.jobJar());
        job = rest.run(jar, FlinkRest.RECOMMENDER, all, 2, null);
        rest.awaitRunning(job);
    }

    @Override
    public long lastCheckpoint() throws Exception {
        try {
            JsonNode last =
                    rest.dashboard()
                            .json("/jobs/" + job + "/checkpoints")
                            .path("latest")
                            .path("completed")
                            .path("id");
            return last.asLong(-1);
        } catch (IOException e) {
            // There is no JobManager at the moment.
            return -1;
        }
    }

    @Override
    public void cancel() throws Exception {
        if (!List.of("CANCELED", "FAILED", "FINISHED").contains(rest.status(job))) {
            rest.cancel(job);
        }
    }

    @Override
    public boolean supports(FaultKind kind) {
        return !kind.isOfWorkload();
    }

    @Override
    public Damage inject(FaultKind kind, SplittableRandom random) throws Exception {
        Node broker = cluster.broker().node();
        List<Node> taskManagers = cluster.taskManagers();
        Node one = taskManagers.get(random.nextInt(taskManagers.size()));
        switch (kind) {
            case TASK_MANAGER_KILLED -> {
                one.kill();
                return one::start;
            }
            case JOB_MANAGER_KILLED -> {
                cluster.jobManager().kill();
                return cluster.jobManager()::start;
            }
            case BROKER_PAUSED -> {
                broker.pause();
                return broker::resume;
            }
            case BROKER_KILLED -> {
                broker.kill();
                return this::startBroker;
            }
            case BROKER_RESTARTED -> {
                broker.stop();
                return this::startBroker;
            }
            case NETWORK_CUT -> {
                Node severed = random.nextBoolean() ? one : broker;
                severed.cut();
                return severed::plugIn;
            }
            case CHECKPOINT_DISK_FULL -> {
                // Fails when the volume is full to the last block, which is what is wanted.
                cluster.jobManager().execute(FILL);
                return () -> insist(cluster.jobManager()::execute, FREE);
            }
            case CHECKPOINT_FAILING -> {
                insist(cluster.jobManager()::execute, "chmod 0 " + CHECKPOINTS);
                return () -> insist(cluster.jobManager()::execute, "chmod 755 " + CHECKPOINTS);
            }
            case MODEL_STORE_UNREACHABLE -> {
                for (Node each : taskManagers) {
                    insist(each::executeAsRoot, "chmod 0 " + ContainerCluster.MODELS);
                }
                one.kill();
                one.start();
                return () -> {
                    for (Node each : taskManagers) {
                        insist(each::executeAsRoot, "chmod 755 " + ContainerCluster.MODELS);
                    }
                };
            }
            case SLOW_CONSUMER -> {
                double share = random.nextDouble(0.1, 0.3);
                taskManagers.forEach(each -> each.slow(share));
                return () -> taskManagers.forEach(Node::unslow);
            }
            default -> throw new IllegalArgumentException(kind + " is not of the system");
        }
    }

    private void startBroker() throws Exception {
        cluster.broker().node().start();
        cluster.broker().await();
    }

    /** {@link Node#execute} or {@link Node#executeAsRoot} of a node. */
    private interface Shell {
        ExecResult execute(String command) throws IOException, InterruptedException;
    }

    /**
     * Has a command succeed. A Flink process that can't go on ends, and takes with it what runs
     * beside it in its container, until Docker has started it again.
     */
    private static void insist(Shell shell, String command) throws Exception {
        Await.until(
                command,
                () -> {
                    try {
                        return shell.execute(command).getExitCode() == 0;
                    } catch (ConflictException restarting) {
                        return false;
                    }
                });
    }

    @Override
    public void close() {
        cluster.close();
    }
}
