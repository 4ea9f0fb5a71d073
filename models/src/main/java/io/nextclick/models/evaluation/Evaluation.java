package io.nextclick.models.evaluation;

import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.RecurrentScorer;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;

/**
 * Measures a model on the sessions of a test log, under the same conditions whatever the model:
 *
 * <ul>
 *   <li>Every click from a session's {@link Session#firstTarget()} on is predicted from the clicks
 *       before it, and counts once.
 *   <li>The target is ranked among all items of the vocabulary, never a sample, and ties count
 *       against the model.
 *   <li>An item that the vocabulary does not hold is a miss as a target and passed over in a
 *       prefix. A prefix without any known item is ranked by popularity, as the streaming job does.
 *   <li>A recurrent model begins each session with a state of zeros and advances by one click at a
 *       time, as the streaming job does; sessions are bundled, a lane that falls free takes the
 *       next session, and the last bundle, however small, counts.
 * </ul>
 *
 * <p>Immutable and safe for use by several threads; the scorer handed in is used by the calling
 * thread.
 */
public final class Evaluation {

    /** Sessions advanced at a time, if nothing else is asked for. */
    public static final int DEFAULT_BUNDLE = 256;

    private static final int[] DEFAULT_CUTOFFS = {5, 10, 20};
    private static final int PROGRESS_EVERY = 1024;

    private final ItemVocabulary vocabulary;
    private final Popularity popularity;
    private final int[] cutoffs;
    private final boolean maskSeen;
    private final int bundle;
    private final LongConsumer progress;

    /** An evaluation at 5, 10 and 20 that masks nothing. */
    public Evaluation(ItemVocabulary vocabulary, Popularity popularity) {
        this(vocabulary, popularity, DEFAULT_CUTOFFS, false, DEFAULT_BUNDLE, done -> {});
    }

    private Evaluation(
            ItemVocabulary vocabulary,
            Popularity popularity,
            int[] cutoffs,
            boolean maskSeen,
            int bundle,
            LongConsumer progress) {
        this.vocabulary = Objects.requireNonNull(vocabulary, "vocabulary");
        this.popularity = Objects.requireNonNull(popularity, "popularity");
        this.cutoffs = cutoffs;
        this.maskSeen = maskSeen;
        this.bundle = bundle;
        this.progress = Objects.requireNonNull(progress, "progress");
        if (popularity.size() != vocabulary.size()) {
            throw new IllegalArgumentException(
                    "popularity of "
                            + popularity.size()
                            + " items for a vocabulary of "
                            + vocabulary.size());
        }
    }

    /**
     * The same at other list lengths.
     *
     * @param lengths each at least 1, no two equal
     */
    public Evaluation withCutoffs(int... lengths) {
        int[] sorted = Arrays.stream(lengths).sorted().distinct().toArray();
        if (sorted.length == 0 || sorted.length < lengths.length || sorted[0] < 1) {
            throw new IllegalArgumentException(
                    "cut-offs are "
                            + Arrays.toString(lengths)
                            + ", at least one is needed, all of them 1 or more and different");
        }
        return new Evaluation(vocabulary, popularity, sorted, maskSeen, bundle, progress);
    }

    /**
     * The same with the items of the prefix left out of the ranking, or not. A target among them is
     * a miss.
     */
    public Evaluation withSeenMasked(boolean masked) {
        return new Evaluation(vocabulary, popularity, cutoffs, masked, bundle, progress);
    }

    /** The same with another number of sessions at a time; it changes nothing but the speed. */
    public Evaluation withBundle(int sessions) {
        if (sessions < 1) {
            throw new IllegalArgumentException("bundle is " + sessions + ", it must be 1 or more");
        }
        return new Evaluation(vocabulary, popularity, cutoffs, maskSeen, sessions, progress);
    }

    /** The same, telling now and then how many predictions are done; see {@link #predictions}. */
    public Evaluation withProgress(LongConsumer predictionsDone) {
        return new Evaluation(vocabulary, popularity, cutoffs, maskSeen, bundle, predictionsDone);
    }

    /** How many predictions a log asks for. */
    public static long predictions(List<Session> sessions) {
        long predictions = 0;
        for (Session session : sessions) {
            predictions += Math.max(0, session.items().size() - session.firstTarget());
        }
        return predictions;
    }

    /** Ranks every target of the sessions. */
    public EvaluationReport run(SessionScorer scorer, List<Session> sessions) {
        return outcomes(scorer, sessions).report();
    }

