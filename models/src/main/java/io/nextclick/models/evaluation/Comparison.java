package io.nextclick.models.evaluation;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * By how much one model is better than another on the same clicks: positive differences speak for
 * the first.
 *
 * @param resampling how intervals and p-values were found
 * @param differences by metric and cut-off, such as {@code mrr@20}; empty if the log holds fewer
 *     than two visits
 * @param byPosition the same at the longest list, by the label of each {@link Slice}
 * @param byPopularity likewise
 */
public record Comparison(
        Resampling resampling,
        Map<String, Difference> differences,
        Map<String, Map<String, Difference>> byPosition,
        Map<String, Map<String, Difference>> byPopularity) {

    public Comparison {
        differences = Collections.unmodifiableMap(new LinkedHashMap<>(differences));
        byPosition = Collections.unmodifiableMap(new LinkedHashMap<>(byPosition));
        byPopularity = Collections.unmodifiableMap(new LinkedHashMap<>(byPopularity));
    }

    /** The comparison as one JSON object. */
    public ObjectNode toJson() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("permutations", resampling.permutations());
        addTo(json.putObject("differences"), differences);
        addTo(json.putArray("by_position"), byPosition);
        addTo(json.putArray("by_popularity"), byPopularity);
        return json;
    }

    private static void addTo(ArrayNode array, Map<String, Map<String, Difference>> slices) {
        slices.forEach(
                (label, sliced) -> {
                    ObjectNode slice = array.addObject().put("slice", label);
                    addTo(slice.putObject("differences"), sliced);
                });
    }

    private static void addTo(ObjectNode json, Map<String, Difference> differences) {
        differences.forEach(
                (name, difference) -> {
                    ObjectNode node = json.putObject(name);
                    node.put("difference", difference.difference());
                    node.putArray("interval")
                            .add(difference.interval().low())
                            .add(difference.interval().high());
                    node.put("p", difference.randomisation());
                    node.put("p_t_test", difference.t());
                });
    }

    /** The differences as a table for a person; those that are multiples of others are left out. */
    public String toTable() {
        StringBuilder table = new StringBuilder();
        table.append(
                String.format(
                        Locale.ROOT,
                        "%8s %9s %22s %9s %9s%n",
                        "",
                        "by",
                        String.format(
                                Locale.ROOT, "%.0f %% between", 100 * resampling.confidence()),
                        "p",
                        "p (t)"));
        differences.forEach(
                (name, difference) -> {
                    if (RankingMetric.BASES.stream()
                            .anyMatch(metric -> name.equals(metric.at(cutoff(name))))) {
                        table.append(
                                String.format(
                                        Locale.ROOT,
                                        "%8s %+9.4f %+11.4f %+10.4f %9.4f %9.4f%n",
                                        name,
                                        difference.difference(),
                                        difference.interval().low(),
                                        difference.interval().high(),
                                        difference.randomisation(),
                                        difference.t()));
                    }
                });
        return table.toString();
    }

    private static int cutoff(String name) {
        return Integer.parseInt(name.substring(name.indexOf('@') + 1));
    }
}
