package io.nextclick.models.ranking;

import io.nextclick.models.ranking.TrendingCounts.ItemCount;
import io.nextclick.models.scoring.ScoreScale;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What is clicked now: per item a count that halves with every half-life, and the items in the
 * order of these counts, overall and by category.
 *
 * <p>The decay is forward ("Forward Decay: A Practical Time Decay Model for Streaming Systems",
 * Cormode et al., ICDE 2009): a click of time t weighs 2^(t / half-life), and a count as of now is
 * the sum divided by 2^(now / half-life). So a count never has to be touched because time passes,
 * late clicks count for what they are worth, and the items' order changes by clicks alone. Sums are
 * kept as a mantissa and a 64-bit exponent, which no stretch of time overflows. What is held
 * depends on the clicks and their order, not on the machine or on when anybody asks.
 *
 * <p>Bounded: the item with the least count is forgotten when another needs its room, and begins
 * again from nothing. A click costs O(log items); asking for a list costs its length. About 250
 * bytes an item. Not for several threads.
 */
public final class TrendingItems {

    /** Of how many of a session's last items {@link #alike} reads the categories. */
    public static final int SESSION_ITEMS = 5;

    /** Beyond this the smaller of two summands can't change the larger. */
    private static final long LARGEST_SHIFT = 1_100;

    private final long halfLifeMillis;
    private final int items;
    private final Function<String, String> category;
    private final Map<String, Entry> entries = new HashMap<>();
    private final NavigableSet<Entry> ordered = new TreeSet<>();
    private final Map<String, NavigableSet<Entry>> orderedIn = new HashMap<>();

    /** The latest time of anything counted; the least long before the first. */
    private long latestMillis = Long.MIN_VALUE;

    /**
     * @param halfLife after which a click counts half, at least 1 ms
     * @param items most items held, at least 2
     * @param category an item's category; null if none is known. Asked when the item is counted, so
     *     that a category that changes is noticed with the next click
     */
    public TrendingItems(Duration halfLife, int items, Function<String, String> category) {
        halfLifeMillis = halfLife.toMillis();
        this.items = items;
        this.category = category;
        if (halfLifeMillis < 1) {
            throw new IllegalArgumentException("half-life is " + halfLife + ", less than 1 ms");
        }
        if (items < 2) {
            throw new IllegalArgumentException("items is " + items + ", less than 2");
        }
    }

    /** Without categories. */
    public TrendingItems(Duration halfLife, int items) {
        this(halfLife, items, item -> null);
    }

    /**
     * Counts clicks on an item.
     *
     * @param count how many, at least {@link Double#MIN_NORMAL}
     * @param timeMillis when they happened, in milliseconds since the epoch; in any order
     * @return the item that was forgotten to make room; null if there was room
     */
    public String add(String itemId, double count, long timeMillis) {
        if (!(count >= Double.MIN_NORMAL && count < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "count of '" + itemId + "' is " + count + ", it must be above 0 and finite");
        }
        latestMillis = Math.max(latestMillis, timeMillis);
        Entry entry = entries.get(itemId);
        if (entry == null) {
            entry = new Entry(itemId);
            entries.put(itemId, entry);
        } else {
            leave(entry);
        }
        entry.add(count * partOfHalfLife(timeMillis), halfLives(timeMillis));
        enter(entry);
        return entries.size() > items ? forgetLeastBut(entry) : null;
    }

    /**
     * The clicks on an item, each counting by its age.
     *
     * @param nowMillis when that is asked, in milliseconds since the epoch
     * @return 0 for an item that isn't held
     */
    public double count(String itemId, long nowMillis) {
        Entry entry = entries.get(itemId);
        return entry == null ? 0 : asOf(entry, nowMillis);
    }

    /** Items held. */
    public int size() {
        return entries.size();
    }

    // ------------------------------------------------------------------ lists

    /**
     * The items most clicked now, each with its share of the list's clicks; equal counts by item
     * id.
     *
     * @param most items in the list
     * @param excluded items to leave out
     */
    public CandidateList top(int most, Predicate<String> excluded) {
        return list(ordered, most, excluded);
    }

