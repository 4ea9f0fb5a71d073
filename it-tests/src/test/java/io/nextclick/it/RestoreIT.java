package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.JobOptions.Guarantee;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Whatever stops the job in the middle of the stream, each click is answered as if nothing had
 * happened: the same ids, items and steps as of a run without interruption.
 */
@ExtendWith(LiveSystem.Extension.class)
class RestoreIT {

    private static final int CLICKS = 6_000;
    private static final int FIRST = 3_001;
    private static final Duration CHECKPOINTS = Duration.ofMillis(250);

    /** Bundles that wait for more clicks than come, so that some are always begun. */
    private static final Duration LONG = Duration.ofSeconds(20);

    @Test
    void savepointInMidStream(LiveSystem system) throws Exception {
        ClicksTopic topic = system.clicksTopic(2);
        topic.publish(clicks(system).subList(0, FIRST), Encoding.AVRO);
        try (JobRun sameParallelism = run(system, topic).withParallelism(2);
                JobRun fewer = run(system, topic).withParallelism(2);
                JobRun more = run(system, topic).withParallelism(1)) {
            String same = stopInTheMiddle(sameParallelism);
            String ofTwo = stopInTheMiddle(fewer);
            String ofOne = stopInTheMiddle(more);
            topic.publish(clicks(system).subList(FIRST, CLICKS), Encoding.AVRO);
            Map<String, Recommendation> expected = uninterrupted(system, topic);

            sameParallelism.restore(same, 2).awaitAnswers(CLICKS);
            fewer.restore(ofTwo, 1).awaitAnswers(CLICKS);
            more.restore(ofOne, 2).awaitAnswers(CLICKS);

            for (JobRun run : List.of(sameParallelism, fewer, more)) {
                assertThat(Answers.withoutTimes(run.answersById())).isEqualTo(expected);
                // A savepoint waits for all that is in flight: nothing is answered again.
                assertThat(run.answers()).hasSize(CLICKS);
            }
        }
    }

    @Test
    void taskFailureInMidBundle(LiveSystem system) throws Exception {
        ClicksTopic topic = system.clicksTopic(2);
        FaultyModels models = new FaultyModels(system.unique("models"));
        topic.publish(clicks(system).subList(0, FIRST), Encoding.AVRO);
        try (JobRun run = run(system, topic).withParallelism(2).withModels(models)) {
            failInTheMiddle(system, topic, run, models);

            Map<String, Recommendation> expected = uninterrupted(system, topic);
            run.awaitAnswers(CLICKS);
            assertThat(Answers.withoutTimes(run.answersById())).isEqualTo(expected);
            // Some are answered twice, under the same id and alike.
            for (Recommendation answer : run.answers()) {
                assertThat(Answers.withoutTime(answer)).isEqualTo(expected.get(answer.id()));
            }
        }
    }

    @Test
    void taskFailureWithExactlyOnce(LiveSystem system) throws Exception {
        ClicksTopic topic = system.clicksTopic(2);
        FaultyModels models = new FaultyModels(system.unique("models"));
        topic.publish(clicks(system).subList(0, FIRST), Encoding.AVRO);
        try (JobRun run =
                run(system, topic)
                        .with(JobOptions.DELIVERY_GUARANTEE, Guarantee.EXACTLY_ONCE)
                        .with("execution.checkpointing.timeout", "1 min")
                        .withModels(models)) {
            failInTheMiddle(system, topic, run, models);

            Map<String, Recommendation> expected = uninterrupted(system, topic);
            run.awaitAnswers(CLICKS);
            assertThat(Answers.withoutTimes(run.answersById())).isEqualTo(expected);
            // Who reads committed records only sees each answer once, and in order.
            assertThat(run.answers()).hasSize(CLICKS);
        }
    }

    private static List<LoggedClick> clicks(LiveSystem system) throws Exception {
        return system.shop().clicks().subList(0, CLICKS);
    }

    private static JobRun run(LiveSystem system, ClicksTopic topic) throws Exception {
        return new JobRun(system, topic)
                .withModel(system.shop().folder())
                .with(JobOptions.RECOMMENDATIONS_FORMAT, Encoding.AVRO)
                .with(JobOptions.BUNDLE_SIZE, 64)
                .with(JobOptions.BUNDLE_TIMEOUT, LONG)
                .unending(CHECKPOINTS);
    }

    /** Starts, and stops as soon as some are answered. */
    private static String stopInTheMiddle(JobRun run) throws Exception {
        run.start().awaitAnswers(FIRST / 4);
        return run.stopWithSavepoint();
    }

    /** Starts, and has a task fail when there is a checkpoint to go back to and more to do. */
    private static void failInTheMiddle(
            LiveSystem system, ClicksTopic topic, JobRun run, FaultyModels models)
            throws Exception {
        run.start().awaitAnswers(FIRST / 4);
        Await.until(
                "a checkpoint is complete",
                () -> system.dashboard().completedCheckpoints(run.job()) > 0);
        models.failAfter(5);
        topic.publish(clicks(system).subList(FIRST, CLICKS), Encoding.AVRO);
        Await.until("a task fails", models::hasFailed);
    }

    private static Map<String, Recommendation> uninterrupted(LiveSystem system, ClicksTopic topic)
            throws Exception {
        try (JobRun run =
                new JobRun(system, topic)
                        .withModel(system.shop().folder())
                        .with(JobOptions.RECOMMENDATIONS_FORMAT, Encoding.AVRO)
                        .start()
                        .awaitEnd()) {
            assertThat(run.answers()).hasSize(CLICKS);
            return Answers.withoutTimes(run.answersById());
        }
    }
}
