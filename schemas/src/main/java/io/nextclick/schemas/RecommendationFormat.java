package io.nextclick.schemas;

import io.nextclick.schemas.Recommendation.ExperimentReference;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import io.nextclick.schemas.Recommendation.Trigger;
import java.io.IOException;
import java.util.List;

/** The fields of a {@link Recommendation}. */
final class RecommendationFormat implements RecordFormat<Recommendation> {

    static final RecommendationFormat INSTANCE = new RecommendationFormat();

    private static final RecordShape SHAPE = RecordShape.ofResource("Recommendation.avsc");
    private static final RecordShape TRIGGER = SHAPE.nested("trigger");
    private static final RecordShape ITEM = SHAPE.nested("items");
    private static final RecordShape MODEL = SHAPE.nested("model");
    private static final RecordShape EXPERIMENT = SHAPE.nested("experiment");
    private static final RankingFactsFormat FACTS = new RankingFactsFormat(ITEM);

    private RecommendationFormat() {}

    @Override
    public RecordShape shape() {
        return SHAPE;
    }

    @Override
    public String[] history() {
        return new String[] {"history/Recommendation-1.avsc"};
    }

    @Override
    public void write(Recommendation recommendation, RecordOutput out) {
        out.beginRecord();
        out.text("id", recommendation.id());
        out.text("session_id", recommendation.sessionId());
        out.optionalText("user_id", recommendation.userId());
        out.integer("step", recommendation.step());
        out.record("trigger", recommendation.trigger(), RecommendationFormat::writeTrigger);
        out.list("items", recommendation.items(), RecommendationFormat::writeItem);
        out.optionalRecord("model", recommendation.model(), RecommendationFormat::writeModel);
        out.optionalText("fallback", recommendation.fallback());
        out.time("emitted_at", recommendation.emittedAtMillis());
        out.optionalRecord("ranker", recommendation.ranker(), RecommendationFormat::writeModel);
        out.optionalRecord(
                "experiment", recommendation.experiment(), RecommendationFormat::writeExperiment);
        out.endRecord();
    }

    private static void writeTrigger(Trigger trigger, RecordOutput out) {
        out.beginRecord();
        out.integer("partition", trigger.partition());
        out.longInteger("offset", trigger.offset());
        out.optionalText("event_id", trigger.eventId());
        out.time("event_time", trigger.eventTimeMillis());
        out.endRecord();
    }

    private static void writeItem(RecommendedItem item, RecordOutput out) {
        out.beginRecord();
        out.text("item_id", item.itemId());
        out.number("score", item.score());
        out.text("source", item.source());
        FACTS.writeOptional(item.facts(), out);
        out.endRecord();
    }

    private static void writeModel(ModelReference model, RecordOutput out) {
        out.beginRecord();
        out.text("name", model.name());
        out.text("version", model.version());
        out.endRecord();
    }

    private static void writeExperiment(ExperimentReference experiment, RecordOutput out) {
        out.beginRecord();
        out.text("name", experiment.name());
        out.optionalText("variant", experiment.variant());
        out.endRecord();
    }

    @Override
    public Recommendation read(RecordInput in) throws IOException, MalformedRecordException {
        String id = null;
        String sessionId = null;
        String userId = null;
        int step = 0;
        Trigger trigger = null;
        List<RecommendedItem> items = null;
        ModelReference model = null;
        String fallback = null;
        long emittedAt = -1;
        ModelReference ranker = null;
        ExperimentReference experiment = null;
        in.beginRecord(SHAPE);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "id" -> id = in.id();
                case "session_id" -> sessionId = in.id();
                case "user_id" -> userId = in.optionalId();
                case "step" -> step = in.integerFrom(1);
                case "trigger" -> trigger = readTrigger(in);
                case "items" -> items = in.list(RecommendationFormat::readItem);
                case "model" -> model = in.isNull() ? null : readModel("model", in);
                case "fallback" -> fallback = in.optionalText(in.limits.textChars());
                case "emitted_at" -> emittedAt = in.time();
                case "ranker" -> ranker = in.isNull() ? null : readModel("ranker", in);
                case "experiment" -> experiment = in.isNull() ? null : readExperiment(in);
                default -> throw new IllegalStateException(field);
            }
        }
        in.requireSeen(step > 0, "step");
        in.requireSeen(emittedAt >= 0, "emitted_at");
        return new Recommendation(
                in.required(id, "id"),
                in.required(sessionId, "session_id"),
                userId,
                step,
                in.required(trigger, "trigger"),
                in.required(items, "items"),
                model,
                fallback,
                emittedAt,
                ranker,
                experiment);
    }

    private static Trigger readTrigger(RecordInput in)
            throws IOException, MalformedRecordException {
        int partition = -1;
        long offset = -1;
        String eventId = null;
        long eventTime = -1;
        in.beginRecord(TRIGGER);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "partition" -> partition = in.integerFrom(0);
                case "offset" -> {
                    offset = in.longInteger();
                    if (offset < 0) {
                        throw in.malformed("the number " + offset + ", less than 0");
                    }
                }
                case "event_id" -> eventId = in.optionalId();
                case "event_time" -> eventTime = in.time();
                default -> throw new IllegalStateException(field);
            }
        }
        in.requireSeen(partition >= 0, "trigger.partition");
        in.requireSeen(offset >= 0, "trigger.offset");
        in.requireSeen(eventTime >= 0, "trigger.event_time");
        return new Trigger(partition, offset, eventId, eventTime);
    }

    private static RecommendedItem readItem(RecordInput in)
            throws IOException, MalformedRecordException {
        String itemId = null;
        float score = 0;
        boolean scored = false;
        String source = null;
        RankingFacts facts = null;
        in.beginRecord(ITEM);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "item_id" -> itemId = in.id();
                case "score" -> {
                    score = in.number();
                    scored = true;
                }
                case "source" -> source = in.word();
                case "facts" -> facts = FACTS.readOptional(in);
                default -> throw new IllegalStateException(field);
            }
        }
        in.requireSeen(scored, "items[].score");
        return new RecommendedItem(
                in.required(itemId, "items[].item_id"),
                score,
                in.required(source, "items[].source"),
                facts);
    }

    private static ModelReference readModel(String place, RecordInput in)
            throws IOException, MalformedRecordException {
        String name = null;
        String version = null;
        in.beginRecord(MODEL);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "name" -> name = in.word();
                case "version" -> version = in.word();
                default -> throw new IllegalStateException(field);
            }
        }
        return new ModelReference(
                in.required(name, place + ".name"), in.required(version, place + ".version"));
    }

    private static ExperimentReference readExperiment(RecordInput in)
            throws IOException, MalformedRecordException {
        String name = null;
        String variant = null;
        in.beginRecord(EXPERIMENT);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "name" -> name = in.word();
                case "variant" -> variant = in.optionalId();
                default -> throw new IllegalStateException(field);
            }
        }
        return new ExperimentReference(in.required(name, "experiment.name"), variant);
    }
}
