package io.nextclick.schemas;

import java.util.Map;

/**
 * One interaction of a visitor with an item, as it arrives on {@code clicks}.
 *
 * @param eventId the publisher's own id of this event, by which repeats are recognised; null when
 *     the publisher gives none
 * @param sessionId the visit the click belongs to; not empty
 * @param userId the visitor, when known; may be null
 * @param itemId the item clicked; not empty
 * @param eventType what happened, such as {@code view} or {@code purchase}
 * @param eventTimeMillis when it happened, in milliseconds since the epoch
 * @param attributes anything else the publisher sends along; never null
 */
public record Click(
        String eventId,
        String sessionId,
        String userId,
        String itemId,
        String eventType,
        long eventTimeMillis,
        Map<String, String> attributes) {

    /** The event type of a click that names none. */
    public static final String DEFAULT_EVENT_TYPE = "click";

    public Click {
        RecordChecks.requireText(sessionId, "session_id");
        RecordChecks.requireText(itemId, "item_id");
        RecordChecks.requireText(eventType, "event_type");
        attributes = Map.copyOf(attributes);
    }
}
