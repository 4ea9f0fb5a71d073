package io.nextclick.models.ranker;

import java.util.Arrays;

/**
 * Generalised matrix factorisation (He et al., WWW 2017): h · (p ∘ q) of the user's vector p and
 * the item's vector q.
 *
 * <p>Shapes: N = features, K = factors; the table is [N, K], h is [K].
 */
final class ProductTerm extends Term {

    private final LearntRows table;
    private final LearntRows weights;
    private final int userField;
    private final int itemField;
    private final float[] user;
    private final float[] item;

    /**
     * @param table [N, K]
     * @param weights [1, K]
     * @param userField number of the user's field
     * @param itemField number of the item's
     */
    ProductTerm(LearntRows table, LearntRows weights, int userField, int itemField) {
        this.table = table;
        this.weights = weights;
        this.userField = userField;
        this.itemField = itemField;
        user = new float[table.width()];
        item = new float[table.width()];
    }

    @Override
    float forward(ActiveFeatures example) {
        sum(example, userField, user);
        sum(example, itemField, item);
        float[] h = weights.values();
        float product = 0;
        for (int f = 0; f < user.length; f++) {
            product += h[f] * user[f] * item[f];
        }
        return product;
    }

    private void sum(ActiveFeatures features, int field, float[] sum) {
        float[] values = table.values();
        Arrays.fill(sum, 0);
        for (int at = 0; at < features.size(); at++) {
            if (features.field(at) == field) {
                int row = features.index(at) * sum.length;
                for (int f = 0; f < sum.length; f++) {
                    sum[f] += features.value(at) * values[row + f];
                }
            }
        }
    }

    @Override
    void backward(ActiveFeatures example, float slope) {
        float[] h = weights.values();
        int place = weights.gradient(0);
        for (int f = 0; f < user.length; f++) {
            weights.gradients()[place + f] += slope * user[f] * item[f];
        }
        for (int at = 0; at < example.size(); at++) {
            float[] other =
                    example.field(at) == userField
                            ? item
                            : example.field(at) == itemField ? user : null;
            if (other != null) {
                place = table.gradient(example.index(at));
                float[] gradients = table.gradients();
                for (int f = 0; f < other.length; f++) {
                    gradients[place + f] += slope * example.value(at) * h[f] * other[f];
                }
            }
        }
    }

    @Override
    int vectorWidth() {
        return table.width();
    }

    @Override
    float query(ActiveFeatures query, float[] vector, int at, float[] pairs) {
        sum(query, userField, user);
        float[] h = weights.values();
        for (int f = 0; f < user.length; f++) {
            vector[at + f] = h[f] * user[f];
        }
        return 0;
    }

    @Override
    float item(ActiveFeatures features, float[] vector, int at, float[] pairs) {
        sum(features, itemField, item);
        System.arraycopy(item, 0, vector, at, item.length);
        return 0;
    }

    @Override
    float pair(int oneField, int one, int otherField, int other) {
        return 0;
    }
}
