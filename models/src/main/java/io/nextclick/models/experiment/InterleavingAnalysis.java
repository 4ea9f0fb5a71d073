package io.nextclick.models.experiment;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.statistics.inference.BinomialTest;

/**
 * An experiment whose units saw lists made of all variants' rankings; see {@link TeamDraft}. A
 * variant's rate is the credit it earned per list, so the variants share one list's hits among
 * them.
 */
public final class InterleavingAnalysis extends ExperimentAnalysis {

    private final Map<String, Unit> units = new HashMap<>();
    private final RateTotals[] totals;

    /** Of the credit of each variant minus the control's. */
    private final RateTotals[] preferences;

    private static final class Unit {
        final double[] credits;
        double lists;

        Unit(int variants) {
            credits = new double[variants];
        }
    }

    public InterleavingAnalysis(ExperimentDesign design, Guard guard) {
        super(design, guard);
        totals = new RateTotals[design.variants().size()];
        preferences = new RateTotals[totals.length];
        Arrays.fill(totals, RateTotals.NONE);
        Arrays.fill(preferences, RateTotals.NONE);
    }

    /**
     * What a unit did.
     *
     * @param unit its id
     * @param credits of each variant, in the order of the design
     * @param lists that could have earned credit, 0 or more
     */
    public void add(String unit, double[] credits, double lists) {
        if (credits.length != totals.length) {
            throw new IllegalArgumentException(
                    credits.length + " credits for " + totals.length + " variants");
        }
        if (!(lists >= 0)) {
            throw new IllegalArgumentException(
                    "unit " + unit + " has " + lists + " lists, there must be 0 or more");
        }
        Unit known = units.get(unit);
        if (known == null) {
            known = new Unit(credits.length);
            units.put(unit, known);
        } else {
            for (int variant = 0; variant < credits.length; variant++) {
                totals[variant] = totals[variant].minus(known.credits[variant], known.lists);
                preferences[variant] =
                        preferences[variant].minus(preference(known, variant), known.lists);
            }
        }
        known.lists += lists;
        for (int variant = 0; variant < credits.length; variant++) {
            known.credits[variant] += credits[variant];
        }
        for (int variant = 0; variant < credits.length; variant++) {
            totals[variant] = totals[variant].plus(known.credits[variant], known.lists);
            preferences[variant] =
                    preferences[variant].plus(preference(known, variant), known.lists);
        }
    }

    private static double preference(Unit unit, int variant) {
        return unit.credits[variant] - unit.credits[0];
    }

    @Override
    public Effect effect(int variant) {
        return Effect.within(preferences[variant]);
    }

    @Override
    boolean interleaves() {
        return true;
    }

    @Override
    long units() {
        return units.size();
    }

    @Override
    RateTotals totals(int variant) {
        return totals[variant];
    }

    /** The sign test: units that preferred the variant among those that preferred either. */
    @Override
    double rankTest(int variant) {
        int wins = 0;
        int losses = 0;
        for (Unit unit : units.values()) {
            double preference = preference(unit, variant);
            wins += preference > 0 ? 1 : 0;
            losses += preference < 0 ? 1 : 0;
        }
        return wins + losses == 0
                ? Double.NaN
                : BinomialTest.withDefaults().test(wins + losses, wins, 0.5).getPValue();
    }

    @Override
    SampleRatio sampleRatio() {
        return null;
    }

    @Override
    long mixedUnits() {
        return 0;
    }
}
