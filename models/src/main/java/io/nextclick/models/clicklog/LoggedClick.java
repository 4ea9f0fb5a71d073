package io.nextclick.models.clicklog;

import java.util.Map;

/**
 * One click of a log file.
 *
 * @param eventId the log's own id of the event; may be null
 * @param sessionId session (or user) id
 * @param userId user id; may be null
 * @param itemId item id
 * @param eventTimeMillis milliseconds since the epoch; synthesised where the log has no times
 * @param attributes further columns, such as price or category; never null
 */
public record LoggedClick(
        String eventId,
        String sessionId,
        String userId,
        String itemId,
        long eventTimeMillis,
        Map<String, String> attributes) {}