    /**
     * Ranks every target of the sessions, and keeps what is needed to compare models and to look
     * closer.
     *
     * <p>Asks the scorer once for each prediction, for a list one longer than the largest cut-off.
     * The target's place in it is its rank, unless other items have the very same score: what the
     * model makes of these ties is asked of {@code ranksOf}, for those predictions alone. A target
     * that isn't in the list is a miss at every cut-off.
     */
    public Outcomes outcomes(SessionScorer scorer, List<Session> sessions) {
        long start = System.nanoTime();
        Measuring measuring = new Measuring(sessions);
        walk(scorer, sessions, measuring);
        progress.accept(measuring.ranks.length);
        return measuring.outcomes(sessions, start);
    }

    /**
     * The lists themselves: what each session would have been recommended before each of its
     * targets.
     *
     * @param k list length
     * @return per session a list for each target from {@link Session#firstTarget()} on, and one
     *     more after the last click; entry i is what is shown after {@code firstTarget + i} clicks
     */
    public List<List<TopItems>> topItems(SessionScorer scorer, List<Session> sessions, int k) {
        Listing listing = new Listing(sessions, k);
        walk(scorer, sessions, listing);
        return listing.lists;
    }

    /** What is done with bundles of prefixes. */
    private interface Visitor {

        /** Whether a list after the last click is of interest. */
        boolean wantsEnd();

        /**
         * Whether the scorer is to be asked for this prefix.
         *
         * @param target the row to rank, {@link ItemVocabulary#UNKNOWN} if unknown or at the end
         * @param seen rows of the prefix's known items if they are masked, else null
         */
        boolean wants(Walk walk, int target, int[] seen);

        void rankRecurrent(RecurrentScorer scorer, Asked asked);

        void rankEncoding(EncodingScorer scorer, Asked asked);
    }

    /** A session on its way. */
    private static final class Walk {

        private final int index;
        private final Session session;
        private final float[] state;

        /** Rows of its known items so far. */
        private int[] seen = new int[8];

        private int known;

        /** Clicks taken in so far. */
        private int clicks;

        Walk(int index, Session session, int stateSize) {
            this.index = index;
            this.session = session;
            this.state = new float[stateSize];
        }

        void take(int row) {
            clicks++;
            if (row != ItemVocabulary.UNKNOWN) {
                if (known == seen.length) {
                    seen = Arrays.copyOf(seen, 2 * known);
                }
                seen[known++] = row;
            }
        }

        int[] lastSeen(int length) {
            return Arrays.copyOfRange(seen, Math.max(0, known - length), known);
        }
    }

    /** Prefixes that the scorer is asked about, in parallel arrays. */
    private final class Asked {

        private final Walk[] walks = new Walk[bundle];
        private final float[][] states = new float[bundle][];
        private final int[][] prefixes = new int[bundle][];
        private final int[] targets = new int[bundle];
        private final int[][] excluded = new int[bundle][];
        private int count;

        /** Adds one that another bundle holds. */
        void take(Asked other, int place) {
            walks[count] = other.walks[place];
            states[count] = other.states[place];
            prefixes[count] = other.prefixes[place];
            targets[count] = other.targets[place];
            excluded[count] = other.excluded[place];
            count++;
        }

        int[][] excluded() {
            return maskSeen ? excluded : null;
        }
    }

    private void walk(SessionScorer scorer, List<Session> sessions, Visitor visitor) {
        int stateSize = scorer instanceof RecurrentScorer recurrent ? recurrent.stateSize() : 0;
        Walk[] lanes = new Walk[bundle];
        int next = 0;
        int[] rows = new int[bundle];
        float[][] states = new float[bundle][];
        Asked asked = new Asked();
        while (true) {
            // One click of every lane; a lane whose session is through takes the next one.
            int advancing = 0;
            int live = 0;
            for (int lane = 0; lane < bundle; lane++) {
                if (lanes[lane] == null || isThrough(lanes[lane], visitor)) {
                    lanes[lane] = null;
                    while (lanes[lane] == null && next < sessions.size()) {
                        Walk walk = new Walk(next, sessions.get(next), stateSize);
                        next++;
                        lanes[lane] = isThrough(walk, visitor) ? null : walk;
                    }
                }
                Walk walk = lanes[lane];
                if (walk == null) {
                    continue;
                }
                live++;
                int row = vocabulary.row(walk.session.items().get(walk.clicks));
                walk.take(row);
                if (row != ItemVocabulary.UNKNOWN) {
                    rows[advancing] = row;
                    states[advancing++] = walk.state;
                }
            }
            if (live == 0) {
                return;
            }
            if (advancing > 0 && scorer instanceof RecurrentScorer recurrent) {
                recurrent.advance(rows, states, advancing);
            }
            asked.count = 0;
            for (Walk walk : lanes) {
                if (walk != null && walk.clicks >= walk.session.firstTarget()) {
                    ask(scorer, walk, visitor, asked);
                }
            }
            if (asked.count == 0) {
                continue;
            }
            if (scorer instanceof RecurrentScorer recurrent) {
                visitor.rankRecurrent(recurrent, asked);
            } else if (scorer instanceof EncodingScorer encoding) {
                visitor.rankEncoding(encoding, asked);
            }
        }
    }

