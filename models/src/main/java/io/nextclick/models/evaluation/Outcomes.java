package io.nextclick.models.evaluation;

import java.time.Duration;
import java.util.Arrays;
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
        return report(figures(), null, Map.of(), List.of(), List.of());
    }

    /**
     * The figures, where each lies, and those of the slices at the longest list. Takes about a
     * second for 60,000 visits and three cut-offs.
     */
    public EvaluationReport report(Resampling resampling) {
        return report(
                figures(),
                resampling,
                resampling.intervals(predictions, cutoffs),
                slices(byPosition, resampling),
                slices(byPopularity, resampling));
    }

    private EvaluationReport report(
            Map<String, Double> figures,
            Resampling resampling,
            Map<String, Interval> intervals,
            List<SliceReport> positions,
            List<SliceReport> popularities) {
        return new EvaluationReport(
                counts.sessions,
                predictions.size(),
                counts.unknownTargets,
                counts.fallbacks,
                counts.seenTargets,
                figures,
                counts.duration,
                resampling,
                intervals,
                positions,
                popularities);
    }

    private Map<String, Double> figures() {
        Map<String, Double> figures = new LinkedHashMap<>();
        for (int cutoff : cutoffs) {
            figures.putAll(ranking(predictions, cutoff));
            Exposure exposure = shown(cutoff);
            figures.put("coverage@" + cutoff, exposure.coverage());
            figures.put("popularity_percentile@" + cutoff, exposure.popularityPercentile());
            figures.put("head_share@" + cutoff, exposure.headShare());
            figures.put("gini@" + cutoff, exposure.gini());
        }
        figures.put("target_coverage", targets.coverage());
        figures.put("target_popularity_percentile", targets.popularityPercentile());
        figures.put("target_head_share", targets.headShare());
        figures.put("target_gini", targets.gini());
        return figures;
    }

    /**
     * The figures of parts of the log at the longest list.
     *
     * @param slices of this model's outcomes, or of another's on the same sessions
     */
    public List<SliceReport> slices(List<Slice> slices, Resampling resampling) {
        return slices.stream()
                .map(
                        slice -> {
                            Predictions part = slice.of(predictions);
                            return new SliceReport(
                                    slice.label(),
                                    part.size(),
                                    ranking(part, longest()),
                                    resampling.intervals(part, longest()));
                        })
                .toList();
    }

    private static Map<String, Double> ranking(Predictions predictions, int cutoff) {
        Map<String, Double> figures = new LinkedHashMap<>();
        for (RankingMetric metric : RankingMetric.values()) {
            figures.put(metric.at(cutoff), predictions.mean(metric, cutoff));
        }
        return figures;
    }

    /**
     * By how much this model is better than another, on the whole and slice by slice.
     *
     * @param other what the other model made of the same sessions, at the same cut-offs
     * @throws IllegalArgumentException if it was asked something else
     */
    public Comparison against(Outcomes other, Resampling resampling) {
        if (!Arrays.equals(cutoffs, other.cutoffs)) {
            throw new IllegalArgumentException(
                    "one model was measured at "
                            + Arrays.toString(cutoffs)
                            + ", the other at "
                            + Arrays.toString(other.cutoffs));
        }
        return new Comparison(
                resampling,
                resampling.differences(predictions, other.predictions, cutoffs),
                compared(byPosition, other, resampling),
                compared(byPopularity, other, resampling));
    }

    private Map<String, Map<String, Difference>> compared(
            List<Slice> slices, Outcomes other, Resampling resampling) {
        Map<String, Map<String, Difference>> compared = new LinkedHashMap<>();
        for (Slice slice : slices) {
            compared.put(
                    slice.label(),
                    resampling.differences(
                            slice.of(predictions), slice.of(other.predictions), longest()));
        }
        return compared;
    }
}
