package io.nextclick.schemas;

import io.nextclick.schemas.Impression.ShownItem;
import java.io.IOException;
import java.util.List;

/** The fields of an {@link Impression}. */
final class ImpressionFormat implements RecordFormat<Impression> {

    static final ImpressionFormat INSTANCE = new ImpressionFormat();

    private static final RecordShape SHAPE = RecordShape.ofResource("Impression.avsc");
    private static final RecordShape ITEM = SHAPE.nested("items");
    private static final RankingFactsFormat FACTS = new RankingFactsFormat(ITEM);

    private ImpressionFormat() {}

    @Override
    public RecordShape shape() {
        return SHAPE;
    }

    @Override
    public String[] history() {
        return new String[] {"history/Impression-1.avsc"};
    }

    @Override
    public void write(Impression impression, RecordOutput out) {
        out.beginRecord();
        out.text("id", impression.id());
        out.text("session_id", impression.sessionId());
        out.optionalText("user_id", impression.userId());
        out.time("shown_at", impression.shownAtMillis());
        out.optionalText("surface", impression.surface());
        out.list("items", impression.items(), ImpressionFormat::writeItem);
        out.optionalText("recommendation_id", impression.recommendationId());
        out.optionalText("variant", impression.variant());
        out.endRecord();
    }

    private static void writeItem(ShownItem item, RecordOutput out) {
        out.beginRecord();
        out.text("item_id", item.itemId());
        out.integer("position", item.position());
        out.optionalNumber("score", item.score());
        out.optionalText("source", item.source());
        FACTS.writeOptional(item.facts(), out);
        out.endRecord();
    }

    @Override
    public Impression read(RecordInput in) throws IOException, MalformedRecordException {
        String id = null;
        String sessionId = null;
        String userId = null;
        long shownAt = -1;
        String surface = null;
        List<ShownItem> items = null;
        String recommendationId = null;
        String variant = null;
        in.beginRecord(SHAPE);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "id" -> id = in.id();
                case "session_id" -> sessionId = in.id();
                case "user_id" -> userId = in.optionalId();
                case "shown_at" -> shownAt = in.time();
                case "surface" -> surface = in.optionalText(in.limits.textChars());
                case "items" -> items = in.list(ImpressionFormat::readItem);
                case "recommendation_id" ->
                        recommendationId = in.optionalText(in.limits.textChars());
                case "variant" -> variant = in.optionalText(in.limits.textChars());
                default -> throw new IllegalStateException(field);
            }
        }
        in.requireSeen(shownAt >= 0, "shown_at");
        return new Impression(
                in.required(id, "id"),
                in.required(sessionId, "session_id"),
                userId,
                shownAt,
                surface,
                in.required(items, "items"),
                recommendationId,
                variant);
    }

    private static ShownItem readItem(RecordInput in) throws IOException, MalformedRecordException {
        String itemId = null;
        int position = 0;
        Double score = null;
        String source = null;
        RankingFacts facts = null;
        in.beginRecord(ITEM);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "item_id" -> itemId = in.id();
                case "position" -> position = in.integerFrom(1);
                case "score" -> score = in.optionalNumber();
                case "source" -> source = in.optionalText(in.limits.textChars());
                case "facts" -> facts = FACTS.readOptional(in);
                default -> throw new IllegalStateException(field);
            }
        }
        in.requireSeen(position > 0, "items[].position");
        return new ShownItem(
                in.required(itemId, "items[].item_id"), position, score, source, facts);
    }
}
