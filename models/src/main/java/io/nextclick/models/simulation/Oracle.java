package io.nextclick.models.simulation;

import io.nextclick.models.clicklog.LoggedClick;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The best that any recommender can do on the clicks of a {@link ShopSimulator}. The oracle knows
 * the shop as it is at the moment of the click that it predicts: its catalogue, popularity,
 * successor lists and tastes. Of a visitor it knows only what everyone sees, the clicks of the
 * session so far. It infers the taste z from them by exact Bayesian filtering,
 *
 * <pre>
 *   b(z) ∝ share(z) · P(first click | z) · Π P(click | the two before it, z),
 * </pre>
 *
 * and ranks all items by the predictive probability Σ b(z) · P(j | h, i, z), with P from {@link
 * Shop}. No ranking that is a function of the session's clicks can have a higher expected recall@k
 * or MRR@k. (Where the shop changes in mid-session the filter goes on with the tastes as they now
 * are; and it learns of a change, new items included, at once, which no learner can. So it bounds
 * what can be reached from above, closely when the shop changes slowly.)
 *
 * <p>The ranking is exact at any size of catalogue: within a segment, the items that are in no
 * successor list in play are ordered by popularity, which the shop keeps sorted, so a click costs
 * O(tastes · segments + k · log k) and not O(items).
 *
 * <p>Beside the recall attained, {@link Report} has the expected one, the mean of the predictive
 * probabilities of the lists: both estimate the same figure, the expected one with less noise.
 *
 * <p>The oracle holds a shop of its own and goes by the clicks it is shown, which may be any clicks
 * of whole sessions of the simulator, in event-time order. Not safe for use by several threads.
 */
public final class Oracle {

    /** A session without a click for this long is forgotten. */
    private static final long IDLE_MILLIS = 30 * 60_000L;

    /** Sessions are put into this many groups, whose spread gives the interval. */
    private static final int GROUPS = 64;

    /** 97.5 % of Student's distribution with 63 degrees of freedom. */
    private static final double STUDENT = 1.998;

    private final Shop shop;
    private final int cutoff;
    private final double sampledShare;
    private final Map<String, Belief> sessions = new LinkedHashMap<>(1 << 10, 0.75f, true);

    private long observedUntilMillis = Long.MIN_VALUE;

    // Sums by group.
    private final long[] predicted = new long[GROUPS];
    private final double[] recall = new double[GROUPS];
    private final double[] reciprocalRank = new double[GROUPS];
    private final double[] expectedRecall = new double[GROUPS];
    private final double[] expectedReciprocalRank = new double[GROUPS];

    // Scratch of one prediction.
    private final double[] reach;
    private final double[] bandMass = new double[Shop.bands()];
    private final double[] slope;
    private int[] candidateOf = new int[0];
    private final int[] candidates = new int[2 * Shop.bands() * Shop.SUCCESSORS];
    private final double[] bonus = new double[candidates.length];
    private final Best best;

    private static final class Belief {
        final double[] tastes;
        int beforeLast;
        int last;
        long timeMillis;

        Belief(int tastes) {
            this.tastes = new double[tastes];
        }
    }

    /**
     * One click against the list for the session before it.
     *
     * @param rank its rank from 0; -1 if it was not among the first k
     * @param expectedRecall probability that the list gave itself to hold it
     * @param expectedReciprocalRank expectation, before the click, of 1 / (rank + 1), or of 0
     *     beyond the first k
     */
    public record Outcome(int rank, double expectedRecall, double expectedReciprocalRank) {

        /** 1 / (rank + 1), or 0 beyond the first k. */
        public double reciprocalRank() {
            return rank < 0 ? 0 : 1.0 / (rank + 1);
        }
    }

    /**
     * A mean with half the width of its 95 % interval.
     *
     * @param value the mean; NaN if nothing was predicted
     * @param margin half the interval's width, from the spread between groups of sessions
     */
    public record Estimate(double value, double margin) {}

