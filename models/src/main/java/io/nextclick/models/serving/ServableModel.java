package io.nextclick.models.serving;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.scoring.ScoreScale;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.UserScorer;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import java.util.Optional;

/**
 * A model ready to answer. Owns the native memory of its weights; scorers borrow it. Safe for use
 * by several threads.
 */
public interface ServableModel extends AutoCloseable {

    /** The model's name, such as {@code gru4rec}. */
    String name();

    /** The version of its model file. */
    String version();

    ItemVocabulary vocabulary();

    /** The session rules it was trained under. */
    SessionRules sessionRules();

    /** Clicks per item in the training log: the last fallback, and the baseline of live quality. */
    Popularity popularity();

    /** Items seen next to each other in the training log: the first fallback. */
    CoVisitation coVisitation();

    /** What its scores mean beside each other. */
    default ScoreScale scoreScale() {
        return ScoreScale.LOGARITHM;
    }

    /** Scores for users by name, of a model that knows users; empty for one of sessions alone. */
    default Optional<UserScorer> userScorer() {
        return Optional.empty();
    }

    /** A scorer for the calling thread. */
    SessionScorer newScorer();

    /** One line for a person: what runs, and on which hardware path. */
    default String describe() {
        return name() + " " + version();
    }

    /** Frees the weights; no scorer may be used afterwards. */
    @Override
    void close();
}
