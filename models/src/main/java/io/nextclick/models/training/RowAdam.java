package io.nextclick.models.training;

import io.nextclick.models.files.Tensor;
import io.nextclick.models.network.Parameter;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Adam (Kingma and Ba 2015), computed only for the rows that are touched and still equal to Adam
 * over the whole matrix: a row that no batch reads would go on moving by what is left of its first
 * moment while both moments decay, and all of that is made up for, in closed form, when the row is
 * next read. So a rare item takes as long steps as it would in dense training (a second moment that
 * ages only when touched would make them some √(1 / frequency) shorter), at a cost that doesn't
 * depend on the catalogue. Decoupled weight decay (Loshchilov and Hutter 2019) is applied to the
 * touched rows.
 */
public final class RowAdam implements RowOptimizer {

    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final float EPSILON = 1e-8f;

    /** After this many steps less than 1e-4 of a first moment's movement is left. */
    private static final int LONGEST_TRAIL = 100;

    private static final float[] CORRECTIONS = corrections();

    private final Parameter parameter;
    private final float weightDecay;
    private final float[] first;
    private final float[] second;

    /** The step that each row's moments are of. */
    private final int[] current;

    /** The steps so far. */
    private final int[] now = {0};

    /** The last step's learning rate. */
    private final float[] rate = {0};

    /**
     * @param weightDecay decoupled; 0 for none
     */
    public RowAdam(Parameter parameter, float weightDecay) {
        this.parameter = parameter;
        this.weightDecay = weightDecay;
        this.first = new float[parameter.values().length];
        this.second = new float[parameter.values().length];
        this.current = new int[parameter.rows()];
    }

    @Override
    public void prepare(int[] rows) {
        int count = rows == null ? parameter.rows() : rows.length;
        for (int i = 0; i < count; i++) {
            int row = rows == null ? i : rows[i];
            if (current[row] < now[0]) {
                catchUp(row);
            }
        }
    }

    private void catchUp(int row) {
        int since = current[row];
        int missed = now[0] - since;
        current[row] = now[0];
        if (since == 0) {
            return; // never touched: no moments yet
        }
        double ratio = BETA1 / Math.sqrt(BETA2);
        double share = 1;
        double trail = 0;
        for (int j = 1; j <= Math.min(missed, LONGEST_TRAIL); j++) {
            share *= ratio;
            trail += share * correction(since + j);
        }
        float length = (float) (rate[0] * trail);
        float fade1 = (float) Math.pow(BETA1, missed);
        float fade2 = (float) Math.pow(BETA2, missed);
        float[] values = parameter.values();
        int columns = parameter.columns();
        int to = row * columns;
        for (int c = to; c < to + columns; c++) {
            float root = (float) Math.sqrt(second[c]);
            values[c] -= length * first[c] / (root + EPSILON);
            first[c] *= fade1;
            second[c] *= fade2;
        }
    }

    /** What Adam's bias corrections make of a step's length, by step. */
    private static float[] corrections() {
        float[] corrections = new float[20_000];
        for (int step = 1; step < corrections.length; step++) {
            corrections[step] =
                    (float) (Math.sqrt(1 - Math.pow(BETA2, step)) / (1 - Math.pow(BETA1, step)));
        }
        return corrections;
    }

    private static float correction(int step) {
        return step < CORRECTIONS.length ? CORRECTIONS[step] : 1;
    }

    @Override
    public void update(int[] rows, float[] gradients, float scale, float learningRate) {
        prepare(rows);
        rate[0] = learningRate;
        now[0]++;
        float[] values = parameter.values();
        int columns = parameter.columns();
        int count = rows == null ? parameter.rows() : rows.length;
        float length = learningRate * correction(now[0]);
        float epsilon = (float) (EPSILON * Math.sqrt(1 - Math.pow(BETA2, now[0])));
        float shrink = 1 - learningRate * weightDecay;
        float keep1 = (float) BETA1;
        float keep2 = (float) BETA2;
        for (int i = 0; i < count; i++) {
            int row = rows == null ? i : rows[i];
            current[row] = now[0];
            int from = i * columns;
            int to = row * columns;
            for (int c = 0; c < columns; c++) {
                float gradient = gradients[from + c] * scale;
                float m = keep1 * first[to + c] + (1 - keep1) * gradient;
                float v = keep2 * second[to + c] + (1 - keep2) * gradient * gradient;
                first[to + c] = m;
                second[to + c] = v;
                values[to + c] =
                        shrink * values[to + c] - length * m / ((float) Math.sqrt(v) + epsilon);
            }
        }
    }

    @Override
    public Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("first", new Tensor.Floats(first, first.length));
        state.put("second", new Tensor.Floats(second, second.length));
        state.put("current", new Tensor.Ints(current, current.length));
        state.put("now", new Tensor.Ints(now, 1));
        state.put("rate", new Tensor.Floats(rate, 1));
        return state;
    }
}
