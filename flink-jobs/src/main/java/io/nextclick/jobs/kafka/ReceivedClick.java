package io.nextclick.jobs.kafka;

/**
 * A click as the recommender needs it: what no answer depends on is left behind at the source
 * rather than sent across the network.
 *
 * @param eventId the publisher's id of the event; may be null
 * @param sessionId the visit
 * @param userId the visitor; may be null
 * @param itemId the item clicked
 * @param eventTimeMillis when it happened, in milliseconds since the epoch
 * @param topic where the record lay
 * @param partition where the record lay
 * @param offset where the record lay
 * @param timestampMillis Kafka's timestamp of the record, in milliseconds since the epoch; -1 if it
 *     has none
 */
public record ReceivedClick(
        String eventId,
        String sessionId,
        String userId,
        String itemId,
        long eventTimeMillis,
        String topic,
        int partition,
        long offset,
        long timestampMillis)
        implements ClickRecord {}
