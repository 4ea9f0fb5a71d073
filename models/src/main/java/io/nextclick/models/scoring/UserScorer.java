package io.nextclick.models.scoring;

import java.util.Optional;

/**
 * A model that knows users by name: what it makes of an item for a user, rather than for a session.
 * Safe for use by several threads.
 *
 * <p>Shapes: V = items.
 */
public interface UserScorer {

    /** The row of a user, or of an item, that the model does not know. */
    int UNKNOWN = -1;

    /** The row of a user, or {@link #UNKNOWN}. */
    int user(String id);

    /**
     * The item's score for the user: the higher, the more the user is thought to like it. Of whom
     * or what the model knows nothing, it says the mean.
     *
     * @param user a row, or {@link #UNKNOWN}
     * @param item a row, or {@link #UNKNOWN}
     */
    double score(int user, int item);

    /**
     * The scores of all items for the user, as {@link #score} gives them up to rounding.
     *
     * @param user a row, or {@link #UNKNOWN}
     * @param scores V scores, overwritten
     */
    void scores(int user, float[] scores);

    /** The scale that scores are ratings on; empty if they only order items. */
    Optional<RatingScale> scale();
}
