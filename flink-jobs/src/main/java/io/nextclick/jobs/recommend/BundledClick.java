package io.nextclick.jobs.recommend;

import io.nextclick.jobs.experiment.Participation;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.models.ranker.QueryFacts;
import io.nextclick.models.ranking.CandidateList;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules.Verdict;
import io.nextclick.schemas.Recommendation.ModelReference;
import io.nextclick.schemas.Recommendation.RecommendedItem;
import java.util.List;

/** A click in the bundle and what has been found out about it. */
final class BundledClick {

    final ReceivedClick click;
    BundledVisit visit;
    Verdict verdict;

    /** What answers it: the job's own model or a variant's; null for none. */
    ActiveModel model;

    int step;

    /** The item's row if it is new to the session and known to the model. */
    int row = ItemVocabulary.UNKNOWN;

    /** The item's place in the popularity baseline's list before the click; -1: not there. */
    int popularityRank = -1;

    /** The round in which the click advances its session's state, or -1. */
    int round = -1;

    /** The state to advance from; null for a session without a known item. */
    float[] before;

    /** The state after the click; null for a session without a known item. */
    float[] hidden;

    /** For an encoding model the session's known rows. */
    int[] rows;

    /** Rows that may not be recommended; null if all may. */
    int[] excluded;

    /** For an overrun click the row whose neighbours are recommended. */
    int lastKnownRow = ItemVocabulary.UNKNOWN;

    /** Why the model doesn't rank the answer; null if it does. */
    String fallback;

    /** The model's list; null if it makes none. */
    TopItems top;

    /** The number of the question that the query tower was asked; -1: none. */
    int question = -1;

    /**
     * By source what it proposes, as far as that was known when the session was read; null for a
     * click that nobody was asked about.
     */
    CandidateList[] proposed;

    /** What the sources proposed, to be held against the next click; null if they didn't. */
    Proposals proposals;

    /** What a ranker reads of the session; null if none does. */
    QueryFacts query;

    /** How old the click is, in milliseconds; 0 if its record has no time. */
    long ageMillis;

    /** What put the candidates in order; null if none did. */
    ModelReference ranker;

    /** Whether a ranker should have put the candidates in order and didn't. */
    boolean isUnranked;

    /** The list itself, where no rows stand for its items. */
    List<RecommendedItem> items;

    /** The part that it takes in an experiment; null for none. */
    Participation participation;

    /** Where its list is drawn from several: by place the name of a variant; null for nobody. */
    List<String> teams;

    BundledClick(ReceivedClick click) {
        this.click = click;
    }
}
