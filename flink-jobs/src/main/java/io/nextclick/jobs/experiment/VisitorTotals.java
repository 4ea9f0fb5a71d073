package io.nextclick.jobs.experiment;

import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.ExperimentOutcome.Credit;
import java.util.HashMap;
import java.util.Map;

/**
 * What a visitor's sessions in a run of an experiment came to together.
 *
 * @param variant the variant that answered the first of them; null if lists were interleaved
 * @param lists answers that a click followed
 * @param hits lists among them that held the item clicked next; where they were interleaved those
 *     that a variant is credited with, by its name
 */
record VisitorTotals(String variant, long lists, Map<String, Long> hits) {

    VisitorTotals {
        hits = Map.copyOf(hits);
    }

    /** Of one session. */
    static VisitorTotals of(ExperimentOutcome outcome) {
        Map<String, Long> hits = new HashMap<>();
        if (outcome.variant() != null) {
            hits.put(outcome.variant(), (long) outcome.hits());
        }
        for (Credit credit : outcome.credits()) {
            hits.merge(credit.variant(), (long) credit.hits(), Long::sum);
        }
        return new VisitorTotals(outcome.variant(), outcome.lists(), hits);
    }

    /** With another session under the same variant. */
    VisitorTotals plus(VisitorTotals other) {
        Map<String, Long> sum = new HashMap<>(hits);
        other.hits.forEach((name, more) -> sum.merge(name, more, Long::sum));
        return new VisitorTotals(variant, lists + other.lists, sum);
    }

    /** Hits that a variant is credited with. */
    double hitsOf(String name) {
        return (double) hits.getOrDefault(name, 0L);
    }
}
