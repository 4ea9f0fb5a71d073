package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.JobOptions.Guarantee;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.ItemEmbedding;
import io.nextclick.schemas.Recommendation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.JobStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The README's procedure for an upgrade, step by step, while clicks keep coming: stop with a
 * savepoint over REST, start from it. That another version's savepoint is taken up is {@link
 * KeptSavepointIT}'s.
 */
@ExtendWith(LiveSystem.Extension.class)
class UpgradeIT {

    private static final int CLICKS = 6_000;

    /** Clicks published at a time, whatever the job does meanwhile. */
    private static final int CHUNK = 50;

    @ParameterizedTest
    @EnumSource(Guarantee.class)
    void recommenderIsUpgradedTwiceWhileClicksKeepComing(Guarantee guarantee, LiveSystem system)
            throws Exception {
        ClicksTopic topic = system.clicksTopic(2);
        try (JobRun run = run(system, topic, guarantee).withParallelism(2)) {
            run.start();
            CompletableFuture<Void> publishing = keepPublishing(system, topic);
            for (int part = 1; part <= 2; part++) {
                run.awaitAnswers(CLICKS / 4 * part);
                String savepoint = stop(system, run, false);
                run.restore(savepoint, 2);
            }
            publishing.get();
            run.awaitAnswers(CLICKS);

            assertThat(Answers.withoutTimes(run.answersById()))
                    .as("nothing missing, nothing otherwise")
                    .isEqualTo(uninterrupted(system, topic));
            assertThat(run.answers()).as("nothing twice").hasSize(CLICKS);
        }
    }

    /**
     * Drained, a job ends its event time: sessions end with it. All that was read is answered, and
     * all that comes later, but as the beginning of a session.
     */
    @Test
    void drainedRecommenderLeavesNothingUnanswered(LiveSystem system) throws Exception {
        ClicksTopic topic = system.clicksTopic(2);
        topic.publish(clicks(system).subList(0, CLICKS / 2), Encoding.JSON);
        try (JobRun run = run(system, topic, Guarantee.EXACTLY_ONCE).withParallelism(2)) {
            run.start().awaitAnswers(CLICKS / 4);
            String drained = stop(system, run, true);
            List<Recommendation> before = List.copyOf(run.answers());
            run.restore(drained, 2);
            topic.publish(clicks(system).subList(CLICKS / 2, CLICKS), Encoding.JSON);
            run.awaitAnswers(CLICKS);

            assertThat(run.answers()).as("nothing twice").hasSize(CLICKS);
            Map<String, Recommendation> expected = uninterrupted(system, topic);
            assertThat(run.answersById().keySet()).isEqualTo(expected.keySet());
            for (Recommendation answer : before) {
                assertThat(Answers.withoutTime(answer)).isEqualTo(expected.get(answer.id()));
            }
            long begunAnew =
                    run.answers().subList(before.size(), CLICKS).stream()
                            .filter(
                                    answer ->
                                            answer.step() == 1
                                                    && expected.get(answer.id()).step() > 1)
                            .count();
            System.out.printf(
                    "drained after %d answers: %d sessions begun anew%n", before.size(), begunAnew);
            assertThat(begunAnew).isPositive();
        }
    }

    /** Stopped and started again, the trainer has learnt what one that never stopped has. */
    @Test
    void trainerIsUpgradedWhileClicksKeepComing(LiveSystem system) throws Exception {
        List<LoggedClick> clicks = TrainerRestoreIT.clicks();
        ClicksTopic topic = system.clicksTopic(1);
        int batch = TrainerRestoreIT.BATCH;
        Map<String, String> upgraded;
        try (TrainerRun run = new TrainerRun(system, topic, batch)) {
            run.start(1);
            CompletableFuture<Void> publishing = keepPublishing(topic, clicks);
            run.awaitStep(TrainerRestoreIT.STEPS / 3);
            String savepoint = stop(system, run, false);
            run.restore(savepoint, 1);
            publishing.get();
            upgraded = run.awaitStep(TrainerRestoreIT.STEPS).savedBits();
        }
        try (TrainerRun run = new TrainerRun(system, topic, batch)) {
            Map<String, String> uninterrupted =
                    run.start(1).awaitStep(TrainerRestoreIT.STEPS).savedBits();
            assertThat(upgraded.keySet()).isEqualTo(uninterrupted.keySet());
            uninterrupted.forEach(
                    (name, bits) -> assertThat(upgraded.get(name)).as(name).isEqualTo(bits));

            // Drained, it publishes all it knows and goes on from there.
            Map<String, ItemEmbedding> before =
                    run.awaitPublished(TrainerRestoreIT.ITEMS).published();
            String drained = stop(system, run, true);
            assertThat(run.published()).hasSameSizeAs(before);
            run.restore(drained, 1).awaitPublished(TrainerRestoreIT.ITEMS);
            assertThat(run.published().values())
                    .extracting(ItemEmbedding::towerVersion)
                    .containsOnly(before.values().iterator().next().towerVersion());
        }
    }

    private static String stop(LiveSystem system, JobRun run, boolean drains) throws Exception {
        // The answers awaited may all be of the job before: a job that is being started can't be
        // stopped with a savepoint.
        system.flink().awaitRunning(run.job());
        String savepoint =
                system.dashboard()
                        .stopWithSavepoint(run.job(), system.folder("savepoints"), drains);
        run.awaitEnd();
        return savepoint;
    }

    private static String stop(LiveSystem system, TrainerRun run, boolean drains) throws Exception {
        system.flink().awaitRunning(run.job());
        String savepoint =
                system.dashboard()
                        .stopWithSavepoint(run.job(), system.folder("savepoints"), drains);
        Await.until(
                "the trainer ends",
                () -> system.flink().status(run.job()).isGloballyTerminalState());
        assertThat(system.flink().status(run.job())).isEqualTo(JobStatus.FINISHED);
        return savepoint;
    }

    private static List<LoggedClick> clicks(LiveSystem system) throws Exception {
        return system.shop().clicks().subList(0, CLICKS);
    }

    private static CompletableFuture<Void> keepPublishing(LiveSystem system, ClicksTopic topic)
            throws Exception {
        return keepPublishing(topic, clicks(system));
    }

    private static CompletableFuture<Void> keepPublishing(
            ClicksTopic topic, List<LoggedClick> clicks) {
        return CompletableFuture.runAsync(
                () -> {
                    for (int from = 0; from < clicks.size(); from += CHUNK) {
                        int to = Math.min(from + CHUNK, clicks.size());
                        try {
                            topic.publish(clicks.subList(from, to), Encoding.JSON);
                        } catch (Exception e) {
                            throw new IllegalStateException("clicks from " + from, e);
                        }
                    }
                });
    }

    private static JobRun run(LiveSystem system, ClicksTopic topic, Guarantee guarantee)
            throws Exception {
        return new JobRun(system, topic)
                .withModel(system.shop().folder())
                .with(JobOptions.DELIVERY_GUARANTEE, guarantee)
                .with("execution.checkpointing.timeout", "1 min")
                .unending(Duration.ofMillis(500));
    }

    private static Map<String, Recommendation> uninterrupted(LiveSystem system, ClicksTopic topic)
            throws Exception {
        try (JobRun run =
                new JobRun(system, topic).withModel(system.shop().folder()).start().awaitEnd()) {
            assertThat(run.answers()).hasSize(CLICKS);
            return Answers.withoutTimes(run.answersById());
        }
    }
}
