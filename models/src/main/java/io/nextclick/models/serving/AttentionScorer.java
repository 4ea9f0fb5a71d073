package io.nextclick.models.serving;

import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;

/**
 * SASRec or BERT4Rec: an encoder that reads sessions, and an index that is searched with what it
 * makes.
 */
final class AttentionScorer implements EncodingScorer {

    private final AttentionEncoder encoder;
    private final int maximumLength;
    private final ItemIndex index;
    private float[][] queries = new float[0][];

    /**
     * Borrows the weights and the index.
     *
     * @param maximumLength items to read of a session, at most what the weights can
     */
    AttentionScorer(AttentionEncoder.Weights weights, ItemIndex index, int maximumLength) {
        this.encoder = new AttentionEncoder(weights);
        this.maximumLength = maximumLength;
        this.index = index;
    }

    @Override
    public int maximumLength() {
        return maximumLength;
    }

    @Override
    public TopItems[] rank(int[][] sessions, int count, int k, int[][] excluded) {
        return index.search(queries(sessions, count), count, k, excluded);
    }

    @Override
    public int[] ranksOf(int[][] sessions, int count, int[] targets, int[][] excluded) {
        return index.ranks(queries(sessions, count), count, targets, excluded);
    }

    private float[][] queries(int[][] sessions, int count) {
        for (int i = 0; i < count; i++) {
            if (sessions[i].length < 1 || sessions[i].length > maximumLength) {
                throw new IllegalArgumentException(
                        "session "
                                + i
                                + " has "
                                + sessions[i].length
                                + " items, 1 to "
                                + maximumLength
                                + " are read");
            }
            for (int row : sessions[i]) {
                if (row < 0 || row >= index.size()) {
                    throw new IllegalArgumentException(
                            "session " + i + " has row " + row + " of " + index.size() + " items");
                }
            }
        }
        if (queries.length < count) {
            queries = new float[count][index.dimension()];
        }
        encoder.encode(sessions, count, queries);
        return queries;
    }

    @Override
    public void close() {
        // The model owns the weights.
    }
}
