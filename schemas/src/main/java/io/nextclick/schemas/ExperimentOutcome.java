package io.nextclick.schemas;

import java.util.List;
import java.util.Map;

/**
 * What a session that took part in an experiment came to, as {@code experiment-outcomes} holds it.
 *
 * @param id the same when the outcome is told again; not empty
 * @param experiment the experiment's name; not empty
 * @param salt the experiment's salt, which tells its runs apart; not empty
 * @param variant the variant that answered; null if the lists were interleaved
 * @param sessionId the session; not empty
 * @param unitId what was assigned to the variant: the session's id or its visitor's; not empty
 * @param startedAtMillis event time of its first click in the experiment, in milliseconds since the
 *     epoch
 * @param endedAtMillis event time of its last click, in milliseconds since the epoch
 * @param clicks clicks that were answered in the experiment, at least 1
 * @param lists answers that a click followed, at least 0
 * @param hits lists among them that held the item clicked next, in [0, lists]
 * @param credits how many of the hits each variant is credited with if lists were interleaved;
 *     empty otherwise
 * @param metrics what else was measured by name; finite
 */
public record ExperimentOutcome(
        String id,
        String experiment,
        String salt,
        String variant,
        String sessionId,
        String unitId,
        long startedAtMillis,
        long endedAtMillis,
        int clicks,
        int lists,
        int hits,
        List<Credit> credits,
        Map<String, Double> metrics) {

    public ExperimentOutcome {
        RecordChecks.requireText(id, "id");
        RecordChecks.requireText(experiment, "experiment");
        RecordChecks.requireText(salt, "salt");
        RecordChecks.requireText(sessionId, "session_id");
        RecordChecks.requireText(unitId, "unit_id");
        if (variant != null) {
            RecordChecks.requireText(variant, "variant");
        }
        if (clicks < 1) {
            throw new IllegalArgumentException("clicks is " + clicks + ", it must be 1 or more");
        }
        if (lists < 0) {
            throw new IllegalArgumentException("lists is " + lists + ", it must be 0 or more");
        }
        if (hits < 0 || hits > lists) {
            throw new IllegalArgumentException(
                    "hits is " + hits + ", it must be in [0, " + lists + "]");
        }
        credits = List.copyOf(credits);
        metrics = Map.copyOf(metrics);
        metrics.forEach((metric, value) -> RecordChecks.requireFinite(value, "metrics"));
    }

    /**
     * What one variant is credited with.
     *
     * @param variant its name; not empty
     * @param hits on items that it put into the list, at least 0
     */
    public record Credit(String variant, int hits) {

        public Credit {
            RecordChecks.requireText(variant, "credits[].variant");
            if (hits < 0) {
                throw new IllegalArgumentException(
                        "credits[].hits is " + hits + ", it must be 0 or more");
            }
        }
    }
}