    /**
     * All clicks so far.
     *
     * @param cutoff k
     * @param clicks clicks predicted: all of the sampled sessions but each session's first
     * @param recall share of them that were in the oracle's list, recall@k
     * @param mrr mean of 1 / (rank + 1), 0 beyond the first k, MRR@k
     * @param expectedRecall mean predictive probability of the lists: the best reachable recall@k
     * @param expectedMrr mean expectation of the reciprocal rank: the best reachable MRR@k
     */
    public record Report(
            int cutoff,
            long clicks,
            Estimate recall,
            Estimate mrr,
            Estimate expectedRecall,
            Estimate expectedMrr) {}

    /**
     * An oracle that looks at every session.
     *
     * @param options those of the simulator
     * @param cutoff k, the length of its lists
     */
    public Oracle(ShopOptions options, int cutoff) {
        this(options, cutoff, 1);
    }

    /**
     * @param options those of the simulator
     * @param cutoff k, the length of its lists, in [1, 1000]
     * @param sampledShare share of sessions to look at, in (0, 1], chosen by their ids; the others'
     *     clicks cost next to nothing
     */
    public Oracle(ShopOptions options, int cutoff, double sampledShare) {
        if (cutoff < 1 || cutoff > 1_000) {
            throw new IllegalArgumentException("cutoff is " + cutoff + ", it must be in [1, 1000]");
        }
        if (!(sampledShare > 0 && sampledShare <= 1)) {
            throw new IllegalArgumentException(
                    "sampled share is " + sampledShare + ", it must be in (0, 1]");
        }
        shop = new Shop(options);
        this.cutoff = cutoff;
        this.sampledShare = sampledShare;
        reach = new double[options.tastes()];
        slope = new double[shop.segments()];
        best = new Best(cutoff);
    }

    /**
     * Predicts a click from its session so far, compares, and learns from it.
     *
     * @return empty for the first click of a session and for sessions outside the sample
     * @throws IllegalArgumentException if the item has not come on sale by then, or the click
     *     belongs to an earlier epoch than the one before it: these are no clicks of this shop
     */
    public Optional<Outcome> observe(LoggedClick click) {
        long hash = mixed(click.sessionId());
        if (AliasTables.unit(hash) >= sampledShare) {
            return Optional.empty();
        }
        shop.advanceTo(click.eventTimeMillis());
        observedUntilMillis = Math.max(observedUntilMillis, click.eventTimeMillis());
        forgetIdleSessions();
        int item = shop.number(click.itemId());
        if (item < 0) {
            throw new IllegalArgumentException(
                    "item '" + click.itemId() + "' is not on sale in this shop");
        }

        Belief belief = sessions.get(click.sessionId());
        if (belief == null) {
            belief = new Belief(reach.length);
            sessions.put(click.sessionId(), belief);
            for (int taste = 0; taste < reach.length; taste++) {
                belief.tastes[taste] = shop.tasteShare(taste) * shop.firstProbability(taste, item);
            }
            belief.beforeLast = item;
            remember(belief, item, click.eventTimeMillis());
            return Optional.empty();
        }
        if (item == belief.last) {
            throw new IllegalArgumentException(
                    "session '"
                            + click.sessionId()
                            + "' has '"
                            + click.itemId()
                            + "' twice in a row, which this shop's sessions never have");
        }
        rank(belief);
        Outcome outcome = outcome(item);
        add((int) (hash & (GROUPS - 1)), outcome);
        for (int taste = 0; taste < reach.length; taste++) {
            // reach = b(z) / (1 - M(i)) has the denominator of P(j | h, i, z) already.
            belief.tastes[taste] =
                    reach[taste]
                            * shop.unconditionalProbability(
                                    taste, belief.beforeLast, belief.last, item);
        }
        belief.beforeLast = belief.last;
        remember(belief, item, click.eventTimeMillis());
        return Optional.of(outcome);
    }

