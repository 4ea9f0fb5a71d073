package io.nextclick.models.experiment;

import io.nextclick.models.experiment.ExperimentReport.Look;
import io.nextclick.models.experiment.ExperimentReport.VariantComparison;
import io.nextclick.models.experiment.ExperimentReport.VariantFigures;
import java.util.ArrayList;
import java.util.List;

/**
 * Works out an experiment from what its units (sessions or visitors) did. A unit that comes again,
 * such as a visitor's next session, grows; it stays one unit. For one thread; keeps about 100 bytes
 * a unit.
 */
public abstract sealed class ExperimentAnalysis permits SplitAnalysis, InterleavingAnalysis {

    private final ExperimentDesign design;
    private final Guard guard;
    private final List<Look> course = new ArrayList<>();

    ExperimentAnalysis(ExperimentDesign design, Guard guard) {
        this.design = design;
        this.guard = guard;
    }

    final ExperimentDesign design() {
        return design;
    }

    /**
     * Remembers how things stand now, for the report's course.
     *
     * @param timeMillis when, in milliseconds since the epoch
     */
    public final void look(long timeMillis) {
        List<VariantComparison> comparisons = new ArrayList<>();
        for (int variant = 1; variant < design.variants().size(); variant++) {
            // The rank test takes all units; no course shows it.
            comparisons.add(comparison(variant, Double.NaN));
        }
        course.add(new Look(timeMillis, units(), comparisons));
    }

    /** How things stand now. */
    public final ExperimentReport report() {
        List<VariantFigures> figures = new ArrayList<>();
        List<VariantComparison> comparisons = new ArrayList<>();
        for (int variant = 0; variant < design.variants().size(); variant++) {
            RateTotals totals = totals(variant);
            figures.add(
                    new VariantFigures(
                            design.variants().get(variant),
                            design.shares().get(variant),
                            totals.units(),
                            totals.denominator(),
                            totals.rate(),
                            Effect.within(totals).interval(guard.test().confidence())));
            if (variant > 0) {
                comparisons.add(comparison(variant, rankTest(variant)));
            }
        }
        return new ExperimentReport(
                interleaves(), guard, figures, comparisons, sampleRatio(), mixedUnits(), course);
    }

    private VariantComparison comparison(int variant, double rankTest) {
        Effect effect = effect(variant);
        return new VariantComparison(
                design.variants().get(variant),
                effect,
                effect.difference() / totals(0).rate(),
                effect.interval(guard.test().confidence()),
                rankTest,
                guard.test().interval(effect),
                guard.test().pValue(effect),
                guard.ends(effect));
    }

    /** How a variant compares with the control so far. */
    public abstract Effect effect(int variant);

    abstract boolean interleaves();

    abstract long units();

    abstract RateTotals totals(int variant);

    /** P-value of a test of variant and control that doesn't go by means; NaN if there is none. */
    abstract double rankTest(int variant);

    /** Null where units aren't shared out. */
    abstract SampleRatio sampleRatio();

    abstract long mixedUnits();
}
