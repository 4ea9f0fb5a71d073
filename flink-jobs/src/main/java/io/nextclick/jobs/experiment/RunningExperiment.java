package io.nextclick.jobs.experiment;

import io.nextclick.models.experiment.Assignment;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.Method;
import io.nextclick.schemas.Experiment.Unit;
import io.nextclick.schemas.Experiment.Variant;
import java.util.List;

/** An experiment that takes traffic, ready to be asked. Immutable. */
public final class RunningExperiment {

    private final Experiment experiment;
    private final Assignment assignment;
    private final List<VariantPlan> plans;
    private final List<String> names;

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
