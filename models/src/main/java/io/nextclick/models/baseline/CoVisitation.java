package io.nextclick.models.baseline;

import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.util.Arrays;
import java.util.Collection;

/**
 * Items that sessions hold close to each other: for each item its nearest neighbours. Immutable.
 *
 * <p>Two clicks of a session on different items, d clicks apart with d up to a window, give their
 * pair 1/d. An item a ranks its neighbours b by their pair's sum over sqrt((clicks(a) + λ) ·
 * (clicks(b) + λ)), λ = {@value #SHRINKAGE}: the cosine of the two items' visits, drawn towards 0
 * where there is little evidence. Equal scores are ordered by row.
 */
public final class CoVisitation {

    /** How far apart clicks may be to count, if nothing else is asked for. */
    public static final int DEFAULT_WINDOW = 5;

    /** How many neighbours an item keeps, if nothing else is asked for. */
    public static final int DEFAULT_NEIGHBOURS = 50;

    /** How many of a session's last items {@link #near} reads. */
    public static final int SESSION_ITEMS = 3;

    private static final double SHRINKAGE = 10;

    private final int[][] neighbours;
    private final float[][] scores;

    /**
     * @param neighbours per row its neighbours' rows, each once, best first
     * @param scores per row their scores, descending, of the same length
     */
    public CoVisitation(int[][] neighbours, float[][] scores) {
        if (neighbours.length != scores.length) {
            throw new IllegalArgumentException(
                    "neighbours of "
                            + neighbours.length
                            + " items, scores of "
                            + scores.length
                            + " items");
        }
        int[] metAt = new int[neighbours.length];
        Arrays.fill(metAt, -1);
        for (int row = 0; row < neighbours.length; row++) {
            if (neighbours[row].length != scores[row].length) {
                throw new IllegalArgumentException(
                        "row "
                                + row
                                + " has "
                                + neighbours[row].length
                                + " neighbours and "
                                + scores[row].length
                                + " scores");
            }
            for (int i = 1; i < scores[row].length; i++) {
                if (!(scores[row][i] <= scores[row][i - 1])) {
                    throw new IllegalArgumentException(
                            "row " + row + " has a neighbour that scores more than one before it");
                }
            }
            for (int neighbour : neighbours[row]) {
                if (neighbour < 0 || neighbour >= neighbours.length) {
                    throw new IllegalArgumentException(
                            "row "
                                    + row
                                    + " has neighbour "
                                    + neighbour
                                    + ", it must be in [0, "
                                    + neighbours.length
                                    + ")");
                }
                if (metAt[neighbour] == row) {
                    throw new IllegalArgumentException(
                            "row " + row + " has neighbour " + neighbour + " twice");
                }
                metAt[neighbour] = row;
            }
        }
        this.neighbours = neighbours;
        this.scores = scores;
    }

    /** Counts with the default window and number of neighbours. */
    public static CoVisitation of(Collection<Session> sessions, ItemVocabulary vocabulary) {
        return of(sessions, vocabulary, DEFAULT_WINDOW, DEFAULT_NEIGHBOURS);
    }

    /**
     * Counts the pairs of a log. Takes O(clicks · window) time and O(clicks + items · kept) memory.
     *
     * @param window how many clicks apart a pair may be, at least 1
     * @param kept neighbours kept per item, at least 1
     */
    public static CoVisitation of(
            Collection<Session> sessions, ItemVocabulary vocabulary, int window, int kept) {
        if (window < 1 || kept < 1) {
            throw new IllegalArgumentException(
                    "window is "
                            + window
                            + ", neighbours are "
                            + kept
                            + ", both must be 1 or more");
        }
        int items = vocabulary.size();
        SessionRows log = SessionRows.of(sessions, vocabulary);
        int[] sessionOf = log.sessionOfEachClick();
        SessionRows.Occurrences occurrences = log.occurrences(items);
        int[] bounds = occurrences.bounds();
        double[] damping = new double[items];
        for (int row = 0; row < items; row++) {
            damping[row] = Math.sqrt(bounds[row + 1] - bounds[row] + SHRINKAGE);
        }
        int[][] neighbours = new int[items][];
        float[][] scores = new float[items][];
        // Item by item, over one dense row of sums: no map of pairs, whatever the catalogue's size.
        double[] sums = new double[items];
        int[] touched = new int[items];
        for (int row = 0; row < items; row++) {
            int count = 0;
            for (int at = bounds[row]; at < bounds[row + 1]; at++) {
                int position = occurrences.positions()[at];
                int start = Math.max(log.starts()[sessionOf[position]], position - window);
                int end = Math.min(log.starts()[sessionOf[position] + 1], position + window + 1);
                for (int other = start; other < end; other++) {
                    int neighbour = log.rows()[other];
                    if (neighbour == ItemVocabulary.UNKNOWN || neighbour == row) {
                        continue;
                    }
                    if (sums[neighbour] == 0) {
                        touched[count++] = neighbour;
                    }
                    sums[neighbour] += 1.0 / Math.abs(other - position);
                }
            }
            long[] keys = new long[count];
            for (int i = 0; i < count; i++) {
                int neighbour = touched[i];
                float score = (float) (sums[neighbour] / (damping[row] * damping[neighbour]));
                keys[i] = RowOrder.key(score, neighbour);
                sums[neighbour] = 0;
            }
            Arrays.sort(keys);
            int size = Math.min(kept, count);
            neighbours[row] = new int[size];
            scores[row] = new float[size];
            for (int i = 0; i < size; i++) {
                neighbours[row][i] = RowOrder.row(keys[i]);
                scores[row][i] = RowOrder.score(keys[i]);
            }
        }
        return new CoVisitation(neighbours, scores);
    }

