package io.nextclick.jobs.experiment;

import io.nextclick.models.experiment.Assignment;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.Method;
import io.nextclick.schemas.Experiment.Unit;
import io.nextclick.schemas.Experiment.Variant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** An experiment that takes traffic, ready to be asked. Immutable. */
public final class RunningExperiment {

    private final Experiment experiment;
    private final Assignment assignment;
    private final List<VariantPlan> plans;
    private final List<String> names;
    private final Set<String> models;

    /**
     * @param experiment one that is running
     * @param means what the job has to answer with
     * @throws IllegalArgumentException if the job can't answer as a variant says; says why
     */
    RunningExperiment(Experiment experiment, AnsweringMeans means) {
        this.experiment = experiment;
        List<Variant> variants = experiment.variants();
        assignment =
                new Assignment(
                        experiment.salt(), variants.stream().mapToDouble(Variant::share).toArray());
        plans = variants.stream().map(variant -> VariantPlan.of(variant, means)).toList();
        names = variants.stream().map(Variant::name).toList();
        models =
                plans.stream()
                        .map(VariantPlan::model)
                        .filter(Objects::nonNull)
                        .collect(Collectors.toUnmodifiableSet());
        if (interleaves() && !models.isEmpty()) {
            throw new IllegalArgumentException(
                    "lists are drawn from those of one model, a variant names the model "
                            + String.join(", ", new TreeSet<>(models))
                            + ": split the sessions instead");
        }
    }

    /** What it was made of. */
    Experiment record() {
        return experiment;
    }

    public String name() {
        return experiment.name();
    }

    /** How its variants answer, the control first. */
    public List<VariantPlan> plans() {
        return plans;
    }

    /** The names of its variants, the control first. */
    List<String> variants() {
        return names;
    }

    /** The names under which its variants' own models are released. */
    Set<String> models() {
        return models;
    }

    /** Whether each list is drawn from those of all variants. */
    public boolean interleaves() {
        return experiment.method() == Method.INTERLEAVE;
    }

    /** Whether an outcome's run is this one. */
    boolean isRun(String name, String salt) {
        return experiment.name().equals(name) && experiment.salt().equals(salt);
    }

    /**
     * The part that a session takes in this experiment.
     *
     * @param userId its visitor; null if unknown
     * @return null if it takes none
     */
    Participation join(String sessionId, String userId) {
        String unit = experiment.unit() == Unit.USER ? userId : sessionId;
        if (unit == null) {
            return null;
        }
        int variant = assignment.variantOf(unit);
        if (variant == Assignment.NONE) {
            return null;
        }
        return new Participation(this, interleaves() ? Participation.ALL : variant, unit);
    }

    /** The seed of the coins that are thrown for one list. */
    long coins(String unit, int step) {
        return assignment.seed(unit, step);
    }
}
