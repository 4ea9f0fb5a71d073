package io.nextclick.schemas;

import java.util.List;

/**
 * What was known of a candidate when a list was put in order, beside what the catalogue and the
 * clicks say. It travels with the recommendation, so that a ranker learns from exactly what ranking
 * went by: counts and lists as they were then can't be had later.
 *
 * @param sources what each source that listed the item made of it; at most 16
 * @param blendScore the item's probability in the mixture of all sources; from 0
 * @param blendRank the item's place in the mixture, the retrieval order; from 0, the best
 * @param popularity the decayed count of its clicks; from 0, null when it was not counted
 * @param ageDays days since it was first offered; from 0, null when unknown
 */
public record RankingFacts(
        List<SourceFacts> sources,
        double blendScore,
        int blendRank,
        Double popularity,
        Double ageDays) {

    /** The most sources that an item may name. */
    static final int MOST_SOURCES = 16;

    public RankingFacts {
        sources = List.copyOf(sources);
        if (sources.size() > MOST_SOURCES) {
            throw new IllegalArgumentException(
                    sources.size() + " sources, more than " + MOST_SOURCES);
        }
        requireNotNegative(blendScore, "blend_score");
        requirePlace(blendRank, "blend_rank");
        if (popularity != null) {
            requireNotNegative(popularity, "popularity");
        }
        if (ageDays != null) {
            requireNotNegative(ageDays, "age_days");
        }
    }

    /**
     * What one source made of an item.
     *
     * @param source the source, such as {@code two-tower}
     * @param rank the item's place in the source's own list; from 0, the best
     * @param probability the probability that the source gives the item; from 0
     */
    public record SourceFacts(String source, int rank, float probability) {

        public SourceFacts {
            RecordChecks.requireText(source, "source");
            requirePlace(rank, "rank");
            requireNotNegative(probability, "probability");
        }
    }

    private static void requirePlace(int place, String field) {
        if (place < 0) {
            throw new IllegalArgumentException(field + " is " + place + ", it must be at least 0");
        }
    }

    private static void requireNotNegative(double value, String field) {
        RecordChecks.requireFinite(value, field);
        if (value < 0) {
            throw new IllegalArgumentException(field + " is " + value + ", it must be at least 0");
        }
    }
}
