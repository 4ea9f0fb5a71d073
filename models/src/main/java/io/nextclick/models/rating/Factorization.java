package io.nextclick.models.rating;

import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.scoring.RatingScale;
import io.nextclick.models.session.ItemVocabulary;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Users and items as vectors whose product is a score:
 *
 * <pre>
 * score(u, i) = μ + b_u + b_i + p_u · q_i + x_u · w_i + v_u · y_i
 * </pre>
 *
 * with learnt p, q, known features x of users and y of items, and what items make of the former, w,
 * and users of the latter, v (Koren, Bell and Volinsky 2009). A user's vector is [p_u | x_u | v_u],
 * an item's [q_i | w_i | y_i]; whoever has no ratings has zeros in the learnt parts, so that the
 * mean is foretold, moved by what is known of the other and of the features.
 *
 * <p>{@link SgdFactorization} and {@link AlsFactorization} learn it from ratings, {@link
 * ImplicitAls} from clicks, without biases or features.
 *
 * <p>Tensors, with U = users, V = items, D = length of the vectors: {@value UserKeys#TENSOR},
 * {@value #USER_VECTORS} [U, D] F32, {@value #ITEM_VECTORS} [V, D] F32, {@value #USER_BIASES} [U]
 * F32, {@value #ITEM_BIASES} [V] F32.
 *
 * <p>Immutable.
 */
public final class Factorization implements RatingModel {

    public static final String SGD = "mf";
    public static final String ALS = "als";
    public static final String IMPLICIT_ALS = "implicit-als";

    /** Every kind. */
    public static final List<String> KINDS = List.of(SGD, ALS, IMPLICIT_ALS);

    /** The tensor of the users' vectors. */
    public static final String USER_VECTORS = "user.vectors";

    /** The tensor of the items' vectors. */
    public static final String ITEM_VECTORS = "item.vectors";

    static final String USER_BIASES = "user.biases";
    static final String ITEM_BIASES = "item.biases";

    private static final String FACTORS = "factors";
    private static final String USER_FEATURES = "user_features";
    private static final String ITEM_FEATURES = "item_features";
    private static final String MEAN = "mean";
    private static final String REGULARIZATION = "regularization";
    private static final String CONFIDENCE = "confidence";

    /**
     * The parts of a vector.
     *
     * @param factors length of p and q
     * @param userFeatures length of x and w
     * @param itemFeatures length of v and y
     */
    record Parts(int factors, int userFeatures, int itemFeatures) {

        private static final int LONGEST_PART = 1_000_000;

        Parts {
            Bounds.require("factors", factors, 0, LONGEST_PART);
            Bounds.require("user features", userFeatures, 0, LONGEST_PART);
            Bounds.require("item features", itemFeatures, 0, LONGEST_PART);
        }

        /** D. */
        int dimension() {
            return factors + userFeatures + itemFeatures;
        }

        /** Where the users' known features are. */
        int userKnown() {
            return factors;
        }

        /** Where the items' known features are. */
        int itemKnown() {
            return factors + userFeatures;
        }
    }

    /**
     * Vectors and biases of users, or of items, one row each. While they are learnt, threads write
     * different rows.
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Side(float[] vectors, float[] biases) {

        static Side zeros(int rows, Parts parts) {
            return new Side(
                    new float[Math.multiplyExact(rows, parts.dimension())], new float[rows]);
        }
    }

    private final String kind;
    private final ItemVocabulary items;
    private final Popularity popularity;
    private final UserKeys users;
    private final Parts parts;
    private final double mean;
    private final Side userSide;
    private final Side itemSide;
    private final RatingScale scale;

    /** λ, each of n ratings adding it to the diagonal; of implicit feedback once. */
    private final double regularization;

    /** α of implicit feedback. */
    private final double confidence;

    /**
     * @param scale null if scores only order items
     */
    Factorization(
            String kind,
            ItemVocabulary items,
            Popularity popularity,
            UserKeys users,
            Parts parts,
            double mean,
            Side userSide,
            Side itemSide,
            RatingScale scale,
            double regularization,
            double confidence) {
        this.kind = kind;
        this.items = items;
        this.popularity = popularity;
        this.users = users;
        this.parts = parts;
        this.mean = mean;
        this.userSide = userSide;
        this.itemSide = itemSide;
        this.scale = scale;
        this.regularization = regularization;
        this.confidence = confidence;
        if (!(regularization > 0) || (isImplicit() && !(confidence > 0))) {
            throw new IllegalArgumentException(
                    "regularization is "
                            + regularization
                            + ", confidence "
                            + confidence
                            + ": both must be above 0");
        }
    }

    /**
     * A model from its folder.
     *
     * @throws ModelFileException if a parameter or a tensor is missing or doesn't fit
     */
    static Factorization read(ModelFolder folder) throws ModelFileException {
        ModelManifest manifest = folder.manifest();
        boolean implicit = manifest.kind().equals(IMPLICIT_ALS);
        Parts parts =
                new Parts(
                        manifest.integer(FACTORS),
                        manifest.integer(USER_FEATURES),
                        manifest.integer(ITEM_FEATURES));
        UserKeys users = UserKeys.read(folder);
        int itemCount = folder.vocabulary().size();
        return new Factorization(
                manifest.kind(),
                folder.vocabulary(),
                folder.popularity(),
                users,
                parts,
                manifest.number(MEAN),
                new Side(
                        folder.floats(USER_VECTORS, users.size(), parts.dimension()),
                        folder.floats(USER_BIASES, users.size())),
                new Side(
                        folder.floats(ITEM_VECTORS, itemCount, parts.dimension()),
                        folder.floats(ITEM_BIASES, itemCount)),
                implicit ? null : Scales.read(manifest),
                manifest.number(REGULARIZATION),
                implicit ? manifest.number(CONFIDENCE) : 0);
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public ItemVocabulary vocabulary() {
        return items;
    }

    @Override
    public Popularity popularity() {
        return popularity;
    }

    @Override
    public Map<String, Object> parameters() {
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put(FACTORS, parts.factors);
        parameters.put(USER_FEATURES, parts.userFeatures);
        parameters.put(ITEM_FEATURES, parts.itemFeatures);
        parameters.put(MEAN, mean);
        parameters.put(REGULARIZATION, regularization);
        if (isImplicit()) {
            parameters.put(CONFIDENCE, confidence);
        }
        return parameters;
    }

    @Override
    public Map<String, Tensor> tensors() {
        int dimension = parts.dimension();
        return Map.of(
                UserKeys.TENSOR,
                users.tensor(),
                USER_VECTORS,
                new Tensor.Floats(userSide.vectors, users.size(), dimension),
                USER_BIASES,
                new Tensor.Floats(userSide.biases, users.size()),
                ITEM_VECTORS,
                new Tensor.Floats(itemSide.vectors, items.size(), dimension),
                ITEM_BIASES,
                new Tensor.Floats(itemSide.biases, items.size()));
    }

    private boolean isImplicit() {
        return kind.equals(IMPLICIT_ALS);
    }

    @Override
    public int user(String id) {
        return users.row(id);
    }

    @Override
    public Optional<RatingScale> scale() {
        return Optional.ofNullable(scale);
    }

    @Override
    public double score(int user, int item) {
        double score = mean;
        if (user != UNKNOWN) {
            score += userSide.biases[user];
        }
        if (item != UNKNOWN) {
            score += itemSide.biases[item];
        }
        if (user == UNKNOWN || item == UNKNOWN) {
            return score;
        }
        return score + product(user, item);
    }

    private double product(int user, int item) {
        int dimension = parts.dimension();
        double product = 0;
        for (int d = 0; d < dimension; d++) {
            product +=
                    (double) userSide.vectors[user * dimension + d]
                            * itemSide.vectors[item * dimension + d];
        }
        return product;
    }

    @Override
    public void scores(int user, float[] scores) {
        for (int item = 0; item < items.size(); item++) {
            scores[item] = (float) score(user, item);
        }
    }

    /**
     * How sessions of nobody known are answered: by the vector that a user would have who had rated
     * the session's items with the best rating, or clicked them.
     */
    public SessionFolding folding() {
        return isImplicit() ? implicitFolding() : ratedFolding();
    }

    /** Ridge regression of what the best rating exceeds the items' means by; x is unknown, so 0. */
    private SessionFolding ratedFolding() {
        // Where there are biases alone, a vector of one zero.
        int dimension = Math.max(1, parts.factors + parts.itemFeatures);
        float[] vectors = new float[items.size() * dimension];
        float[] targets = new float[items.size()];
        for (int item = 0; item < items.size(); item++) {
            int from = item * parts.dimension();
            System.arraycopy(itemSide.vectors, from, vectors, item * dimension, parts.factors);
            System.arraycopy(
                    itemSide.vectors,
                    from + parts.itemKnown(),
                    vectors,
                    item * dimension + parts.factors,
                    parts.itemFeatures);
            targets[item] = (float) (scale.highest() - mean - itemSide.biases[item]);
        }
        return new SessionFolding(
                vectors, itemSide.biases, dimension, targets, regularization, true);
    }

    /**
     * With A = YᵀY + λI = L Lᵀ and ỹ = L⁻¹ y, the user who clicked the items S solves (A + α Σ y
     * yᵀ) p = (1 + α) Σ y, and y_j · p = ỹ_j · p̃ for p̃ = Σ a_s ỹ_s, (Ỹ_S Ỹ_Sᵀ + I/α) a = 1 (1 +
     * α)/α: a system of as many equations as the session has items.
     */
    private SessionFolding implicitFolding() {
        int dimension = parts.factors;
        NormalEquations gram = new NormalEquations(dimension);
        gram.clear(ImplicitAls.gram(itemSide.vectors, dimension, regularization));
        gram.solve();
        float[] vectors = new float[itemSide.vectors.length];
        IntStream.range(0, items.size())
                .forEach(
                        item -> {
                            double[] vector = new double[dimension];
                            for (int d = 0; d < dimension; d++) {
                                vector[d] = itemSide.vectors[item * dimension + d];
                            }
                            gram.whiten(vector);
                            for (int d = 0; d < dimension; d++) {
                                vectors[item * dimension + d] = (float) vector[d];
                            }
                        });
        float[] targets = new float[items.size()];
        Arrays.fill(targets, (float) ((1 + confidence) / confidence));
        return new SessionFolding(vectors, null, dimension, targets, 1 / confidence, false);
    }
}
