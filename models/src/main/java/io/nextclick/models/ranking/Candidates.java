package io.nextclick.models.ranking;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * The different items that one session could be recommended, best first, and what each source made
 * of them. They come in the order of their blended scores; a ranker may put them into another by
 * {@link #orderBy}, and {@link RerankRule}s leave out and reorder.
 *
 * <p>Places count from 0 and change with every rule.
 */
public final class Candidates {

    /** In {@link #rank}: the source doesn't list the item. */
    public static final int UNLISTED = -1;

    private final int sources;

    /** By number of the item, in the order of adding. */
    private final String[] items;

    private final double[] scores;
    private final byte[] largest;
    private final double[] largestShare;
    private final short[] ranks;
    private final float[] probabilities;
    private int added;

    /** Numbers in the order of the list. */
    private int[] order;

    /** By number: the place in the order of the blended scores. */
    private int[] blendedPlaces;

    /** By number: what a ranker made of the item; null while none has. */
    private float[] logOdds;

    private int size;

    Candidates(int sources, int most) {
        this.sources = sources;
        items = new String[most];
        scores = new double[most];
        largest = new byte[most];
        largestShare = new double[most];
        ranks = new short[most * sources];
        probabilities = new float[most * sources];
        Arrays.fill(ranks, (short) UNLISTED);
    }

    /** The items that are left. */
    public int size() {
        return size;
    }

    public String item(int place) {
        return items[number(place)];
    }

    /**
     * What the order is by: the probability that the item is next, blended of the sources', or a
     * ranker's once there is one.
     */
    public double score(int place) {
        int number = number(place);
        return logOdds == null ? scores[number] : 1 / (1 + Math.exp(-(double) logOdds[number]));
    }

    /** The blended probability that the item is next, whatever a ranker made of it. */
    public double blendedScore(int place) {
        return scores[number(place)];
    }

    /**
     * The place that its blended score gives the item among all that were blended, those left out
     * since among them.
     */
    public int blendedPlace(int place) {
        return blendedPlaces[number(place)];
    }

    /** The source that contributes the larger share of the item's score; the first of equals. */
    public int source(int place) {
        return largest[number(place)];
    }

    /** The item's place in a source's own list, or {@link #UNLISTED}. */
    public int rank(int place, int source) {
        return ranks[number(place) * sources + source];
    }

    /** The probability that a source gives the item; 0 where it doesn't list it. */
    public float probability(int place, int source) {
        return probabilities[number(place) * sources + source];
    }

    /** Leaves out the items at all places that the test refuses; the rest stays in order. */
    public void retain(IntPredicate test) {
        int kept = 0;
        // The order is only written behind where it is read.
        for (int place = 0; place < size; place++) {
            if (test.test(place)) {
                order[kept++] = order[place];
            }
        }
        size = kept;
    }

    /**
     * Puts the items that are left into the order of a ranker's log-odds, equal ones in the order
     * in which they stand.
     *
     * @param byPlace [size] or longer: the log-odds of the item at each place
     * @throws IllegalArgumentException if one isn't finite; the order stays as it was
     */
    public void orderBy(float[] byPlace) {
        long[] keys = new long[size];
        for (int place = 0; place < size; place++) {
            if (!Float.isFinite(byPlace[place])) {
                throw new IllegalArgumentException(
                        "log-odds of item '" + item(place) + "' are " + byPlace[place]);
            }
            // Negated, as keys ascend; adding 0 makes one zero of two. The bits of a float ascend
            // with it once those below its sign are turned over where it is negative.
            int bits = Float.floatToRawIntBits(-byPlace[place] + 0f);
            int ascending = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
            keys[place] = ((long) ascending << 32) | place;
        }
        Arrays.sort(keys);
        if (logOdds == null) {
            logOdds = new float[added];
        }
        int[] ordered = new int[size];
        for (int place = 0; place < size; place++) {
            int before = (int) keys[place];
            ordered[place] = order[before];
            logOdds[ordered[place]] = byPlace[before];
        }
        order = ordered;
    }

    /**
     * Makes a list of the items at these places, in this order, and leaves out the others.
     *
     * @param places different places
     * @param count how many of them are read
     */
    public void arrange(int[] places, int count) {
        int[] arranged = new int[count];
        boolean[] used = new boolean[size];
        for (int i = 0; i < count; i++) {
            int place = places[i];
            if (place < 0 || place >= size || used[place]) {
                throw new IllegalArgumentException(
                        "place " + place + " twice or not in [0, " + size + ")");
            }
            used[place] = true;
            arranged[i] = order[place];
        }
        order = arranged;
        size = count;
    }

    private int number(int place) {
        if (place >= size) {
            throw new IndexOutOfBoundsException("place " + place + " of " + size);
        }
        return order[place];
    }

    // ------------------------------------------------------------------ by number, for Blend

    String itemAt(int number) {
        return items[number];
    }

    int add(String item) {
        items[added] = item;
        return added++;
    }

    void credit(int number, int source, int rank, float probability, double weight) {
        double share = weight * probability;
        scores[number] += share;
        // A source's first mention names it even where its share is 0.
        if (share > largestShare[number] || isUnlisted(number)) {
            largestShare[number] = share;
            largest[number] = (byte) source;
        }
        ranks[number * sources + source] = (short) Math.min(rank, Short.MAX_VALUE);
        probabilities[number * sources + source] = probability;
    }

    private boolean isUnlisted(int number) {
        for (int source = 0; source < sources; source++) {
            if (ranks[number * sources + source] != UNLISTED) {
                return false;
            }
        }
        return true;
    }

    /** Best first; equal scores in the order of adding. */
    void sort() {
        // Scores are not negative, so that their bits are in their order: 32 of them, which tell
        // apart what differs by more than a millionth, and the number behind.
        long[] keys = new long[added];
        for (int number = 0; number < added; number++) {
            long bits = Float.floatToRawIntBits((float) scores[number]);
            keys[number] = ((Integer.MAX_VALUE - bits) << 32) | number;
        }
        Arrays.sort(keys);
        order = new int[added];
        blendedPlaces = new int[added];
        for (int place = 0; place < added; place++) {
            order[place] = (int) keys[place];
            blendedPlaces[order[place]] = place;
        }
        size = added;
    }
}