    /**
     * The items most clicked now of the categories that a session has been in. A category counts by
     * the session's last {@value #SESSION_ITEMS} items, the one at position p from the end for 1 /
     * p; an item's probability is its category's share of that, times its own share of the
     * category's list.
     *
     * @param session item ids, oldest first; they need not be among the items held
     * @param most items in the list
     * @param excluded items to leave out
     * @return empty if no category of the session is known
     */
    public CandidateList alike(List<String> session, int most, Predicate<String> excluded) {
        Map<String, Double> weights = new HashMap<>();
        for (int p = 1; p <= Math.min(SESSION_ITEMS, session.size()); p++) {
            String of = category.apply(session.get(session.size() - p));
            if (of != null && orderedIn.containsKey(of)) {
                weights.merge(of, 1.0 / p, Double::sum);
            }
        }
        if (weights.size() == 1) {
            return list(orderedIn.get(weights.keySet().iterator().next()), most, excluded);
        }
        record Share(String itemId, float share) {}
        List<Share> shares = new ArrayList<>();
        weights.forEach(
                (of, weight) -> {
                    CandidateList list = list(orderedIn.get(of), most, excluded);
                    for (int place = 0; place < list.size(); place++) {
                        float share = (float) (weight * list.probability(place));
                        shares.add(new Share(list.item(place), share));
                    }
                });
        shares.sort(
                (a, b) -> {
                    int byShare = Float.compare(b.share, a.share);
                    return byShare != 0 ? byShare : a.itemId.compareTo(b.itemId);
                });
        List<Share> best = shares.subList(0, Math.min(most, shares.size()));
        float[] scores = new float[best.size()];
        for (int place = 0; place < scores.length; place++) {
            scores[place] = best.get(place).share;
        }
        return CandidateList.of(
                best.stream().map(Share::itemId).toList(), scores, ScoreScale.PROPORTION);
    }

    private static CandidateList list(
            NavigableSet<Entry> from, int most, Predicate<String> excluded) {
        List<String> ids = new ArrayList<>(most);
        float[] shares = new float[most];
        Entry first = null;
        for (Entry entry : from) {
            if (ids.size() == most) {
                break;
            }
            if (!excluded.test(entry.itemId)) {
                first = first == null ? entry : first;
                // As a part of the first one's: never too large for a float.
                shares[ids.size()] =
                        (float)
                                (Math.scalb(entry.mantissa, shift(entry.exponent, first.exponent))
                                        / first.mantissa);
                ids.add(entry.itemId);
            }
        }
        float[] scores = new float[ids.size()];
        System.arraycopy(shares, 0, scores, 0, scores.length);
        return CandidateList.of(ids, scores, ScoreScale.PROPORTION);
    }

    // ------------------------------------------------------------------ to keep and to send

    /**
     * All that is held, most first: an object that takes it holds the same, to the last bit; but
     * what was last clicked some thousand half-lives ago has a count of 0 and is gone.
     */
    public TrendingCounts counts() {
        return counts(ordered.stream().map(entry -> entry.itemId).toList());
    }

    /**
     * What is held of some items, in their order: an object that takes it holds the same of these,
     * to the last bit.
     */
    public TrendingCounts counts(Collection<String> itemIds) {
        // The beginning of a half-life, since from there to there is a shift of exponents.
        long asOf = latestMillis == Long.MIN_VALUE ? 0 : halfLives(latestMillis) * halfLifeMillis;
        List<ItemCount> counts = new ArrayList<>(itemIds.size());
        for (String itemId : itemIds) {
            counts.add(new ItemCount(itemId, count(itemId, asOf)));
        }
        return new TrendingCounts(asOf, counts);
    }