    private static boolean isThrough(Walk walk, Visitor visitor) {
        int size = walk.session.items().size();
        int last = visitor.wantsEnd() ? size : size - 1;
        return walk.clicks >= last || last < walk.session.firstTarget();
    }

    private void ask(SessionScorer scorer, Walk walk, Visitor visitor, Asked asked) {
        List<String> items = walk.session.items();
        int target =
                walk.clicks < items.size()
                        ? vocabulary.row(items.get(walk.clicks))
                        : ItemVocabulary.UNKNOWN;
        int[] seen = maskSeen ? walk.lastSeen(walk.known) : null;
        if (!visitor.wants(walk, target, seen)) {
            return;
        }
        int place = asked.count++;
        asked.walks[place] = walk;
        asked.targets[place] = target;
        asked.excluded[place] = seen;
        if (scorer instanceof EncodingScorer encoding) {
            asked.prefixes[place] = walk.lastSeen(encoding.maximumLength());
        } else {
            asked.states[place] = walk.state;
        }
    }

    private static boolean contains(int[] rows, int row) {
        for (int each : rows) {
            if (each == row) {
                return true;
            }
        }
        return false;
    }

    private final class Measuring implements Visitor {

        /** One more than is measured, so that a tie of the last place shows. */
        private final int depth = cutoffs[cutoffs.length - 1] + 1;

        private final TopItems fallback = popularity.top(depth, null);

        /** Place of each session's first prediction, and the number of all. */
        private final int[] firsts;

        private final int[] ranks;

        /** Per cut-off and row, how often the item stood between the cut-off before and this. */
        private final long[][] shown = new long[cutoffs.length][vocabulary.size()];

        private final long[] targets = new long[vocabulary.size()];
        private final Asked tied = new Asked();
        private final int[] tiedPlaces = new int[bundle];
        private long unknownTargets;
        private long fallbacks;
        private long seenTargets;
        private long done;
        private long told;

        Measuring(List<Session> sessions) {
            firsts = new int[sessions.size() + 1];
            for (int i = 0; i < sessions.size(); i++) {
                firsts[i + 1] =
                        Math.addExact(
                                firsts[i],
                                Math.toIntExact(predictions(sessions.subList(i, i + 1))));
            }
            ranks = new int[firsts[sessions.size()]];
            Arrays.fill(ranks, RankingMetric.MISS);
        }

        @Override
        public boolean wantsEnd() {
            return false;
        }

        @Override
        public boolean wants(Walk walk, int target, int[] seen) {
            if (target == ItemVocabulary.UNKNOWN) {
                unknownTargets++;
            } else {
                targets[target]++;
                seenTargets += seen != null && contains(seen, target) ? 1 : 0;
            }
            if (walk.known > 0) {
                return true;
            }
            fallbacks++;
            show(fallback);
            if (target != ItemVocabulary.UNKNOWN) {
                ranks[place(walk)] = withinReach(popularity.rank(target, null));
            }
            done++;
            return false;
        }

        @Override
        public void rankRecurrent(RecurrentScorer scorer, Asked asked) {
            take(scorer.rank(asked.states, asked.count, depth, asked.excluded()), asked);
            if (tied.count > 0) {
                takeTied(scorer.ranksOf(tied.states, tied.count, tied.targets, tied.excluded()));
            }
        }

        @Override
        public void rankEncoding(EncodingScorer scorer, Asked asked) {
            take(scorer.rank(asked.prefixes, asked.count, depth, asked.excluded()), asked);
            if (tied.count > 0) {
                takeTied(scorer.ranksOf(tied.prefixes, tied.count, tied.targets, tied.excluded()));
            }
        }

        private void take(TopItems[] lists, Asked asked) {
            tied.count = 0;
            for (int i = 0; i < asked.count; i++) {
                TopItems list = lists[i];
                show(list);
                int rank = rankIn(list, asked.targets[i]);
                if (rank == RankingMetric.MISS) {
                    continue;
                }
                if (isTied(list.scores(), rank)) {
                    tiedPlaces[tied.count] = place(asked.walks[i]);
                    tied.take(asked, i);
                } else {
                    ranks[place(asked.walks[i])] = withinReach(rank);
                }
            }
            done += asked.count;
            if (done - told >= PROGRESS_EVERY) {
                told = done;
                progress.accept(told);
            }
        }

