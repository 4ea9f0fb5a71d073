package io.nextclick.models.evaluation;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
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
 *     {@code popularity_percentile@20}, {@code head_share@20}, {@code gini@20}
 * @param duration how long it took
 */
public record EvaluationReport(
        long sessions,
        long predictions,
        long unknownTargets,
        long fallbacks,
        long seenTargets,
        Map<String, Double> metrics,
        Duration duration) {

    public EvaluationReport {
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

    /** The report as one JSON object: a number under each name. */
    public ObjectNode toJson() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("sessions", sessions);
        json.put("predictions", predictions);
        json.put("unknown_targets", unknownTargets);
        json.put("fallbacks", fallbacks);
        json.put("seen_targets", seenTargets);
        metrics.forEach((name, figure) -> json.put(name, figure));
        json.put("seconds", duration.toMillis() / 1000.0);
        return json;
    }

    /** The report as a table for a person, one line a cut-off. */
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
        for (String name : metrics.keySet()) {
            if (name.startsWith("hr@")) {
                String cutoff = name.substring("hr@".length());
                table.append(
                        String.format(
                                Locale.ROOT,
                                "%8s %9.4f %9.4f %9.4f %9.4f %11.4f %11.4f %9.4f%n",
                                cutoff,
                                metric(name),
                                metric("mrr@" + cutoff),
                                metric("ndcg@" + cutoff),
                                metric("coverage@" + cutoff),
                                metric("popularity_percentile@" + cutoff),
                                metric("head_share@" + cutoff),
                                metric("gini@" + cutoff)));
            }
        }
        return table.toString();
    }
}
