package io.nextclick.models.training;

import io.nextclick.models.network.Parameter;

/**
 * Adagrad (Duchi et al. 2011) with one accumulator per row, the mean of the squared gradients of
 * its values: {@code a += mean(g²)}, {@code w -= rate · g / (√a + ε)}. Accumulators start at zero,
 * so a row's first step has the full length, however late an item first appears.
 */
final class RowAdagrad implements RowOptimizer {

    private static final float EPSILON = 1e-7f;

    private final Parameter parameter;
    private final float[] accumulators;

    RowAdagrad(Parameter parameter) {
        this.parameter = parameter;
        this.accumulators = new float[parameter.rows()];
    }

    @Override
    public void update(int[] rows, float[] gradients, float scale, float learningRate) {
        float[] values = parameter.values();
        int columns = parameter.columns();
        int count = rows == null ? parameter.rows() : rows.length;
        for (int i = 0; i < count; i++) {
            int row = rows == null ? i : rows[i];
            int from = i * columns;
            double squares = 0;
            for (int c = 0; c < columns; c++) {
                float gradient = gradients[from + c] * scale;
                squares += (double) gradient * gradient;
            }
            if (squares == 0) {
                continue;
            }
            accumulators[row] += (float) (squares / columns);
            float step = learningRate * scale / ((float) Math.sqrt(accumulators[row]) + EPSILON);
            int to = row * columns;
            for (int c = 0; c < columns; c++) {
                values[to + c] -= step * gradients[from + c];
            }
        }
    }
}