    /**
     * Puts counts in the place of those held of the same items. Those of another half-life are
     * taken for what they say of their time.
     */
    public void take(TrendingCounts counts) {
        long asOf = counts.asOfMillis();
        for (ItemCount each : counts.counts()) {
            Entry entry = entries.remove(each.itemId());
            if (entry != null) {
                leave(entry);
            }
            if (each.count() >= Double.MIN_NORMAL) {
                latestMillis = Math.max(latestMillis, asOf);
                entry = new Entry(each.itemId());
                entry.add(each.count() * partOfHalfLife(asOf), halfLives(asOf));
                entries.put(entry.itemId, entry);
                enter(entry);
            }
        }
        while (entries.size() > items) {
            forgetLeastBut(null);
        }
    }

    // ------------------------------------------------------------------ order

    /** Puts an entry into the lists, by its count and its category as they are now. */
    private void enter(Entry entry) {
        ordered.add(entry);
        entry.category = category.apply(entry.itemId);
        if (entry.category != null) {
            orderedIn.computeIfAbsent(entry.category, unused -> new TreeSet<>()).add(entry);
        }
    }

    /** Takes an entry out of the lists; to be done before its count changes. */
    private void leave(Entry entry) {
        ordered.remove(entry);
        if (entry.category != null) {
            NavigableSet<Entry> of = orderedIn.get(entry.category);
            of.remove(entry);
            if (of.isEmpty()) {
                orderedIn.remove(entry.category);
            }
        }
    }

    /**
     * Forgets the entry of the least count; a newcomer would otherwise never get a second click.
     */
    private String forgetLeastBut(Entry newcomer) {
        Entry least = ordered.last();
        if (least == newcomer) {
            least = ordered.lower(least);
        }
        leave(least);
        entries.remove(least.itemId);
        return least.itemId;
    }

    // ------------------------------------------------------------------ decay

    /** Whole half-lives from the epoch. */
    private long halfLives(long millis) {
        return Math.floorDiv(millis, halfLifeMillis);
    }

    /** 2 to the power of the rest, in [1, 2). The same on every machine. */
    private double partOfHalfLife(long millis) {
        return StrictMath.pow(2, Math.floorMod(millis, halfLifeMillis) / (double) halfLifeMillis);
    }

    private double asOf(Entry entry, long nowMillis) {
        double count =
                Math.scalb(
                        entry.mantissa / partOfHalfLife(nowMillis),
                        shift(entry.exponent, halfLives(nowMillis)));
        return Math.min(count, Double.MAX_VALUE);
    }

    /** The difference of exponents, as far as it matters. */
    private static int shift(long of, long to) {
        return (int) Math.max(-2 * LARGEST_SHIFT, Math.min(2 * LARGEST_SHIFT, of - to));
    }

    /** An item and its count, mantissa · 2^exponent, as of the epoch. */
    private static final class Entry implements Comparable<Entry> {

        final String itemId;

        /** In [1, 2); 0 before the first click. */
        double mantissa;

        long exponent;

        /** Under which it is listed; null: none. */
        String category;

        Entry(String itemId) {
            this.itemId = itemId;
        }

        /** Adds value · 2^power. */
        void add(double value, long power) {
            int binade = Math.getExponent(value);
            double otherMantissa = Math.scalb(value, -binade);
            long otherExponent = power + binade;
            if (mantissa == 0 || otherExponent - exponent > LARGEST_SHIFT) {
                mantissa = otherMantissa;
                exponent = otherExponent;
                return;
            }
            long larger = Math.max(exponent, otherExponent);
            double sum =
                    Math.scalb(mantissa, shift(exponent, larger))
                            + Math.scalb(otherMantissa, shift(otherExponent, larger));
            int carried = Math.getExponent(sum);
            mantissa = Math.scalb(sum, -carried);
            exponent = larger + carried;
        }

        /** Most first. */
        @Override
        public int compareTo(Entry other) {
            int byExponent = Long.compare(other.exponent, exponent);
            if (byExponent != 0) {
                return byExponent;
            }
            int byMantissa = Double.compare(other.mantissa, mantissa);
            return byMantissa != 0 ? byMantissa : itemId.compareTo(other.itemId);
        }
    }
}
