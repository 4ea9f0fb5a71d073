package io.nextclick.models.training;

import io.nextclick.models.files.Tensor;
import io.nextclick.models.network.Parameter;
import java.util.Map;

/** Stochastic gradient descent without momentum: what isn't touched stays where it is. */
public final class RowDescent implements RowOptimizer {

    private final Parameter parameter;

    public RowDescent(Parameter parameter) {
        this.parameter = parameter;
    }

    @Override
    public void update(int[] rows, float[] gradients, float scale, float learningRate) {
        float[] values = parameter.values();
        int columns = parameter.columns();
        int count = rows == null ? parameter.rows() : rows.length;
        float length = learningRate * scale;
        for (int i = 0; i < count; i++) {
            int row = rows == null ? i : rows[i];
            for (int c = 0; c < columns; c++) {
                values[row * columns + c] -= length * gradients[i * columns + c];
            }
        }
    }

    @Override
    public Map<String, Tensor> state() {
        return Map.of();
    }
}
