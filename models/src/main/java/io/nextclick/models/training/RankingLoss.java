package io.nextclick.models.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.nextclick.models.training.SampledSoftmax.Candidates;

/**
 * What a batch's scores cost.
 *
 * <p>Shapes: N = predictions of the batch, C = candidates, each item once.
 */
interface RankingLoss {

    /**
     * The mean over the predictions.
     *
     * @param step owns the result and everything on the way to it
     * @param scores raw scores of the candidates [N, C]
     * @return one number, differentiable in the scores and finite wherever they are
     */
    NDArray of(NDManager step, UploadBuffer upload, NDArray scores, Candidates candidates);
}
