package io.nextclick.models.baseline;

import io.nextclick.models.serving.EncodingScorer;
import io.nextclick.models.serving.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.util.Arrays;
import java.util.Collection;

/**
 * First-order Markov chain: items by how often they were clicked right after the session's last
 * item. Items equally often clicked after it, above all those that never were, are ordered by their
 * {@link Popularity}: the chain backs off to it. What is equal in both is a tie, which {@link
 * EncodingScorer#ranksOf} resolves against the target and a list by row. Immutable.
 *
 * <p>The score of an item is its transition count plus a fraction below 1 that grows with its
 * popularity.
 */
public final class MarkovChain {

    private final Popularity popularity;

    /** Per row the rows that followed it, best first. */
    private final int[][] successors;

    /** How often they did. */
    private final int[][] counts;

    private final float scale;

    private MarkovChain(Popularity popularity, int[][] successors, int[][] counts) {
        this.popularity = popularity;
        this.successors = successors;
        this.counts = counts;
        float most = popularity.size() == 0 ? 0 : popularity.count(popularity.rowAt(0));
        this.scale = 1 / (most + 1);
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
            // Most often first, then the more popular, then by row.
            Integer[] sorted = new Integer[size];
            for (int i = 0; i < size; i++) {
                sorted[i] = touched[i];
            }
            Arrays.sort(
                    sorted,
                    (a, b) -> {
                        if (sums[a] != sums[b]) {
                            return Integer.compare(sums[b], sums[a]);
                        }
                        int byPopularity = Float.compare(popularity.count(b), popularity.count(a));
                        return byPopularity != 0 ? byPopularity : Integer.compare(a, b);
                    });
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

    /**
     * The {@code k} most likely items after {@code row}.
     *
     * @param excluded rows to leave out, in any order; may be null
     */
    public TopItems next(int row, int k, int[] excluded) {
        int[] out = Popularity.sorted(excluded);
        int[] rows = new int[Math.min(k, popularity.size())];
        float[] scores = new float[rows.length];
        int size = 0;
        for (int i = 0; i < successors[row].length && size < rows.length; i++) {
            int successor = successors[row][i];
            if (out == null || Arrays.binarySearch(out, successor) < 0) {
                rows[size] = successor;
                scores[size++] = counts[row][i] + popularity.count(successor) * scale;
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
                    scores[size++] = popularity.count(other) * scale;
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
        int times = 0;
        for (int i = 0; i < followed.length; i++) {
            if (followed[i] == target) {
                times = counts[row][i];
                break;
            }
        }
        float clicks = popularity.count(target);
        int[] out = Popularity.sorted(excluded);
        int rank = 0;
        // Successors ahead of the target, or level with it.
        for (int i = 0; i < followed.length && counts[row][i] >= times; i++) {
            boolean ahead = counts[row][i] > times || popularity.count(followed[i]) >= clicks;
            if (ahead
                    && followed[i] != target
                    && (out == null || Arrays.binarySearch(out, followed[i]) < 0)) {
                rank++;
            }
        }
        if (times == 0) {
            // And the others that are at least as popular: all of these but the successors.
            rank += popularity.rank(target, excluded);
            for (int successor : followed) {
                if (popularity.count(successor) >= clicks
                        && (out == null || Arrays.binarySearch(out, successor) < 0)) {
                    rank--;
                }
            }
        }
        return rank;
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
