package io.nextclick.models.serving;

import io.nextclick.models.scoring.RecurrentScorer;
import io.nextclick.models.scoring.TopItems;

/** GRU4Rec: a cell that advances states, and an index that is searched with them. */
final class Gru4RecScorer implements RecurrentScorer {

    private final GruCell cell;
    private final ItemIndex index;

    /** Borrows the index. */
    Gru4RecScorer(GruCell cell, ItemIndex index) {
        this.cell = cell;
        this.index = index;
    }

    @Override
    public int stateSize() {
        return index.dimension();
    }

    @Override
    public void advance(int[] itemRows, float[][] states, int count) {
        for (int i = 0; i < count; i++) {
            if (itemRows[i] < 0 || itemRows[i] >= index.size()) {
                throw new IllegalArgumentException(
                        "item " + i + " is row " + itemRows[i] + " of " + index.size() + " items");
            }
            if (states[i].length != stateSize()) {
                throw new IllegalArgumentException(
                        "state "
                                + i
                                + " has "
                                + states[i].length
                                + " values, the model's have "
                                + stateSize());
            }
        }
        cell.advance(itemRows, states, count);
    }

    @Override
    public TopItems[] rank(float[][] states, int count, int k, int[][] excluded) {
        return index.search(states, count, k, excluded);
    }

    @Override
    public int[] ranksOf(float[][] states, int count, int[] targets, int[][] excluded) {
        return index.ranks(states, count, targets, excluded);
    }

    @Override
    public void close() {
        // The model owns the weights.
    }
}
