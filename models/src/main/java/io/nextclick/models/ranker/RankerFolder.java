package io.nextclick.models.ranker;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rankers as model folders of the kind {@value #KIND}. The manifest's parameters are the options
 * and, as {@value #FIELDS}, the fields of the feature space, separated by blanks. Items are hashed,
 * so that the list of items is empty and there are no fallbacks. Tensors, with F = fields:
 *
 * <ul>
 *   <li>{@value #BOUND_STARTS} [F + 1] I32 and {@value #BOUNDS} [B] F32: the bounds of field f's
 *       bins from start f to start f + 1;
 *   <li>each matrix of the ranker [R, W] F32, and beside it what learning on needs: {@code
 *       NAME.squares} and of FTRL {@code NAME.sums}, of the same shape.
 * </ul>
 */
public final class RankerFolder {

    public static final String KIND = "ranker";

    static final String FIELDS = "fields";
    static final String BOUNDS = "features.bounds";
    static final String BOUND_STARTS = "features.bound.starts";

    private static final String RANKER = "ranker";
    private static final String FACTORS = "factors";
    private static final String HIDDEN = "hidden";
    private static final String CROSSES = "crosses";
    private static final String CROSS_BUCKETS = "cross_buckets";
    private static final String LINEAR_RATE = "linear_rate";
    private static final String RATE = "rate";
    private static final String LASSO = "lasso";
    private static final String RIDGE = "ridge";
    private static final String BATCH = "batch";
    private static final String NEGATIVE_RATE = "negative_rate";
    private static final String SEED = "seed";
    private static final String EXAMPLES = "examples";

    private RankerFolder() {}

    /**
     * The ranker of a folder, ready to be asked; what only learning needs isn't kept.
     *
     * @throws ModelFileException if the folder is of another kind, or something is missing or
     *     doesn't fit
     */
    public static Ranker ranker(ModelFolder folder) throws ModelFileException {
        RankerLearner learner = learner(folder, false);
        return new TrainedRanker(learner.space(), learner.options(), learner.terms().parameters());
    }

    static RankerLearner read(ModelFolder folder) throws ModelFileException {
        return learner(folder, true);
    }

    static ModelFolder write(
            RankerLearner learner,
            String name,
            String version,
            SessionRules rules,
            String fingerprint,
            Map<String, Double> metrics,
            Instant createdAt) {
        FeatureSpace space = learner.space();
        RankerOptions options = learner.options();
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put(RANKER, options.kind().label());
        parameters.put(FACTORS, options.factors());
        parameters.put(HIDDEN, joined(options.hidden()));
        parameters.put(CROSSES, joined(options.crosses()));
        parameters.put(CROSS_BUCKETS, options.crossBuckets());
        parameters.put(LINEAR_RATE, options.linearRate());
        parameters.put(RATE, options.rate());
        parameters.put(LASSO, options.lasso());
        parameters.put(RIDGE, options.ridge());
        parameters.put(BATCH, options.batch());
        parameters.put(NEGATIVE_RATE, options.negativeRate());
        parameters.put(SEED, options.seed());
        parameters.put(EXAMPLES, learner.examples());
        parameters.put(FIELDS, joined(space.fields()));
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        putBounds(space, tensors);
        for (LearntRows rows : learner.terms().parameters().all()) {
            float[][] state = rows.state();
            for (int i = 0; i < state.length; i++) {
                tensors.put(
                        rows.stateNames()[i],
                        new Tensor.Floats(state[i].clone(), rows.rows(), rows.width()));
            }
        }
        return new ModelFolder(
                new ModelManifest(
                        KIND, name, version, parameters, rules, fingerprint, metrics, createdAt),
                new ItemVocabulary(),
                tensors);
    }

    private static void putBounds(FeatureSpace space, Map<String, Tensor> tensors) {
        int[] starts = new int[space.fields().size() + 1];
        float[] all = new float[space.size()];
        int count = 0;
        for (int field = 0; field < starts.length - 1; field++) {
            for (float bound : space.bounds(field)) {
                all[count++] = bound;
            }
            starts[field + 1] = count;
        }
        tensors.put(BOUND_STARTS, new Tensor.Ints(starts, starts.length));
        tensors.put(BOUNDS, new Tensor.Floats(Arrays.copyOf(all, count), count));
    }

    private static String joined(List<?> parts) {
        return String.join(" ", parts.stream().map(String::valueOf).toList());
    }

    private static List<String> parts(String joined) {
        return joined.isEmpty() ? List.of() : List.of(joined.split(" "));
    }

    private static RankerLearner learner(ModelFolder folder, boolean learnsOn)
            throws ModelFileException {
        ModelManifest manifest = folder.manifest();
        if (!manifest.kind().equals(KIND)) {
            throw new ModelFileException(
                    ModelFolder.MANIFEST, "kind is '" + manifest.kind() + "', not " + KIND);
        }
        RankerLearner learner;
        try {
            if (!(manifest.parameters().get(EXAMPLES) instanceof Number examples)) {
                throw new ModelFileException(
                        ModelFolder.MANIFEST, "parameter " + EXAMPLES + " is missing");
            }
            learner =
                    new RankerLearner(
                            space(folder),
                            options(manifest),
                            examples.longValue(),
                            0,
                            new Parameters(valuesOf(folder)));
        } catch (UncheckedIOException e) {
            throw (ModelFileException) e.getCause();
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new ModelFileException(ModelFolder.MANIFEST, e.getMessage(), e);
        }
        if (learnsOn) {
            for (LearntRows rows : learner.terms().parameters().all()) {
                for (int i = 1; i < rows.stateNames().length; i++) {
                    float[] state = folder.floats(rows.stateNames()[i], rows.rows(), rows.width());
                    System.arraycopy(state, 0, rows.state()[i], 0, state.length);
                }
            }
        }
        return learner;
    }

    /**
     * The folder's own matrices. One that it doesn't have in the size that its manifest speaks of
     * is refused before there is an array of that size.
     */
    private static Parameters.Source valuesOf(ModelFolder folder) {
        return (name, rows, width) -> {
            try {
                return folder.floats(name, rows, width).clone();
            } catch (ModelFileException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    private static FeatureSpace space(ModelFolder folder) throws ModelFileException {
        List<Field> fields = new ArrayList<>();
        for (String field : parts(folder.manifest().text(FIELDS))) {
            fields.add(Field.parse(field));
        }
        int[] starts = folder.ints(BOUND_STARTS, fields.size() + 1);
        float[] all = folder.floats(BOUNDS, -1);
        float[][] bounds = new float[fields.size()][];
        for (int field = 0; field < bounds.length; field++) {
            if (starts[field] < 0
                    || starts[field + 1] < starts[field]
                    || starts[field + 1] > all.length) {
                throw new ModelFileException(ModelFolder.WEIGHTS, BOUND_STARTS + " do not ascend");
            }
            bounds[field] = Arrays.copyOfRange(all, starts[field], starts[field + 1]);
        }
        return new FeatureSpace(fields, bounds);
    }

    private static RankerOptions options(ModelManifest manifest) throws ModelFileException {
        if (!(manifest.parameters().get(SEED) instanceof Number seed)) {
            throw new ModelFileException(ModelFolder.MANIFEST, "parameter " + SEED + " is missing");
        }
        return new RankerOptions(
                RankerKind.labelled(manifest.text(RANKER)),
                manifest.integer(FACTORS),
                parts(manifest.text(HIDDEN)).stream().map(Integer::valueOf).toList(),
                parts(manifest.text(CROSSES)),
                manifest.integer(CROSS_BUCKETS),
                manifest.number(LINEAR_RATE),
                manifest.number(RATE),
                manifest.number(LASSO),
                manifest.number(RIDGE),
                manifest.integer(BATCH),
                manifest.number(NEGATIVE_RATE),
                seed.longValue());
    }
}
