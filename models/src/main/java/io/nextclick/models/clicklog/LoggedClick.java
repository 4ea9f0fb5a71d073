package io.nextclick.models.clicklog;

import java.util.Map;

/**
 * One click of a log file.
 *
 * @param eventId the log's own id of the event; may be null
 * @param sessionId session (or user) id
 * @param userId user id; may be null
 * @param itemId item id
 * @param eventType what happened, {@link #CLICK} where the log does not say
 * @param eventTimeMillis milliseconds since the epoch; synthesised where the log has no times
 * @param attributes further columns, such as price or category; never null
 */
public record LoggedClick(
        String eventId,
        String sessionId,
        String userId,
        String itemId,
        String eventType,
        long eventTimeMillis,
        Map<String, String> attributes) {

    /** The event type of a click that names none. */
    public static final String CLICK = "click";

    /** A click of type {@link #CLICK}. */
    public LoggedClick(
            String eventId,
            String sessionId,
            String userId,
            String itemId,
            long eventTimeMillis,
            Map<String, String> attributes) {
        this(eventId, sessionId, userId, itemId, CLICK, eventTimeMillis, attributes);
    }
}
