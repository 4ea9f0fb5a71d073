package io.nextclick.models.training;

import io.nextclick.models.network.Parameter;

/**
 * Adam (Kingma and Ba 2015) whose moments live and age only in the rows that are touched; each row
 * counts its own steps, so that the bias correction of a rare item's first step is right however
 * late it comes. With all rows touched at every step it is plain Adam. Decoupled weight decay
 * (Loshchilov and Hutter 2019) is applied to the touched rows.
 */
final class RowAdam implements RowOptimizer {

    private static final float BETA1 = 0.9f;
    private static final float BETA2 = 0.999f;
    private static final float EPSILON = 1e-8f;

    private final Parameter parameter;
    private final float weightDecay;
    private final float[] first;
    private final float[] second;
    private final int[] steps;

    RowAdam(Parameter parameter, float weightDecay) {
        this.parameter = parameter;
        this.weightDecay = weightDecay;
        this.first = new float[parameter.values().length];
        this.second = new float[parameter.values().length];
        this.steps = new int[parameter.rows()];
    }

    @Override
    public void update(int[] rows, float[] gradients, float scale, float learningRate) {
        float[] values = parameter.values();
        int columns = parameter.columns();
        int count = rows == null ? parameter.rows() : rows.length;
        for (int i = 0; i < count; i++) {
            int row = rows == null ? i : rows[i];
            int step = ++steps[row];
            float firstCorrection = (float) (1 / (1 - Math.pow(BETA1, step)));
            float secondCorrection = (float) (1 / (1 - Math.pow(BETA2, step)));
            float rate = learningRate * firstCorrection;
            float shrink = 1 - learningRate * weightDecay;
            int from = i * columns;
            int to = row * columns;
            for (int c = 0; c < columns; c++) {
                float gradient = gradients[from + c] * scale;
                float m = BETA1 * first[to + c] + (1 - BETA1) * gradient;
                float v = BETA2 * second[to + c] + (1 - BETA2) * gradient * gradient;
                first[to + c] = m;
                second[to + c] = v;
                values[to + c] =
                        shrink * values[to + c]
                                - rate * m / ((float) Math.sqrt(v * secondCorrection) + EPSILON);
            }
        }
    }
}