    /** All clicks so far. */
    public Report report() {
        return new Report(
                cutoff,
                Arrays.stream(predicted).sum(),
                estimate(recall),
                estimate(reciprocalRank),
                estimate(expectedRecall),
                estimate(expectedReciprocalRank));
    }

    private static void remember(Belief belief, int item, long timeMillis) {
        double sum = 0;
        for (double taste : belief.tastes) {
            sum += taste;
        }
        for (int taste = 0; taste < belief.tastes.length; taste++) {
            belief.tastes[taste] /= sum;
        }
        belief.last = item;
        belief.timeMillis = timeMillis;
    }

    private void forgetIdleSessions() {
        Iterator<Belief> eldest = sessions.values().iterator();
        while (eldest.hasNext() && eldest.next().timeMillis < observedUntilMillis - IDLE_MILLIS) {
            eldest.remove();
        }
    }

    // ---------------------------------------------------------------- ranking

    /** Puts the k most probable next items into {@link #best}. */
    private void rank(Belief belief) {
        int last = belief.last;
        int tastes = reach.length;
        int bands = Shop.bands();
        double sum = 0;
        Arrays.fill(bandMass, 0);
        for (int taste = 0; taste < tastes; taste++) {
            double repeat = shop.unconditionalProbability(taste, belief.beforeLast, last, last);
            reach[taste] = belief.tastes[taste] / (1 - repeat);
            sum += reach[taste];
            for (int band = 0; band < bands; band++) {
                bandMass[band] += reach[taste] * shop.bandShare(taste, band);
            }
        }

        // Every item of a segment has weight · slope, by popularity alone.
        Arrays.fill(slope, 0);
        for (int taste = 0; taste < tastes; taste++) {
            for (int band = 0; band < bands; band++) {
                double mass = Shop.TASTE * reach[taste] * shop.bandShare(taste, band);
                for (int segment = band; segment < slope.length; segment += bands) {
                    slope[segment] += mass * shop.categoryShare(taste, segment / bands);
                }
            }
        }
        int lastCategory = shop.segment(last) / bands;
        for (int band = 0; band < bands; band++) {
            slope[lastCategory * bands + band] += Shop.BROWSE * bandMass[band];
        }
        for (int segment = 0; segment < slope.length; segment++) {
            slope[segment] =
                    slope[segment] / shop.segmentWeight(segment)
                            + Shop.EXPLORE * sum / shop.totalWeight();
        }

        // Items in the two sets of successor lists have a bonus on top.
        if (candidateOf.length < shop.size()) {
            candidateOf = new int[shop.size() + shop.size() / 4];
        }
        int count = gather(last, Shop.FOLLOW, 0);
        count = gather(belief.beforeLast, Shop.RETURN, count);

        best.clear();
        for (int candidate = 0; candidate < count; candidate++) {
            int item = candidates[candidate];
            if (item != last) {
                best.offer(item, bonus[candidate] + shop.weight(item) * slope[shop.segment(item)]);
            }
        }
        for (int segment = 0; segment < slope.length; segment++) {
            int end = shop.segmentStart(segment + 1);
            for (int position = shop.segmentStart(segment); position < end; position++) {
                double score = shop.weightBySegment(position) * slope[segment];
                if (!best.takes(score)) {
                    break;
                }
                int item = shop.bySegment(position);
                if (item != last && candidateOf[item] == 0) {
                    best.offer(item, score);
                }
            }
        }
        for (int candidate = 0; candidate < count; candidate++) {
            candidateOf[candidates[candidate]] = 0;
        }
        best.sort();
    }

