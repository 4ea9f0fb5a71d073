package io.nextclick.models.serving;

import io.nextclick.models.scoring.TopItems;

/**
 * Item vectors in, nearest items by inner product (plus an optional bias per item) out. Safe for
 * use by several threads; each thread's calls need no lock.
 *
 * <p>Shapes: V = items, D = dimension, B = queries in a batch.
 */
public interface ItemIndex extends AutoCloseable {

    /** V. */
    int size();

    /** D. */
    int dimension();

    /**
     * The {@code k} best items of each query.
     *
     * @param queries B vectors of D floats; {@code queries[i]} for i in [0, count) are read
     * @param count B
     * @param k list length, at least 1
     * @param excluded per query the rows to leave out, in any order; null, or null entries, where
     *     nothing is left out
     * @return B lists
     */
    TopItems[] search(float[][] queries, int count, int k, int[][] excluded);

    /**
     * For each query the number of items, other than {@code targets[i]} and those excluded, whose
     * score is at least the target's: the target's rank from 0 with ties resolved against it.
     */
    int[] ranks(float[][] queries, int count, int[] targets, int[][] excluded);

    /** One line for a person: which method runs, on which hardware path. */
    String describe();

    @Override
    void close();
}
