package io.nextclick.schemas;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the fields of a {@link Click} sit in a team's own JSON events: one JSON pointer (RFC 6901)
 * a field, so that these events work as they are. Everything else in an event is passed over.
 *
 * <p>In configuration a mapping is a text, a JSON object or properties of these names:
 *
 * <table>
 * <caption>Names</caption>
 * <tr><td>{@code session_id}, {@code item_id}, {@code event_time}</td><td>pointers,
 * required</td></tr>
 * <tr><td>{@code event_id}, {@code user_id}, {@code event_type}</td><td>pointers, optional</td></tr>
 * <tr><td>{@code time_format}</td><td>a {@link TimeFormat}, {@code auto} by default</td></tr>
 * <tr><td>{@code attributes.NAME}</td><td>pointer to the attribute NAME, any number of
 * these</td></tr>
 * </table>
 *
 * such as {@code
 * session_id=/visit/id,item_id=/product/sku,event_time=/ts,time_format=epoch-seconds}.
 *
 * <p>Ids may be texts or numbers in the event (a number keeps the digits it was written with);
 * event type and attributes also booleans. A null counts as a missing value.
 */
public final class ClickMapping implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final String ATTRIBUTE_PREFIX = "attributes.";
    private static final String TIME_FORMAT = "time_format";
    private static final List<String> REQUIRED = List.of("session_id", "item_id", "event_time");
    private static final List<String> OPTIONAL = List.of("event_id", "user_id", "event_type");

    /** Pointers by the names above. */
    private final LinkedHashMap<String, String> pointers;

    private final TimeFormat timeFormat;

    private ClickMapping(Map<String, String> pointers, TimeFormat timeFormat) {
        this.pointers = new LinkedHashMap<>(pointers);
        this.timeFormat = timeFormat;
    }

    /**
     * A mapping from its names and values.
     *
     * @throws IllegalArgumentException if a name is unknown, a required one is missing or a value
     *     is not what it should be
     */
    public static ClickMapping of(Map<String, String> entries) {
        Map<String, String> pointers = new LinkedHashMap<>();
        TimeFormat timeFormat = TimeFormat.AUTO;
        for (Map.Entry<String, String> entry : entries.entrySet()) {
            String name = entry.getKey();
            if (name.equals(TIME_FORMAT)) {
                timeFormat = TimeFormat.ofConfigName(entry.getValue());
            } else if (REQUIRED.contains(name)
                    || OPTIONAL.contains(name)
                    || (name.startsWith(ATTRIBUTE_PREFIX)
                            && name.length() > ATTRIBUTE_PREFIX.length())) {
                requirePointer(name, entry.getValue());
                pointers.put(name, entry.getValue());
            } else {
                throw new IllegalArgumentException(
                        "click mapping has no '"
                                + name
                                + "'; it has "
                                + REQUIRED
                                + ", "
                                + OPTIONAL
                                + ", time_format and attributes.NAME");
            }
        }
        for (String name : REQUIRED) {
            if (!pointers.containsKey(name)) {
                throw new IllegalArgumentException("click mapping needs " + name);
            }
        }
        return new ClickMapping(pointers, timeFormat);
    }

    /**
     * Reads {@code name=value} pairs separated by commas or line ends, or a JSON object of texts
     * when the first character is a brace (for pointers that hold a comma).
     *
     * @throws IllegalArgumentException as for {@link #of}
     */
    public static ClickMapping parse(String text) {
        String trimmed = text.strip();
        Map<String, String> entries = new LinkedHashMap<>();
        if (trimmed.startsWith("{")) {
            try {
                entries.putAll(
                        new BoundedJson(RecordLimits.DEFAULT)
                                .read(
                                        trimmed.getBytes(StandardCharsets.UTF_8),
                                        JsonInput::textMap));
            } catch (MalformedRecordException e) {
                throw new IllegalArgumentException("click mapping: " + e.getMessage(), e);
            }
            return of(entries);
        }
        for (String pair : trimmed.split("[,\\r\\n]+", -1)) {
            if (pair.isBlank()) {
                continue;
            }
            int equals = pair.indexOf('=');
            if (equals < 0) {
                throw new IllegalArgumentException(
                        "click mapping needs name=value but has '" + pair.strip() + "'");
            }
            String name = pair.substring(0, equals).strip();
            if (entries.put(name, pair.substring(equals + 1).strip()) != null) {
                throw new IllegalArgumentException("click mapping has " + name + " twice");
            }
        }
        return of(entries);
    }

    /** The entries from which {@link #of} makes this mapping again. */
    public Map<String, String> entries() {
        Map<String, String> entries = new LinkedHashMap<>(pointers);
        entries.put(TIME_FORMAT, timeFormat.configName());
        return entries;
    }

    /** Reads JSON events of this form. */
    public RecordDecoder<Click> decoder(RecordLimits limits) {
        BoundedJson json = new BoundedJson(limits);
        Place root = places();
        return bytes ->
                json.read(
                        bytes,
                        in -> {
                            Draft draft = new Draft();
                            visitMembers(root, in, draft);
                            return draft.click();
                        });
    }

    /**
     * A codec of clicks that reads JSON events of this form beside Avro of the contract, and writes
     * the contract's own form in the given encoding.
     */
    public Codec<Click> codec(Encoding written) {
        return codec(written, RecordLimits.DEFAULT);
    }

    /** As {@link #codec(Encoding)}, under other limits. */
    public Codec<Click> codec(Encoding written, RecordLimits limits) {
        return codec(written, limits, WriterSchemas.NONE);
    }

    /** As {@link #codec(Encoding)}, under other limits, reading further writers' Avro too. */
    public Codec<Click> codec(Encoding written, RecordLimits limits, WriterSchemas writers) {
        AvroCodec<Click> avro =
                AvroCodec.of(Topics.CLICKS, limits).alsoReading(writers.of(Topics.CLICKS));
        return new DetectingCodec<>(
                avro,
                decoder(limits),
                written == Encoding.AVRO ? avro : JsonCodec.of(Topics.CLICKS, limits));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ClickMapping that
                && pointers.equals(that.pointers)
                && timeFormat == that.timeFormat;
    }

    @Override
    public int hashCode() {
        return 31 * pointers.hashCode() + timeFormat.hashCode();
    }

    @Override
    public String toString() {
        return "ClickMapping" + entries();
    }

    private static void requirePointer(String name, String pointer) {
        if (pointer.length() < 2 || pointer.charAt(0) != '/') {
            throw new IllegalArgumentException(
                    name + " must be a JSON pointer such as /visit/id but is '" + pointer + "'");
        }
    }

    /** A place in the event on the way to a mapped value, or of one. */
    private static final class Place {
        /** Places below, by member name; elements of arrays by their index in decimal. */
        final Map<String, Place> below = new HashMap<>();

        /** The names of the mapping that point here. */
        String[] names = {};
    }

    private Place places() {
        Place root = new Place();
        pointers.forEach(
                (name, text) -> {
                    Place place = root;
                    JsonPointer pointer = JsonPointer.compile(text);
                    for (; !pointer.matches(); pointer = pointer.tail()) {
                        place =
                                place.below.computeIfAbsent(
                                        pointer.getMatchingProperty(), key -> new Place());
                    }
                    String[] names = new String[place.names.length + 1];
                    System.arraycopy(place.names, 0, names, 0, place.names.length);
                    names[place.names.length] = name;
                    place.names = names;
                });
        return root;
    }

    private void visitMembers(Place place, JsonInput in, Draft draft)
            throws IOException, MalformedRecordException {
        JsonParser parser = in.parser();
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            parser.nextToken();
            visit(place.below.get(name), in, draft);
        }
    }

    private void visitElements(Place place, JsonInput in, Draft draft)
            throws IOException, MalformedRecordException {
        for (int index = 0; in.parser().nextToken() != JsonToken.END_ARRAY; index++) {
            // Numbers are made into text only while a pointer can still match.
            visit(
                    index < in.limits.listElements()
                            ? place.below.get(Integer.toString(index))
                            : null,
                    in,
                    draft);
        }
    }

    /** Visits the current value; {@code place} is null when nothing at or below it is mapped. */
    private void visit(Place place, JsonInput in, Draft draft)
            throws IOException, MalformedRecordException {
        JsonParser parser = in.parser();
        if (place == null) {
            parser.skipChildren();
            return;
        }
        JsonToken token = parser.currentToken();
        if (token == JsonToken.VALUE_NULL) {
            return;
        }
        for (String name : place.names) {
            draft.set(name, in, timeFormat);
        }
        if (token == JsonToken.START_OBJECT) {
            visitMembers(place, in, draft);
        } else if (token == JsonToken.START_ARRAY) {
            visitElements(place, in, draft);
        }
    }

    /** The values found so far in one event. */
    private static final class Draft {
        private String eventId;
        private String sessionId;
        private String userId;
        private String itemId;
        private String eventType;
        private long eventTime = -1;
        private Map<String, String> attributes = Map.of();

        void set(String name, JsonInput in, TimeFormat timeFormat)
                throws IOException, MalformedRecordException {
            switch (name) {
                case "session_id" -> sessionId = once(sessionId, id(in), in);
                case "item_id" -> itemId = once(itemId, id(in), in);
                case "event_id" -> eventId = once(eventId, id(in), in);
                case "user_id" -> userId = once(userId, id(in), in);
                case "event_type" ->
                        eventType = once(eventType, in.scalarText(in.limits.textChars()), in);
                case "event_time" -> {
                    if (eventTime >= 0) {
                        throw in.malformed("the same member twice");
                    }
                    eventTime = in.time(timeFormat);
                }
                default -> {
                    if (attributes.isEmpty()) {
                        attributes = new HashMap<>();
                    }
                    in.putEntry(
                            attributes,
                            name.substring(ATTRIBUTE_PREFIX.length()),
                            in.scalarText(in.limits.textChars()));
                }
            }
        }

        private static String id(JsonInput in) throws IOException, MalformedRecordException {
            JsonToken token = in.parser().currentToken();
            if (token == JsonToken.VALUE_TRUE || token == JsonToken.VALUE_FALSE) {
                throw in.malformed("a boolean where an id belongs");
            }
            return in.scalarText(in.limits.idChars());
        }

        private static String once(String before, String value, JsonInput in)
                throws MalformedRecordException {
            if (before != null) {
                throw in.malformed("the same member twice");
            }
            return value;
        }

        Click click() throws MalformedRecordException {
            if (eventTime < 0) {
                throw new MalformedRecordException("event_time", "nothing where the mapping says");
            }
            return new Click(
                    textOrNull(eventId),
                    required(sessionId, "session_id"),
                    textOrNull(userId),
                    required(itemId, "item_id"),
                    eventType == null || eventType.isEmpty() ? Click.DEFAULT_EVENT_TYPE : eventType,
                    eventTime,
                    attributes);
        }

        private static String textOrNull(String value) {
            return value == null || value.isEmpty() ? null : value;
        }

        private static String required(String value, String field) throws MalformedRecordException {
            if (value == null || value.isEmpty()) {
                throw new MalformedRecordException(
                        field, value == null ? "nothing where the mapping says" : "an empty text");
            }
            return value;
        }
    }
}
