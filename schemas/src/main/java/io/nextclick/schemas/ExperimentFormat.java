package io.nextclick.schemas;

import io.nextclick.schemas.Experiment.Method;
import io.nextclick.schemas.Experiment.State;
import io.nextclick.schemas.Experiment.Unit;
import io.nextclick.schemas.Experiment.Variant;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The fields of an {@link Experiment}. */
final class ExperimentFormat implements RecordFormat<Experiment> {

    static final ExperimentFormat INSTANCE = new ExperimentFormat();

    private static final RecordShape SHAPE = RecordShape.ofResource("Experiment.avsc");

    private static final RecordShape VARIANT = SHAPE.nested("variants");

    private ExperimentFormat() {}

    @Override
    public RecordShape shape() {
        return SHAPE;
    }

    @Override
    public void write(Experiment experiment, RecordOutput out) {
        out.beginRecord();
        out.text("name", experiment.name());
        out.text("salt", experiment.salt());
        out.text("unit", word(experiment.unit()));
        out.text("method", word(experiment.method()));
        out.list("variants", experiment.variants(), ExperimentFormat::writeVariant);
        out.text("state", word(experiment.state()));
        out.optionalNumber("guard_margin", experiment.guardMargin());
        out.time("started_at", experiment.startedAtMillis());
        out.time("updated_at", experiment.updatedAtMillis());
        out.optionalText("reason", experiment.reason());
        out.endRecord();
    }

    private static void writeVariant(Variant variant, RecordOutput out) {
        out.beginRecord();
        out.text("name", variant.name());
        out.doubleNumber("share", variant.share());
        out.optionalText("model", variant.model());
        out.numberMap("blend", variant.blend());
        out.textMap("rules", variant.rules());
        out.endRecord();
    }

    @Override
    public Experiment read(RecordInput in) throws IOException, MalformedRecordException {
        String name = null;
        String salt = null;
        Unit unit = Unit.SESSION;
        Method method = Method.SPLIT;
        List<Variant> variants = null;
        State state = State.RUNNING;
        Double guardMargin = null;
        long startedAt = -1;
        long updatedAt = -1;
        String reason = null;
        in.beginRecord(SHAPE);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "name" -> name = in.id();
                case "salt" -> salt = in.id();
                case "unit" -> unit = word(in, Unit.values());
                case "method" -> method = word(in, Method.values());
                case "variants" -> variants = in.list(ExperimentFormat::readVariant);
                case "state" -> state = word(in, State.values());
                case "guard_margin" -> guardMargin = in.optionalNumber();
                case "started_at" -> startedAt = in.time();
                case "updated_at" -> updatedAt = in.time();
                case "reason" -> reason = in.optionalText(in.limits.textChars());
                default -> throw new IllegalStateException(field);
            }
        }
        in.requireSeen(startedAt >= 0, "started_at");
        in.requireSeen(updatedAt >= 0, "updated_at");
        in.required(name, "name");
        in.required(salt, "salt");
        in.required(variants, "variants");
        try {
            return new Experiment(
                    name,
                    salt,
                    unit,
                    method,
                    variants,
                    state,
                    guardMargin,
                    startedAt,
                    updatedAt,
                    reason);
        } catch (IllegalArgumentException e) {
            throw new MalformedRecordException("variants or guard_margin", e.getMessage(), e);
        }
    }

    private static Variant readVariant(RecordInput in)
            throws IOException, MalformedRecordException {
        String name = null;
        double share = 0;
        boolean shared = false;
        String model = null;
        Map<String, Double> blend = Map.of();
        Map<String, String> rules = Map.of();
        in.beginRecord(VARIANT);
        for (String field = in.nextField(); field != null; field = in.nextField()) {
            switch (field) {
                case "name" -> name = in.id();
                case "share" -> {
                    share = in.doubleNumber();
                    shared = true;
                }
                case "model" -> model = in.optionalId();
                case "blend" -> blend = in.numberMap();
                case "rules" -> rules = in.textMap();
                default -> throw new IllegalStateException(field);
            }
        }
        in.requireSeen(shared, "variants[].share");
        in.required(name, "variants[].name");
        try {
            return new Variant(name, share, model, blend, rules);
        } catch (IllegalArgumentException e) {
            throw new MalformedRecordException(in.where(), e.getMessage(), e);
        }
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** One of the words that a field may hold. */
    private static <E extends Enum<E>> E word(RecordInput in, E[] values)
            throws IOException, MalformedRecordException {
        String text = in.word();
        for (E value : values) {
            if (word(value).equals(text)) {
                return value;
            }
        }
        throw in.malformed(
                "the word '"
                        + text
                        + "', none of "
                        + Arrays.stream(values).map(ExperimentFormat::word).toList());
    }
}
