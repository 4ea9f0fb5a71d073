package io.nextclick.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Recommendation;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Savepoints that earlier versions of the job wrote are taken up by this one, which goes on to
 * answer what they went on to answer.
 *
 * <p>Each release keeps one, written by {@code -Dnextclick.keep-savepoint=NAME}.
 */
@ExtendWith(LiveSystem.Extension.class)
class KeptSavepointIT {

    private static final String OPERATOR = "Recommend_next_items.";

    /** Scores of another processor's instructions differ in their last bits. */
    private static final double TOLERANCE = 1e-4;

    static Stream<KeptSavepoint> all() throws IOException {
        return KeptSavepoint.all().stream();
    }

    @ParameterizedTest
    @MethodSource("all")
    void isTakenUpAtAnyParallelism(KeptSavepoint kept, LiveSystem system) throws Exception {
        Map<String, Recommendation> expected = kept.answers();
        List<LoggedClick> clicks = kept.clicks();
        assertThat(expected).hasSize(KeptSavepoint.AFTER + KeptSavepoint.LATE_SESSIONS);
        ClicksTopic topic = kept.topic(system);
        topic.publish(clicks.subList(0, KeptSavepoint.BEFORE), Encoding.JSON);
        topic.publish(clicks.subList(KeptSavepoint.BEFORE, clicks.size()), Encoding.JSON);
        try (JobRun one = kept.run(system, topic);
                JobRun three = kept.run(system, topic)) {
            one.restore(kept.path(), 1).awaitAnswers(expected.size());
            three.restore(kept.path(), 3).awaitAnswers(expected.size());
            for (JobRun run : List.of(one, three)) {
                assertThat(run.answersById().keySet()).isEqualTo(expected.keySet());
                assertThat(run.answers()).hasSize(expected.size());
                for (Recommendation answer : run.answers()) {
                    Answers.assertAlike(answer, expected.get(answer.id()), TOLERANCE);
                }
            }
            // Timers of the sessions before the savepoint have ended them; their hidden states
            // were gone on with, not made anew.
            awaitMetric(system, one, "liveSessions", KeptSavepoint.LATE_SESSIONS);
            awaitMetric(system, one, "sessionsRebuilt", 0);
        }
    }

    private static void awaitMetric(LiveSystem system, JobRun run, String name, int value)
            throws Exception {
        String metric = OPERATOR + name;
        Await.until(
                metric + " is " + value,
                () -> {
                    for (String vertex : system.dashboard().vertices(run.job()).values()) {
                        for (Map.Entry<String, String> each :
                                system.dashboard().metrics(run.job(), vertex, metric).entrySet()) {
                            if (each.getValue().equals(Integer.toString(value))) {
                                return true;
                            }
                        }
                    }
                    return false;
                });
    }

    @Test
    @EnabledIfSystemProperty(named = "nextclick.keep-savepoint", matches = ".+")
    void keepOneOfThisVersion(LiveSystem system) throws Exception {
        String name = System.getProperty("nextclick.keep-savepoint");
        KeptSavepoint.write(system, KeptSavepoint.ALL.resolve(KeptSavepoint.PREFIX + name));
    }
}
