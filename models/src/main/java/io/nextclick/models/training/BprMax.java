package io.nextclick.models.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;

/**
 * BPR-max (Hidasi and Karatzoglou, "Recurrent Neural Networks with Top-k Gains for Session-based
 * Recommendations", 2018): the chance that the target beats the strongest negative, each negative
 * being the strongest with its probability under the softmax over the negatives, and their scores
 * drawn towards zero by the same weights:
 *
 * <pre>
 * loss = − log Σ_j s_j σ(r_i − r_j) + λ Σ_j s_j r_j²,   s_j = exp(r_j) / Σ_k exp(r_k)
 * </pre>
 *
 * where i is the target and j, k run over the negatives that were drawn, the target left out; one
 * that was drawn several times counts so often. Gradients flow through the weights s too.
 *
 * <p>Everything is computed as logarithms: a product s_j σ(r_i − r_j) may be far below the smallest
 * float, and its logarithm is still exact.
 */
final class BprMax implements RankingLoss {

    private final float regularization;

    /**
     * @param regularization λ, at least 0
     */
    BprMax(double regularization) {
        this.regularization = (float) regularization;
    }

    @Override
    public NDArray of(NDManager step, UploadBuffer upload, NDArray scores, Candidates candidates) {
        int[] targetColumns = candidates.targetColumns();
        int predictions = targetColumns.length;
        int columns = Math.toIntExact(scores.getShape().get(1));
        NDArray targets = upload.indexes(step, targetColumns, predictions, 1); // [N, 1]
        NDArray positives = scores.gather(targets, 1); // [N, 1]
        NDArray weighted = scores;
        float[] timesDrawn = candidates.timesDrawn();
        if (timesDrawn != null) {
            float[] logTimes = new float[timesDrawn.length];
            for (int c = 0; c < logTimes.length; c++) {
                logTimes[c] =
                        timesDrawn[c] == 0
                                ? CrossEntropy.NO_NEGATIVE
                                : (float) Math.log(timesDrawn[c]);
            }
            weighted = scores.add(upload.floats(step, logTimes, 1, logTimes.length)); // [N, C]
        }
        NDArray nothing =
                step.full(
                        new Shape(predictions, 1),
                        CrossEntropy.NO_NEGATIVE,
                        DataType.FLOAT32); // [N, 1]
        NDArray logWeights = weighted.scatter(targets, nothing, 1).logSoftmax(1); // log s [N, C]
        // log σ(r_i − r_j) = − softplus(r_j − r_i)
        NDArray terms = logWeights.sub(Activation.softPlus(scores.sub(positives))); // [N, C]
        NDArray highest = terms.max(new int[] {1}, true).stopGradient(); // [N, 1]
        NDArray logSum =
                terms.sub(highest).exp().sum(new int[] {1}, true).log().add(highest); // [N, 1]
        NDArray losses = logSum.neg();
        if (regularization > 0) {
            NDArray squares =
                    logWeights.exp().mul(scores.square()).sum(new int[] {1}, true); // [N, 1]
            losses = losses.add(squares.mul(upload.number(step, regularization)));
        }
        float[] perPrediction = new float[predictions];
        double[] negatives = candidates.negatives(columns);
        for (int n = 0; n < predictions; n++) {
            // A prediction all of whose draws were its own target has nothing to learn from.
            perPrediction[n] = negatives[n] > 0 ? 1f / predictions : 0;
        }
        return losses.mul(upload.floats(step, perPrediction, predictions, 1)).sum();
    }
}
