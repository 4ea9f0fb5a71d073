package io.nextclick.models.ranker;

import io.nextclick.models.ranker.LearntRows.Rule;

/** Σ w_i x_i: logistic regression, and the first order of all that goes beyond it. */
final class LinearTerm extends Term {

    private final LearntRows weights;
    private final PairFeatures pairFeatures;

    LinearTerm(FeatureSpace space, Parameters parameters) {
        weights = parameters.rows("weights", Rule.FTRL, space.size(), 1);
        pairFeatures = new PairFeatures(space);
    }

    @Override
    float forward(ActiveFeatures example) {
        return sum(example);
    }

    private float sum(ActiveFeatures features) {
        float[] values = weights.values();
        float sum = 0;
        for (int at = 0; at < features.size(); at++) {
            sum += features.value(at) * values[features.index(at)];
        }
        return sum;
    }

    @Override
    void backward(ActiveFeatures example, float slope) {
        for (int at = 0; at < example.size(); at++) {
            int place = weights.gradient(example.index(at));
            weights.gradients()[place] += slope * example.value(at);
        }
    }

    @Override
    float query(ActiveFeatures query, float[] vector, int at, float[] pairs) {
        float[] values = weights.values();
        for (int p = 0; p < pairFeatures.count(); p++) {
            pairs[p] += values[pairFeatures.index(p)];
        }
        return sum(query);
    }

    @Override
    float item(ActiveFeatures item, float[] vector, int at, float[] pairs) {
        return sum(item);
    }

    @Override
    float pair(int oneField, int one, int otherField, int other) {
        return 0;
    }
}
