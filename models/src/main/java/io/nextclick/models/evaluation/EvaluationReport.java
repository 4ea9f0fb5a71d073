package io.nextclick.models.evaluation;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What an {@link Evaluation} found.
 *
 * @param sessions sessions with at least one prediction
 * @param predictions targets ranked, misses included
 * @param unknownTargets targets that the model does not know: each is a miss
 * @param fallbacks predictions from a prefix without any known item, ranked by popularity
 * @param seenTargets targets that were masked because the prefix holds them: each is a miss; 0
 *     unless seen items are masked
 * @param metrics the figures by name, in [0, 1], at each cut-off: those of {@link RankingMetric}
 *     such as {@code hr@20} and {@code mrr@20}, and those of {@link Exposure}: {@code coverage@20},
 *     {@code popularity_percentile@20}, {@code head_share@20}, {@code gini@20}; beside these, what
 *     the targets themselves come to: {@code target_popularity_percentile} and so on
 * @param duration how long it took
 * @param resampling how the intervals were found; null if there are none
 * @param intervals where the figures of {@link RankingMetric} lie, under the same names
 * @param byPosition figures by how many clicks of the session came before the target
 * @param byPopularity figures by how often the target was clicked in training
 */
public record EvaluationReport(
        long sessions,
        long predictions,
        long unknownTargets,
        long fallbacks,
        long seenTargets,
        Map<String, Double> metrics,
        Duration duration,
        Resampling resampling,
        Map<String, Interval> intervals,
        List<SliceReport> byPosition,
        List<SliceReport> byPopularity) {

    public EvaluationReport {
        intervals = Collections.unmodifiableMap(new LinkedHashMap<>(intervals));
        byPosition = List.copyOf(byPosition);
        byPopularity = List.copyOf(byPopularity);
        metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
    }

    /**
     * One figure.
     *
     * @param name such as {@code mrr@20}
     * @throws IllegalArgumentException if it was not measured
     */
    public double metric(String name) {
        Double figure = metrics.get(name);
        if (figure == null) {
            throw new IllegalArgumentException(
                    "no figure '" + name + "', there are " + metrics.keySet());
        }
        return figure;
    }

    /**
     * The report as one JSON object: a number under the name of each figure. Where intervals were
     * asked for, {@code intervals} holds the two ends of each under the same name, and {@code
     * by_position} and {@code by_popularity} an object for each slice.
     */
    public ObjectNode toJson() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("sessions", sessions);
        json.put("predictions", predictions);
        json.put("unknown_targets", unknownTargets);
        json.put("fallbacks", fallbacks);
        json.put("seen_targets", seenTargets);
        metrics.forEach((name, figure) -> json.put(name, figure));
        json.put("seconds", duration.toMillis() / 1000.0);
        if (resampling != null) {
            json.put("confidence", resampling.confidence());
            json.put("resamples", resampling.resamples());
            json.put("seed", resampling.seed());
            addIntervals(json, intervals);
            addSlices(json.putArray("by_position"), byPosition);
            addSlices(json.putArray("by_popularity"), byPopularity);
        }
        return json;
    }

    private static void addIntervals(ObjectNode json, Map<String, Interval> intervals) {
        ObjectNode node = json.putObject("intervals");
        intervals.forEach(
                (name, interval) -> node.putArray(name).add(interval.low()).add(interval.high()));
    }

    private static void addSlices(ArrayNode array, List<SliceReport> slices) {
        for (SliceReport slice : slices) {
            ObjectNode node = array.addObject();
            node.put("slice", slice.label()).put("predictions", slice.predictions());
            slice.metrics().forEach((name, figure) -> node.put(name, figure));
            addIntervals(node, slice.intervals());
        }
    }

    /**
     * The report as tables for a person, a line a cut-off; figures that are multiples of others are
     * left out.
     */
    public String toTable() {
        StringBuilder table = new StringBuilder();
        table.append(
                String.format(
                        Locale.ROOT,
                        "%,d predictions in %,d sessions; %,d targets unknown, %,d ranked by"
                                + " popularity; %.1f s%n",
                        predictions,
                        sessions,
                        unknownTargets,
                        fallbacks,
                        duration.toMillis() / 1000.0));
        table.append(
                String.format(
                        Locale.ROOT,
                        "%8s %9s %9s %9s %9s %11s %11s %9s%n",
                        "@",
                        "HR",
                        "MRR",
                        "NDCG",
                        "coverage",
                        "popularity",
                        "head share",
                        "Gini"));
        for (String cutoff : cutoffs()) {
            table.append(
                    String.format(
                            Locale.ROOT,
                            "%8s %9.4f %9.4f %9.4f %9.4f %11.4f %11.4f %9.4f%n",
                            cutoff,
                            metric("hr@" + cutoff),
                            metric("mrr@" + cutoff),
                            metric("ndcg@" + cutoff),
                            metric("coverage@" + cutoff),
                            metric("popularity_percentile@" + cutoff),
                            metric("head_share@" + cutoff),
                            metric("gini@" + cutoff)));
        }
        if (!intervals.isEmpty()) {
            String share = String.format(Locale.ROOT, "%.0f %%", 100 * resampling.confidence());
            table.append(
                    String.format(Locale.ROOT, "%8s %17s %17s %17s%n", share, "HR", "MRR", "NDCG"));
            for (String cutoff : cutoffs()) {
                table.append(
                        String.format(
                                Locale.ROOT,
                                "%8s %17s %17s %17s%n",
                                cutoff,
                                ends("hr@" + cutoff),
                                ends("mrr@" + cutoff),
                                ends("ndcg@" + cutoff)));
            }
        }
        return table.toString();
    }

    private List<String> cutoffs() {
        return metrics.keySet().stream()
                .filter(name -> name.startsWith("hr@"))
                .map(name -> name.substring("hr@".length()))
                .toList();
    }

    private String ends(String name) {
        Interval interval = intervals.get(name);
        return String.format(Locale.ROOT, "%.4f – %.4f", interval.low(), interval.high());
    }
}
