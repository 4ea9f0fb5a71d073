package io.nextclick.it.containers;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.it.TrainedShop;
import io.nextclick.it.containers.ProcessMemory.Figures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Both jobs are cancelled and submitted again, ten times, to a JobManager and a TaskManager that go
 * on: native libraries load once a process, classes of a job that is gone must go, and so must its
 * threads and what it held outside of the heap.
 */
@RequiresDocker
class ResubmissionIT {

    private static final int RESUBMISSIONS = Integer.getInteger("nextclick.resubmissions", 10);

    /** Rounds after which nothing is new any more: caches are filled, code is compiled. */
    private static final int SETTLED = 4;

    private static final int CLICKS = 800;
    private static final long MEBIBYTE = 1L << 20;
    private static final ContainerCluster.Size ONE = new ContainerCluster.Size(1, 2, 1_728, 256);

    @Test
    void nothingIsLeftOfAJobThatIsGone(@TempDir Path models) throws Exception {
        TrainedShop shop = TrainedShop.train(models.resolve("shop"));
        try (ContainerCluster cluster = ContainerCluster.start(ONE, models)) {
            cluster.broker().createTopic("clicks", 2);
            for (String topic :
                    List.of(
                            "recommendations",
                            "clicks-rejected",
                            "item-catalog",
                            "item-embeddings",
                            "model-releases")) {
                cluster.broker().createTopic(topic, 1);
            }
            FlinkRest rest = cluster.rest();
            String jar = rest.upload(Images.jobJar());
            List<Figures> jobManager = new ArrayList<>();
            List<Figures> taskManager = new ArrayList<>();
            try (AnsweredClicks clicks =
                    new AnsweredClicks(
                            cluster.broker(), "clicks", "recommendations", shop.clicks())) {
                for (int round = 0; round <= RESUBMISSIONS; round++) {
                    JobID trainer = rest.run(jar, FlinkRest.TRAINER, trainer(), 1, null);
                    JobID recommender =
                            rest.run(jar, FlinkRest.RECOMMENDER, recommender(), 1, null);
                    rest.awaitRunning(trainer);
                    rest.awaitRunning(recommender);
                    clicks.publish(CLICKS);
                    clicks.awaitAnswers();
                    rest.awaitCheckpoint(recommender);
                    rest.awaitCheckpoint(trainer);
                    rest.cancel(recommender);
                    rest.cancel(trainer);
                    jobManager.add(
                            measure("JobManager", cluster.memory(cluster.jobManager()), round));
                    taskManager.add(
                            measure(
                                    "TaskManager",
                                    cluster.memory(cluster.taskManagers().get(0)),
                                    round));
                }
                assertThat(clicks.answers()).hasSize((RESUBMISSIONS + 1) * CLICKS);
            }
            assertThat(ClassLoadingErrors.in(cluster)).as("in the logs").isEmpty();
            assertBounded("JobManager", jobManager);
            assertBounded("TaskManager", taskManager);
        }
    }

    private static Figures measure(String process, ProcessMemory memory, int round)
            throws Exception {
        try (memory) {
            Figures figures = memory.measure();
            System.out.printf(
                    Locale.ROOT,
                    "%-11s %2d: RSS %4d MiB, JVM has committed %4d MiB, metaspace %5.1f MiB in"
                            + " %,6d classes, %d class loaders of jobs, %d threads, heap %3d MiB%n",
                    process,
                    round,
                    figures.residentBytes() / MEBIBYTE,
                    figures.committedBytes() / MEBIBYTE,
                    (double) figures.metaspaceBytes() / MEBIBYTE,
                    figures.classes(),
                    figures.classLoaders(),
                    figures.threads(),
                    figures.heapBytes() / MEBIBYTE);
            return figures;
        }
    }

    private static void assertBounded(String process, List<Figures> rounds) {
        Figures settled = rounds.get(SETTLED);
        Figures last = rounds.get(RESUBMISSIONS);
        assertThat(last.metaspaceBytes())
                .as("metaspace of the %s", process)
                .isLessThan(settled.metaspaceBytes() + 4 * MEBIBYTE);
        assertThat(last.classes())
                .as("classes of the %s", process)
                .isLessThan(settled.classes() * 21 / 20);
        assertThat(last.classLoaders())
                .as("class loaders of jobs of the %s", process)
                .isLessThanOrEqualTo(2);
        assertThat(last.threads())
                .as("threads of the %s", process)
                .isLessThanOrEqualTo(settled.threads() + 5);
        assertThat(last.heapBytes())
                .as("heap of the %s", process)
                .isLessThan(settled.heapBytes() + 16 * MEBIBYTE);
        assertThat(last.residentBytes())
                .as("resident memory of the %s", process)
                .isLessThan(settled.residentBytes() + 64 * MEBIBYTE);
    }

    private static Map<String, String> recommender() {
        Map<String, String> options = new HashMap<>();
        options.put("kafka.bootstrap.servers", Broker.ADDRESS);
        options.put("nextclick.model.path", "file://" + ContainerCluster.MODELS + "/shop");
        options.put("nextclick.catalog.topic", "item-catalog");
        options.put("nextclick.embeddings.topic", "item-embeddings");
        options.put("nextclick.releases.topic", "model-releases");
        return options;
    }

    private static Map<String, String> trainer() {
        Map<String, String> options = new HashMap<>();
        options.put("kafka.bootstrap.servers", Broker.ADDRESS);
        options.put("nextclick.catalog.topic", "item-catalog");
        options.put("nextclick.embeddings.topic", "item-embeddings");
        options.put("nextclick.releases.topic", "model-releases");
        options.put("nextclick.trainer.models", "file://" + ContainerCluster.STATE + "/models");
        options.put("nextclick.trainer.sync-interval", "1 s");
        options.put("nextclick.trainer.snapshot-interval", "2 s");
        options.put("nextclick.tower.admission", "1");
        return options;
    }
}
