package io.nextclick.models.evaluation;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The figures of a {@link Slice}, at the longest list measured.
 *
 * @param metrics the figures of {@link RankingMetric} by name
 * @param intervals where they lie, under the same names; empty if the slice holds fewer than two
 *     visits
 */
public record SliceReport(
        String label,
        long predictions,
        Map<String, Double> metrics,
        Map<String, Interval> intervals) {

    public SliceReport {
        metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
        intervals = Collections.unmodifiableMap(new LinkedHashMap<>(intervals));
    }
}
