package io.nextclick.jobs.cli;

import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.Method;
import io.nextclick.schemas.Experiment.State;
import io.nextclick.schemas.Experiment.Unit;
import io.nextclick.schemas.Experiment.Variant;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code nextclick experiment start}: another experiment, or other traffic for a running one. */
@Command(
        name = "start",
        description = "Start an experiment, or change a running one.",
        footer = {
            "",
            "The first variant is the control. What a variant doesn't set is as the job's options"
                    + " say. Example: experiment start bigger --variant control=0.5 --variant"
                    + " big=0.5 --model big=gru4rec-large --guard 0.01",
            "--change keeps the salt and whatever isn't given anew: whoever is in the experiment"
                    + " keeps their variant as long as the variants' proportions stay the same."
        })
final class ExperimentStartCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;
    @Mixin private ExperimentTopic experiments;

    @Parameters(paramLabel = "NAME", description = "The experiment's name.")
    private String name;

    @Option(
            names = "--variant",
            required = true,
            paramLabel = "NAME=SHARE",
            description = "A variant and what part of all traffic it gets. Repeatable.")
    private Map<String, Double> shares = new LinkedHashMap<>();

    @Option(
            names = "--model",
            paramLabel = "NAME=RELEASE",
            description = "The model release by which a variant answers. Repeatable.")
    private Map<String, String> models = new LinkedHashMap<>();

    @Option(
            names = "--blend",
            paramLabel = "NAME=SOURCE:WEIGHT",
            description = "A variant's weight of a source of candidates. Repeatable.")
    private List<String> blends = List.of();

    @Option(
            names = "--rule",
            paramLabel = "NAME=RULE:VALUE",
            description =
                    "How a variant puts lists in order, by the last part of the job's option, such"
                            + " as most-per-category. Repeatable.")
    private List<String> rules = List.of();

    @Option(
            names = "--unit",
            paramLabel = "session|user",
            description = "What is assigned to a variant. Default: session.")
    private Unit unit;

    @Option(
            names = "--method",
            paramLabel = "split|interleave",
            description =
                    "Whether each unit sees one variant, or each list is drawn from all of them."
                            + " Default: split.")
    private Method method;

    @Option(
            names = "--guard",
            paramLabel = "MARGIN",
            description =
                    "End a variant whose rate is lower than the control's by more than this beyond"
                            + " doubt, such as 0.01. Default: never.")
    private Double guard;

    @Option(
            names = "--salt",
            paramLabel = "TEXT",
            description =
                    "What ids are hashed with. Default: the name and the time, so that another run"
                            + " assigns anew.")
    private String salt;

    @Option(
            names = "--change",
            description = "Change an experiment that is running, under the same salt.")
    private boolean change;

    @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for a person.")
    private String reason;

    @Option(
            names = "--encoding",
            defaultValue = "json",
            description = "How the record is written: json, or avro (single-object encoding).")
    private Encoding encoding;

    @Override
    public Integer call() throws Exception {
        if (change && salt != null) {
            throw new ParameterException(
                    spec.commandLine(), "--change keeps the salt, so --salt doesn't go with it");
        }
        Instant now = Instant.now();
        // What is wrong in itself isn't even asked about.
        Experiment first = experiment(null, now);
        Experiment running = experiments.latest().get(name);
        if (running != null && running.state() == State.STOPPED) {
            running = null;
        }
        if (running != null && !change) {
            throw new CommandException(
                    "experiment " + name + " is running: stop it first, or --change it");
        }
        if (running == null && change) {
            throw new CommandException("no experiment " + name + " is running");
        }
        Experiment started = running == null ? first : experiment(running, now);
        if (running != null
                && (started.unit() != running.unit() || started.method() != running.method())) {
            throw new CommandException(
                    "unit and method of a running experiment can't be changed: its outcomes would"
                            + " be of two kinds");
        }
        experiments.publish(started, encoding);
        spec.commandLine().getOut().print(ExperimentTopic.describe(started));
        return Nextclick.DONE;
    }

    /**
     * The experiment that is asked for.
     *
     * @param running what holds where nothing is given; null if it is a new one
     */
    private Experiment experiment(Experiment running, Instant now) {
        models.keySet().forEach(variant -> requireVariant(variant, "--model"));
        Map<String, Map<String, String>> weights = settings(blends, "--blend");
        Map<String, Map<String, String>> orders = settings(rules, "--rule");
        List<Variant> variants = new ArrayList<>();
        try {
            shares.forEach(
                    (variant, share) -> {
                        Variant before = before(running, variant, share);
                        variants.add(
                                new Variant(
                                        variant,
                                        share,
                                        models.getOrDefault(variant, before.model()),
                                        weights.containsKey(variant)
                                                ? weights(weights.get(variant))
                                                : before.blend(),
                                        orders.getOrDefault(variant, before.rules())));
                    });
            if (running == null) {
                return new Experiment(
                        name,
                        salt == null ? name + ' ' + now : salt,
                        unit == null ? Unit.SESSION : unit,
                        method == null ? Method.SPLIT : method,
                        variants,
                        State.RUNNING,
                        guard,
                        now.toEpochMilli(),
                        now.toEpochMilli(),
                        reason);
            }
            return new Experiment(
                    name,
                    running.salt(),
                    unit == null ? running.unit() : unit,
                    method == null ? running.method() : method,
                    variants,
                    State.RUNNING,
                    guard == null ? running.guardMargin() : guard,
                    running.startedAtMillis(),
                    now.toEpochMilli(),
                    reason);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** A variant as it is; one that sets nothing if it is new. */
    private static Variant before(Experiment running, String variant, double share) {
        Variant fresh = new Variant(variant, share, null, Map.of(), Map.of());
        return running == null
                ? fresh
                : running.variants().stream()
                        .filter(each -> each.name().equals(variant))
                        .findFirst()
                        .orElse(fresh);
    }

    private Map<String, Double> weights(Map<String, String> texts) {
        Map<String, Double> weights = new HashMap<>();
        texts.forEach((source, text) -> weights.put(source, weight(text)));
        return weights;
    }

    /** {@code VARIANT=NAME:VALUE} by variant and name. */
    private Map<String, Map<String, String>> settings(List<String> given, String option) {
        Map<String, Map<String, String>> settings = new HashMap<>();
        for (String text : given) {
            int equals = text.indexOf('=');
            int colon = text.lastIndexOf(':');
            if (equals < 1 || colon < equals + 2 || colon == text.length() - 1) {
                throw new ParameterException(
                        spec.commandLine(),
                        option + " is '" + text + "', it must be as VARIANT=NAME:VALUE");
            }
            String variant = text.substring(0, equals);
            requireVariant(variant, option);
            settings.computeIfAbsent(variant, key -> new HashMap<>())
                    .put(text.substring(equals + 1, colon), text.substring(colon + 1));
        }
        return settings;
    }

    private void requireVariant(String variant, String option) {
        if (!shares.containsKey(variant)) {
            throw new ParameterException(
                    spec.commandLine(),
                    option + " names the variant '" + variant + "', there are " + shares.keySet());
        }
    }

    private double weight(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new ParameterException(
                    spec.commandLine(), "--blend has '" + text + "' where a weight belongs", e);
        }
    }
}