        private void takeTied(int[] tiedRanks) {
            for (int i = 0; i < tied.count; i++) {
                ranks[tiedPlaces[i]] = withinReach(tiedRanks[i]);
            }
        }

        private void show(TopItems list) {
            int[] rows = list.rows();
            for (int at = 0, cutoff = 0; at < Math.min(rows.length, depth - 1); at++) {
                cutoff += at == cutoffs[cutoff] ? 1 : 0;
                shown[cutoff][rows[at]]++;
            }
        }

        private int place(Walk walk) {
            return firsts[walk.index] + walk.clicks - walk.session.firstTarget();
        }

        private int withinReach(int rank) {
            return rank < depth - 1 ? rank : RankingMetric.MISS;
        }

        private static int rankIn(TopItems list, int target) {
            for (int at = 0; at < list.size(); at++) {
                if (list.rows()[at] == target) {
                    return at;
                }
            }
            return RankingMetric.MISS;
        }

        private static boolean isTied(float[] scores, int at) {
            return (at > 0 && scores[at - 1] == scores[at])
                    || (at + 1 < scores.length && scores[at + 1] == scores[at]);
        }

        Outcomes outcomes(List<Session> sessions, long startNanos) {
            Exposure.Leaning leaning = new Exposure.Leaning(popularity);
            List<Exposure> exposures = new ArrayList<>();
            long[] sofar = new long[vocabulary.size()];
            for (long[] more : shown) {
                Arrays.setAll(sofar, row -> sofar[row] + more[row]);
                exposures.add(new Exposure(sofar.clone(), leaning));
            }
            return new Outcomes(
                    cutoffs,
                    new Predictions(ranks, visits(sessions)),
                    Slice.byPosition(sessions),
                    Slice.byPopularity(sessions, vocabulary, popularity),
                    exposures,
                    new Exposure(targets, leaning),
                    new Outcomes.Counts(
                            sessions.stream()
                                    .filter(session -> predictions(List.of(session)) > 0)
                                    .count(),
                            unknownTargets,
                            fallbacks,
                            seenTargets,
                            Duration.ofNanos(System.nanoTime() - startNanos)));
        }

        /** Where each visit's predictions begin, and where the last one's end. */
        private int[] visits(List<Session> sessions) {
            int[] bounds = new int[sessions.size() + 1];
            int visits = 0;
            for (int i = 0; i < sessions.size(); i++) {
                boolean empty = firsts[i + 1] == firsts[i];
                if (!empty && !(i > 0 && areOneVisit(sessions.get(i - 1), sessions.get(i)))) {
                    bounds[visits++] = firsts[i];
                }
            }
            bounds[visits] = ranks.length;
            return Arrays.copyOf(bounds, visits + 1);
        }
    }

    /**
     * Whether two sessions, one after the other in the log, are the same visit seen at two clicks:
     * logs of prefixes and targets list every prefix of a visit on a line of its own.
     */
    private static boolean areOneVisit(Session one, Session other) {
        List<String> longer = one.items();
        List<String> shorter = other.items();
        if (longer.size() < shorter.size()) {
            longer = other.items();
            shorter = one.items();
        }
        return one.firstTarget() == one.items().size() - 1
                && other.firstTarget() == other.items().size() - 1
                && longer.size() == shorter.size() + 1
                && longer.subList(0, shorter.size()).equals(shorter);
    }

    private final class Listing implements Visitor {

        private final int k;
        private final List<List<TopItems>> lists = new ArrayList<>();
        private long listed;
        private long told;

        Listing(List<Session> sessions, int k) {
            this.k = k;
            for (int i = 0; i < sessions.size(); i++) {
                lists.add(new ArrayList<>());
            }
        }

        @Override
        public boolean wantsEnd() {
            return true;
        }

        @Override
        public boolean wants(Walk walk, int target, int[] seen) {
            if (walk.known == 0) {
                lists.get(walk.index).add(popularity.top(k, null));
                return false;
            }
            return true;
        }

        @Override
        public void rankRecurrent(RecurrentScorer scorer, Asked asked) {
            add(scorer.rank(asked.states, asked.count, k, asked.excluded()), asked);
        }

        @Override
        public void rankEncoding(EncodingScorer scorer, Asked asked) {
            add(scorer.rank(asked.prefixes, asked.count, k, asked.excluded()), asked);
        }

        private void add(TopItems[] ranked, Asked asked) {
            for (int i = 0; i < asked.count; i++) {
                lists.get(asked.walks[i].index).add(ranked[i]);
            }
            listed += asked.count;
            if (listed - told >= PROGRESS_EVERY) {
                told = listed;
                progress.accept(told);
            }
        }
    }
}
