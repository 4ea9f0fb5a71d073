package io.nextclick.schemas;

import java.util.List;
import java.util.Objects;

/**
 * The answer to one click: the items a session is most likely to want next.
 *
 * @param id deterministic: a click that is answered again after a failure is answered under the
 *     same id
 * @param sessionId the session of the click
 * @param userId the visitor, when the click named one; may be null
 * @param step how many clicks of its session this answer has seen, the triggering one included;
 *     from 1
 * @param trigger the click that is answered
 * @param items best first
 * @param model the model in charge; null when none was loaded
 * @param fallback why the items are not in the order they should be in ({@code unknown-items},
 *     {@code no-model}, {@code unranked}, …); null when they are
 * @param emittedAtMillis when the answer left the operator, in milliseconds since the epoch
 * @param ranker the ranker that put the items in this order; null when none did
 * @param experiment the experiment that its session or user takes part in; null when in none
 */
public record Recommendation(
        String id,
        String sessionId,
        String userId,
        int step,
        Trigger trigger,
        List<RecommendedItem> items,
        ModelReference model,
        String fallback,
        long emittedAtMillis,
        ModelReference ranker,
        ExperimentReference experiment) {

    public Recommendation {
        RecordChecks.requireText(id, "id");
        RecordChecks.requireText(sessionId, "session_id");
        Objects.requireNonNull(trigger, "trigger");
        items = List.copyOf(items);
    }

    /** An answer in the order of retrieval, outside of any experiment. */
    public Recommendation(
            String id,
            String sessionId,
            String userId,
            int step,
            Trigger trigger,
            List<RecommendedItem> items,
            ModelReference model,
            String fallback,
            long emittedAtMillis) {
        this(
                id,
                sessionId,
                userId,
                step,
                trigger,
                items,
                model,
                fallback,
                emittedAtMillis,
                null,
                null);
    }

    /** The same answer with other items. */
    public Recommendation withItems(List<RecommendedItem> others) {
        return new Recommendation(
                id,
                sessionId,
                userId,
                step,
                trigger,
                others,
                model,
                fallback,
                emittedAtMillis,
                ranker,
                experiment);
    }

    /**
     * The click that caused an answer, by its place in the log.
     *
     * @param partition partition of the clicks topic
     * @param offset offset in that partition
     * @param eventId the click's event id; may be null
     * @param eventTimeMillis the click's event time, in milliseconds since the epoch
     */
    public record Trigger(int partition, long offset, String eventId, long eventTimeMillis) {}

    /**
     * One recommended item.
     *
     * @param itemId the item
     * @param score the source's score; finite, comparable within one list only
     * @param source what proposed the item, where several did the one that counted most: {@code
     *     model}, {@code two-tower}, {@code co-visitation}, {@code trending}, {@code
     *     trending-category} or {@code popularity}
     * @param facts what the ranking went by; null unless the job logs it
     */
    public record RecommendedItem(String itemId, float score, String source, RankingFacts facts) {

        public RecommendedItem {
            RecordChecks.requireText(itemId, "item_id");
            RecordChecks.requireFinite(score, "score");
            RecordChecks.requireText(source, "source");
        }

        /** An item without its facts. */
        public RecommendedItem(String itemId, float score, String source) {
            this(itemId, score, source, null);
        }
    }

    /**
     * The model that ranked a list.
     *
     * @param name the model's name, such as {@code gru4rec}
     * @param version the model file's version
     */
    public record ModelReference(String name, String version) {

        public ModelReference {
            RecordChecks.requireText(name, "name");
            RecordChecks.requireText(version, "version");
        }
    }

    /**
     * A variant of an {@link Experiment}.
     *
     * @param name the experiment's name
     * @param variant the variant that answered; null if the list was interleaved
     */
    public record ExperimentReference(String name, String variant) {

        public ExperimentReference {
            RecordChecks.requireText(name, "name");
        }
    }
}
