package io.nextclick.jobs.ranker;

import java.util.Objects;

/**
 * What a trainer has learnt, for a checkpoint. Its arrays aren't copied: who makes one gives them
 * away.
 *
 * @param lineage names the training run
 * @param learner the learner's bytes, which say their version themselves; null before it has begun
 * @param lists of the figures of quality
 * @param sums of the figures of quality
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record RankerTrainState(String lineage, byte[] learner, long lists, double[] sums) {

    RankerTrainState {
        Objects.requireNonNull(lineage, "lineage");
        Objects.requireNonNull(sums, "sums");
    }
}
