package io.nextclick.it.containers;

import io.nextclick.it.TrainedShop;
import java.nio.file.Path;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The job as it is deployed: its jar uploaded to a session cluster of containers. */
@RequiresDocker
class JobOnContainersIT {

    private static final int CLICKS = 5_000;

    @Test
    void everyClickIsAnswered(@TempDir Path models) throws Exception {
        TrainedShop shop = TrainedShop.train(models.resolve("shop"));
        try (ContainerCluster cluster =
                ContainerCluster.start(ContainerCluster.Size.TWO_SMALL, models, Map.of())) {
            cluster.createTopic("clicks", 4);
            cluster.createTopic("recommendations", 4);
            cluster.createTopic("clicks-rejected", 1);
            FlinkRest rest = cluster.rest();
            String jar = rest.upload(Images.jobJar());
            JobID job =
                    rest.run(
                            jar,
                            FlinkRest.RECOMMENDER,
                            Map.of(
                                    "kafka.bootstrap.servers",
                                    ContainerCluster.BROKERS,
                                    "nextclick.model.path",
                                    "file://" + ContainerCluster.MODELS + "/shop"),
                            2,
                            null);
            rest.awaitRunning(job);
            try (AnsweredClicks clicks =
                    new AnsweredClicks(cluster, "clicks", "recommendations", shop.clicks())) {
                clicks.publish(CLICKS);
                clicks.awaitAnswers();
                clicks.assertEachAnsweredOnce();
            }
            System.out.println(rest.dashboard().vertices(job));
            System.out.println(cluster.users());
            System.out.println(cluster.users());
            rest.cancel(job);
        }
    }
}
