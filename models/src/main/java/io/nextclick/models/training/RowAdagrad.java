package io.nextclick.models.training;

import io.nextclick.models.files.Tensor;
import io.nextclick.models.network.Parameter;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Adagrad (Duchi et al. 2011) with one accumulator per row, the mean of the squared gradients of
 * its values, and momentum as GRU4Rec's authors use it: {@code a += mean(g²)}, {@code v = momentum
 * · v − rate · g / (√a + ε)}, {@code w += v}. Accumulators start at zero, so a row's first step has
 * the full length, however late an item first appears.
 *
 * <p>A row's velocity v changes, and moves the row, only in steps that touch the row; in between it
 * stands still. Dense momentum would go on moving an item long after it was last clicked.
 */
final class RowAdagrad implements RowOptimizer {

    private static final float EPSILON = 1e-7f;

    private final Parameter parameter;
    private final float momentum;
    private final float[] accumulators;

    /** As large as the parameter; null without momentum. */
    private final float[] velocities;

    /**
     * @param momentum share of a row's last movement that its next one carries on, in [0, 1)
     */
    RowAdagrad(Parameter parameter, double momentum) {
        this.parameter = parameter;
        this.momentum = (float) momentum;
        this.accumulators = new float[parameter.rows()];
        this.velocities = momentum == 0 ? null : new float[parameter.values().length];
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
            if (velocities == null) {
                for (int c = 0; c < columns; c++) {
                    values[to + c] -= step * gradients[from + c];
                }
            } else {
                for (int c = 0; c < columns; c++) {
                    velocities[to + c] = momentum * velocities[to + c] - step * gradients[from + c];
                    values[to + c] += velocities[to + c];
                }
            }
        }
    }

    @Override
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("accumulators", new Tensor.Floats(accumulators, accumulators.length));
        if (velocities != null) {
            state.put("velocities", new Tensor.Floats(velocities, velocities.length));
        }
        return state;
    }
}
