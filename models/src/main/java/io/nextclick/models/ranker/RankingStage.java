package io.nextclick.models.ranker;

import io.nextclick.models.ranking.Candidates;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * The second stage of a recommender: puts what the sources of candidates proposed to one session
 * after another into a ranker's order.
 *
 * <p>A field {@code score.SOURCE} reads the natural logarithm of the probability that the source
 * gives the item in its own list, {@code rank.SOURCE} its place there from 0; both are missing
 * where the source doesn't list it, or isn't there at all. {@value #BLEND} stands for the mixture
 * of all sources: {@link Candidates#blendedScore} and {@link Candidates#blendedPlace}.
 *
 * <p>Items are prepared when they are first candidates, and stay so; their facts are asked for
 * again when a query comes whose time is further from theirs than {@code renewal}, so that
 * popularity, age and the catalogue are up to date by that much without anybody saying what has
 * changed. The first time it is up to half of that sooner, by the item, or all would fall due at
 * once for ever. What the ranker read of an item can be asked for ({@link #factsOf}), to be learnt
 * from later.
 *
 * <p>Cost: a look-up by item id a candidate, the ranker's own cost ({@link RankerBenchmark}), and a
 * sort of the candidates. For one thread.
 */
public final class RankingStage {

    /** The name by which fields read the mixture of all sources. */
    public static final String BLEND = "blend";

    /** Items kept prepared; each takes what its scorer keeps of it, up to some kilobytes. */
    static final int MOST_ITEMS = 1 << 16;

    /** Into how many parts items are dealt that fall due at different times. */
    private static final int PARTS = 64;

    /** The source of a field whose source there isn't. */
    private static final int ABSENT = -1;

    private final Ranker ranker;
    private final CandidateScorer scorer;
    private final long renewalMillis;
    private final int mostItems;

    /** By field of pairs: the number of its source, that of the blend behind the last. */
    private final int[] sourceOf;

    /** By field of pairs: whether it reads a score; else it reads a place. */
    private final boolean[] readsScore;

    private final int blend;

    /** By slot of the scorer. */
    private ItemFacts[] facts = new ItemFacts[1024];

    /** By slot: the time of the query that the facts were asked for at. */
    private long[] askedMillis = new long[1024];

    private int[] slots = new int[0];
    private float[] pairs = new float[0];
    private float[] logOdds = new float[0];

    /**
     * @param ranker orders the candidates
     * @param sources names of the candidates' sources, in their order
     * @param renewal how far an item's facts may lie from a query in time; zero: facts are asked
     *     for whenever the time is another
     */
    public RankingStage(Ranker ranker, List<String> sources, Duration renewal) {
        this(ranker, sources, renewal, MOST_ITEMS);
    }

    RankingStage(Ranker ranker, List<String> sources, Duration renewal, int mostItems) {
        this.ranker = Objects.requireNonNull(ranker, "ranker");
        this.mostItems = mostItems;
        renewalMillis = renewal.toMillis();
        scorer = ranker.newScorer();
        blend = sources.size();
        List<Field> fields = ranker.space().pairFields();
        sourceOf = new int[fields.size()];
        readsScore = new boolean[fields.size()];
        for (int field = 0; field < sourceOf.length; field++) {
            String name = fields.get(field).name();
            int source = sources.indexOf(name);
            sourceOf[field] = source < 0 && name.equals(BLEND) ? blend : source;
            readsScore[field] = fields.get(field).fact() == Fact.SOURCE_SCORE;
        }
    }

    /** What orders the candidates. */
    public Ranker ranker() {
        return ranker;
    }

    /** What a field {@code score.SOURCE} reads of a probability. */
    public static float score(double probability) {
        return (float) Math.log(probability);
    }

    /**
     * Puts the candidates into the ranker's order; their scores are its probabilities from then on.
     *
     * @param query the session that they are for
     * @param lookup an item's facts at the time of the query; null for one of which nothing is
     *     known
     * @throws RuntimeException if the ranker throws one, or gives log-odds that aren't finite; the
     *     candidates are as they were, and the next query finds the stage as new
     */
    public void rank(QueryFacts query, Candidates candidates, Function<String, ItemFacts> lookup) {
        int count = candidates.size();
        if (count == 0) {
            return;
        }
        try {
            makeRoom(count);
            scorer.ask(query);
            for (int c = 0; c < count; c++) {
                slots[c] = slot(candidates.item(c), query.eventTimeMillis(), lookup);
                readPairs(candidates, c);
            }
            scorer.score(slots, pairs, count, logOdds);
            candidates.orderBy(logOdds);
        } catch (RuntimeException e) {
            forget();
            throw e;
        }
    }

    /** Slots mean the same for all candidates of a query. */
    private void makeRoom(int count) {
        if (slots.length < count) {
            slots = new int[count];
            pairs = new float[count * sourceOf.length];
            logOdds = new float[count];
        }
        if (scorer.prepared() > mostItems) {
            forget();
        }
    }

    private void forget() {
        scorer.forget();
        Arrays.fill(facts, null);
    }

    private int slot(String itemId, long nowMillis, Function<String, ItemFacts> lookup) {
        int slot = scorer.slot(itemId);
        if (slot != CandidateScorer.NONE
                && Math.abs(nowMillis - askedMillis[slot]) <= renewalMillis) {
            return slot;
        }
        ItemFacts known = lookup.apply(itemId);
        ItemFacts item = known == null ? ItemFacts.unknown(itemId) : known;
        boolean isNew = slot == CandidateScorer.NONE;
        if (isNew || !item.equals(facts[slot])) {
            slot = scorer.prepare(item);
            if (slot >= facts.length) {
                facts = Arrays.copyOf(facts, 2 * slot);
                askedMillis = Arrays.copyOf(askedMillis, 2 * slot);
            }
            facts[slot] = item;
        }
        long sooner = isNew ? renewalMillis * (slot % PARTS) / (2 * PARTS) : 0;
        askedMillis[slot] = nowMillis - sooner;
        return slot;
    }

    private void readPairs(Candidates candidates, int place) {
        int at = place * sourceOf.length;
        for (int field = 0; field < sourceOf.length; field++) {
            int source = sourceOf[field];
            float value;
            if (source == blend) {
                value =
                        readsScore[field]
                                ? score(candidates.blendedScore(place))
                                : candidates.blendedPlace(place);
            } else if (source == ABSENT || candidates.rank(place, source) == Candidates.UNLISTED) {
                value = Float.NaN;
            } else {
                value =
                        readsScore[field]
                                ? score(candidates.probability(place, source))
                                : candidates.rank(place, source);
            }
            pairs[at + field] = value;
        }
    }

    /** What the ranker last read of an item; null if it never did, or that has been forgotten. */
    public ItemFacts factsOf(String itemId) {
        int slot = scorer.slot(itemId);
        return slot == CandidateScorer.NONE ? null : facts[slot];
    }
}
