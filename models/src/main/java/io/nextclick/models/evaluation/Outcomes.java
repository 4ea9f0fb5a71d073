package io.nextclick.models.evaluation;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an {@link Evaluation} saw of one model: the rank of every target, and how often each item
 * stood in the lists. Figures, intervals and comparisons are worked out of it without asking the
 * model again. Takes 4 bytes a prediction and 8 a cut-off and item. Immutable.
 */
public final class Outcomes {

    private final int[] cutoffs;
    private final Predictions predictions;
    private final List<Slice> byPosition;
    private final List<Slice> byPopularity;
    private final List<Exposure> shown;
    private final Exposure targets;
    private final Counts counts;

    /**
     * @param sessions sessions with at least one prediction
     */
    record Counts(
            long sessions,
            long unknownTargets,
            long fallbacks,
            long seenTargets,
            Duration duration) {}

    Outcomes(
            int[] cutoffs,
            Predictions predictions,
            List<Slice> byPosition,
            List<Slice> byPopularity,
            List<Exposure> shown,
            Exposure targets,
            Counts counts) {
        this.cutoffs = cutoffs;
        this.predictions = predictions;
        this.byPosition = List.copyOf(byPosition);
        this.byPopularity = List.copyOf(byPopularity);
        this.shown = List.copyOf(shown);
        this.targets = targets;
        this.counts = counts;
    }

    /** The list lengths measured at, ascending. */
    public int[] cutoffs() {
        return cutoffs.clone();
    }

    /** The longest list measured; no rank beyond it is known. */
    public int longest() {
        return cutoffs[cutoffs.length - 1];
    }

    /** Every prediction, sessions in the order of the log. */
    public Predictions predictions() {
        return predictions;
    }

    /** Parts of the log by how many clicks came before the target. */
    public List<Slice> byPosition() {
        return byPosition;
    }

    /** Parts of the log by how often the target was clicked in training. */
    public List<Slice> byPopularity() {
        return byPopularity;
    }

    /** How often each item stood in the first places of the lists. */
    public Exposure shown(int cutoff) {
        for (int i = 0; i < cutoffs.length; i++) {
            if (cutoffs[i] == cutoff) {
                return shown.get(i);
            }
        }
        throw new IllegalArgumentException("cut-off " + cutoff + " was not measured");
    }

    /** How often each item was a target: what the lists are to foresee. */
    public Exposure targets() {
        return targets;
    }

    /** The figures. */
    public EvaluationReport report() {
        Map<String, Double> figures = new LinkedHashMap<>();
        for (int cutoff : cutoffs) {
            for (RankingMetric metric : RankingMetric.values()) {
                figures.put(metric.at(cutoff), predictions.mean(metric, cutoff));
            }
            Exposure exposure = shown(cutoff);
            figures.put("coverage@" + cutoff, exposure.coverage());
            figures.put("popularity_percentile@" + cutoff, exposure.popularityPercentile());
            figures.put("head_share@" + cutoff, exposure.headShare());
            figures.put("gini@" + cutoff, exposure.gini());
        }
        return new EvaluationReport(
                counts.sessions,
                predictions.size(),
                counts.unknownTargets,
                counts.fallbacks,
                counts.seenTargets,
                figures,
                counts.duration);
    }
}
