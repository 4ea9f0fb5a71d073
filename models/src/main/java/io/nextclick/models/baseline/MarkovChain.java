package io.nextclick.models.baseline;

import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.util.Arrays;
import java.util.Collection;

/**
 * First-order Markov chain: items by how often they were clicked right after the session's last
 * item, equally frequent ones by which of them was first seen there. All items that were never
 * clicked after it score 0 alike: {@link EncodingScorer#ranksOf} resolves that tie against the
 * target, a list fills up with the most popular of them. After an item that was never followed by
 * anything the chain backs off to {@link Popularity}. Immutable.
 *
 * <p>This is the reading of "count item → next item, back off to popularity" that yields the
 * figures commonly printed beside neural models. Ranking the rest by popularity too, also where
 * there are successors, would find about one target more in a hundred at 20.
 */
public final class MarkovChain {

    private final Popularity popularity;

    /** Per row the rows that followed it, best first. */
    private final int[][] successors;

    /** How often they did. */
    private final int[][] counts;

    private MarkovChain(Popularity popularity, int[][] successors, int[][] counts) {
        this.popularity = popularity;
        this.successors = successors;
        this.counts = counts;
    }

    /**
     * A chain from its parts; see {@link #starts()} and the like.
     *
     * @throws IllegalArgumentException if they don't fit each other
     */
    public MarkovChain(Popularity popularity, int[] starts, int[] successors, int[] counts) {
        this(popularity, new int[popularity.size()][], new int[popularity.size()][]);
        RaggedRows.check("successors", starts, successors.length);
        if (starts.length != popularity.size() + 1 || counts.length != successors.length) {
            throw new IllegalArgumentException(
                    "successors of "
                            + (starts.length - 1)
                            + " items where there are "
                            + popularity.size()
                            + ", "
                            + successors.length
                            + " successors with "
                            + counts.length
                            + " counts");
        }
        for (int successor : successors) {
            if (successor < 0 || successor >= popularity.size()) {
                throw new IllegalArgumentException(
                        "successor "
                                + successor
                                + " is no row, there are "
                                + popularity.size()
                                + " items");
            }
        }
        for (int row = 0; row < popularity.size(); row++) {
            this.successors[row] = Arrays.copyOfRange(successors, starts[row], starts[row + 1]);
            this.counts[row] = Arrays.copyOfRange(counts, starts[row], starts[row + 1]);
        }
    }

    /** Counts the transitions and the popularity of a log. */
    public static MarkovChain of(Collection<Session> sessions, ItemVocabulary vocabulary) {
        int items = vocabulary.size();
        Popularity popularity = Popularity.of(sessions, vocabulary);
        SessionRows log = SessionRows.of(sessions, vocabulary);
        int[] sessionOf = log.sessionOfEachClick();
        SessionRows.Occurrences occurrences = log.occurrences(items);
        int[] bounds = occurrences.bounds();
        int[][] successors = new int[items][];
        int[][] counts = new int[items][];
        int[] sums = new int[items];
        int[] touched = new int[items];
        for (int row = 0; row < items; row++) {
            int size = 0;
            for (int at = bounds[row]; at < bounds[row + 1]; at++) {
                int next = occurrences.positions()[at] + 1;
                if (next == log.rows().length || sessionOf[next] != sessionOf[next - 1]) {
                    continue;
                }
                int successor = log.rows()[next];
                if (successor != ItemVocabulary.UNKNOWN && sums[successor]++ == 0) {
                    touched[size++] = successor;
                }
            }
            // Clicks were met in the order of the log, so that a stable sort keeps who was first.
            Integer[] sorted = new Integer[size];
            for (int i = 0; i < size; i++) {
                sorted[i] = touched[i];
            }
            Arrays.sort(sorted, (one, other) -> Integer.compare(sums[other], sums[one]));
            successors[row] = new int[size];
            counts[row] = new int[size];
            for (int i = 0; i < size; i++) {
                successors[row][i] = sorted[i];
                counts[row][i] = sums[sorted[i]];
            }
            for (int successor : successors[row]) {
                sums[successor] = 0;
            }
        }
        return new MarkovChain(popularity, successors, counts);
    }

    public Popularity popularity() {
        return popularity;
    }

    /** Where each row's successors begin in {@link #successors()}, and the end. */
    public int[] starts() {
        return RaggedRows.starts(successors);
    }

    /** Rows that followed each row, best first. */
    public int[] successors() {
        return RaggedRows.flat(successors);
    }

    /** How often each of {@link #successors()} did. */
    public int[] counts() {
        return RaggedRows.flat(counts);
    }

    /**
     * The {@code k} most likely items after {@code row}; scores are how often they came after it,
     * or their clicks if nothing ever did.
     *
     * @param excluded rows to leave out, in any order; may be null
     */
    public TopItems next(int row, int k, int[] excluded) {
        if (successors[row].length == 0) {
            return popularity.top(k, excluded);
        }
        int[] out = Popularity.sorted(excluded);
        int[] rows = new int[Math.min(k, popularity.size())];
        float[] scores = new float[rows.length];
        int size = 0;
        for (int i = 0; i < successors[row].length && size < rows.length; i++) {
            int successor = successors[row][i];
            if (out == null || Arrays.binarySearch(out, successor) < 0) {
                rows[size] = successor;
                scores[size++] = counts[row][i];
            }
        }
        if (size < rows.length) {
            int[] followed = successors[row].clone();
            Arrays.sort(followed);
            for (int place = 0; place < popularity.size() && size < rows.length; place++) {
                int other = popularity.rowAt(place);
                if (Arrays.binarySearch(followed, other) < 0
                        && (out == null || Arrays.binarySearch(out, other) < 0)) {
                    rows[size] = other;
                    scores[size++] = 0;
                }
            }
        }
        return new TopItems(Arrays.copyOf(rows, size), Arrays.copyOf(scores, size));
    }

    /**
     * The target's rank from 0 after {@code row}, ties against it.
     *
     * @param excluded rows to leave out, in any order; may be null
     */
    public int rank(int row, int target, int[] excluded) {
        int[] followed = successors[row];
        if (followed.length == 0) {
            return popularity.rank(target, excluded);
        }
        int[] out = Popularity.sorted(excluded);
        int rank = 0;
        for (int successor : followed) {
            if (successor == target) {
                return rank;
            }
            if (out == null || Arrays.binarySearch(out, successor) < 0) {
                rank++;
            }
        }
        // Never seen here: every item that is left scores at least as much.
        return popularity.size() - 1 - Popularity.others(out, target);
    }

    /** This chain as a model, which reads a session's last item. */
    public EncodingScorer scorer() {
        return new Scorer(this);
    }

    private record Scorer(MarkovChain chain) implements EncodingScorer {

        @Override
        public int maximumLength() {
            return 1;
        }

        @Override
        public TopItems[] rank(int[][] sessions, int count, int k, int[][] excluded) {
            TopItems[] lists = new TopItems[count];
            for (int i = 0; i < count; i++) {
                lists[i] = chain.next(last(sessions[i]), k, excluded == null ? null : excluded[i]);
            }
            return lists;
        }

        @Override
        public int[] ranksOf(int[][] sessions, int count, int[] targets, int[][] excluded) {
            int[] ranks = new int[count];
            for (int i = 0; i < count; i++) {
                ranks[i] =
                        chain.rank(
                                last(sessions[i]),
                                targets[i],
                                excluded == null ? null : excluded[i]);
            }
            return ranks;
        }

        private static int last(int[] session) {
            return session[session.length - 1];
        }

        @Override
        public void close() {}
    }
}
