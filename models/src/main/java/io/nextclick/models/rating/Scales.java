package io.nextclick.models.rating;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.scoring.RatingScale;
import io.nextclick.models.scoring.UserScorer;
import java.util.BitSet;
import java.util.Map;
import java.util.function.Function;

/** Rating scales: measured on ratings, and as parameters of a manifest. */
final class Scales {

    private static final String LOWEST = "lowest_rating";
    private static final String HIGHEST = "highest_rating";
    private static final String STEP = "rating_step";
    private static final String DEVIATION = "rating_deviation";

    private static final double HELD_OUT = 0.1;

    /** A model that is never wrong is one that was hardly asked. */
    private static final double LEAST_DEVIATION = 1e-3;

    private Scales() {}

    /**
     * The scale of some ratings. A model is trained on nine tenths of them to see how far it is off
     * on the others: on what it learnt from it would seem too sure.
     *
     * @throws IllegalArgumentException if there are no ratings
     */
    static RatingScale measured(
            Ratings ratings, long seed, Function<Ratings, ? extends UserScorer> training) {
        if (ratings.size() == 0) {
            throw new IllegalArgumentException("there are no ratings to learn from");
        }
        double[] levels = ratings.levels();
        double step = levels.length < 2 ? 0 : Double.MAX_VALUE;
        for (int i = 1; i < levels.length; i++) {
            step = Math.min(step, levels[i] - levels[i - 1]);
        }
        BitSet held = ratings.drawn(HELD_OUT, seed);
        if (held.cardinality() == ratings.size()) {
            held.clear();
        }
        UserScorer model = training.apply(ratings.without(held));
        Ratings.Rows rows = ratings.byUser();
        double squares = 0;
        for (int user = 0; user < rows.size(); user++) {
            for (int at = rows.starts()[user]; at < rows.starts()[user + 1]; at++) {
                if (held.get(at)) {
                    double error = model.score(user, rows.columns()[at]) - rows.values()[at];
                    squares += error * error;
                }
            }
        }
        double deviation = Math.sqrt(squares / Math.max(1, held.cardinality()));
        return new RatingScale(
                levels[0], levels[levels.length - 1], step, Math.max(LEAST_DEVIATION, deviation));
    }

    static void write(RatingScale scale, Map<String, Object> parameters) {
        parameters.put(LOWEST, scale.lowest());
        parameters.put(HIGHEST, scale.highest());
        parameters.put(STEP, scale.step());
        parameters.put(DEVIATION, scale.deviation());
    }

    static RatingScale read(ModelManifest manifest) throws ModelFileException {
        return new RatingScale(
                manifest.number(LOWEST),
                manifest.number(HIGHEST),
                manifest.number(STEP),
                manifest.number(DEVIATION));
    }
}
