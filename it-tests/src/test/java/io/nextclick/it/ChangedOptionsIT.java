package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.JobOptions;
import io.nextclick.jobs.JobOptions.Guarantee;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A job is stopped with a savepoint, and started from it with other options. */
@ExtendWith(LiveSystem.Extension.class)
class ChangedOptionsIT {

    private static final int CLICKS = 3_000;

    /**
     * Releases followed, no longer, and again. What the operators that are gone had in the
     * savepoint must be given up explicitly.
     */
    @Test
    void releasesAreNoLongerFollowedAndThenAgain(LiveSystem system) throws Exception {
        ClicksTopic topic = system.clicksTopic(2);
        String releases = system.topic("model-releases", 1);
        try (JobRun run = run(system, topic).withParallelism(2)) {
            run.start();
            String without = publishAndStop(system, topic, run, 0);

            // Operators that the savepoint doesn't know begin with nothing.
            run.with(JobOptions.RELEASES_TOPIC, releases).restore(without, 2);
            String with = publishAndStop(system, topic, run, 1);

            run.without(JobOptions.RELEASES_TOPIC).restore(with, 2);
            assertThatThrownBy(() -> run.awaitAnswers(CLICKS))
                    .isInstanceOf(AssertionError.class)
                    .rootCause()
                    .hasMessageContaining(
                            "because the operator is not available in the new program")
                    .hasMessageContaining("--allowNonRestoredState");

            run.with(StateRecoveryOptions.SAVEPOINT_IGNORE_UNCLAIMED_STATE, true).restore(with, 2);
            String again = publishAndStop(system, topic, run, 2);

            run.with(StateRecoveryOptions.SAVEPOINT_IGNORE_UNCLAIMED_STATE, false)
                    .with(JobOptions.RELEASES_TOPIC, releases)
                    .restore(again, 1);
            publishAndStop(system, topic, run, 3);
            assertAllAnsweredAsIfNothingHadHappened(system, topic, run);
        }
    }

    /** Another guarantee needs no other state than it finds. */
    @Test
    void exactlyOnceIsSwitchedOnAndOff(LiveSystem system) throws Exception {
        ClicksTopic topic = system.clicksTopic(2);
        try (JobRun run = run(system, topic).withParallelism(2)) {
            run.start();
            String atLeastOnce = publishAndStop(system, topic, run, 0);

            run.with(JobOptions.DELIVERY_GUARANTEE, Guarantee.EXACTLY_ONCE).restore(atLeastOnce, 2);
            String exactlyOnce = publishAndStop(system, topic, run, 1);

            run.with(JobOptions.DELIVERY_GUARANTEE, Guarantee.AT_LEAST_ONCE)
                    .restore(exactlyOnce, 1);
            String back = publishAndStop(system, topic, run, 2);

            run.with(JobOptions.DELIVERY_GUARANTEE, Guarantee.EXACTLY_ONCE).restore(back, 3);
            publishAndStop(system, topic, run, 3);
            assertAllAnsweredAsIfNothingHadHappened(system, topic, run);
        }
    }

    /** The n-th quarter of the clicks. */
    private static String publishAndStop(
            LiveSystem system, ClicksTopic topic, JobRun run, int quarter) throws Exception {
        int from = CLICKS / 4 * quarter;
        topic.publish(clicks(system).subList(from, from + CLICKS / 4), Encoding.JSON);
        return run.awaitAnswers(from + CLICKS / 4).stopWithSavepoint();
    }

    private static void assertAllAnsweredAsIfNothingHadHappened(
            LiveSystem system, ClicksTopic topic, JobRun run) throws Exception {
        assertThat(run.answers()).hasSize(CLICKS);
        try (JobRun uninterrupted =
                new JobRun(system, topic).withModel(system.shop().folder()).start().awaitEnd()) {
            Map<String, Recommendation> expected =
                    Answers.withoutTimes(uninterrupted.answersById());
            assertThat(Answers.withoutTimes(run.answersById())).isEqualTo(expected);
        }
    }

    private static List<LoggedClick> clicks(LiveSystem system) throws Exception {
        return system.shop().clicks().subList(0, CLICKS);
    }

    private static JobRun run(LiveSystem system, ClicksTopic topic) throws Exception {
        return new JobRun(system, topic)
                .withModel(system.shop().folder())
                .with("execution.checkpointing.timeout", "1 min")
                .unending(Duration.ofMillis(500));
    }
}
