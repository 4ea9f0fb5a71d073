package io.nextclick.models.clicklog;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Reads {@link ClickLogFormat#JSONL}. Streams: nothing is kept. Unknown fields are ignored. */
final class JsonLinesReader {

    private static final JsonFactory JSON = new JsonFactory();

    private JsonLinesReader() {}

    static void read(LogLines lines, Consumer<LoggedClick> clicks) {
        for (String line = lines.next(); line != null; line = lines.next()) {
            clicks.accept(click(line, lines));
        }
    }

    private static LoggedClick click(String line, LogLines lines) {
        String eventId = null;
        String sessionId = null;
        String userId = null;
        String itemId = null;
        String eventType = null;
        Long time = null;
        Map<String, String> attributes = Map.of();
        try (JsonParser parser = JSON.createParser(line)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw lines.failure("not a JSON object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                switch (field) {
                    case "event_id" -> eventId = text(parser, field, lines);
                    case "session_id" -> sessionId = text(parser, field, lines);
                    case "user_id" -> userId = text(parser, field, lines);
                    case "item_id" -> itemId = text(parser, field, lines);
                    case "event_type" -> eventType = text(parser, field, lines);
                    case "event_time" -> time = time(parser, value, lines);
                    case "attributes" -> attributes = attributes(parser, value, lines);
                    default -> parser.skipChildren();
                }
            }
            if (parser.nextToken() != null) {
                throw lines.failure("more than one JSON value");
            }
        } catch (IOException e) {
            throw new ClickLogException(
                    lines.file(), lines.number(), "not a JSON object: " + e.getMessage(), e);
        }
        if (sessionId == null || sessionId.isEmpty()) {
            throw lines.failure("no session_id");
        }
        if (itemId == null || itemId.isEmpty()) {
            throw lines.failure("no item_id");
        }
        if (time == null) {
            throw lines.failure("no event_time");
        }
        return new LoggedClick(
                eventId,
                sessionId,
                userId,
                itemId,
                eventType == null || eventType.isEmpty() ? LoggedClick.CLICK : eventType,
                time,
                attributes);
    }

    private static String text(JsonParser parser, String field, LogLines lines) throws IOException {
        JsonToken value = parser.currentToken();
        if (value == JsonToken.VALUE_NULL) {
            return null;
        }
        if (!value.isScalarValue()) {
            throw lines.failure(field + " is neither text nor a number");
        }
        return parser.getText();
    }

    private static Long time(JsonParser parser, JsonToken value, LogLines lines)
            throws IOException {
        if (value == JsonToken.VALUE_NUMBER_INT) {
            return parser.getLongValue();
        }
        if (value == JsonToken.VALUE_STRING) {
            try {
                return Instant.parse(parser.getText()).toEpochMilli();
            } catch (DateTimeException | ArithmeticException e) {
                throw new ClickLogException(
                        lines.file(),
                        lines.number(),
                        "event_time '" + parser.getText() + "' is not an ISO-8601 time",
                        e);
            }
        }
        throw lines.failure("event_time is neither epoch milliseconds nor an ISO-8601 string");
    }

    private static Map<String, String> attributes(
            JsonParser parser, JsonToken value, LogLines lines) throws IOException {
        if (value == JsonToken.VALUE_NULL) {
            return Map.of();
        }
        if (value != JsonToken.START_OBJECT) {
            throw lines.failure("attributes is not a JSON object");
        }
        Map<String, String> attributes = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            String text = text(parser, "attribute " + name, lines);
            if (text != null) {
                attributes.put(name, text);
            }
        }
        return attributes;
    }
}
