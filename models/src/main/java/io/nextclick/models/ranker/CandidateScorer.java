package io.nextclick.models.ranker;

/**
 * Scores the candidates of one query after another, for one thread. What depends on an item alone
 * is worked out when the item is prepared, and what depends on the query alone when it is asked, so
 * that little is left to do for a candidate, and nothing is allocated for it:
 *
 * <pre>{@code
 * for each query of a bundle:
 *     scorer.ask(query);
 *     for each candidate c:
 *         int slot = scorer.slot(itemId);
 *         slots[c] = slot == CandidateScorer.NONE ? scorer.prepare(facts of the item) : slot;
 *         pairs[c * P + ...] = scores and ranks by source, NaN where a source doesn't list it;
 *     scorer.score(slots, pairs, count, logOdds);
 * }</pre>
 *
 * An item whose facts have changed is prepared again. Items stay until {@link #forget}.
 */
public interface CandidateScorer {

    /** Instead of a slot: the item hasn't been prepared. */
    int NONE = -1;

    /** The slot of an item that has been prepared, or {@link #NONE}. */
    int slot(String itemId);

    /**
     * Takes up what is known of an item, in place of what was known of it before.
     *
     * @return its slot, the same as before if it had one
     */
    int prepare(ItemFacts item);

    /** How many items are prepared. */
    int prepared();

    /** Forgets all items; their slots mean nothing any more. */
    void forget();

    /** Takes up a query; candidates are scored for it until the next one. */
    void ask(QueryFacts query);

    /**
     * The log-odds of candidates of the query last asked, corrected for negatives that were left
     * out of learning.
     *
     * <p>Shapes: C = candidates, P = {@link FeatureSpace#pairFields()}.
     *
     * @param slots [C] or longer: the candidates' slots
     * @param pairs [C, P] or longer, row by row: their values of the fields of query and item; NaN
     *     where there is none
     * @param count C
     * @param logOdds [C] or longer: written here
     */
    void score(int[] slots, float[] pairs, int count, float[] logOdds);
}
