package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.RankerTrainerConfig;
import io.nextclick.jobs.RankerTrainerJob;
import io.nextclick.jobs.RankerTrainerOptions;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The recommender and the ranker's trainer, each fed by the other: lists are shown, learnt from,
 * and ordered by what was learnt.
 */
@ExtendWith(LiveSystem.Extension.class)
class RankerTrainerIT {

    private static final long SEED = 20_261_122;
    private static final int ITEMS = 15;
    private static final int LENGTH = 6;
    private static final int LISTED = 10;
    private static final long START = 1_700_000_000_000L;

    /** Clicks put in so far. */
    private final List<LoggedClick> clicks = new ArrayList<>();

    private final Random random = new Random(SEED);

    /**
     * Retrieval knows what is clicked most, which says nothing; each item is followed by another
     * one and the same.
     */
    @Test
    void whatWasShownAndClickedOrdersTheNextLists(LiveSystem system) throws Exception {
        System.out.println("clicks: seed " + SEED);
        ClicksTopic topic = system.clicksTopic(1);
        String releases = system.topic("model-releases", 1);
        try (JobRun recommender = recommender(system, topic, releases);
                Trainer trainer = new Trainer(system, topic, recommender, releases)) {
            recommender.start();
            trainer.start();
            publish(topic, 400);
            recommender.awaitAnswers(clicks.size());
            double unranked = hits(answers(recommender), clicks.size() / 2);
            double[] ranked = new double[1];
            Await.until(
                    "lists are ordered by what was learnt",
                    Await.DEADLINE.multipliedBy(2),
                    () -> {
                        trainer.requireRunning();
                        int before = clicks.size();
                        publish(topic, 40);
                        recommender.awaitAnswers(clicks.size());
                        ranked[0] = hits(answers(recommender), before);
                        return ranked[0] > 0.5;
                    });
            System.out.printf("first of the list: %.3f, ranked %.3f%n", unranked, ranked[0]);
            assertThat(unranked).isLessThan(0.25);
            Recommendation last = last(recommender);
            assertThat(last.ranker().name()).isEqualTo("ranker");
            assertThat(trainer.released())
                    .contains(last.ranker())
                    .allSatisfy(each -> assertThat(each.version()).startsWith(trainer.lineage()));

            trainer.stopAndRestore();
            int known = trainer.released().size();
            Await.until(
                    "the restored trainer goes on",
                    () -> {
                        trainer.requireRunning();
                        publish(topic, 5);
                        recommender.awaitAnswers(clicks.size());
                        return trainer.released().size() > known;
                    });
            assertThat(trainer.released())
                    .allSatisfy(each -> assertThat(each.version()).startsWith(trainer.lineage()));
        }
    }

    private static Recommendation last(JobRun recommender) throws Exception {
        List<Recommendation> answers = answers(recommender);
        return answers.get(answers.size() - 1);
    }

    /** By the clicks that they answer. */
    private static List<Recommendation> answers(JobRun recommender) throws Exception {
        List<Recommendation> answers = new ArrayList<>(recommender.answersById().values());
        answers.sort(Comparator.comparingLong(answer -> answer.trigger().offset()));
        return answers;
    }

    /** The share of answers from one on whose first item was clicked next. */
    private double hits(List<Recommendation> answers, int from) {
        int hits = 0;
        int lists = 0;
        for (int i = from; i < answers.size(); i++) {
            if (i % LENGTH != LENGTH - 1) {
                lists++;
                String first = answers.get(i).items().get(0).itemId();
                hits += first.equals(clicks.get(i + 1).itemId()) ? 1 : 0;
            }
        }
        return (double) hits / lists;
    }

    private void publish(ClicksTopic topic, int sessions) throws Exception {
        List<LoggedClick> next = new ArrayList<>();
        for (int session = 0; session < sessions; session++) {
            int item = random.nextInt(ITEMS);
            for (int i = 0; i < LENGTH; i++) {
                int number = clicks.size() + next.size();
                next.add(
                        new LoggedClick(
                                "e" + number,
                                "s" + number / LENGTH,
                                null,
                                "i" + item,
                                START + 1_000L * number,
                                Map.of()));
                item = (item * 4 + 1) % ITEMS;
            }
        }
        topic.publish(next, Encoding.AVRO);
        clicks.addAll(next);
    }

