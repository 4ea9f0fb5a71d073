package io.nextclick.jobs.recommend;

import io.nextclick.models.ranking.CandidateSource;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * How good each source would have been alone, on the same clicks as {@link LiveQuality}, and how
 * much of that no other source had: a source that finds little which others don't earns no place.
 * The sequence model's own list is what is popular where it had none, as it would answer without
 * other sources. Also how good the lists were for clicks on items that the sequence model has never
 * seen, of which it can find none.
 *
 * <p>Gauges look back over the last labels of one subtask. Accumulators count all labels of all
 * subtasks since the job was started or restored; {@link Report#of} reads them from a job client.
 */
public final class SourceQuality {

    private static final String LABELS = "source quality: labels";
    private static final String UNSEEN_LABELS = "source quality: unseen labels";
    private static final String UNSEEN_HITS = "source quality: unseen hits";

    private final Map<CandidateSource, Figures> figures = new EnumMap<>(CandidateSource.class);
    private final QualityWindow unseen;
    private final LongCounter labels = new LongCounter();
    private final LongCounter unseenLabels = new LongCounter();
    private final LongCounter unseenHits = new LongCounter();

    /** Of one source. */
    private static final class Figures {

        final QualityWindow own;
        final QualityWindow alone;
        final LongCounter hits = new LongCounter();
        final LongCounter hitsAlone = new LongCounter();

        Figures(int window) {
            own = new QualityWindow(LiveQuality.CUTOFF, window);
            alone = new QualityWindow(LiveQuality.CUTOFF, window);
        }
    }

    /**
     * @param sources those that take part
     */
    SourceQuality(List<CandidateSource> sources, int window) {
        sources.forEach(source -> figures.put(source, new Figures(window)));
        unseen = new QualityWindow(LiveQuality.CUTOFF, window);
    }

    /** What metrics of a source begin with. */
    static String metricName(CandidateSource source) {
        return switch (source) {
            case MODEL -> "model";
            case TWO_TOWER -> "twoTower";
            case CO_VISITATION -> "coVisitation";
            case TRENDING -> "trending";
            case TRENDING_CATEGORY -> "trendingCategory";
            case POPULARITY -> "popularity";
        };
    }

    private static String hits(CandidateSource source) {
        return "source quality: " + source.label() + " hits";
    }

    private static String hitsAlone(CandidateSource source) {
        return "source quality: " + source.label() + " hits alone";
    }

    void register(MetricGroup group, RuntimeContext context) {
        String at = "@" + LiveQuality.CUTOFF;
        figures.forEach(
                (source, of) -> {
                    String name = metricName(source);
                    group.gauge(name + "Recall" + at, (Gauge<Double>) of.own::recall);
                    group.gauge(name + "Mrr" + at, (Gauge<Double>) of.own::meanReciprocalRank);
                    group.gauge(name + "AloneRecall" + at, (Gauge<Double>) of.alone::recall);
                    context.addAccumulator(hits(source), of.hits);
                    context.addAccumulator(hitsAlone(source), of.hitsAlone);
                });
        group.gauge("unseenRecall" + at, (Gauge<Double>) unseen::recall);
        group.gauge("unseenLabels", (Gauge<Long>) unseenLabels::getLocalValue);
        context.addAccumulator(LABELS, labels);
        context.addAccumulator(UNSEEN_LABELS, unseenLabels);
        context.addAccumulator(UNSEEN_HITS, unseenHits);
    }

    /**
     * @param rank the clicked item's place from 0 in the list before; negative if it wasn't there
     * @param proposals what the sources proposed then; null if they didn't
     * @param item the clicked item's place in the proposals; negative if nobody proposed it
     * @param popularityRank its place in what is popular
     * @param isUnseen whether the model doesn't know the item
     */
    void label(int rank, Proposals proposals, int item, int popularityRank, boolean isUnseen) {
        labels.add(1);
        int found = 0;
        for (CandidateSource source : figures.keySet()) {
            found += item >= 0 && proposals.rank(item, source) >= 0 ? 1 : 0;
        }
        for (Map.Entry<CandidateSource, Figures> entry : figures.entrySet()) {
            CandidateSource source = entry.getKey();
            int own = item < 0 ? Proposals.UNLISTED : proposals.rank(item, source);
            int alone = found == 1 ? own : Proposals.UNLISTED;
            if (source == CandidateSource.MODEL
                    && (proposals == null || !proposals.spoke(source))) {
                own = popularityRank;
            }
            Figures of = entry.getValue();
            of.own.add(own);
            of.alone.add(alone);
            count(of.hits, own);
            count(of.hitsAlone, alone);
        }
        if (isUnseen) {
            unseen.add(rank);
            unseenLabels.add(1);
            count(unseenHits, rank);
        }
    }

    private static void count(LongCounter hits, int rank) {
        if (rank >= 0 && rank < LiveQuality.CUTOFF) {
            hits.add(1);
        }
    }

    /**
     * Quality over the whole run.
     *
     * @param labels clicks that labelled a list
     * @param recall by source the share of them that were in the first 20 of its own list; none
     *     without labels
     * @param aloneRecall by source the share of them that were in the first 20 of its own list and
     *     of no other source's
     * @param unseenLabels those of them whose item the sequence model has never seen
     * @param unseenRecall the share of these that were in the first 20 of the list
     */
    public record Report(
            long labels,
            Map<CandidateSource, Double> recall,
            Map<CandidateSource, Double> aloneRecall,
            long unseenLabels,
            OptionalDouble unseenRecall) {

        /**
         * @param accumulators as {@code JobClient.getAccumulators()} or {@code
         *     JobExecutionResult.getAllAccumulatorResults()} give them
         */
        public static Report of(Map<String, Object> accumulators) {
            long labels = number(accumulators, LABELS);
            Map<CandidateSource, Double> recall = new EnumMap<>(CandidateSource.class);
            Map<CandidateSource, Double> aloneRecall = new EnumMap<>(CandidateSource.class);
            for (CandidateSource source : CandidateSource.values()) {
                if (labels > 0 && accumulators.containsKey(hits(source))) {
                    recall.put(source, number(accumulators, hits(source)) / (double) labels);
                    aloneRecall.put(
                            source, number(accumulators, hitsAlone(source)) / (double) labels);
                }
            }
            long unseen = number(accumulators, UNSEEN_LABELS);
            return new Report(
                    labels,
                    recall,
                    aloneRecall,
                    unseen,
                    unseen == 0
                            ? OptionalDouble.empty()
                            : OptionalDouble.of(
                                    number(accumulators, UNSEEN_HITS) / (double) unseen));
        }

        private static long number(Map<String, Object> accumulators, String name) {
            return accumulators.get(name) instanceof Number number ? number.longValue() : 0;
        }
    }
}
