package io.nextclick.jobs.experiment;

import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.Method;
import io.nextclick.schemas.Experiment.State;
import io.nextclick.schemas.Experiment.Unit;
import io.nextclick.schemas.Experiment.Variant;
import java.util.List;
import java.util.Map;

/** Experiments for tests. */
public final class SomeExperiments {

    private SomeExperiments() {}

    /** Two variants that share all sessions and set nothing, with a guard of margin 0. */
    public static Experiment halves(String name) {
        return experiment(name, Unit.SESSION, Method.SPLIT, plain("a", 0.5), plain("b", 0.5));
    }

    /** Running since 1, guarded with margin 0, with its name as its salt. */
    public static Experiment experiment(
            String name, Unit unit, Method method, Variant... variants) {
        return new Experiment(
                name,
                "salt of " + name,
                unit,
                method,
                List.of(variants),
                State.RUNNING,
                0.0,
                1,
                1,
                null);
    }

    /** The same as another run, with another margin of its guard. */
    static Experiment again(Experiment before, String salt, Double margin) {
        return new Experiment(
                before.name(),
                salt,
                before.unit(),
                before.method(),
                before.variants(),
                State.RUNNING,
                margin,
                before.startedAtMillis(),
                before.updatedAtMillis() + 1,
                null);
    }

    /** A variant that sets nothing. */
    public static Variant plain(String name, double share) {
        return new Variant(name, share, null, Map.of(), Map.of());
    }
}
