package io.nextclick.models.training;

import io.nextclick.models.files.Tensor;
import java.util.Map;

/**
 * Changes the rows of one parameter that a step touched, and nothing else: the cost depends on
 * those rows, not on the size of the catalogue.
 */
public sealed interface RowOptimizer permits RowAdagrad, RowAdam, RowDescent {

    /**
     * Brings rows up to date before they are read, where they would have moved since they were last
     * touched.
     *
     * @param rows null for all
     */
    default void prepare(int[] rows) {}

    /**
     * One step.
     *
     * @param rows the touched rows, each once; null for all rows in order
     * @param gradients a gradient of C values per touched row, in the order of {@code rows}
     * @param scale factor on the gradients (from clipping their norm)
     */
    void update(int[] rows, float[] gradients, float scale, float learningRate);

    /**
     * All that a next step depends on besides the parameter, once every row is up to date: the
     * arrays themselves, by name. An optimiser whose arrays are overwritten with another's goes on
     * exactly as that one would.
     */
    Map<String, Tensor> state();
}
