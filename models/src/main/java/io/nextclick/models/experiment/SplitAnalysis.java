package io.nextclick.models.experiment;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.apache.commons.statistics.inference.MannWhitneyUTest;

/** An experiment whose units each saw one variant. */
public final class SplitAnalysis extends ExperimentAnalysis {

    private final Map<String, Unit> units = new HashMap<>();
    private final RateTotals[] totals;
    private long mixed;

    private static final class Unit {
        final int variant;
        double x;
        double y;
        boolean mixed;

        Unit(int variant) {
            this.variant = variant;
        }
    }

    public SplitAnalysis(ExperimentDesign design, Guard guard) {
        super(design, guard);
        totals = new RateTotals[design.variants().size()];
        Arrays.fill(totals, RateTotals.NONE);
    }

    /**
     * What a unit did. What it does under another variant than before is left out; how many units
     * that concerns is in the report.
     *
     * @param unit its id
     * @param variant the variant it saw, by its place in the design
     * @param x what is counted, such as hits
     * @param y what it is counted against, such as lists; 0 of a unit that had none, which counts
     *     as traffic and otherwise tells nothing
     */
    public void add(String unit, int variant, double x, double y) {
        if (!(y >= 0)) {
            throw new IllegalArgumentException(
                    "the denominator of unit " + unit + " is " + y + ", it must be 0 or more");
        }
        Unit known = units.get(unit);
        if (known == null) {
            known = new Unit(variant);
            units.put(unit, known);
        } else if (known.variant != variant) {
            mixed += known.mixed ? 0 : 1;
            known.mixed = true;
            return;
        } else {
            totals[variant] = totals[variant].minus(known.x, known.y);
        }
        known.x += x;
        known.y += y;
        totals[variant] = totals[variant].plus(known.x, known.y);
    }

    @Override
    public Effect effect(int variant) {
        return Effect.between(totals[0], totals[variant]);
    }

    @Override
    boolean interleaves() {
        return false;
    }

    @Override
    long units() {
        return units.size();
    }

    @Override
    RateTotals totals(int variant) {
        return totals[variant];
    }

    /** Mann and Whitney's U test of the units' rates. */
    @Override
    double rankTest(int variant) {
        double[] control = rates(0);
        double[] other = rates(variant);
        if (control.length == 0 || other.length == 0) {
            return Double.NaN;
        }
        double one = control[0];
        boolean alike =
                DoubleStream.concat(Arrays.stream(control), Arrays.stream(other))
                        .allMatch(rate -> rate == one);
        return alike ? 1 : MannWhitneyUTest.withDefaults().test(other, control).getPValue();
    }

    private double[] rates(int variant) {
        return units.values().stream()
                .filter(unit -> unit.variant == variant && unit.y > 0)
                .mapToDouble(unit -> unit.x / unit.y)
                .toArray();
    }

    @Override
    SampleRatio sampleRatio() {
        return SampleRatio.of(
                Arrays.stream(totals).mapToLong(RateTotals::units).toArray(),
                design().proportions());
    }

    @Override
    long mixedUnits() {
        return mixed;
    }
}
