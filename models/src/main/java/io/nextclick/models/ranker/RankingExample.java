package io.nextclick.models.ranker;

import java.util.Objects;

/**
 * An item that was shown, and what became of it.
 *
 * @param query who was shown it, as things stood then
 * @param item what was shown, as things stood then
 * @param pairs the values of the space's {@link FeatureSpace#pairFields()}, in their order; NaN
 *     where there is none. Not copied
 * @param positive whether it was clicked, or liked
 */
@SuppressWarnings("ArrayRecordComponent")
public record RankingExample(QueryFacts query, ItemFacts item, float[] pairs, boolean positive) {

    public RankingExample {
        Objects.requireNonNull(query, "query");
        Objects.requireNonNull(item, "item");
        Objects.requireNonNull(pairs, "pairs");
    }
}
