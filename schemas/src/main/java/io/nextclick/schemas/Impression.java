package io.nextclick.schemas;

import io.nextclick.schemas.Recommendation.ExperimentReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.util.ArrayList;
import java.util.List;

/**
 * Items that a visitor was shown together, as {@code impressions} holds them, whether or not any of
 * them was clicked.
 *
 * @param id the publisher's own id of this impression, by which repeats are recognised; a repeat
 *     has the same {@code shownAtMillis}
 * @param sessionId the visit it belongs to, as in {@link Click}; not empty
 * @param userId the visitor, when known; may be null
 * @param shownAtMillis when the items were shown, by the clock that stamps the clicks, in
 *     milliseconds since the epoch
 * @param surface where they were shown, such as {@code home}; may be null
 * @param items what was shown, in any order
 * @param recommendationId the {@link Recommendation} that the items come from; null where they come
 *     from none
 * @param variant the variant of an experiment that chose the items; may be null
 */
public record Impression(
        String id,
        String sessionId,
        String userId,
        long shownAtMillis,
        String surface,
        List<ShownItem> items,
        String recommendationId,
        String variant) {

    public Impression {
        RecordChecks.requireText(id, "id");
        RecordChecks.requireText(sessionId, "session_id");
        items = List.copyOf(items);
    }

    /** The same impression with other items. */
    public Impression withItems(List<ShownItem> others) {
        return new Impression(
                id, sessionId, userId, shownAtMillis, surface, others, recommendationId, variant);
    }

    /**
     * One item that was shown.
     *
     * @param itemId the item, as in {@link Click}; not empty
     * @param position its place on the surface, from 1, which is seen first
     * @param score what the item was ranked by, comparable within one impression only; may be null
     * @param source what proposed the item; may be null
     * @param facts what its recommendation says that the ranking went by; may be null
     */
    public record ShownItem(
            String itemId, int position, Double score, String source, RankingFacts facts) {

        /** An item without its facts. */
        public ShownItem(String itemId, int position, Double score, String source) {
            this(itemId, position, score, source, null);
        }

        public ShownItem {
            RecordChecks.requireText(itemId, "item_id");
            if (position < 1) {
                throw new IllegalArgumentException(
                        "position is " + position + ", it must be at least 1");
            }
            if (score != null) {
                RecordChecks.requireFinite(score, "score");
            }
        }
    }

    /**
     * What a visitor is shown who is shown a recommendation as it is. It counts as shown at the
     * event time of the click that it answers, not when it was made: a click that is answered
     * again, or an old log that is replayed, makes the same impression.
     */
    public static Impression of(Recommendation recommendation) {
        List<ShownItem> items = new ArrayList<>(recommendation.items().size());
        for (RecommendedItem item : recommendation.items()) {
            items.add(
                    new ShownItem(
                            item.itemId(),
                            items.size() + 1,
                            (double) item.score(),
                            item.source(),
                            item.facts()));
        }
        ExperimentReference experiment = recommendation.experiment();
        return new Impression(
                recommendation.id(),
                recommendation.sessionId(),
                recommendation.userId(),
                recommendation.trigger().eventTimeMillis(),
                null,
                items,
                recommendation.id(),
                experiment == null ? null : experiment.variant());
    }
}
