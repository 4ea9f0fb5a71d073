package io.nextclick.models.rating;

import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.session.ItemVocabulary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Who rated what how, as a sparse matrix that can be walked by user and by item. A pair of user and
 * item occurs once: of several ratings the last counts, of several clicks their number.
 *
 * <p>Immutable; 16 bytes a rating. Shapes: U = users, V = items, N = ratings.
 */
public final class Ratings {

    /** The attribute of a click that says how its user rated the item. */
    public static final String RATING = "rating";

    /** Rows of users by id, in order of rows. */
    private final Map<String, Integer> users;

    private final ItemVocabulary items;

    /** By user, and for each by ascending item. */
    private final Rows byUser;

    /** By item, and for each by ascending user. */
    private final Rows byItem;

    private final Features userFeatures;
    private final Features itemFeatures;

    /**
     * Ratings row by row; neither the arrays that come in nor those that go out are copied.
     *
     * @param starts where each row begins, and the end
     * @param columns N columns, ascending in each row
     * @param values N values
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Rows(int[] starts, int[] columns, float[] values) {

        int size() {
            return starts.length - 1;
        }

        int length(int row) {
            return starts[row + 1] - starts[row];
        }

        /** The same read by column. */
        Rows transposed(int columnCount) {
            int[] bounds = new int[columnCount + 1];
            for (int column : columns) {
                bounds[column + 1]++;
            }
            for (int column = 0; column < columnCount; column++) {
                bounds[column + 1] += bounds[column];
            }
            int[] next = Arrays.copyOf(bounds, columnCount);
            int[] rows = new int[columns.length];
            float[] moved = new float[columns.length];
            for (int row = 0; row < size(); row++) {
                for (int at = starts[row]; at < starts[row + 1]; at++) {
                    int to = next[columns[at]]++;
                    rows[to] = row;
                    moved[to] = values[at];
                }
            }
            return new Rows(bounds, rows, moved);
        }
    }

    private Ratings(
            Map<String, Integer> users,
            ItemVocabulary items,
            Rows byUser,
            Features userFeatures,
            Features itemFeatures) {
        this.users = users;
        this.items = items;
        this.byUser = byUser;
        this.byItem = byUser.transposed(items.size());
        this.userFeatures = userFeatures;
        this.itemFeatures = itemFeatures;
    }

    /**
     * The ratings that clicks carry in their attribute {@value #RATING}.
     *
     * @throws IllegalArgumentException if a click has none, or one that is not a number
     */
    public static Ratings explicit(List<LoggedClick> clicks) {
        return new Matrix(clicks, List.of()).ratings(Ratings::rating, false);
    }

    /** How often each user clicked each item; what a rating says is passed over. */
    public static Ratings counts(List<LoggedClick> clicks) {
        return new Matrix(clicks, List.of()).ratings(click -> 1, true);
    }

    /**
     * The ratings that clicks carry, and what is known of users and items beside them.
     *
     * @param clicks rated
     * @param others of which only users, items and their attributes are looked at, never ratings:
     *     who and what occurs only here is known, but not rated
     * @param userAttributes names of attributes that become features of users; may be empty
     * @param itemAttributes names of attributes that become features of items; may be empty
     * @throws IllegalArgumentException if a click has no rating or nobody has an attribute
     */
    public static Ratings explicit(
            List<LoggedClick> clicks,
            List<LoggedClick> others,
            List<String> userAttributes,
            List<String> itemAttributes) {
        if (userAttributes.contains(RATING) || itemAttributes.contains(RATING)) {
            throw new IllegalArgumentException(
                    "the attribute '" + RATING + "' is what is to be foretold, no feature");
        }
        Matrix matrix = new Matrix(clicks, others);
        Ratings bare = matrix.ratings(Ratings::rating, false);
        return new Ratings(
                bare.users,
                bare.items,
                bare.byUser,
                Features.of(matrix.userAttributes, userAttributes),
                Features.of(matrix.itemAttributes, itemAttributes));
    }

    /**
     * What a click says of its user's liking.
     *
     * @throws IllegalArgumentException if it has no {@value #RATING}, or one that is not a number
     */
    public static float rating(LoggedClick click) {
        String text = click.attributes().get(RATING);
        float value = Float.NaN;
        try {
            value = text == null ? Float.NaN : Float.parseFloat(text);
        } catch (NumberFormatException e) {
            // Said below.
        }
        if (!Float.isFinite(value)) {
            throw new IllegalArgumentException(
                    "user "
                            + RatingSplit.user(click)
                            + " clicked item "
                            + click.itemId()
                            + (text == null ? " without a " + RATING : ", rated '" + text + "'"));
        }
        return value;
    }

    @FunctionalInterface
    private interface Value {
        float of(LoggedClick click);
    }

    /** Clicks on their way into a matrix. */
    private static final class Matrix {

        private final Map<String, Integer> users = new LinkedHashMap<>();
        private final ItemVocabulary items = new ItemVocabulary();
        private final List<Map<String, String>> userAttributes = new ArrayList<>();
        private final List<Map<String, String>> itemAttributes = new ArrayList<>();
        private final List<LoggedClick> clicks;
        private final int[] userOf;
        private final int[] itemOf;

        Matrix(List<LoggedClick> clicks, List<LoggedClick> others) {
            this.clicks = clicks;
            userOf = new int[clicks.size()];
            itemOf = new int[clicks.size()];
            for (int i = 0; i < userOf.length; i++) {
                userOf[i] = user(clicks.get(i));
                itemOf[i] = item(clicks.get(i));
            }
            for (LoggedClick other : others) {
                user(other);
                item(other);
            }
        }

        private int user(LoggedClick click) {
            Integer known = users.putIfAbsent(RatingSplit.user(click), users.size());
            if (known != null) {
                return known;
            }
            userAttributes.add(click.attributes());
            return users.size() - 1;
        }

        private int item(LoggedClick click) {
            int row = items.rowOrAdd(click.itemId());
            if (row == itemAttributes.size()) {
                itemAttributes.add(click.attributes());
            }
            return row;
        }

        Ratings ratings(Value value, boolean add) {
            // By item and then, in that order, by user: two passes of a stable sort by counting.
            int[] byItem = sorted(null, itemOf, items.size());
            int[] order = sorted(byItem, userOf, users.size());
            int[] starts = new int[users.size() + 1];
            int[] columns = new int[order.length];
            float[] values = new float[order.length];
            int size = 0;
            int before = -1;
            for (int click : order) {
                boolean again =
                        before >= 0
                                && userOf[before] == userOf[click]
                                && itemOf[before] == itemOf[click];
                float said = value.of(clicks.get(click));
                if (again) {
                    values[size - 1] = add ? values[size - 1] + said : said;
                } else {
                    columns[size] = itemOf[click];
                    values[size++] = said;
                    starts[userOf[click] + 1]++;
                }
                before = click;
            }
            for (int user = 0; user < users.size(); user++) {
                starts[user + 1] += starts[user];
            }
            Rows rows = new Rows(starts, Arrays.copyOf(columns, size), Arrays.copyOf(values, size));
            return new Ratings(users, items, rows, Features.none(), Features.none());
        }

        /** Places in ascending order of their keys, equal ones in the order they come in. */
        private static int[] sorted(int[] places, int[] keys, int keyCount) {
            int[] next = new int[keyCount + 1];
            for (int key : keys) {
                next[key + 1]++;
            }
            for (int key = 0; key < keyCount; key++) {
                next[key + 1] += next[key];
            }
            int[] sorted = new int[keys.length];
            for (int i = 0; i < keys.length; i++) {
                int place = places == null ? i : places[i];
                sorted[next[keys[place]]++] = place;
            }
            return sorted;
        }
    }

    /** U. */
    public int users() {
        return users.size();
    }

    /** N. */
    public int size() {
        return byUser.columns.length;
    }

    /** The V items in order of rows; ratings may know more of them than have been rated. */
    public ItemVocabulary items() {
        return items;
    }

    /** How many ratings each item has. */
    public Popularity popularity() {
        float[] counts = new float[items.size()];
        for (int item = 0; item < counts.length; item++) {
            counts[item] = byItem.length(item);
        }
        return new Popularity(counts);
    }

    UserKeys userKeys() {
        return UserKeys.of(users.keySet());
    }

    Rows byUser() {
        return byUser;
    }

    Rows byItem() {
        return byItem;
    }

    Features userFeatures() {
        return userFeatures;
    }

    Features itemFeatures() {
        return itemFeatures;
    }

    /** The mean of all ratings; 0 if there are none. */
    double mean() {
        double sum = 0;
        for (float value : byUser.values) {
            sum += value;
        }
        return size() == 0 ? 0 : sum / size();
    }

    /** Different ratings, ascending. */
    double[] levels() {
        float[] sorted = byUser.values.clone();
        Arrays.sort(sorted);
        double[] levels = new double[sorted.length];
        int size = 0;
        for (int i = 0; i < sorted.length; i++) {
            if (i == 0 || sorted[i] != sorted[i - 1]) {
                levels[size++] = sorted[i];
            }
        }
        return Arrays.copyOf(levels, size);
    }

    /** A share of the places in {@link #byUser()}, drawn by chance. */
    BitSet drawn(double share, long seed) {
        BitSet drawn = new BitSet(size());
        SplittableRandom random = new SplittableRandom(seed);
        for (int at = 0; at < size(); at++) {
            if (random.nextDouble() < share) {
                drawn.set(at);
            }
        }
        return drawn;
    }

    /** The same users, items and features without some of the ratings. */
    Ratings without(BitSet places) {
        int[] starts = new int[users.size() + 1];
        int[] columns = new int[size() - places.cardinality()];
        float[] values = new float[columns.length];
        int kept = 0;
        for (int user = 0; user < users.size(); user++) {
            for (int at = byUser.starts[user]; at < byUser.starts[user + 1]; at++) {
                if (!places.get(at)) {
                    columns[kept] = byUser.columns[at];
                    values[kept++] = byUser.values[at];
                }
            }
            starts[user + 1] = kept;
        }
        return new Ratings(
                users, items, new Rows(starts, columns, values), userFeatures, itemFeatures);
    }
}
