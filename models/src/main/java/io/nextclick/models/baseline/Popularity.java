package io.nextclick.models.baseline;

import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Clicks per item: the same list for every session, the most clicked first, equal counts by row.
 * Immutable; sorted once, so that a list costs only its length and a rank nothing.
 */
public final class Popularity {

    private final float[] counts;

    /** Rows by falling count, equal counts by row. */
    private final int[] order;

    /** Per row how many items, itself included, have at least its count. */
    private final int[] atLeast;

    /**
     * @param counts clicks per row, none negative or NaN
     */
    public Popularity(float[] counts) {
        this.counts = counts.clone();
        for (int row = 0; row < counts.length; row++) {
            if (!(counts[row] >= 0)) {
                throw new IllegalArgumentException(
                        "count of row " + row + " is " + counts[row] + ", it must be 0 or more");
            }
        }
        order =
                IntStream.range(0, counts.length)
                        .boxed()
                        .sorted(Comparator.comparingDouble(row -> -this.counts[row]))
                        .mapToInt(Integer::intValue)
                        .toArray();
        atLeast = new int[counts.length];
        for (int place = counts.length - 1, end = counts.length; place >= 0; place--) {
            if (place + 1 < counts.length && counts[order[place]] != counts[order[place + 1]]) {
                end = place + 1;
            }
            atLeast[order[place]] = end;
        }
    }

    /**
     * Counts every click of the sessions, of single clicks too; items that the vocabulary does not
     * hold are passed over.
     */
    public static Popularity of(Iterable<Session> sessions, ItemVocabulary vocabulary) {
        float[] counts = new float[vocabulary.size()];
        for (Session session : sessions) {
            for (String item : session.items()) {
                int row = vocabulary.row(item);
                if (row != ItemVocabulary.UNKNOWN) {
                    counts[row]++;
                }
            }
        }
        return new Popularity(counts);
    }

    /**
     * What is popular lately: a session that began {@code age} before the latest one counts 2^(−age
     * / half-life) a click, and nothing if its age is beyond the window.
     *
     * @param window zero counts sessions of any age
     * @param halfLife zero counts all of them alike
     */
    public static Popularity recent(
            Collection<Session> sessions,
            ItemVocabulary vocabulary,
            Duration window,
            Duration halfLife) {
        requireNotNegative("window", window);
        requireNotNegative("half-life", halfLife);
        long latest = sessions.stream().mapToLong(Session::startMillis).max().orElse(0);
        // Sums of small weights need more digits than a float has.
        double[] sums = new double[vocabulary.size()];
        for (Session session : sessions) {
            long age = latest - session.startMillis();
            if (!window.isZero() && age > window.toMillis()) {
                continue;
            }
            double weight =
                    halfLife.isZero() ? 1 : Math.pow(2, -age / (double) halfLife.toMillis());
            for (String item : session.items()) {
                int row = vocabulary.row(item);
                if (row != ItemVocabulary.UNKNOWN) {
                    sums[row] += weight;
                }
            }
        }
        float[] counts = new float[sums.length];
        for (int row = 0; row < sums.length; row++) {
            counts[row] = (float) sums[row];
        }
        return new Popularity(counts);
    }

    private static void requireNotNegative(String name, Duration length) {
        if (length.isNegative()) {
            throw new IllegalArgumentException(
                    name + " is " + length + ", it must not be negative");
        }
    }

    /**
     * The {@code k} most clicked items.
     *
     * @param excluded rows to leave out, in any order; may be null
     */
    public TopItems top(int k, int[] excluded) {
        int[] out = sorted(excluded);
        int[] rows = new int[Math.min(k, order.length)];
        float[] scores = new float[rows.length];
        int size = 0;
        for (int place = 0; place < order.length && size < rows.length; place++) {
            int row = order[place];
            if (out == null || Arrays.binarySearch(out, row) < 0) {
                rows[size] = row;
                scores[size++] = counts[row];
            }
        }
        return new TopItems(Arrays.copyOf(rows, size), Arrays.copyOf(scores, size));
    }

    /**
     * The number of items, other than the target and those excluded, that have at least the
     * target's clicks: its rank from 0 with ties against it.
     *
     * @param excluded rows to leave out, in any order, repeats allowed; may be null
     */
    public int rank(int target, int[] excluded) {
        int rank = atLeast[target] - 1;
        int[] out = sorted(excluded);
        for (int i = 0; out != null && i < out.length; i++) {
            boolean repeated = i > 0 && out[i] == out[i - 1];
            if (!repeated && out[i] != target && counts[out[i]] >= counts[target]) {
                rank--;
            }
        }
        return rank;
    }

    /** The row at a place from 0 in the order of {@link #top}. */
    int rowAt(int place) {
        return order[place];
    }

    /** Clicks of a row. */
    public float count(int row) {
        return counts[row];
    }

    /** Clicks per row. */
    public float[] counts() {
        return counts.clone();
    }

    /** Number of rows. */
    public int size() {
        return counts.length;
    }

    /** This baseline as a model, which ignores what the session holds. */
    public EncodingScorer scorer() {
        return new Scorer(this);
    }

    /** Rows in order; null if there are none. Rows beyond the table are harmless. */
    static int[] sorted(int[] rows) {
        if (rows == null || rows.length == 0) {
            return null;
        }
        int[] sorted = rows.clone();
        Arrays.sort(sorted);
        return sorted;
    }

    /** How many different rows of the sorted ones are not the target; none for null. */
    static int others(int[] sorted, int target) {
        int others = 0;
        for (int i = 0; sorted != null && i < sorted.length; i++) {
            boolean repeated = i > 0 && sorted[i] == sorted[i - 1];
            if (!repeated && sorted[i] != target) {
                others++;
            }
        }
        return others;
    }

    private record Scorer(Popularity popularity) implements EncodingScorer {

        @Override
        public int maximumLength() {
            return 1;
        }

        @Override
        public TopItems[] rank(int[][] sessions, int count, int k, int[][] excluded) {
            TopItems[] lists = new TopItems[count];
            for (int i = 0; i < count; i++) {
                lists[i] = popularity.top(k, excluded == null ? null : excluded[i]);
            }
            return lists;
        }

        @Override
        public int[] ranksOf(int[][] sessions, int count, int[] targets, int[][] excluded) {
            int[] ranks = new int[count];
            for (int i = 0; i < count; i++) {
                ranks[i] = popularity.rank(targets[i], excluded == null ? null : excluded[i]);
            }
            return ranks;
        }

        @Override
        public void close() {}
    }
}