    private static JobRun recommender(LiveSystem system, ClicksTopic clicks, String releases)
            throws Exception {
        return new JobRun(system, clicks)
                .unending(Duration.ofSeconds(1))
                .with(JobOptions.MODEL_REQUIRED, false)
                .with(JobOptions.RECOMMENDATIONS_COUNT, LISTED)
                .with(JobOptions.CANDIDATES_TRENDING, ITEMS)
                .with(JobOptions.RELEASES_TOPIC, releases)
                .with(JobOptions.RANKING_ENABLED, true)
                .with(JobOptions.RANKING_BUDGET, Duration.ofMinutes(1))
                .with(JobOptions.RANKING_LOGS_FACTS, true);
    }

    /** The trainer's job between the recommender's topics. */
    private static final class Trainer implements AutoCloseable {

        private final LiveSystem system;
        private final Configuration options = new Configuration();
        private final String releases;
        private JobID job;

        Trainer(LiveSystem system, ClicksTopic clicks, JobRun recommender, String releases)
                throws Exception {
            this.system = system;
            this.releases = releases;
            options.setString("kafka.bootstrap.servers", system.kafka().bootstrapServers());
            options.set(JobOptions.CLICKS_TOPIC, clicks.name());
            options.set(JobOptions.CLICKS_START, JobOptions.StartOffsets.EARLIEST);
            options.set(JobOptions.CLICKS_IDLENESS, Duration.ZERO);
            options.set(JobOptions.RECOMMENDATIONS_TOPIC, recommender.recommendationsTopic());
            options.set(JobOptions.REJECTED_TOPIC, recommender.rejectedTopic());
            options.set(JobOptions.RELEASES_TOPIC, releases);
            options.set(RankerTrainerOptions.GROUP_ID, system.unique("ranker-trainer"));
            options.set(RankerTrainerOptions.IMPRESSIONS_WINDOW, Duration.ofSeconds(10));
            options.set(RankerTrainerOptions.IMPRESSIONS_LATENESS, Duration.ofSeconds(1));
            options.set(RankerTrainerOptions.MODELS, system.folder("rankers").toUri().toString());
            options.set(RankerTrainerOptions.INTERVAL, Duration.ofMillis(500));
            options.set(RankerTrainerOptions.WINDOW, 500);
            options.set(RankerTrainerOptions.LEAST_LISTS, 300);
            options.set(RankerTrainerOptions.BIN_EXAMPLES, 2_000);
            options.set(RankerTrainerOptions.RANKER, RankerKind.WIDE_AND_DEEP);
            options.set(RankerTrainerOptions.CROSSES, List.of("last-item*item"));
            options.set(RankerTrainerOptions.LINEAR_RATE, 0.5);
            options.set(
                    RankerTrainerOptions.FIELDS,
                    List.of("last-item/hash:512", "item/hash:512", "score.blend", "popularity"));
            options.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
            options.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(500));
            options.set(
                    CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                    system.folder("checkpoints").toUri().toString());
        }

        void start() throws Exception {
            StreamExecutionEnvironment environment = RankerTrainerJob.environment(options);
            environment.setParallelism(1);
            RankerTrainerJob.define(environment, RankerTrainerConfig.of(options));
            job = system.flink().submit(environment);
        }

        void stopAndRestore() throws Exception {
            system.flink().awaitRunning(job);
            options.set(
                    StateRecoveryOptions.SAVEPOINT_PATH,
                    system.flink().stopWithSavepoint(job, system.folder("savepoints")));
            start();
        }

        void requireRunning() throws Exception {
            if (system.flink().status(job).isGloballyTerminalState()) {
                throw new AssertionError("the trainer ended", system.flink().failure(job));
            }
        }

        List<ModelReference> released() throws Exception {
            Codec<ModelRelease> codec = Topics.MODEL_RELEASES.codec(Encoding.JSON);
            List<ModelReference> released = new ArrayList<>();
            for (ConsumerRecord<byte[], byte[]> record : ClicksTopic.records(system, releases)) {
                ModelRelease release = codec.decode(record.value());
                released.add(new ModelReference(release.name(), release.version()));
            }
            return released;
        }

        /** What the versions of one training run begin with. */
        String lineage() throws Exception {
            String version = released().get(0).version();
            return version.substring(0, version.lastIndexOf('-') + 1);
        }

        @Override
        public void close() {
            if (job != null) {
                try {
                    system.flink().cancel(job);
                } catch (Exception e) {
                    throw new IllegalStateException("job " + job + " can't be cancelled", e);
                }
            }
        }
    }
}
