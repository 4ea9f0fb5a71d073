package io.nextclick.jobs.recommend;

import io.nextclick.jobs.types.Fingerprint;
import io.nextclick.models.ranking.CandidateList;
import io.nextclick.models.ranking.CandidateSource;
import io.nextclick.models.ranking.Candidates;
import java.util.Arrays;

/**
 * What the sources proposed when a session's last list was made: the first {@link
 * LiveQuality#CUTOFF} of each, whether or not they came into the list. The next click is held
 * against all of them, so that a source is judged by its own list and not by what others let
 * through.
 */
final class Proposals {

    /** Not among the source's first. */
    static final byte UNLISTED = -1;

    /** Sources whose proposals are remembered; popularity's aren't. */
    private static final int REMEMBERED = CandidateSource.POPULARITY.number();

    /** {@link Fingerprint}s of the items, in no order. */
    final long[] items;

    /** In which situation the sources spoke. */
    final byte situation;

    /** A bit for each source that had a list, the lowest for the first {@link CandidateSource}. */
    final byte spoken;

    /**
     * Item by item, its place from 0 among those of each source that spoke, or {@link #UNLISTED}.
     */
    final byte[] ranks;

    /**
     * Item by item, its probability by each source that spoke, as a part of the sum of them all, in
     * 255ths, unsigned.
     */
    final byte[] shares;

    Proposals(long[] items, byte situation, byte spoken, byte[] ranks, byte[] shares) {
        this.items = items;
        this.situation = situation;
        this.spoken = spoken;
        this.ranks = ranks;
        this.shares = shares;
    }

    /**
     * @param candidates all that may be recommended; ranks close up over what may not be
     * @param lists what each source proposed
     */
    static Proposals of(Candidates candidates, CandidateList[] lists, byte situation) {
        int[] speaking = new int[REMEMBERED];
        int sources = 0;
        int spoken = 0;
        for (int source = 0; source < REMEMBERED; source++) {
            if (lists[source].size() > 0) {
                speaking[sources++] = source;
                spoken |= 1 << source;
            }
        }
        byte[][] ranks = new byte[sources][];
        for (int i = 0; i < sources; i++) {
            ranks[i] = ranks(candidates, speaking[i], lists[speaking[i]].size());
        }
        int most = Math.min(candidates.size(), sources * LiveQuality.CUTOFF);
        long[] items = new long[most];
        byte[] itemRanks = new byte[most * sources];
        byte[] shares = new byte[most * sources];
        int count = 0;
        for (int place = 0; place < candidates.size(); place++) {
            boolean isListed = false;
            for (int i = 0; i < sources; i++) {
                byte rank = ranks[i][place];
                isListed |= rank != UNLISTED;
                if (count < most) {
                    itemRanks[count * sources + i] = rank;
                }
            }
            if (isListed) {
                items[count] = Fingerprint.of(candidates.item(place));
                share(candidates, place, speaking, sources, shares, count * sources);
                count++;
            }
        }
        return new Proposals(
                Arrays.copyOf(items, count),
                situation,
                (byte) spoken,
                Arrays.copyOf(itemRanks, count * sources),
                Arrays.copyOf(shares, count * sources));
    }

    /** By place, each candidate's place in the source's list without those left out. */
    private static byte[] ranks(Candidates candidates, int source, int longest) {
        int[] placeOf = new int[longest];
        Arrays.fill(placeOf, -1);
        for (int place = 0; place < candidates.size(); place++) {
            int rank = candidates.rank(place, source);
            if (rank != Candidates.UNLISTED) {
                placeOf[rank] = place;
            }
        }
        byte[] ranks = new byte[candidates.size()];
        Arrays.fill(ranks, UNLISTED);
        byte next = 0;
        for (int rank = 0; rank < longest && next < LiveQuality.CUTOFF; rank++) {
            if (placeOf[rank] >= 0) {
                ranks[placeOf[rank]] = next++;
            }
        }
        return ranks;
    }

    /** Deals 255 parts out by probability, from the last source on; none where there is none. */
    private static void share(
            Candidates candidates, int place, int[] speaking, int sources, byte[] to, int at) {
        double sum = 0;
        for (int i = sources - 1; i >= 0; i--) {
            sum += candidates.probability(place, speaking[i]);
        }
        double upTo = 0;
        long dealt = 0;
        for (int i = sources - 1; i >= 0; i--) {
            upTo += candidates.probability(place, speaking[i]);
            long due = sum > 0 ? Math.round(255 * (upTo / sum)) : 0;
            to[at + i] = (byte) (due - dealt);
            dealt = due;
        }
    }

    /** Where an item stands among those proposed; -1 if nobody proposed it. */
    int find(long fingerprint) {
        for (int i = 0; i < items.length; i++) {
            if (items[i] == fingerprint) {
                return i;
            }
        }
        return -1;
    }

    boolean spoke(CandidateSource source) {
        return (spoken & (1 << source.number())) != 0;
    }

    /** How many sources spoke. */
    int speaking() {
        return Integer.bitCount(spoken);
    }

    /** An item's place among a source's, or {@link #UNLISTED}. */
    int rank(int item, CandidateSource source) {
        return spoke(source) ? ranks[at(item, source)] : UNLISTED;
    }

    /** A source's part of the probability of an item, in [0, 1]; NaN if it didn't speak. */
    float share(int item, CandidateSource source) {
        return spoke(source) ? (shares[at(item, source)] & 0xff) / 255f : Float.NaN;
    }

    private int at(int item, CandidateSource source) {
        return item * speaking() + Integer.bitCount(spoken & ((1 << source.number()) - 1));
    }

    /** The heap that this takes, about. */
    int approximateBytes() {
        return 96 + Long.BYTES * items.length + ranks.length + shares.length;
    }
}
