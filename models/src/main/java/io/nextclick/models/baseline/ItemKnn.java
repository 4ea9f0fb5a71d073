package io.nextclick.models.baseline;

import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.util.Arrays;
import java.util.Collection;

/**
 * Item-kNN: items that are clicked in the same sessions as those of this one. The cosine of two
 * items' sessions, drawn towards 0 where there is little evidence: with c sessions that hold both,
 * h and g that hold each, and λ the shrinkage, c / sqrt((h + λ) · (g + λ)). That is the item-based
 * neighbour method beside which "Session-based Recommendations with Recurrent Neural Networks"
 * (Hidasi et al., ICLR 2016) sets its networks, there with the last item alone.
 *
 * <p>An item's score is the sum of its similarities to the session's last different items, the one
 * at position p from the end divided by p; the item just clicked has none. Items without a score
 * rank below all others; a list is filled up by popularity.
 *
 * <p>Immutable. Takes 8 bytes for each neighbour kept, and 4 · V bytes for each scorer, V = items.
 */
public final class ItemKnn {

    /**
     * How similar items are found.
     *
     * @param neighbours similar items kept per item, in [1, 10,000]
     * @param shrinkage λ, in [0, 1,000,000]
     * @param sessionItems how many of a session's last items are read, in [1, 100]
     */
    public record Options(int neighbours, double shrinkage, int sessionItems) {

        /** Chosen on the last tenth of the training sessions of four public logs. */
        public static final Options DEFAULTS = new Options(100, 20, 3);

        public Options {
            requireWithin("neighbours", neighbours, 1, 10_000);
            requireWithin("shrinkage", shrinkage, 0, 1_000_000);
            requireWithin("session items", sessionItems, 1, 100);
        }

        private static void requireWithin(String name, double value, int least, int most) {
            if (!(value >= least && value <= most)) {
                String bounds = ", it must be in [" + least + ", " + most + "]";
                throw new IllegalArgumentException(name + " is " + value + bounds);
            }
        }
    }

    private final Options options;
    private final Popularity popularity;

    /** Where each row's neighbours begin, and the end. */
    private final int[] starts;

    /** Neighbours of each row, best first. */
    private final int[] neighbours;

    /** Their similarities. */
    private final float[] similarities;

    /**
     * A table from its parts; see {@link #starts()} and the like. The arrays are not copied.
     *
     * @throws IllegalArgumentException if they don't fit each other
     */
    public ItemKnn(
            Options options,
            Popularity popularity,
            int[] starts,
            int[] neighbours,
            float[] similarities) {
        this.options = options;
        this.popularity = popularity;
        this.starts = starts;
        this.neighbours = neighbours;
        this.similarities = similarities;
        RaggedRows.check("neighbours", starts, neighbours.length);
        if (starts.length != popularity.size() + 1 || similarities.length != neighbours.length) {
            throw new IllegalArgumentException(
                    "neighbours of "
                            + (starts.length - 1)
                            + " items where there are "
                            + popularity.size()
                            + ", "
                            + neighbours.length
                            + " neighbours with "
                            + similarities.length
                            + " similarities");
        }
        for (int neighbour : neighbours) {
            if (neighbour < 0 || neighbour >= popularity.size()) {
                throw new IllegalArgumentException(
                        "neighbour "
                                + neighbour
                                + " is no row, there are "
                                + popularity.size()
                                + " items");
            }
        }
    }

