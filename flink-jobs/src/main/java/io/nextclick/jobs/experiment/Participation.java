package io.nextclick.jobs.experiment;

import io.nextclick.schemas.Recommendation.ExperimentReference;

/**
 * The part that a session takes in an experiment.
 *
 * @param experiment the experiment
 * @param variant the number of the variant that answers, or {@link #ALL}
 * @param unit the id of what is assigned: the session's or its visitor's
 */
public record Participation(RunningExperiment experiment, int variant, String unit) {

    /** Each list is drawn from those of all variants. */
    public static final int ALL = -1;

    /** Whether each list is drawn from those of all variants. */
    public boolean isInterleaved() {
        return variant == ALL;
    }

    /** How the session is answered; null if its lists are interleaved. */
    public VariantPlan plan() {
        return isInterleaved() ? null : experiment.plans().get(variant);
    }

    /** The name of the variant that answers; null if lists are interleaved. */
    String variantName() {
        return isInterleaved() ? null : experiment.variants().get(variant);
    }

    /** As recommendations name it. */
    public ExperimentReference reference() {
        return new ExperimentReference(experiment.name(), variantName());
    }

    /**
     * The seed of the coins that are thrown for a list, so that a click that is answered again gets
     * the same.
     *
     * @param step the list's number in its session
     */
    public long coins(int step) {
        return experiment.coins(unit, step);
    }
}
