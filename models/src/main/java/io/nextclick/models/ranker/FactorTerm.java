package io.nextclick.models.ranker;

import java.util.Arrays;

/**
 * The factorisation machine's second order (Rendle, ICDM 2010), Σ_{i &lt; j} ⟨v_i, v_j⟩ x_i x_j
 * over all features, in linear time: ½ Σ_f ((Σ_i v_if x_i)² − Σ_i v_if² x_i²).
 *
 * <p>Shapes: N = features of the space, K = factors; the table is [N, K].
 */
final class FactorTerm extends Term {

    private final LearntRows table;
    private final PairFeatures pairFeatures;

    /** Σ_i v_i x_i of the example or side last looked at. */
    private final float[] sum;

    /**
     * @param table [N, K]; may be shared with a network
     */
    FactorTerm(FeatureSpace space, LearntRows table) {
        this.table = table;
        pairFeatures = new PairFeatures(space);
        sum = new float[table.width()];
    }

    @Override
    float forward(ActiveFeatures features) {
        float[] values = table.values();
        int width = table.width();
        Arrays.fill(sum, 0);
        float own = 0;
        for (int at = 0; at < features.size(); at++) {
            int row = features.index(at) * width;
            float x = features.value(at);
            for (int f = 0; f < width; f++) {
                float factor = x * values[row + f];
                sum[f] += factor;
                own += factor * factor;
            }
        }
        float all = 0;
        for (float factor : sum) {
            all += factor * factor;
        }
        return (all - own) / 2;
    }

    @Override
    void backward(ActiveFeatures example, float slope) {
        float[] values = table.values();
        int width = table.width();
        for (int at = 0; at < example.size(); at++) {
            int row = example.index(at) * width;
            float x = example.value(at);
            int place = table.gradient(example.index(at));
            float[] gradients = table.gradients();
            for (int f = 0; f < width; f++) {
                gradients[place + f] += slope * x * (sum[f] - x * values[row + f]);
            }
        }
    }

    @Override
    int vectorWidth() {
        return table.width();
    }

    @Override
    float query(ActiveFeatures query, float[] vector, int at, float[] pairs) {
        float own = item(query, vector, at, pairs);
        float[] values = table.values();
        for (int p = 0; p < pairFeatures.count(); p++) {
            int row = pairFeatures.index(p) * sum.length;
            for (int f = 0; f < sum.length; f++) {
                pairs[p] += sum[f] * values[row + f];
            }
        }
        return own;
    }

    /**
     * An item meets pairs in the product: a table of each would take more memory than its vector.
     */
    @Override
    float item(ActiveFeatures item, float[] vector, int at, float[] pairs) {
        float own = forward(item);
        System.arraycopy(sum, 0, vector, at, sum.length);
        return own;
    }

    @Override
    boolean hasPairVectors() {
        return true;
    }

    @Override
    void pairVector(int feature, float[] vector, int at) {
        System.arraycopy(table.values(), feature * sum.length, vector, at, sum.length);
    }

    @Override
    float pair(int oneField, int one, int otherField, int other) {
        float[] values = table.values();
        float product = 0;
        for (int f = 0; f < sum.length; f++) {
            product += values[one * sum.length + f] * values[other * sum.length + f];
        }
        return product;
    }
}
