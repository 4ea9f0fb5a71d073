package io.nextclick.jobs.demo;

import io.nextclick.models.baseline.MarkovChain;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.Sessioniser;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The job's answers against what the visitors clicked next, beside two baselines on the very same
 * clicks: the next click of a session labels the list before it. A session here begins in the
 * stream, as it does for the job, whatever of it stood in the training part.
 *
 * <p>An item that the model does not know is never hit. A prefix without a known item is ranked by
 * popularity, in the job and here.
 */
final class LiveComparison {

    /** Marks an answer that no click labels. */
    private static final int NONE = -1;

    private final List<LoggedClick> clicks;
    private final int cutoff;
    private final ItemVocabulary vocabulary;
    private final MarkovChain markov;
    private final Popularity popularity;

    /** Per click, the click that labels its answer. */
    private final int[] labels;

    /** Per click, the row of the last known item of its session so far. */
    private final int[] lastKnownRows;

    private final Tally model = new Tally();
    private final Tally chain = new Tally();
    private final Tally popular = new Tally();

    private static final class Tally {
        private long count;
        private long hits;
        private double reciprocalRanks;

        /**
         * @param rank from 0; anything at or beyond the cut-off is a miss
         */
        void add(int rank, int cutoff) {
            count++;
            if (rank < cutoff) {
                hits++;
                reciprocalRanks += 1.0 / (rank + 1);
            }
        }

        Quality quality() {
            return new Quality(
                    count,
                    count == 0 ? 0 : (double) hits / count,
                    count == 0 ? 0 : reciprocalRanks / count);
        }
    }

    /**
     * A ranking's quality so far.
     *
     * @param labelled answers that were followed by another click
     * @param recall share of these clicks that stood in the list
     * @param mrr mean of 1 / rank, 0 for a click outside the list
     */
    record Quality(long labelled, double recall, double mrr) {}

    /** The three of them, on the same clicks. */
    record Comparison(Quality model, Quality markov, Quality popularity) {}

    /**
     * @param clicks all that will be published, in that order, without duplicates
     * @param cutoff list length that counts
     */
    LiveComparison(
            List<LoggedClick> clicks,
            SessionRules rules,
            int cutoff,
            ItemVocabulary vocabulary,
            MarkovChain markov) {
        this.clicks = clicks;
        this.cutoff = cutoff;
        this.vocabulary = vocabulary;
        this.markov = markov;
        this.popularity = markov.popularity();
        labels = new int[clicks.size()];
        lastKnownRows = new int[clicks.size()];
        Arrays.fill(labels, NONE);
        Sessioniser sessioniser = new Sessioniser(rules);
        Map<String, Integer> latest = new HashMap<>();
        for (int i = 0; i < clicks.size(); i++) {
            LoggedClick click = clicks.get(i);
            SessionRules.Verdict verdict =
                    sessioniser.add(
                            click.sessionId(),
                            click.eventId(),
                            click.itemId(),
                            click.eventTimeMillis());
            Integer before = latest.put(click.sessionId(), i);
            if (verdict == SessionRules.Verdict.CONTINUES) {
                labels[before] = i;
            }
            int row = vocabulary.row(click.itemId());
            boolean begins = verdict == SessionRules.Verdict.STARTS;
            lastKnownRows[i] =
                    row == ItemVocabulary.UNKNOWN && !begins ? lastKnownRows[before] : row;
        }
    }

    /** The clicks that the rules would not ignore as duplicates, in order. */
    static List<LoggedClick> withoutDuplicates(List<LoggedClick> clicks, SessionRules rules) {
        Sessioniser sessioniser = new Sessioniser(rules);
        List<LoggedClick> kept = new ArrayList<>(clicks.size());
        for (LoggedClick click : clicks) {
            SessionRules.Verdict verdict =
                    sessioniser.add(
                            click.sessionId(),
                            click.eventId(),
                            click.itemId(),
                            click.eventTimeMillis());
            if (verdict != SessionRules.Verdict.DUPLICATE) {
                kept.add(click);
            }
        }
        return kept;
    }

    /**
     * Takes the answer to a click.
     *
     * @param index the click's place in the stream
     */
    synchronized void answered(int index, List<RecommendedItem> items) {
        int label = labels[index];
        if (label == NONE) {
            return;
        }
        String clicked = clicks.get(label).itemId();
        model.add(position(items, clicked), cutoff);
        int target = vocabulary.row(clicked);
        int last = lastKnownRows[index];
        if (target == ItemVocabulary.UNKNOWN) {
            chain.add(Integer.MAX_VALUE, cutoff);
            popular.add(Integer.MAX_VALUE, cutoff);
            return;
        }
        int popularRank = popularity.rank(target, null);
        popular.add(popularRank, cutoff);
        chain.add(
                last == ItemVocabulary.UNKNOWN ? popularRank : markov.rank(last, target, null),
                cutoff);
    }

    private static int position(List<RecommendedItem> items, String clicked) {
        for (int i = 0; i < items.size(); i++) {
            if (items.get(i).itemId().equals(clicked)) {
                return i;
            }
        }
        return Integer.MAX_VALUE;
    }

    /** Quality so far. */
    synchronized Comparison comparison() {
        return new Comparison(model.quality(), chain.quality(), popular.quality());
    }
}
