package io.nextclick.models.ranker;

import java.util.Arrays;

/**
 * The second order of a field-aware factorisation machine (Juan et al., RecSys 2016): Σ_{i &lt; j}
 * ⟨v_{i, field(j)}, v_{j, field(i)}⟩ x_i x_j; a feature has a vector for each field that it can
 * meet.
 *
 * <p>Shapes: N = features, F = fields, K = factors, Q = fields of the query, I = fields of the
 * item; the table is [N, F, K], the vectors u and v of a query and an item are [I, Q, K].
 */
final class FieldFactorTerm extends Term {

    private final LearntRows table;
    private final int factors;
    private final int[] queryFields;
    private final int[] itemFields;
    private final PairFeatures pairFeatures;

    /** By field: its place among those of its side. */
    private final int[] placeOf;

    /**
     * @param table [N, F · K]
     */
    FieldFactorTerm(FeatureSpace space, LearntRows table) {
        this.table = table;
        factors = table.width() / space.fields().size();
        queryFields = space.queryFields();
        itemFields = space.itemFields();
        pairFeatures = new PairFeatures(space);
        placeOf = new int[space.fields().size()];
        for (int place = 0; place < queryFields.length; place++) {
            placeOf[queryFields[place]] = place;
        }
        for (int place = 0; place < itemFields.length; place++) {
            placeOf[itemFields[place]] = place;
        }
    }

    @Override
    float forward(ActiveFeatures features) {
        float sum = 0;
        for (int one = 0; one < features.size(); one++) {
            for (int other = one + 1; other < features.size(); other++) {
                sum +=
                        features.value(one)
                                * features.value(other)
                                * pair(
                                        features.field(one),
                                        features.index(one),
                                        features.field(other),
                                        features.index(other));
            }
        }
        return sum;
    }

    @Override
    float pair(int oneField, int one, int otherField, int other) {
        float[] values = table.values();
        int first = at(one, otherField);
        int second = at(other, oneField);
        float product = 0;
        for (int f = 0; f < factors; f++) {
            product += values[first + f] * values[second + f];
        }
        return product;
    }

    /** Where a feature's vector for a field begins. */
    private int at(int feature, int field) {
        return feature * table.width() + field * factors;
    }

    @Override
    void backward(ActiveFeatures example, float slope) {
        float[] values = table.values();
        for (int one = 0; one < example.size(); one++) {
            for (int other = one + 1; other < example.size(); other++) {
                float share = slope * example.value(one) * example.value(other);
                int first = at(example.index(one), example.field(other));
                int second = at(example.index(other), example.field(one));
                int firstPlace =
                        table.gradient(example.index(one)) + example.field(other) * factors;
                int secondPlace =
                        table.gradient(example.index(other)) + example.field(one) * factors;
                float[] gradients = table.gradients();
                for (int f = 0; f < factors; f++) {
                    gradients[firstPlace + f] += share * values[second + f];
                    gradients[secondPlace + f] += share * values[first + f];
                }
            }
        }
    }

    @Override
    int vectorWidth() {
        return itemFields.length * queryFields.length * factors;
    }

    @Override
    boolean hasItemTable() {
        return true;
    }

    @Override
    float query(ActiveFeatures query, float[] vector, int at, float[] pairs) {
        Arrays.fill(vector, at, at + vectorWidth(), 0);
        for (int q = 0; q < query.size(); q++) {
            for (int place = 0; place < itemFields.length; place++) {
                int to = place * queryFields.length + placeOf[query.field(q)];
                add(query, q, itemFields[place], vector, at + to * factors);
            }
        }
        return own(query, pairs);
    }

    @Override
    float item(ActiveFeatures item, float[] vector, int at, float[] pairs) {
        Arrays.fill(vector, at, at + vectorWidth(), 0);
        for (int i = 0; i < item.size(); i++) {
            for (int place = 0; place < queryFields.length; place++) {
                int to = placeOf[item.field(i)] * queryFields.length + place;
                add(item, i, queryFields[place], vector, at + to * factors);
            }
        }
        return own(item, pairs);
    }

    private void add(ActiveFeatures features, int i, int field, float[] vector, int at) {
        float[] values = table.values();
        int from = at(features.index(i), field);
        for (int f = 0; f < factors; f++) {
            vector[at + f] += features.value(i) * values[from + f];
        }
    }

    private float own(ActiveFeatures features, float[] pairs) {
        for (int p = 0; p < pairFeatures.count(); p++) {
            for (int i = 0; i < features.size(); i++) {
                pairs[p] +=
                        features.value(i)
                                * pair(
                                        features.field(i),
                                        features.index(i),
                                        pairFeatures.field(p),
                                        pairFeatures.index(p));
            }
        }
        return forward(features);
    }
}
