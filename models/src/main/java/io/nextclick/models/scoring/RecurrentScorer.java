package io.nextclick.models.scoring;

/**
 * A model that carries a session forward in a fixed-size state: one step per click, never a replay.
 *
 * <p>Shapes: B = sessions in the bundle, S = {@link #stateSize()}.
 */
public non-sealed interface RecurrentScorer extends SessionScorer {

    /** S, the floats of one session's state. */
    int stateSize();

    /**
     * Advances each session by one click.
     *
     * @param itemRows B rows of known items
     * @param states B states of S floats, replaced in place; all zero before a session's first
     *     click
     * @param count B
     */
    void advance(int[] itemRows, float[][] states, int count);

    /**
     * The {@code k} most likely next items of each state.
     *
     * @param excluded per session the rows to leave out; null, or null entries, where nothing is
     *     left out
     */
    TopItems[] rank(float[][] states, int count, int k, int[][] excluded);

    /**
     * For each state the target's rank from 0 among all items, ties against it; see {@link
     * io.nextclick.models.serving.ItemIndex#ranks}.
     */
    int[] ranksOf(float[][] states, int count, int[] targets, int[][] excluded);
}
