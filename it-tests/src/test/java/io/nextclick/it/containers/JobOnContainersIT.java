package io.nextclick.it.containers;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.it.Await;
import io.nextclick.it.TrainedShop;
import io.nextclick.jobs.SessionRecommenderJob;
import io.nextclick.jobs.ready.Readiness;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The job as it is deployed and upgraded: its jar uploaded to a session cluster of containers,
 * stopped with a savepoint, started again from it, and drained in the end.
 */
@RequiresDocker
class JobOnContainersIT {

    private static final int CLICKS = 5_000;
    private static final Map<String, String> OPTIONS =
            Map.of(
                    "kafka.bootstrap.servers",
                    Broker.ADDRESS,
                    "nextclick.model.path",
                    "file://" + ContainerCluster.MODELS + "/shop");

    @Test
    void everyClickIsAnsweredOnceOverAnUpgrade(@TempDir Path models) throws Exception {
        TrainedShop shop = TrainedShop.train(models.resolve("shop"));
        try (ContainerCluster cluster =
                ContainerCluster.start(ContainerCluster.Size.TWO_SMALL, models)) {
            cluster.broker().createTopic("clicks", 4);
            cluster.broker().createTopic("recommendations", 4);
            cluster.broker().createTopic("clicks-rejected", 1);
            for (Node node : cluster.flink()) {
                assertThat(node.user()).as("user of %s", node.alias()).isEqualTo("9999");
            }

            FlinkRest rest = cluster.rest();
            String jar = rest.upload(Images.jobJar());
            JobID job = rest.run(jar, FlinkRest.RECOMMENDER, OPTIONS, 2, null);
            awaitReady(rest);
            assertThat(rest.dashboard().vertices(job).keySet())
                    .as("names on the dashboard")
                    .anyMatch(name -> name.startsWith("Source: Clicks from Kafka -> Set aside"))
                    .anyMatch(name -> name.startsWith("Recommend next items -> Recommendations"));
            try (AnsweredClicks clicks =
                    new AnsweredClicks(
                            cluster.broker(), "clicks", "recommendations", shop.clicks())) {
                clicks.publish(CLICKS);
                clicks.awaitAnswers();
                clicks.assertEachAnsweredOnce();

                clicks.publish(CLICKS);
                String savepoint =
                        rest.stopWithSavepoint(
                                job, "file://" + ContainerCluster.STATE + "/savepoints", false);
                clicks.publish(CLICKS / 2);
                JobID upgraded = rest.run(jar, FlinkRest.RECOMMENDER, OPTIONS, 3, savepoint);
                clicks.publish(CLICKS / 2);
                clicks.awaitAnswers();
                awaitReady(rest);
                rest.stopWithSavepoint(
                        upgraded, "file://" + ContainerCluster.STATE + "/savepoints", true);
                clicks.assertEachAnsweredOnce();
            }
            assertThat(ClassLoadingErrors.in(cluster)).as("in the logs").isEmpty();
        }
    }

    private static void awaitReady(FlinkRest rest) throws Exception {
        Readiness readiness = new Readiness(URI.create(rest.address()), Duration.ofSeconds(5));
        Await.until(
                "the job is ready",
                Duration.ofMinutes(2),
                () -> readiness.look(SessionRecommenderJob.NAME).isReady());
    }
}
