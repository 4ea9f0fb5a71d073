package io.nextclick.models.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Activation;
import java.util.Arrays;

/**
 * gBCE, the loss of gSASRec (Petrov and Macdonald, "gSASRec: Reducing Overconfidence in Sequential
 * Recommendation Trained with Negative Sampling", 2023): binary cross-entropy whose positive
 * probability is raised to the power β, because a model that meets its positives far more often
 * than each of its negatives learns to be sure of everything:
 *
 * <pre>
 * loss = − (β log σ(r_i) + Σ_j log(1 − σ(r_j))) / (K + 1)
 * β    = α (t (1 − 1/α) + 1/α),   α = K / (V − 1)
 * </pre>
 *
 * where i is the target, j runs over the K negatives drawn (the target left out, one drawn several
 * times counted so often), V is the number of items and the calibration t goes from 0, plain binary
 * cross-entropy, to 1, at which σ(r) estimates the true probability. With the whole catalogue for
 * negatives, β is 1. The derivation presumes negatives drawn uniformly.
 */
final class GeneralisedBinaryCrossEntropy implements RankingLoss {

    private final double calibration;
    private final int items;

    /**
     * @param calibration t, in [0, 1]
     * @param items V
     */
    GeneralisedBinaryCrossEntropy(double calibration, int items) {
        this.calibration = calibration;
        this.items = items;
    }

    /**
     * The power that the positive probability is raised to.
     *
     * @param negatives K; 0 gives plain binary cross-entropy's 1 at t = 0, as any K does
     */
    static double beta(double negatives, int items, double calibration) {
        double alpha = Math.min(1, negatives / Math.max(1, items - 1));
        return 1 - calibration * (1 - alpha); // the class's formula, multiplied out
    }

    @Override
    public NDArray of(NDManager step, UploadBuffer upload, NDArray scores, Candidates candidates) {
        int[] targetColumns = candidates.targetColumns();
        int predictions = targetColumns.length;
        int columns = Math.toIntExact(scores.getShape().get(1));
        float[] timesDrawn = candidates.timesDrawn();
        if (timesDrawn == null) {
            timesDrawn = new float[columns];
            Arrays.fill(timesDrawn, 1);
        }
        double[] negatives = candidates.negatives(columns);
        float[] ofPositive = new float[predictions];
        float[] ofTargetAsNegative = new float[predictions];
        float[] ofNegatives = new float[predictions];
        for (int n = 0; n < predictions; n++) {
            double mean = 1.0 / predictions / (negatives[n] + 1);
            ofPositive[n] = (float) (mean * beta(negatives[n], items, calibration));
            ofTargetAsNegative[n] = (float) (-mean * timesDrawn[targetColumns[n]]);
            ofNegatives[n] = (float) mean;
        }
        NDArray targets = upload.indexes(step, targetColumns, predictions, 1); // [N, 1]
        NDArray positives = scores.gather(targets, 1); // [N, 1]
        // log σ(r) = − softplus(−r), log(1 − σ(r)) = − softplus(r)
        NDArray won =
                Activation.softPlus(positives.neg())
                        .mul(upload.floats(step, ofPositive, predictions, 1)); // [N, 1]
        NDArray lost =
                Activation.softPlus(scores)
                        .matMul(upload.floats(step, timesDrawn, columns, 1))
                        .mul(upload.floats(step, ofNegatives, predictions, 1)); // [N, 1]
        NDArray notLost =
                Activation.softPlus(positives)
                        .mul(upload.floats(step, ofTargetAsNegative, predictions, 1)); // [N, 1]
        return won.add(lost).add(notLost).sum();
    }
}
