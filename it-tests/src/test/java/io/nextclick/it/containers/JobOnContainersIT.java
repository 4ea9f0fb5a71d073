package io.nextclick.it.containers;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.it.Await;
import io.nextclick.it.TrainedShop;
import io.nextclick.jobs.demo.ClickPublisher;
import io.nextclick.jobs.demo.RecommendationReader;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Topics;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
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
                            Map.of(
                                    "kafka.bootstrap.servers",
                                    ContainerCluster.BROKERS,
                                    "nextclick.model.path",
                                    "file://" + ContainerCluster.MODELS + "/shop"),
                            2,
                            null);
            rest.awaitRunning(job);
            Map<String, Integer> answers = new HashMap<>();
            Map<String, String> published = new ConcurrentHashMap<>();
            try (RecommendationReader reader =
                            new RecommendationReader(cluster.client(), "recommendations", true);
                    ClickPublisher publisher =
                            new ClickPublisher(
                                    cluster.client(),
                                    "clicks",
                                    Topics.CLICKS.codec(Encoding.AVRO),
                                    (index, partition, offset, time) ->
                                            published.put(
                                                    "clicks-" + partition + "-" + offset, ""))) {
                for (LoggedClick click : shop.clicks().subList(0, CLICKS)) {
                    publisher.publish(click, 0);
                }
                publisher.flush();
                Await.until(
                        "all answers",
                        () -> {
                            reader.poll()
                                    .forEach(
                                            received ->
                                                    answers.merge(
                                                            received.recommendation().id(),
                                                            1,
                                                            Integer::sum));
                            return answers.size() >= CLICKS;
                        });
            }
            assertThat(answers.keySet()).isEqualTo(published.keySet());
            assertThat(answers.values()).containsOnly(1);
            System.out.println(rest.dashboard().vertices(job));
            System.out.println(cluster.users());
            System.out.println(cluster.memory(0).measure());
            rest.cancel(job);
        }
    }
}
