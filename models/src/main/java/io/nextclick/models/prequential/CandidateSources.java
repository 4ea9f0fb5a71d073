package io.nextclick.models.prequential;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.ranker.ItemFacts;
import io.nextclick.models.ranking.CandidateList;
import io.nextclick.models.ranking.CandidateSource;
import io.nextclick.models.ranking.TrendingItems;
import io.nextclick.models.scoring.ScoreScale;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.session.ItemVocabulary;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The sources of candidates on a stream, each with its quota, as the job has them. What a source
 * has learnt shows in its lists from the next {@link #synchronise} on. For one thread.
 */
final class CandidateSources implements AutoCloseable {

    /** Items whose clicks are counted: the job's usual bound. */
    private static final int TRENDING_ITEMS = 100_000;

    private final Map<CandidateSource, Integer> quotas = new EnumMap<>(CandidateSource.class);
    private final SequenceAnswers sequence;
    private final ItemVocabulary vocabulary;
    private final CoVisitation coVisitation;
    private final LearningSystem towers;
    private final Catalogue catalogue = new Catalogue();
    private final TrendingItems trending;

    /** Clicks that don't show yet. */
    private final List<Counted> counted = new ArrayList<>();

    private record Counted(String itemId, long timeMillis) {}

    /** As of the last {@link #synchronise}, as far as anybody has asked. */
    private final Map<String, ItemFacts> facts = new HashMap<>();

    private long nowMillis;

    /**
     * @param quotas how many items each source proposes; one that isn't named, none
     * @param model stays the caller's
     * @param towers stay the caller's
     * @param halfLife of the counts of what is clicked now
     */
    CandidateSources(
            Map<CandidateSource, Integer> quotas,
            ServableModel model,
            LearningSystem towers,
            Duration halfLife) {
        this.quotas.putAll(quotas);
        this.towers = towers;
        sequence = new SequenceAnswers(model);
        vocabulary = model.vocabulary();
        coVisitation = model.coVisitation();
        trending = new TrendingItems(halfLife, TRENDING_ITEMS, catalogue::category);
    }

    private int quota(CandidateSource source) {
        return quotas.getOrDefault(source, 0);
    }

    // ---------------------------------------------------------------- learning

    /** Takes up an entry of the catalogue. */
    void describe(StreamEvent.Described described) {
        catalogue.describe(described.itemId(), described.attributes(), described.timeMillis());
        towers.describe(described.itemId(), described.attributes());
    }

    /** Counts a click, which shows from the next {@link #synchronise} on. */
    void count(String itemId, long timeMillis) {
        counted.add(new Counted(itemId, timeMillis));
    }

    /** Lets everything show that has been learnt. */
    void synchronise(long timeMillis) {
        towers.synchronise(timeMillis);
        for (Counted click : counted) {
            trending.add(click.itemId, 1, click.timeMillis);
        }
        counted.clear();
        facts.clear();
        nowMillis = timeMillis;
    }

    // ---------------------------------------------------------------- answering

    /** What is known of an item, as of the last {@link #synchronise}. */
    ItemFacts facts(String itemId) {
        return facts.computeIfAbsent(itemId, item -> catalogue.facts(item, trending, nowMillis));
    }

    /** Whether the sequence model knows an item. */
    boolean knows(String itemId) {
        return sequence.knows(itemId);
    }

    /** Takes a click of a visit that nobody asks about. */
    void pass(SequenceAnswers.Carried carried, String itemId) {
        sequence.pass(carried, itemId);
    }

    /** The most popular items, for those to whom nobody proposes anything. */
    List<String> popular(int k) {
        return sequence.popular(k);
    }

    /**
     * What the sources propose to sessions.
     *
     * @param carried what the sequence model carries along for each
     * @param sessions the items of each, oldest first
     * @return for each session a list a source, by its number; empty where it has nothing to say
     */
    CandidateList[][] propose(
            Collection<SequenceAnswers.Carried> carried, List<List<String>> sessions) {
        CandidateList[][] lists =
                new CandidateList[sessions.size()][CandidateSource.values().length];
        // Asked without a quota too: what it carries along has to move.
        CandidateList[] byModel =
                sequence.propose(
                        List.copyOf(carried), sessions, Math.max(1, quota(CandidateSource.MODEL)));
        CandidateList[] byTower =
                towers.propose(sessions, Math.max(1, quota(CandidateSource.TWO_TOWER)));
        CandidateList popular = trending.top(quota(CandidateSource.TRENDING), item -> false);
        for (int i = 0; i < lists.length; i++) {
            List<String> session = sessions.get(i);
            int number = 0;
            for (CandidateSource source : CandidateSource.values()) {
                int quota = quota(source);
                lists[i][number++] =
                        quota == 0
                                ? CandidateList.EMPTY
                                : switch (source) {
                                    case MODEL -> byModel[i];
                                    case TWO_TOWER -> byTower[i];
                                    case CO_VISITATION -> near(session, quota);
                                    case TRENDING -> popular;
                                    case TRENDING_CATEGORY ->
                                            trending.alike(session, quota, item -> false);
                                    case POPULARITY -> CandidateList.EMPTY;
                                };
            }
        }
        return lists;
    }

    private CandidateList near(List<String> session, int k) {
        int[] rows =
                session.stream()
                        .mapToInt(vocabulary::row)
                        .filter(row -> row != ItemVocabulary.UNKNOWN)
                        .toArray();
        return rows.length == 0
                ? CandidateList.EMPTY
                : CandidateList.of(
                        coVisitation.near(rows, k, null), vocabulary::item, ScoreScale.PROPORTION);
    }

    /** Closes what it made itself: the sequence model's scorer. */
    @Override
    public void close() {
        sequence.close();
    }
}
