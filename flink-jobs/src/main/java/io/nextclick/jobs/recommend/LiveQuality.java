package io.nextclick.jobs.recommend;

import java.util.Map;
import java.util.OptionalDouble;
import org.apache.flink.api.common.accumulators.DoubleCounter;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * How good the lists are that sessions get, measured test-then-train: each click labels the list
 * that its session got before it.
 *
 * <p>What counts as a label: a click that continues its session (neither its first, nor a repeat,
 * nor a duplicate), if the session's last list was made under the model that is loaded now. All
 * such lists count, fallbacks too, since they are what the session got; a clicked item that the
 * model doesn't know is a miss. This is what the offline evaluation counts. The popularity baseline
 * ranks the same clicks: from the model's training log, ties against it, and with the session's own
 * items left out where the lists leave them out. Without a model the lists are popularity's own and
 * both figures are the same.
 *
 * <p>Gauges look back over the last labels of one subtask. Accumulators count all labels of all
 * subtasks since the job was started or restored; {@link Report#of} reads them from a job client.
 */
public final class LiveQuality {

    /** Ranks that count as hits: the 20 of recall@20 and MRR@20. */
    public static final int CUTOFF = 20;

    private static final String LABELS = "live quality: labels";
    private static final String HITS = "live quality: hits";
    private static final String RECIPROCAL_RANKS = "live quality: sum of reciprocal ranks";
    private static final String POPULARITY_HITS = "live quality: popularity hits";
    private static final String POPULARITY_RECIPROCAL_RANKS =
            "live quality: popularity sum of reciprocal ranks";

    private final QualityWindow lists;
    private final QualityWindow popularity;
    private final LongCounter labels = new LongCounter();
    private final LongCounter hits = new LongCounter();
    private final DoubleCounter reciprocalRanks = new DoubleCounter();
    private final LongCounter popularityHits = new LongCounter();
    private final DoubleCounter popularityReciprocalRanks = new DoubleCounter();

    LiveQuality(int window) {
        lists = new QualityWindow(CUTOFF, window);
        popularity = new QualityWindow(CUTOFF, window);
    }

    void register(MetricGroup group, RuntimeContext context) {
        group.gauge("recall@" + CUTOFF, (Gauge<Double>) lists::recall);
        group.gauge("mrr@" + CUTOFF, (Gauge<Double>) lists::meanReciprocalRank);
        group.gauge("popularityRecall@" + CUTOFF, (Gauge<Double>) popularity::recall);
        group.gauge("popularityMrr@" + CUTOFF, (Gauge<Double>) popularity::meanReciprocalRank);
        group.gauge("labels", (Gauge<Long>) labels::getLocalValue);
        context.addAccumulator(LABELS, labels);
        context.addAccumulator(HITS, hits);
        context.addAccumulator(RECIPROCAL_RANKS, reciprocalRanks);
        context.addAccumulator(POPULARITY_HITS, popularityHits);
        context.addAccumulator(POPULARITY_RECIPROCAL_RANKS, popularityReciprocalRanks);
    }

    /**
     * @param rank the clicked item's place from 0 in the list before; negative if it wasn't there
     * @param popularityRank its place in the baseline's; negative if it wasn't there
     */
    void label(int rank, int popularityRank) {
        lists.add(rank);
        popularity.add(popularityRank);
        labels.add(1);
        if (rank >= 0 && rank < CUTOFF) {
            hits.add(1);
            reciprocalRanks.add(1.0 / (rank + 1));
        }
        if (popularityRank >= 0 && popularityRank < CUTOFF) {
            popularityHits.add(1);
            popularityReciprocalRanks.add(1.0 / (popularityRank + 1));
        }
    }

    /**
     * Quality over the whole run.
     *
     * @param labels clicks that labelled a list
     * @param recall share of them that were in the list's first 20; empty without labels
     * @param meanReciprocalRank mean of 1 / rank there, a miss counting 0; empty without labels
     * @param popularityRecall the same of the popularity baseline
     * @param popularityMeanReciprocalRank the same of the popularity baseline
     */
    public record Report(
            long labels,
            OptionalDouble recall,
            OptionalDouble meanReciprocalRank,
            OptionalDouble popularityRecall,
            OptionalDouble popularityMeanReciprocalRank) {

        /**
         * @param accumulators as {@code JobClient.getAccumulators()} or {@code
         *     JobExecutionResult.getAllAccumulatorResults()} give them
         */
        public static Report of(Map<String, Object> accumulators) {
            long labels = number(accumulators, LABELS).longValue();
            return new Report(
                    labels,
                    share(accumulators, HITS, labels),
                    share(accumulators, RECIPROCAL_RANKS, labels),
                    share(accumulators, POPULARITY_HITS, labels),
                    share(accumulators, POPULARITY_RECIPROCAL_RANKS, labels));
        }

        private static OptionalDouble share(
                Map<String, Object> accumulators, String name, long labels) {
            return labels == 0
                    ? OptionalDouble.empty()
                    : OptionalDouble.of(number(accumulators, name).doubleValue() / labels);
        }

        private static Number number(Map<String, Object> accumulators, String name) {
            return accumulators.get(name) instanceof Number number ? number : 0;
        }
    }
}
