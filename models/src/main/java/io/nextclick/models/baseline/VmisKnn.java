package io.nextclick.models.baseline;

import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * VMIS-kNN: what sessions like this one clicked. After Kersbergen, Sprangers and Schelter,
 * "Serenade: Low-Latency Session-Based Recommendation in e-Commerce at Scale", SIGMOD 2022.
 *
 * <p>Of a session the last items are read, at most L of them. Let there be n different ones, the
 * latest at position 1. In three steps:
 *
 * <ol>
 *   <li>The m most recent training sessions that hold any of them are its candidates. The index
 *       keeps each item's m most recent sessions, latest first; these lists are merged, and left
 *       when m sessions have been met, however much of them remains (early stopping).
 *   <li>A candidate's similarity is the sum of (n + 1 − p) / n over the positions p of the items
 *       that it holds. The k most similar ones, the more recent of equal ones, are the neighbours.
 *   <li>An item's score is the sum, over the neighbours that hold it, of their similarity times (1
 *       − p / (L + 1)), p the latest position they share with the session; times log(H / h)^β, the
 *       item's inverse frequency: h of all H training sessions hold it.
 * </ol>
 *
 * <p>Two things may be asked for that the paper doesn't have; without them its figures result.
 *
 * <ul>
 *   <li>Repeats: the item just clicked is held by most neighbours and would lead every list, so the
 *       paper's authors drop it. It may be recommended too; then only neighbours that clicked it
 *       more than once count towards its score.
 *   <li>Nearness, after STAN (Garg et al., SIGIR 2019): an item d places away from the item that
 *       the neighbour shares with the session at the latest position counts exp(−(d − 1) / N) of
 *       the neighbour's weight, and half of that if it comes before. Places are those of a
 *       session's different items in the order of their first clicks.
 * </ul>
 *
 * <p>A session is as recent as its place in the order of training: neither the stream nor a test
 * log tells the model when a click was made. Sessions of a single click have nothing to tell and
 * are left out. Similarities are sums of whole numbers, divided at the end: equal ones are equal,
 * and nothing depends on the order of adding up. Items without a score rank below all others; see
 * the rules of {@link EncodingScorer#ranksOf}. A list is filled up by popularity.
 *
 * <p>Immutable. Takes 4 bytes for each different item of each session kept, up to 4 more for the
 * lists, and 8 · V bytes for each scorer, V = items. Time for a session: m comparisons of n list
 * heads, and k times the items of a session.
 */
public final class VmisKnn {

    /**
     * How neighbours are found and counted.
     *
     * @param recentSessions m, sessions that are looked at, in [1, 1,000,000]
     * @param neighbours k, those of them that count, in [1, 100,000]
     * @param sessionItems L, how many of a session's last items are read, in [1, 100]
     * @param idf β, exponent of the inverse frequency, in [0, 10]; 0 ignores it, 1 is the paper's
     * @param repeats whether the item just clicked may be recommended
     * @param nearness N, in [0, 1,000]; 0 counts all items of a neighbour alike, as the paper does
     */
    public record Options(
            int recentSessions,
            int neighbours,
            int sessionItems,
            double idf,
            boolean repeats,
            double nearness) {

        /**
         * Chosen on the last tenth of the training sessions of four public logs; sessions of 9
         * items without repeats or nearness are the paper's.
         */
        public static final Options DEFAULTS = new Options(1_000, 200, 3, 1, true, 2);

        public Options {
            requireWithin("recent sessions", recentSessions, 1, 1_000_000);
            requireWithin("neighbours", neighbours, 1, 100_000);
            requireWithin("session items", sessionItems, 1, 100);
            requireWithin("idf", idf, 0, 10);
            requireWithin("nearness", nearness, 0, 1_000);
        }

        private static void requireWithin(String name, double value, int least, int most) {
            if (!(value >= least && value <= most)) {
                String bounds = ", it must be in [" + least + ", " + most + "]";
                throw new IllegalArgumentException(name + " is " + value + bounds);
            }
        }
    }

    private static final int END = -1;

    /** What an item counts that is right behind the shared one. */
    private static final int WHOLE = 1 << 12;

    /** Items further away count as little as one at this distance. */
    private static final int FARTHEST = 64;

    private final Options options;
    private final Popularity popularity;

    /** Where each session begins in {@link #sessionItems}, oldest first, and the end. */
    private final int[] sessionStarts;

    /** Different rows of each session by first click; {@code ~row} if clicked more than once. */
    private final int[] sessionItems;

    /** Where each row's sessions begin in {@link #itemSessions}, and the end. */
    private final int[] itemStarts;

    /** For each row its most recent sessions, latest first. */
    private final int[] itemSessions;

    /** h: how many training sessions hold each row. */
    private final int[] frequencies;

    /** H. */
    private final int trainingSessions;

    private final float[] weights;

    /** What an item counts at each distance behind the shared one, of {@link #WHOLE}. */
    private final int[] behind = new int[FARTHEST + 1];

    /** The same before it. */
    private final int[] before = new int[FARTHEST + 1];

    /**
     * An index from its parts; see {@link #sessionStarts()} and the like. The arrays are not
     * copied.
     *
     * @throws IllegalArgumentException if they don't fit each other
     */
    public VmisKnn(
            Options options,
            Popularity popularity,
            int[] sessionStarts,
            int[] sessionItems,
            int[] frequencies,
            int trainingSessions) {
        this.options = options;
        this.popularity = popularity;
        this.sessionStarts = sessionStarts;
        this.sessionItems = sessionItems;
        this.frequencies = frequencies;
        this.trainingSessions = trainingSessions;
        int items = popularity.size();
        check(items);
        itemStarts = new int[items + 1];
        for (int item : sessionItems) {
            itemStarts[row(item) + 1]++;
        }
        for (int row = 0; row < items; row++) {
            int kept = Math.min(options.recentSessions, itemStarts[row + 1]);
            itemStarts[row + 1] = itemStarts[row] + kept;
        }
        itemSessions = new int[itemStarts[items]];
        int[] next = Arrays.copyOf(itemStarts, items);
        for (int session = sessionStarts.length - 2; session >= 0; session--) {
            for (int at = sessionStarts[session]; at < sessionStarts[session + 1]; at++) {
                int row = row(sessionItems[at]);
                if (next[row] < itemStarts[row + 1]) {
                    itemSessions[next[row]++] = session;
                }
            }
        }
        for (int distance = 0; distance <= FARTHEST; distance++) {
            double share = 1;
            if (options.nearness > 0 && distance > 1) {
                share = Math.exp((1 - distance) / options.nearness);
            }
            behind[distance] = (int) Math.round(WHOLE * share);
            boolean isHalved = options.nearness > 0 && distance > 0;
            before[distance] = (int) Math.round(WHOLE * (isHalved ? share / 2 : share));
        }
        weights = new float[items];
        for (int row = 0; row < items; row++) {
            if (frequencies[row] > 0) {
                double inverse = Math.log((double) trainingSessions / frequencies[row]);
                weights[row] = (float) Math.pow(inverse, options.idf);
            }
        }
    }

    private void check(int items) {
        if (frequencies.length != items) {
            throw new IllegalArgumentException(
                    "frequencies of " + frequencies.length + " items where there are " + items);
        }
        for (int row = 0; row < items; row++) {
            if (frequencies[row] < 0 || frequencies[row] > trainingSessions) {
                throw new IllegalArgumentException(
                        "row "
                                + row
                                + " is held by "
                                + frequencies[row]
                                + " of "
                                + trainingSessions
                                + " sessions");
            }
        }
        RaggedRows.check("sessions", sessionStarts, sessionItems.length);
        for (int item : sessionItems) {
            if (row(item) >= items) {
                throw new IllegalArgumentException(
                        "a session holds row " + row(item) + " of " + items + " items");
            }
        }
    }

    /**
     * Builds the index of a log. Sessions are as recent as their start; of equal ones, the later in
     * the log is the more recent. Takes O(clicks) time and memory.
     */
    public static VmisKnn of(
            Collection<Session> sessions, ItemVocabulary vocabulary, Options options) {
        List<Session> ordered = new ArrayList<>(sessions);
        ordered.sort(Comparator.comparingLong(Session::startMillis));
        int items = vocabulary.size();
        SessionRows log = SessionRows.of(ordered, vocabulary);
        int[] distinct = new int[log.rows().length];
        int[] starts = new int[log.starts().length];
        int[] frequencies = new int[items];
        int[] metAt = new int[items];
        Arrays.fill(metAt, -1);
        int count = 0;
        int end = 0;
        for (int session = 0; session + 1 < log.starts().length; session++) {
            int begin = end;
            int known = 0;
            for (int at = log.starts()[session]; at < log.starts()[session + 1]; at++) {
                int row = log.rows()[at];
                if (row == ItemVocabulary.UNKNOWN) {
                    continue;
                }
                known++;
                if (metAt[row] >= begin) {
                    distinct[metAt[row]] = ~row;
                } else {
                    metAt[row] = end;
                    distinct[end++] = row;
                }
            }
            if (known < 2) {
                if (end > begin) {
                    metAt[distinct[begin]] = -1;
                }
                end = begin;
                continue;
            }
            for (int at = begin; at < end; at++) {
                frequencies[row(distinct[at])]++;
            }
            starts[++count] = end;
        }
        // Only sessions among the latest of one of their items can ever be found.
        boolean[] found = new boolean[count];
        int[] met = new int[items];
        int kept = 0;
        for (int session = count - 1; session >= 0; session--) {
            for (int at = starts[session]; at < starts[session + 1]; at++) {
                found[session] |= met[row(distinct[at])]++ < options.recentSessions;
            }
            kept += found[session] ? 1 : 0;
        }
        int[] keptStarts = new int[kept + 1];
        int place = 0;
        end = 0;
        for (int session = 0; session < count; session++) {
            if (found[session]) {
                int length = starts[session + 1] - starts[session];
                System.arraycopy(distinct, starts[session], distinct, end, length);
                end += length;
                keptStarts[++place] = end;
            }
        }
        return new VmisKnn(
                options,
                Popularity.of(sessions, vocabulary),
                keptStarts,
                Arrays.copyOf(distinct, end),
                frequencies,
                count);
    }

    private static int row(int item) {
        return item < 0 ? ~item : item;
    }

    public Options options() {
        return options;
    }

    public Popularity popularity() {
        return popularity;
    }

    /** Where each session begins in {@link #sessionItems()}, oldest first, and the end. */
    public int[] sessionStarts() {
        return sessionStarts.clone();
    }

    /** Different rows of each session; {@code ~row} for one that it clicked more than once. */
    public int[] sessionItems() {
        return sessionItems.clone();
    }

    /** How many training sessions of two clicks or more hold each row. */
    public int[] frequencies() {
        return frequencies.clone();
    }

    /** How many training sessions of two clicks or more there were. */
    public int trainingSessions() {
        return trainingSessions;
    }

    /** This model for the calling thread. */
    public EncodingScorer scorer() {
        return new Scorer();
    }

    private final class Scorer implements EncodingScorer {

        private final SparseRanking ranking = new SparseRanking(popularity);

        /** Per row the sum of its neighbours' weights, 0 between sessions. */
        private final long[] sums = new long[popularity.size()];

        private int[] touched = new int[256];
        private int touchedCount;

        /** Different rows of the session, the latest first. */
        private final int[] latest = new int[options.sessionItems];

        /** Where the list of each of these stands, and where it ends. */
        private final int[] at = new int[options.sessionItems];

        private final int[] ends = new int[options.sessionItems];

        /** The session at the head of each list, {@link #END} behind its last. */
        private final int[] heads = new int[options.sessionItems];

        /** Candidates in order of recency: session, similarity · n, latest shared position. */
        private int[] candidates = new int[256];

        private int[] similarities = new int[256];
        private int[] positions = new int[256];

        /** How many candidates have each similarity · n. */
        private final int[] histogram =
                new int[options.sessionItems * (options.sessionItems + 1) / 2 + 1];

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
            int items = readLatest(session);
            int found = findCandidates(items);
            sumUp(found, items);
            double scale = 1.0 / ((double) items * (options.sessionItems + 1) * WHOLE);
            ranking.clear();
            for (int i = 0; i < touchedCount; i++) {
                int row = touched[i];
                ranking.put(row, (float) (sums[row] * scale * weights[row]));
                sums[row] = 0;
            }
            touchedCount = 0;
        }

        /** Finds the session's different items, the latest first. Returns n. */
        private int readLatest(int[] session) {
            int items = 0;
            int from = Math.max(0, session.length - options.sessionItems);
            for (int i = session.length - 1; i >= from; i--) {
                boolean isNew = true;
                for (int j = 0; j < items && isNew; j++) {
                    isNew = latest[j] != session[i];
                }
                if (isNew) {
                    latest[items++] = session[i];
                }
            }
            return items;
        }

        /** Merges the lists of the session's items until m sessions are found. */
        private int findCandidates(int items) {
            for (int i = 0; i < items; i++) {
                at[i] = itemStarts[latest[i]];
                ends[i] = itemStarts[latest[i] + 1];
                heads[i] = at[i] < ends[i] ? itemSessions[at[i]] : END;
            }
            int found = 0;
            while (found < options.recentSessions) {
                int session = END;
                for (int i = 0; i < items; i++) {
                    session = Math.max(session, heads[i]);
                }
                if (session == END) {
                    break;
                }
                int similarity = 0;
                int position = 0;
                for (int i = items - 1; i >= 0; i--) {
                    if (heads[i] == session) {
                        similarity += items - i;
                        position = i + 1;
                        at[i]++;
                        heads[i] = at[i] < ends[i] ? itemSessions[at[i]] : END;
                    }
                }
                if (found == candidates.length) {
                    candidates = Arrays.copyOf(candidates, 2 * found);
                    similarities = Arrays.copyOf(similarities, 2 * found);
                    positions = Arrays.copyOf(positions, 2 * found);
                }
                candidates[found] = session;
                similarities[found] = similarity;
                positions[found++] = position;
            }
            return found;
        }

        /** Adds the weight of each neighbour to the sums of its items. */
        private void sumUp(int found, int items) {
            int largest = items * (items + 1) / 2;
            Arrays.fill(histogram, 0, largest + 1, 0);
            for (int i = 0; i < found; i++) {
                histogram[similarities[i]]++;
            }
            // The least similarity that a neighbour has, and how many of those that have it count.
            int least = largest;
            int left = options.neighbours;
            while (least > 1 && histogram[least] < left) {
                left -= histogram[least--];
            }
            for (int i = 0; i < found; i++) {
                if (similarities[i] < least || (similarities[i] == least && left-- <= 0)) {
                    continue;
                }
                long weight = (long) similarities[i] * (options.sessionItems + 1 - positions[i]);
                int end = sessionStarts[candidates[i] + 1];
                int shared = sessionStarts[candidates[i]];
                while (row(sessionItems[shared]) != latest[positions[i] - 1]) {
                    shared++;
                }
                for (int place = sessionStarts[candidates[i]]; place < shared; place++) {
                    int share = before[Math.min(FARTHEST, shared - place)];
                    add(sessionItems[place], weight * share);
                }
                for (int place = shared; place < end; place++) {
                    int share = behind[Math.min(FARTHEST, place - shared)];
                    add(sessionItems[place], weight * share);
                }
            }
        }

        private void add(int item, long weight) {
            int row = row(item);
            if (weight == 0 || (row == latest[0] && !(options.repeats && item < 0))) {
                return;
            }
            if (sums[row] == 0) {
                if (touchedCount == touched.length) {
                    touched = Arrays.copyOf(touched, 2 * touchedCount);
                }
                touched[touchedCount++] = row;
            }
            sums[row] += weight;
        }

        @Override
        public void close() {
            // Nothing but arrays.
        }
    }
}