    /** Number of rows. */
    public int size() {
        return neighbours.length;
    }

    /** The most neighbours that any item has. */
    public int largestNeighbourhood() {
        int largest = 0;
        for (int[] row : neighbours) {
            largest = Math.max(largest, row.length);
        }
        return largest;
    }

    /**
     * The {@code k} best neighbours of a row, at most as many as are kept; none for a row that was
     * added later.
     */
    public TopItems neighbours(int row, int k) {
        return neighbours(row, k, null);
    }

    /**
     * The {@code k} best neighbours of a row, at most as many as are kept; none for a row that was
     * added later.
     *
     * @param excluded rows to leave out, in any order; may be null
     */
    public TopItems neighbours(int row, int k, int[] excluded) {
        if (row >= neighbours.length) {
            return new TopItems(new int[0], new float[0]);
        }
        int[] out = Popularity.sorted(excluded);
        int[] rows = new int[Math.min(k, neighbours[row].length)];
        float[] kept = new float[rows.length];
        int size = 0;
        for (int i = 0; i < neighbours[row].length && size < rows.length; i++) {
            int neighbour = neighbours[row][i];
            if (out == null || Arrays.binarySearch(out, neighbour) < 0) {
                rows[size] = neighbour;
                kept[size++] = scores[row][i];
            }
        }
        return new TopItems(Arrays.copyOf(rows, size), Arrays.copyOf(kept, size));
    }

    /**
     * The {@code k} items nearest to a session: each counts by the sum of its scores beside the
     * session's last {@value #SESSION_ITEMS} different items, the one at position p from the end
     * divided by p. The last item itself has no score. Equal scores are ordered by row.
     *
     * @param session rows, oldest first; those that were added later have no neighbours
     * @param excluded rows to leave out, in any order; may be null
     */
    public TopItems near(int[] session, int k, int[] excluded) {
        int[] last = lastDifferent(session);
        int most = 0;
        for (int row : last) {
            most += row < neighbours.length ? neighbours[row].length : 0;
        }
        int[] rows = new int[most];
        float[] summands = new float[most];
        int listed = 0;
        for (int position = 1; position <= last.length; position++) {
            int row = last[position - 1];
            for (int i = 0; row < neighbours.length && i < neighbours[row].length; i++) {
                rows[listed] = neighbours[row][i];
                summands[listed++] = scores[row][i] / position;
            }
        }
        return sumsByRow(rows, summands, k, last, Popularity.sorted(excluded));
    }

    /** Newest first. */
    private static int[] lastDifferent(int[] session) {
        int[] last = new int[Math.min(SESSION_ITEMS, session.length)];
        int different = 0;
        for (int i = session.length - 1; i >= 0 && different < last.length; i--) {
            boolean isNew = true;
            for (int j = 0; j < different; j++) {
                isNew &= last[j] != session[i];
            }
            if (isNew) {
                last[different++] = session[i];
            }
        }
        return Arrays.copyOf(last, different);
    }

    /** The largest sums, of summands in any order of their rows. */
    private static TopItems sumsByRow(
            int[] rows, float[] summands, int k, int[] last, int[] excluded) {
        // By row, and of a row in the order they came in, so that sums are the same everywhere.
        long[] byRow = new long[rows.length];
        for (int i = 0; i < rows.length; i++) {
            byRow[i] = (long) rows[i] << 32 | i;
        }
        Arrays.sort(byRow);
        long[] keys = new long[rows.length];
        int count = 0;
        for (int i = 0; i < rows.length; ) {
            int row = (int) (byRow[i] >>> 32);
            float sum = 0;
            for (; i < rows.length && (int) (byRow[i] >>> 32) == row; i++) {
                sum += summands[(int) byRow[i]];
            }
            if (row != last[0] && (excluded == null || Arrays.binarySearch(excluded, row) < 0)) {
                keys[count++] = RowOrder.key(sum, row);
            }
        }
        int size = Math.min(k, count);
        RowOrder.select(keys, count, size);
        Arrays.sort(keys, 0, size);
        int[] topRows = new int[size];
        float[] topScores = new float[size];
        for (int i = 0; i < size; i++) {
            topRows[i] = RowOrder.row(keys[i]);
            topScores[i] = RowOrder.score(keys[i]);
        }
        return new TopItems(topRows, topScores);
    }
}
