package io.nextclick.it.containers;

import com.fasterxml.jackson.databind.JsonNode;
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

/**
 * A cluster of containers under faults: processes that are killed notice nothing of it, networks
 * lose packets without a word, and a full disk is one.
 */
final class ContainerTarget implements FaultTarget {

    private static final String MODEL = "shop";

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
                        new ContainerCluster.Size(2, 1, 1_600, 512), models, Map.of());
        rest = cluster.rest();
    }

    @Override
    public String name() {
        return "containers";
    }

    @Override
    public String bootstrapServers() {
        return cluster.client().getProperty("bootstrap.servers");
    }

    @Override
    public List<String> items() {
        return items;
    }

    @Override
    public void submit(Map<String, String> options) throws Exception {
        Map<String, String> all = new HashMap<>(options);
        all.put("kafka.bootstrap.servers", ContainerCluster.BROKERS);
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
        int one = random.nextInt(cluster.taskManagerCount());
        switch (kind) {
            case TASK_MANAGER_KILLED -> {
                cluster.killTaskManager(one);
                return () -> cluster.startTaskManager(one);
            }
            case JOB_MANAGER_KILLED -> {
                cluster.killJobManager();
                return cluster::startJobManager;
            }
            case BROKER_PAUSED -> {
                cluster.pauseBroker();
                return cluster::resumeBroker;
            }
            case BROKER_KILLED -> {
                cluster.killBroker();
                return this::startBroker;
            }
            case BROKER_RESTARTED -> {
                cluster.stopBroker();
                return this::startBroker;
            }
            case NETWORK_CUT -> {
                if (random.nextBoolean()) {
                    cluster.cutTaskManager(one);
                    return () -> cluster.healTaskManager(one);
                }
                cluster.cutBroker();
                return cluster::healBroker;
            }
            case CHECKPOINT_DISK_FULL -> {
                cluster.fillStateVolume();
                return cluster::freeStateVolume;
            }
            case CHECKPOINT_FAILING -> {
                cluster.forbidCheckpoints();
                return cluster::allowCheckpoints;
            }
            case MODEL_STORE_UNREACHABLE -> {
                cluster.hideModels();
                cluster.killTaskManager(one);
                cluster.startTaskManager(one);
                return cluster::showModels;
            }
            case SLOW_CONSUMER -> {
                cluster.slowTaskManagers(random.nextDouble(0.1, 0.3));
                return cluster::unslowTaskManagers;
            }
            default -> throw new IllegalArgumentException(kind + " is not of the system");
        }
    }

    private void startBroker() throws Exception {
        cluster.startBroker();
        cluster.awaitBroker();
    }

    @Override
    public void close() {
        cluster.close();
    }
}
