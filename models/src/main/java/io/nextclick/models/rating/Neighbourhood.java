package io.nextclick.models.rating;

import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.baseline.SparseRanking;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.RatingScale;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Ratings foretold from those of similar users, or from the user's own of similar items (Herlocker
 * et al. 1999, Sarwar et al. 2001). With m(u, i) = μ + b_u + b_i, the mean moved by what the user
 * and the item are above it, and N the k most similar neighbours that rated,
 *
 * <pre>
 * r̂(u, i) = m(u, i) + Σ_{n ∈ N} s_n · (r_n − m_n) / Σ_{n ∈ N} s_n
 * </pre>
 *
 * over similarities above 0 (Koren 2010). A similarity of c common ratings is shrunk by c / (c +
 * λ), biases of n ratings by n / (n + {@value #BIAS_SHRINKAGE}). Without a neighbour, without
 * ratings of the user or of the item, the mean is foretold.
 *
 * <p>A session is answered by the items that are similar to its own, or by what the users rated who
 * rated most of its items.
 *
 * <p>Tensors, with U = users, V = items, N = ratings, M = similarities kept: {@value
 * RatingModel#USER_KEYS}, {@value #RATING_STARTS} [U + 1] I32, {@value #RATED_ITEMS} [N] I32,
 * {@value #RATINGS} [N] F32, {@value #USER_BIASES} [U], {@value #ITEM_BIASES} [V] F32, and of each
 * user or item {@value #NEIGHBOUR_STARTS} I32, {@value #NEIGHBOURS} [M] I32, the most similar
 * first, {@value #SIMILARITIES} [M] F32.
 *
 * <p>Immutable.
 */
public final class Neighbourhood implements RatingModel {

    public static final String OF_USERS = "user-neighbours";
    public static final String OF_ITEMS = "item-neighbours";

    /** Both kinds. */
    public static final List<String> KINDS = List.of(OF_USERS, OF_ITEMS);

    static final String RATING_STARTS = "rating.starts";
    static final String RATED_ITEMS = "rating.items";
    static final String RATINGS = "rating.values";
    static final String USER_BIASES = "user.biases";
    static final String ITEM_BIASES = "item.biases";
    static final String NEIGHBOUR_STARTS = "neighbours.starts";
    static final String NEIGHBOURS = "neighbours.rows";
    static final String SIMILARITIES = "neighbours.similarities";

    private static final double BIAS_SHRINKAGE = 10;
    private static final int CHUNK = 16;

    /** The users, most alike a session, whose ratings answer it. */
    private static final int LIKE_MINDED = 100;

    /** How alike two rows of ratings are. */
    public enum Similarity {
        /** Cosine of the ratings as they stand; what isn't rated is 0. */
        COSINE,

        /** Cosine of what the ratings are above {@code m(u, i)}; what isn't rated is 0. */
        ADJUSTED_COSINE,

        /** Correlation of what the ratings are above {@code m(u, i)}, over common ratings. */
        PEARSON
    }

    /**
     * How neighbours are found.
     *
     * @param similarity by what
     * @param shrinkage λ, common ratings, 0 or more
     * @param kept the most similar rows kept of each, in [1, 10,000]
     * @param nearest k, of these, in [1, 10,000]
     */
    public record Options(Similarity similarity, double shrinkage, int kept, int nearest) {

        /** Chosen on a tenth of the training ratings of MovieLens 100K, for either kind. */
        public static final Options DEFAULTS =
                new Options(Similarity.ADJUSTED_COSINE, 20, 1_000, 40);

        public Options {
            Bounds.require("shrinkage", shrinkage, 0, 1e9);
            Bounds.require("neighbours", kept, 1, 10_000);
            Bounds.require("nearest", nearest, 1, 10_000);
        }
    }

    private final String kind;
    private final Options options;
    private final ItemVocabulary items;
    private final Popularity popularity;
    private final UserKeys users;
    private final Ratings.Rows byUser;
    private final Ratings.Rows byItem;
    private final double mean;
    private final float[] userBiases;
    private final float[] itemBiases;

    /** Of each user, or of each item, the others most similar to it, the most similar first. */
    private final Ratings.Rows neighbours;

    private final RatingScale scale;

    private Neighbourhood(
            String kind,
            Options options,
            ItemVocabulary items,
            Popularity popularity,
            UserKeys users,
            Ratings.Rows byUser,
            double mean,
            float[] userBiases,
            float[] itemBiases,
            Ratings.Rows neighbours,
            RatingScale scale) {
        this.kind = kind;
        this.options = options;
        this.items = items;
        this.popularity = popularity;
        this.users = users;
        this.byUser = byUser;
        this.byItem = byUser.transposed(items.size());
        this.mean = mean;
        this.userBiases = userBiases;
        this.itemBiases = itemBiases;
        this.neighbours = neighbours;
        this.scale = scale;
    }

    /**
     * Finds the neighbours of all users or of all items.
     *
     * @param kind {@link #OF_USERS} or {@link #OF_ITEMS}
     * @throws IllegalArgumentException if there are no ratings
     */
    public static Neighbourhood train(String kind, Ratings ratings, Options options) {
        RatingScale scale = Scales.measured(ratings, 1, part -> found(kind, part, options, null));
        return found(kind, ratings, options, scale);
    }

    private static Neighbourhood found(
            String kind, Ratings ratings, Options options, RatingScale scale) {
        double mean = ratings.mean();
        float[] itemBiases = biases(ratings.byItem(), null, mean);
        float[] userBiases = biases(ratings.byUser(), itemBiases, mean);
        boolean ofUsers = kind.equals(OF_USERS);
        Ratings.Rows rows = ofUsers ? ratings.byUser() : ratings.byItem();
        Ratings.Rows columns = ofUsers ? ratings.byItem() : ratings.byUser();
        float[] rowBiases = ofUsers ? userBiases : itemBiases;
        float[] columnBiases = ofUsers ? itemBiases : userBiases;
        boolean asTheyStand = options.similarity == Similarity.COSINE;
        Ratings.Rows seen = asTheyStand ? rows : above(rows, rowBiases, columnBiases, mean);
        Ratings.Rows across = asTheyStand ? columns : above(columns, columnBiases, rowBiases, mean);
        return new Neighbourhood(
                kind,
                options,
                ratings.items(),
                ratings.popularity(),
                ratings.userKeys(),
                ratings.byUser(),
                mean,
                userBiases,
                itemBiases,
                mostSimilar(seen, across, options),
                scale);
    }

    /** What each row is above the mean, and above the other side's biases if these are known. */
    private static float[] biases(Ratings.Rows rows, float[] others, double mean) {
        float[] biases = new float[rows.size()];
        for (int row = 0; row < biases.length; row++) {
            double sum = 0;
            for (int at = rows.starts()[row]; at < rows.starts()[row + 1]; at++) {
                sum += rows.values()[at] - mean - (others == null ? 0 : others[rows.columns()[at]]);
            }
            biases[row] = (float) (sum / (rows.length(row) + BIAS_SHRINKAGE));
        }
        return biases;
    }

    private static Ratings.Rows above(
            Ratings.Rows rows, float[] rowBiases, float[] columnBiases, double mean) {
        float[] values = new float[rows.values().length];
        for (int row = 0; row < rows.size(); row++) {
            for (int at = rows.starts()[row]; at < rows.starts()[row + 1]; at++) {
                values[at] =
                        (float)
                                (rows.values()[at]
                                        - mean
                                        - rowBiases[row]
                                        - columnBiases[rows.columns()[at]]);
            }
        }
        return new Ratings.Rows(rows.starts(), rows.columns(), values);
    }

    /** Sums over the common columns of one row and all others. */
    private static final class Common {

        private final int[] counts;
        private final double[] products;
        private final double[] ownSums;
        private final double[] otherSums;
        private final double[] ownSquares;
        private final double[] otherSquares;
        private final int[] touched;
        private int size;

        Common(int rows) {
            counts = new int[rows];
            products = new double[rows];
            ownSums = new double[rows];
            otherSums = new double[rows];
            ownSquares = new double[rows];
            otherSquares = new double[rows];
            touched = new int[rows];
        }

        void add(int other, double own, double theirs) {
            if (counts[other]++ == 0) {
                touched[size++] = other;
            }
            products[other] += own * theirs;
            ownSums[other] += own;
            otherSums[other] += theirs;
            ownSquares[other] += own * own;
            otherSquares[other] += theirs * theirs;
        }

        double correlation(int other) {
            double n = counts[other];
            double covariance = products[other] - ownSums[other] * otherSums[other] / n;
            double own = ownSquares[other] - ownSums[other] * ownSums[other] / n;
            double theirs = otherSquares[other] - otherSums[other] * otherSums[other] / n;
            // Equal numbers don't vary, but their sums are rounded.
            double least = 1e-9;
            return own > least && theirs > least ? covariance / Math.sqrt(own * theirs) : 0;
        }

        void clear() {
            for (int i = 0; i < size; i++) {
                int other = touched[i];
                counts[other] = 0;
                products[other] = 0;
                ownSums[other] = 0;
                otherSums[other] = 0;
                ownSquares[other] = 0;
                otherSquares[other] = 0;
            }
            size = 0;
        }
    }

    private record Neighbour(int row, float similarity) {}

    private static final Comparator<Neighbour> MOST_SIMILAR_FIRST =
            Comparator.comparingDouble(Neighbour::similarity)
                    .reversed()
                    .thenComparingInt(Neighbour::row);

    private static Ratings.Rows mostSimilar(
            Ratings.Rows rows, Ratings.Rows columns, Options options) {
        double[] lengths = new double[rows.size()];
        for (int row = 0; row < lengths.length; row++) {
            for (int at = rows.starts()[row]; at < rows.starts()[row + 1]; at++) {
                lengths[row] += (double) rows.values()[at] * rows.values()[at];
            }
            lengths[row] = Math.sqrt(lengths[row]);
        }
        List<Neighbour[]> found =
                IntStream.range(0, (rows.size() + CHUNK - 1) / CHUNK)
                        .parallel()
                        .mapToObj(
                                chunk -> {
                                    Common common = new Common(rows.size());
                                    int begin = chunk * CHUNK;
                                    int end = Math.min(rows.size(), begin + CHUNK);
                                    return IntStream.range(begin, end)
                                            .mapToObj(
                                                    row ->
                                                            neighbours(
                                                                    row, rows, columns, lengths,
                                                                    common, options))
                                            .toList();
                                })
                        .flatMap(List::stream)
                        .toList();
        int[] starts = new int[rows.size() + 1];
        for (int row = 0; row < found.size(); row++) {
            starts[row + 1] = Math.addExact(starts[row], found.get(row).length);
        }
        int[] others = new int[starts[rows.size()]];
        float[] similarities = new float[others.length];
        int at = 0;
        for (Neighbour[] of : found) {
            for (Neighbour neighbour : of) {
                others[at] = neighbour.row;
                similarities[at++] = neighbour.similarity;
            }
        }
        return new Ratings.Rows(starts, others, similarities);
    }

    private static Neighbour[] neighbours(
            int row,
            Ratings.Rows rows,
            Ratings.Rows columns,
            double[] lengths,
            Common common,
            Options options) {
        common.clear();
        for (int at = rows.starts()[row]; at < rows.starts()[row + 1]; at++) {
            int column = rows.columns()[at];
            for (int to = columns.starts()[column]; to < columns.starts()[column + 1]; to++) {
                common.add(columns.columns()[to], rows.values()[at], columns.values()[to]);
            }
        }
        return IntStream.range(0, common.size)
                .map(i -> common.touched[i])
                .filter(other -> other != row)
                .mapToObj(
                        other -> {
                            int count = common.counts[other];
                            double similarity =
                                    options.similarity == Similarity.PEARSON
                                            ? common.correlation(other)
                                            : common.products[other]
                                                    / (lengths[row] * lengths[other]);
                            double shrunk = similarity * count / (count + options.shrinkage);
                            return new Neighbour(other, (float) shrunk);
                        })
                // A row of zeros has no angle.
                .filter(neighbour -> neighbour.similarity > 0)
                .sorted(MOST_SIMILAR_FIRST)
                .limit(options.kept)
                .toArray(Neighbour[]::new);
    }

    /**
     * A model from its folder.
     *
     * @throws ModelFileException if a parameter or a tensor is missing or doesn't fit
     */
    static Neighbourhood read(ModelFolder folder) throws ModelFileException {
        ModelManifest manifest = folder.manifest();
        String kind = manifest.kind();
        UserKeys users = Factorization.readUsers(folder);
        int itemCount = folder.vocabulary().size();
        Ratings.Rows byUser =
                rows(
                        folder.ints(RATING_STARTS, users.size() + 1),
                        folder.ints(RATED_ITEMS, -1),
                        folder.floats(RATINGS, -1),
                        itemCount);
        int rowCount = kind.equals(OF_USERS) ? users.size() : itemCount;
        Ratings.Rows neighbours =
                rows(
                        folder.ints(NEIGHBOUR_STARTS, rowCount + 1),
                        folder.ints(NEIGHBOURS, -1),
                        folder.floats(SIMILARITIES, -1),
                        rowCount);
        return new Neighbourhood(
                kind,
                new Options(
                        Similarity.valueOf(manifest.text("similarity").toUpperCase(Locale.ROOT)),
                        manifest.number("shrinkage"),
                        manifest.integer("neighbours"),
                        manifest.integer("nearest")),
                folder.vocabulary(),
                folder.popularity(),
                users,
                byUser,
                manifest.number("mean"),
                folder.floats(USER_BIASES, users.size()),
                folder.floats(ITEM_BIASES, itemCount),
                neighbours,
                Scales.read(manifest));
    }

    private static Ratings.Rows rows(int[] starts, int[] columns, float[] values, int columnCount) {
        boolean fits =
                starts[0] == 0
                        && starts[starts.length - 1] == columns.length
                        && values.length == columns.length;
        for (int row = 0; fits && row + 1 < starts.length; row++) {
            fits = starts[row] <= starts[row + 1];
        }
        for (int at = 0; fits && at < columns.length; at++) {
            fits = columns[at] >= 0 && columns[at] < columnCount;
        }
        if (!fits) {
            throw new IllegalArgumentException(
                    "starts, columns and values of "
                            + (starts.length - 1)
                            + " rows don't fit each other");
        }
        return new Ratings.Rows(starts, columns, values);
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
        parameters.put("similarity", options.similarity.name().toLowerCase(Locale.ROOT));
        parameters.put("shrinkage", options.shrinkage);
        parameters.put("neighbours", options.kept);
        parameters.put("nearest", options.nearest);
        parameters.put("mean", mean);
        return parameters;
    }

    @Override
    public Map<String, Tensor> tensors() {
        return Map.of(
                USER_KEYS,
                new Tensor.Longs(users.keys(), users.size()),
                RATING_STARTS,
                ints(byUser.starts()),
                RATED_ITEMS,
                ints(byUser.columns()),
                RATINGS,
                floats(byUser.values()),
                USER_BIASES,
                floats(userBiases),
                ITEM_BIASES,
                floats(itemBiases),
                NEIGHBOUR_STARTS,
                ints(neighbours.starts()),
                NEIGHBOURS,
                ints(neighbours.columns()),
                SIMILARITIES,
                floats(neighbours.values()));
    }

    private static Tensor ints(int[] values) {
        return new Tensor.Ints(values, values.length);
    }

    private static Tensor floats(float[] values) {
        return new Tensor.Floats(values, values.length);
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
        double score = mean(user, item);
        if (user == UNKNOWN || item == UNKNOWN) {
            return score;
        }
        boolean ofUsers = kind.equals(OF_USERS);
        int row = ofUsers ? user : item;
        Ratings.Rows rated = ofUsers ? byItem : byUser;
        int column = ofUsers ? item : user;
        double sum = 0;
        double weights = 0;
        int found = 0;
        for (int at = neighbours.starts()[row];
                at < neighbours.starts()[row + 1] && found < options.nearest;
                at++) {
            int neighbour = neighbours.columns()[at];
            int place =
                    Arrays.binarySearch(
                            rated.columns(),
                            rated.starts()[column],
                            rated.starts()[column + 1],
                            neighbour);
            if (place >= 0) {
                double similarity = neighbours.values()[at];
                double expected = ofUsers ? mean(neighbour, item) : mean(user, neighbour);
                sum += similarity * (rated.values()[place] - expected);
                weights += similarity;
                found++;
            }
        }
        return weights > 0 ? score + sum / weights : score;
    }

    private double mean(int user, int item) {
        return mean
                + (user == UNKNOWN ? 0 : userBiases[user])
                + (item == UNKNOWN ? 0 : itemBiases[item]);
    }

    @Override
    public void scores(int user, float[] scores) {
        for (int item = 0; item < items.size(); item++) {
            scores[item] = (float) score(user, item);
        }
    }

    /** This model for the calling thread, as one that answers sessions. */
    public EncodingScorer newScorer(int maximumLength) {
        return new Scorer(maximumLength);
    }

    private final class Scorer implements EncodingScorer {

        private final int maximumLength;
        private final SparseRanking ranking = new SparseRanking(popularity);
        private final float[] sums = new float[items.size()];
        private final int[] touched = new int[items.size()];
        private int touchedCount;
        private final int[] common = kind.equals(OF_USERS) ? new int[users.size()] : null;

        Scorer(int maximumLength) {
            this.maximumLength = maximumLength;
        }

        @Override
        public int maximumLength() {
            return maximumLength;
        }

        @Override
        public TopItems[] rank(int[][] sessions, int count, int k, int[][] excluded) {
            TopItems[] lists = new TopItems[count];
            for (int i = 0; i < count; i++) {
                score(sessions[i]);
                lists[i] = ranking.top(k, excluded == null ? null : excluded[i]);
            }
            return lists;
        }

        @Override
        public int[] ranksOf(int[][] sessions, int count, int[] targets, int[][] excluded) {
            int[] ranks = new int[count];
            for (int i = 0; i < count; i++) {
                score(sessions[i]);
                ranks[i] = ranking.rank(targets[i], excluded == null ? null : excluded[i]);
            }
            return ranks;
        }

        private void score(int[] session) {
            int[] different = Arrays.stream(session).distinct().toArray();
            if (common == null) {
                for (int item : different) {
                    addRow(neighbours, item, 1, 0);
                }
            } else {
                addLikeMinded(different);
            }
            ranking.clear();
            for (int i = 0; i < touchedCount; i++) {
                ranking.put(touched[i], sums[touched[i]]);
                sums[touched[i]] = 0;
            }
            touchedCount = 0;
        }

        /** Adds to the score of each of a row's items, always something above 0. */
        private void addRow(Ratings.Rows rows, int row, double weight, double offset) {
            for (int at = rows.starts()[row]; at < rows.starts()[row + 1]; at++) {
                int item = rows.columns()[at];
                if (sums[item] == 0) {
                    touched[touchedCount++] = item;
                }
                sums[item] += (float) (weight * (rows.values()[at] + offset));
            }
        }

        /** Cosine of the sets of items; of users equally alike those in lower rows. */
        private void addLikeMinded(int[] session) {
            int[] met = new int[users.size()];
            int size = 0;
            for (int item : session) {
                for (int at = byItem.starts()[item]; at < byItem.starts()[item + 1]; at++) {
                    int user = byItem.columns()[at];
                    if (common[user]++ == 0) {
                        met[size++] = user;
                    }
                }
            }
            Neighbour[] nearest = new Neighbour[size];
            for (int i = 0; i < size; i++) {
                double product = (double) session.length * byUser.length(met[i]);
                nearest[i] = new Neighbour(met[i], (float) (common[met[i]] / Math.sqrt(product)));
            }
            Arrays.sort(nearest, MOST_SIMILAR_FIRST);
            for (int i = 0; i < size; i++) {
                common[met[i]] = 0;
            }
            // The lowest rating counts too, or somebody's only item would have no score.
            double least = scale.step() > 0 ? scale.step() : 1;
            for (int i = 0; i < Math.min(size, LIKE_MINDED); i++) {
                addRow(byUser, nearest[i].row, nearest[i].similarity, least - scale.lowest());
            }
        }

        @Override
        public void close() {
            // Nothing but arrays.
        }
    }
}
