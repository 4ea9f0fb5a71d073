package io.nextclick.models.evaluation;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * How well a model judged single examples: {@link RatedExamples} and {@link LabelledExamples} make
 * it.
 *
 * @param examples how many were judged
 * @param groups how many users, or visits, they belong to
 * @param figures by name: {@code rmse}, {@code mae}, or {@code auc}, {@code log_loss}; one that the
 *     examples don't define is left out
 * @param resampling how the intervals were found
 * @param intervals where the figures lie, under the same names; empty if there are fewer than two
 *     groups
 */
public record ExampleReport(
        int examples,
        int groups,
        Map<String, Double> figures,
        Resampling resampling,
        Map<String, Interval> intervals) {

    public ExampleReport {
        figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
        intervals = Collections.unmodifiableMap(new LinkedHashMap<>(intervals));
    }

    /** A report of figures that may be NaN, which are left out, over groups of examples. */
    static ExampleReport of(
            GroupedExamples examples,
            Resampling resampling,
            String[] names,
            Resampling.Statistic statistic) {
        double[] once = new double[examples.groups()];
        Arrays.fill(once, 1);
        double[] found = statistic.of(once);
        Interval[] intervals =
                examples.groups() < 2
                        ? new Interval[names.length]
                        : resampling.bootstrap(examples.groups(), names.length, statistic);
        Map<String, Double> figures = new LinkedHashMap<>();
        Map<String, Interval> named = new LinkedHashMap<>();
        for (int m = 0; m < names.length; m++) {
            if (!Double.isNaN(found[m])) {
                figures.put(names[m], found[m]);
                if (intervals[m] != null) {
                    named.put(names[m], intervals[m]);
                }
            }
        }
        return new ExampleReport(examples.size(), examples.groups(), figures, resampling, named);
    }

    /**
     * One figure.
     *
     * @throws IllegalArgumentException if it was not measured
     */
    public double figure(String name) {
        Double figure = figures.get(name);
        if (figure == null) {
            throw new IllegalArgumentException(
                    "no figure '" + name + "', there are " + figures.keySet());
        }
        return figure;
    }

    /** The figures under their names, and under {@code intervals} the two ends of each. */
    public ObjectNode toJson() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("examples", examples);
        json.put("groups", groups);
        figures.forEach(json::put);
        ObjectNode ends = json.putObject("intervals");
        intervals.forEach(
                (name, interval) -> ends.putArray(name).add(interval.low()).add(interval.high()));
        return json;
    }

    /** A line a figure, for a person. */
    public String toTable() {
        StringBuilder table = new StringBuilder();
        figures.forEach(
                (name, figure) -> {
                    Interval interval = intervals.get(name);
                    table.append(String.format(Locale.ROOT, "%10s %9.4f", name, figure));
                    if (interval != null) {
                        table.append(
                                String.format(
                                        Locale.ROOT,
                                        "   %.0f %%: %.4f – %.4f",
                                        100 * resampling.confidence(),
                                        interval.low(),
                                        interval.high()));
                    }
                    table.append(System.lineSeparator());
                });
        return table.toString();
    }
}
