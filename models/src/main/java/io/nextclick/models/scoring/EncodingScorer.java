package io.nextclick.models.scoring;

/**
 * A model that reads a session's recent items whole at every click.
 *
 * <p>Shapes: B = sessions in the bundle, T_i = items of session i.
 */
public non-sealed interface EncodingScorer extends SessionScorer {

    /** How many of a session's last items the model reads. */
    int maximumLength();

    /**
     * The {@code k} most likely next items of each session.
     *
     * @param sessions B sequences of T_i rows of known items, oldest first, T_i in [1, {@link
     *     #maximumLength()}]
     * @param excluded per session the rows to leave out; null, or null entries, where nothing is
     *     left out
     */
    TopItems[] rank(int[][] sessions, int count, int k, int[][] excluded);

    /**
     * For each session the target's rank from 0 among all items, ties against it; see {@link
     * io.nextclick.models.serving.ItemIndex#ranks}.
     */
    int[] ranksOf(int[][] sessions, int count, int[] targets, int[][] excluded);
}
