package io.nextclick.models.training;

import java.util.Arrays;

/**
 * What a batch is scored against.
 *
 * <p>Shapes: N = predictions of the batch, C = candidates, each item once.
 *
 * @param items C rows; null if they are the whole catalogue in order
 * @param timesDrawn how often each was drawn as a negative, C whole numbers; 0 for a target that
 *     competes in its own rows only; null if each item of the catalogue counts once
 * @param corrections added to the scores, C floats; null without correction
 * @param targetColumns for each prediction its target's place among the candidates, N
 */
@SuppressWarnings("ArrayRecordComponent")
record Candidates(int[] items, float[] timesDrawn, float[] corrections, int[] targetColumns) {

    /** Each item of the catalogue once. */
    static Candidates wholeCatalogue(int[] targets) {
        return new Candidates(null, null, null, targets);
    }

    /**
     * How many negatives each prediction has, its own target left out and each counted as often as
     * it was drawn, N.
     *
     * @param candidates C
     */
    double[] negatives(int candidates) {
        double[] negatives = new double[targetColumns.length];
        if (timesDrawn == null) {
            Arrays.fill(negatives, candidates - 1);
            return negatives;
        }
        double draws = 0;
        for (float times : timesDrawn) {
            draws += times;
        }
        for (int n = 0; n < negatives.length; n++) {
            negatives[n] = draws - timesDrawn[targetColumns[n]];
        }
        return negatives;
    }
}
