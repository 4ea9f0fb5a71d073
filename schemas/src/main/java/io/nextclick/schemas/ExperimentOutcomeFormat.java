package io.nextclick.schemas;

import io.nextclick.schemas.ExperimentOutcome.Credit;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** The fields of an {@link ExperimentOutcome}. */
final class ExperimentOutcomeFormat implements RecordFormat<ExperimentOutcome> {

    static final ExperimentOutcomeFormat INSTANCE = new ExperimentOutcomeFormat();

    private static final RecordShape SHAPE = RecordShape.ofResource("ExperimentOutcome.avsc");

    private static final RecordShape CREDIT = SHAPE.nested("credits");

    private ExperimentOutcomeFormat() {}

    @Override
    public RecordShape shape() {
        return SHAPE;
    }

    @Override
    public void write(ExperimentOutcome outcome, RecordOutput out) {
        out.beginRecord();
        out.text("id", outcome.id());
        out.text("experiment", outcome.experiment());
        out.text("salt", outcome.salt());
        out.optionalText("variant", outcome.variant());
        out.text("session_id", outcome.sessionId());
        out.text("unit_id", outcome.unitId());
        out.time("started_at", outcome.startedAtMillis());
        out.time("ended_at", outcome.endedAtMillis());
        out.integer("clicks", outcome.clicks());
        out.integer("lists", outcome.lists());
        out.integer("hits", outcome.hits());
        out.list("credits", outcome.credits(), ExperimentOutcomeFormat::writeCredit);
        out.numberMap("metrics", outcome.metrics());
        out.endRecord();
    }

    private static void writeCredit(Credit credit, RecordOutput out) {
        out.beginRecord();
        out.text("variant", credit.variant());
        out.integer("hits", credit.hits());
        out.endRecord();
    }

    @Override
    public ExperimentOutcome read(RecordInput in) throws IOException, MalformedRecordException {
        String id = null;
        String experiment = null;
        String salt = null;
        String variant = null;
        String sessionId = null;
        String unitId = null;
        long startedAt = -1;
        long endedAt = -1;
        int clicks = 0;
        int lists = -1;
        int hits = -1;
        List<Credit> credits = List.of();
        Map<String, Double> metrics = Map.of();
        in.beginRecord(SHAPE);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "id" -> id = in.id();
                case "experiment" -> experiment = in.id();
                case "salt" -> salt = in.id();
                case "variant" -> variant = in.optionalId();
                case "session_id" -> sessionId = in.id();
                case "unit_id" -> unitId = in.id();
                case "started_at" -> startedAt = in.time();
                case "ended_at" -> endedAt = in.time();
                case "clicks" -> clicks = count(in);
                case "lists" -> lists = count(in);
                case "hits" -> hits = count(in);
                case "credits" -> credits = in.list(ExperimentOutcomeFormat::readCredit);
                case "metrics" -> metrics = in.numberMap();
                default -> throw new IllegalStateException(field);
            }
        }
        in.requireSeen(startedAt >= 0, "started_at");
        in.requireSeen(endedAt >= 0, "ended_at");
        in.requireSeen(lists >= 0, "lists");
        in.requireSeen(hits >= 0, "hits");
        if (clicks < 1) {
            throw new MalformedRecordException("clicks", "less than 1");
        }
        if (hits > lists) {
            throw new MalformedRecordException("hits", hits + " of " + lists + " lists");
        }
        return new ExperimentOutcome(
                in.required(id, "id"),
                in.required(experiment, "experiment"),
                in.required(salt, "salt"),
                variant,
                in.required(sessionId, "session_id"),
                in.required(unitId, "unit_id"),
                startedAt,
                endedAt,
                clicks,
                lists,
                hits,
                credits,
                metrics);
    }

    private static Credit readCredit(RecordInput in) throws IOException, MalformedRecordException {
        String variant = null;
        int hits = -1;
        in.beginRecord(CREDIT);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "variant" -> variant = in.id();
                case "hits" -> hits = count(in);
                default -> throw new IllegalStateException(field);
            }
        }
        in.requireSeen(hits >= 0, "credits[].hits");
        return new Credit(in.required(variant, "credits[].variant"), hits);
    }

    private static int count(RecordInput in) throws IOException, MalformedRecordException {
        int value = in.integer();
        if (value < 0) {
            throw in.malformed("the number " + value + ", less than 0");
        }
        return value;
    }
}