    /** Adds the successors of an item to the candidates, of which there are {@code count}. */
    private int gather(int from, double chance, int count) {
        int total = count;
        for (int band = 0; band < bandMass.length; band++) {
            for (int place = 0; place < Shop.SUCCESSORS; place++) {
                int item = shop.successor(from, band, place);
                if (candidateOf[item] == 0) {
                    candidates[total] = item;
                    bonus[total] = 0;
                    candidateOf[item] = ++total;
                }
                bonus[candidateOf[item] - 1] += chance * bandMass[band] * shop.placeWeight(place);
            }
        }
        return total;
    }

    private Outcome outcome(int item) {
        int rank = -1;
        double inList = 0;
        double reciprocal = 0;
        for (int i = 0; i < best.size; i++) {
            if (best.items[i] == item) {
                rank = i;
            }
            inList += best.scores[i];
            reciprocal += best.scores[i] / (i + 1);
        }
        return new Outcome(rank, inList, reciprocal);
    }

    /** The best k of what is offered: a heap with the worst on top until it is sorted. */
    private static final class Best {
        final int[] items;
        final double[] scores;
        int size;

        Best(int capacity) {
            items = new int[capacity];
            scores = new double[capacity];
        }

        void clear() {
            size = 0;
        }

        boolean takes(double score) {
            return size < items.length || score > scores[0];
        }

        void offer(int item, double score) {
            if (size < items.length) {
                int child = size++;
                while (child > 0 && scores[(child - 1) / 2] > score) {
                    set(child, (child - 1) / 2);
                    child = (child - 1) / 2;
                }
                items[child] = item;
                scores[child] = score;
            } else if (score > scores[0]) {
                sink(item, score, size);
            }
        }

        /** Best first; no more offers until the next clear. */
        void sort() {
            for (int end = size - 1; end > 0; end--) {
                int item = items[end];
                double score = scores[end];
                set(end, 0);
                sink(item, score, end);
            }
        }

        /** Puts an entry in the place of the worst and lets it sink among the first {@code end}. */
        private void sink(int item, double score, int end) {
            int parent = 0;
            while (true) {
                int child = 2 * parent + 1;
                if (child + 1 < end && scores[child + 1] < scores[child]) {
                    child++;
                }
                if (child >= end || scores[child] >= score) {
                    break;
                }
                set(parent, child);
                parent = child;
            }
            items[parent] = item;
            scores[parent] = score;
        }

        private void set(int to, int from) {
            items[to] = items[from];
            scores[to] = scores[from];
        }
    }

    // ---------------------------------------------------------------- figures

    private void add(int group, Outcome outcome) {
        predicted[group]++;
        recall[group] += outcome.rank() < 0 ? 0 : 1;
        reciprocalRank[group] += outcome.reciprocalRank();
        expectedRecall[group] += outcome.expectedRecall();
        expectedReciprocalRank[group] += outcome.expectedReciprocalRank();
    }

    /** The ratio of two sums over groups of sessions, which are independent of each other. */
    private Estimate estimate(double[] sums) {
        double clicks = Arrays.stream(predicted).sum();
        double mean = Arrays.stream(sums).sum() / clicks;
        double squares = 0;
        for (int group = 0; group < GROUPS; group++) {
            double residual = sums[group] - mean * predicted[group];
            squares += residual * residual;
        }
        double variance = squares * GROUPS / (GROUPS - 1) / (clicks * clicks);
        return new Estimate(mean, STUDENT * Math.sqrt(variance));
    }

    /** 64 well-mixed bits of a session id (the finaliser of MurmurHash3). */
    private static long mixed(String sessionId) {
        long hash = 0xCBF2_9CE4_8422_2325L;
        for (int i = 0; i < sessionId.length(); i++) {
            hash = (hash ^ sessionId.charAt(i)) * 0x100_0000_01B3L;
        }
        hash = (hash ^ (hash >>> 33)) * 0xFF51_AFD7_ED55_8CCDL;
        hash = (hash ^ (hash >>> 33)) * 0xC4CE_B9FE_1A85_EC53L;
        return hash ^ (hash >>> 33);
    }
}
