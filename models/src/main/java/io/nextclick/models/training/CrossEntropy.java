package io.nextclick.models.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * Cross-entropy of each prediction's softmax over its candidates, taken once; over the whole
 * catalogue for small ones. Scores of negatives are corrected first, the target's own isn't.
 *
 * <p>Shapes: N = predictions of the batch, C = candidates, each item once.
 */
final class CrossEntropy implements RankingLoss {

    /** The score correction of a candidate that is the target of its own rows and no negative. */
    static final float NO_NEGATIVE = -1e30f;

    private final double labelSmoothing;

    /**
     * @param labelSmoothing share of the target's mass spread evenly over the negatives, or over
     *     the whole catalogue if all of it is scored
     */
    CrossEntropy(double labelSmoothing) {
        this.labelSmoothing = labelSmoothing;
    }

    @Override
    public NDArray of(NDManager step, UploadBuffer upload, NDArray scores, Candidates candidates) {
        int predictions = candidates.targetColumns().length;
        NDArray targets =
                upload.indexes(step, candidates.targetColumns(), predictions, 1); // [N, 1]
        NDArray corrected = scores;
        if (candidates.corrections() != null) {
            NDArray corrections =
                    upload.floats(
                            step,
                            candidates.corrections(),
                            1,
                            candidates.corrections().length); // [1, C]
            NDArray positives = scores.gather(targets, 1); // [N, 1]
            corrected = scores.add(corrections).scatter(targets, positives, 1); // [N, C]
        }
        NDArray logProbabilities = corrected.logSoftmax(1); // [N, C]
        NDArray loss = logProbabilities.gather(targets, 1).mean().neg();
        if (labelSmoothing > 0) {
            int size = Math.toIntExact(scores.getShape().get(1));
            NDArray spread = upload.floats(step, spread(candidates, size), 1, size); // [1, C]
            NDArray smooth =
                    logProbabilities
                            .mul(spread)
                            .sum() // over N and C
                            .mul(upload.number(step, -1f / predictions));
            loss =
                    loss.mul(upload.number(step, 1 - labelSmoothing))
                            .add(smooth.mul(upload.number(step, labelSmoothing)));
        }
        return loss;
    }

    /** An even share for each candidate that is a negative. */
    private static float[] spread(Candidates candidates, int size) {
        float[] spread = new float[size];
        int negatives = 0;
        for (int c = 0; c < size; c++) {
            boolean negative =
                    candidates.corrections() == null || candidates.corrections()[c] != NO_NEGATIVE;
            spread[c] = negative ? 1 : 0;
            negatives += negative ? 1 : 0;
        }
        for (int c = 0; c < size; c++) {
            spread[c] /= Math.max(1, negatives);
        }
        return spread;
    }
}
