package io.nextclick.schemas;

import java.io.IOException;
import java.util.Map;

/** The fields of a {@link Click}. */
final class ClickFormat implements RecordFormat<Click> {

    static final ClickFormat INSTANCE = new ClickFormat();

    private static final RecordShape SHAPE = RecordShape.ofResource("Click.avsc");

    private ClickFormat() {}

    @Override
    public RecordShape shape() {
        return SHAPE;
    }

    @Override
    public void write(Click click, RecordOutput out) {
        out.beginRecord();
        out.optionalText("event_id", click.eventId());
        out.text("session_id", click.sessionId());
        out.optionalText("user_id", click.userId());
        out.text("item_id", click.itemId());
        out.text("event_type", click.eventType());
        out.time("event_time", click.eventTimeMillis());
        out.textMap("attributes", click.attributes());
        out.endRecord();
    }

    @Override
    public Click read(RecordInput in) throws IOException, MalformedRecordException {
        String eventId = null;
        String sessionId = null;
        String userId = null;
        String itemId = null;
        String eventType = Click.DEFAULT_EVENT_TYPE;
        long eventTime = -1;
        Map<String, String> attributes = Map.of();
        in.beginRecord(SHAPE);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "event_id" -> eventId = in.optionalId();
                case "session_id" -> sessionId = in.id();
                case "user_id" -> userId = in.optionalId();
                case "item_id" -> itemId = in.id();
                case "event_type" -> eventType = in.word();
                case "event_time" -> eventTime = in.time();
                case "attributes" -> attributes = in.textMap();
                default -> throw new IllegalStateException(field);
            }
        }
        in.requireSeen(eventTime >= 0, "event_time");
        return new Click(
                eventId,
                in.required(sessionId, "session_id"),
                userId,
                in.required(itemId, "item_id"),
                eventType,
                eventTime,
                attributes);
    }
}