    /**
     * Counts a log. Takes O(V) memory beside the log and the table, and time in proportion to the
     * pairs of different items that sessions hold.
     */
    public static ItemKnn of(
            Collection<Session> sessions, ItemVocabulary vocabulary, Options options) {
        int items = vocabulary.size();
        SessionRows log = SessionRows.of(sessions, vocabulary);
        int[] sessionOf = log.sessionOfEachClick();
        SessionRows.Occurrences occurrences = log.occurrences(items);
        int[] bounds = occurrences.bounds();
        int[] frequencies = new int[items];
        for (int row = 0; row < items; row++) {
            int last = -1;
            for (int at = bounds[row]; at < bounds[row + 1]; at++) {
                int session = sessionOf[occurrences.positions()[at]];
                frequencies[row] += session == last ? 0 : 1;
                last = session;
            }
        }
        int[][] neighbours = new int[items][];
        float[][] similarities = new float[items][];
        // Item by item, over one dense row of counts: no map of pairs, whatever the catalogue's
        // size.
        int[] shared = new int[items];
        int[] lastSession = new int[items];
        Arrays.fill(lastSession, -1);
        int[] touched = new int[items];
        for (int row = 0; row < items; row++) {
            int count = 0;
            int last = -1;
            for (int at = bounds[row]; at < bounds[row + 1]; at++) {
                int session = sessionOf[occurrences.positions()[at]];
                if (session == last) {
                    continue;
                }
                last = session;
                for (int i = log.starts()[session]; i < log.starts()[session + 1]; i++) {
                    int other = log.rows()[i];
                    if (other == ItemVocabulary.UNKNOWN
                            || other == row
                            || lastSession[other] == session) {
                        continue;
                    }
                    lastSession[other] = session;
                    if (shared[other]++ == 0) {
                        touched[count++] = other;
                    }
                }
            }
            long[] keys = new long[count];
            for (int i = 0; i < count; i++) {
                int other = touched[i];
                double both = frequencies[row] + options.shrinkage;
                double damping = Math.sqrt(both * (frequencies[other] + options.shrinkage));
                keys[i] = RowOrder.key((float) (shared[other] / damping), other);
                shared[other] = 0;
                lastSession[other] = -1;
            }
            int size = Math.min(options.neighbours, count);
            RowOrder.select(keys, count, size);
            Arrays.sort(keys, 0, size);
            neighbours[row] = new int[size];
            similarities[row] = new float[size];
            for (int i = 0; i < size; i++) {
                neighbours[row][i] = RowOrder.row(keys[i]);
                similarities[row][i] = RowOrder.score(keys[i]);
            }
        }
        int[] starts = RaggedRows.starts(neighbours);
        float[] flat = new float[starts[items]];
        for (int row = 0; row < items; row++) {
            System.arraycopy(similarities[row], 0, flat, starts[row], similarities[row].length);
        }
        return new ItemKnn(
                options,
                Popularity.of(sessions, vocabulary),
                starts,
                RaggedRows.flat(neighbours),
                flat);
    }

    public Options options() {
        return options;
    }

    public Popularity popularity() {
        return popularity;
    }

    /** Where each row's neighbours begin in {@link #neighbours()}, and the end. */
    public int[] starts() {
        return starts.clone();
    }

    /** Neighbours of each row, best first. */
    public int[] neighbours() {
        return neighbours.clone();
    }

    /** Similarities of {@link #neighbours()}. */
    public float[] similarities() {
        return similarities.clone();
    }

    /** This model for the calling thread. */
    public EncodingScorer scorer() {
        return new Scorer();
    }

    private final class Scorer implements EncodingScorer {

        private final SparseRanking ranking = new SparseRanking(popularity);
        private final float[] sums = new float[popularity.size()];
        private int[] touched = new int[256];
        private int touchedCount;

        @Override
        public int maximumLength() {
            return options.sessionItems;
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
            int last = session[session.length - 1];
            int position = 0;
            int from = Math.max(0, session.length - options.sessionItems);
            for (int i = session.length - 1; i >= from; i--) {
                if (isLatest(session, i)) {
                    add(session[i], ++position, last);
                }
            }
            ranking.clear();
            for (int i = 0; i < touchedCount; i++) {
                ranking.put(touched[i], sums[touched[i]]);
                sums[touched[i]] = 0;
            }
            touchedCount = 0;
        }

        private static boolean isLatest(int[] session, int at) {
            for (int later = at + 1; later < session.length; later++) {
                if (session[later] == session[at]) {
                    return false;
                }
            }
            return true;
        }

        private void add(int row, int position, int last) {
            for (int at = starts[row]; at < starts[row + 1]; at++) {
                int neighbour = neighbours[at];
                if (neighbour == last) {
                    continue;
                }
                if (sums[neighbour] == 0) {
                    if (touchedCount == touched.length) {
                        touched = Arrays.copyOf(touched, 2 * touchedCount);
                    }
                    touched[touchedCount++] = neighbour;
                }
                sums[neighbour] += similarities[at] / position;
            }
        }

        @Override
        public void close() {
            // Nothing but arrays.
        }
    }
}
