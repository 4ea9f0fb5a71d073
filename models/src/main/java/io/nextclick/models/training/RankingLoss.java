package io.nextclick.models.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * What a batch's scores cost.
 *
 * <p>Shapes: N = predictions of the batch, C = candidates, each item once.
 */
sealed interface RankingLoss permits CrossEntropy, BprMax, GeneralisedBinaryCrossEntropy {

    /**
     * The mean over the predictions.
     *
     * @param step owns the result and everything on the way to it
     * @param scores raw scores of the candidates [N, C]
     * @return one number, differentiable in the scores and finite wherever they are
     */
    NDArray of(NDManager step, UploadBuffer upload, NDArray scores, Candidates candidates);

    /**
     * The loss that the options ask for.
     *
     * @param items the size of the catalogue
     */
    static RankingLoss of(TrainingOptions options, int items) {
        return switch (options.loss()) {
            case CROSS_ENTROPY -> new CrossEntropy(options.labelSmoothing());
            case BPR_MAX -> new BprMax(options.scoreRegularization());
            case GBCE -> new GeneralisedBinaryCrossEntropy(options.calibration(), items);
        };
    }
}
