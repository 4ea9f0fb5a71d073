package io.nextclick.schemas;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A comparison of variants on live traffic, as {@code experiments} holds it.
 *
 * @param name not empty
 * @param salt what ids are hashed with; another run has another salt; not empty
 * @param unit what is assigned to a variant
 * @param method how variants are compared
 * @param variants the control first; two or more, no two of one name, their shares together at most
 *     1
 * @param state whether it runs
 * @param guardMargin how much lower than the control's rate a variant's may be before the variant
 *     is ended by itself, from 0; null: never
 * @param startedAtMillis when this run was started, in milliseconds since the epoch
 * @param updatedAtMillis when this record was written, in milliseconds since the epoch
 * @param reason why it was stopped or changed, for a person; may be null
 */
public record Experiment(
        String name,
        String salt,
        Unit unit,
        Method method,
        List<Variant> variants,
        State state,
        Double guardMargin,
        long startedAtMillis,
        long updatedAtMillis,
        String reason) {

    /** The smallest share of traffic a variant can have. */
    public static final double SMALLEST_SHARE = 0.0001;

    /** Sums of shares may miss 1 by rounding. */
    private static final double ROUNDING = 1e-9;

    /** What is assigned to a variant. */
    public enum Unit {
        /** Each visit by itself. */
        SESSION,
        /** All visits of a visitor alike; visits of visitors unknown take no part. */
        USER
    }

    /** How variants are compared. */
    public enum Method {
        /** Each unit sees the lists of one variant. */
        SPLIT,
        /** Each list is drawn from those of all variants, team by team. */
        INTERLEAVE
    }

    /** Whether an experiment takes traffic. */
    public enum State {
        RUNNING,
        STOPPED
    }

    public Experiment {
        RecordChecks.requireText(name, "name");
        RecordChecks.requireText(salt, "salt");
        Objects.requireNonNull(unit, "unit");
        Objects.requireNonNull(method, "method");
        Objects.requireNonNull(state, "state");
        variants = List.copyOf(variants);
        if (variants.size() < 2) {
            throw new IllegalArgumentException(
                    "variants has " + variants.size() + ", two or more can be compared");
        }
        if (variants.stream().map(Variant::name).distinct().count() < variants.size()) {
            throw new IllegalArgumentException("variants has a name twice");
        }
        double shares = variants.stream().mapToDouble(Variant::share).sum();
        if (shares > 1 + ROUNDING) {
            throw new IllegalArgumentException(
                    "variants have shares of " + shares + " together, more than 1");
        }
        // Written so that NaN is refused.
        if (guardMargin != null && !(guardMargin >= 0 && guardMargin <= 1)) {
            throw new IllegalArgumentException(
                    "guard_margin is " + guardMargin + ", it must be in [0, 1]");
        }
    }

    /**
     * One of the ways to answer that are compared. What it doesn't set is as the job's options say.
     *
     * @param name not empty
     * @param share what part of all traffic it gets, in [{@value Experiment#SMALLEST_SHARE}, 1]
     * @param model name of the model release that answers; null: the job's own
     * @param blend weights of sources by name, in [0, 1]
     * @param rules how lists are put in order, by the last part of the job's option
     */
    public record Variant(
            String name,
            double share,
            String model,
            Map<String, Double> blend,
            Map<String, String> rules) {

        public Variant {
            RecordChecks.requireText(name, "variants[].name");
            if (!(share >= SMALLEST_SHARE && share <= 1)) {
                throw new IllegalArgumentException(
                        "the share of variant "
                                + name
                                + " is "
                                + share
                                + ", it must be in ["
                                + SMALLEST_SHARE
                                + ", 1]");
            }
            blend = Map.copyOf(blend);
            blend.forEach(
                    (source, weight) -> {
                        if (!(weight >= 0 && weight <= 1)) {
                            throw new IllegalArgumentException(
                                    "the weight of "
                                            + source
                                            + " in variant "
                                            + name
                                            + " is "
                                            + weight
                                            + ", it must be in [0, 1]");
                        }
                    });
            rules = Map.copyOf(rules);
        }
    }

    /**
     * This experiment in another state.
     *
     * @param atMillis when, in milliseconds since the epoch
     * @param why for a person; may be null
     */
    public Experiment with(State newState, long atMillis, String why) {
        return new Experiment(
                name,
                salt,
                unit,
                method,
                variants,
                newState,
                guardMargin,
                startedAtMillis,
                atMillis,
                why);
    }
}
