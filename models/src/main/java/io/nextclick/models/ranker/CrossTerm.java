package io.nextclick.models.ranker;

import io.nextclick.models.ranker.Fact.Side;
import io.nextclick.models.ranker.LearntRows.Rule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The crossed features of a wide part (Cheng et al., DLRS 2016): Σ w x_i x_j over the pairs of
 * features of two fields that are crossed, each pair hashed into one of B weights.
 *
 * <p>Crosses of a query's field with an item's can't be worked out beforehand: they are looked up
 * for each candidate, by what {@link #asked} and {@link #offered} have gathered.
 */
final class CrossTerm extends Term {

    /** Between the names of two crossed fields. */
    static final char CROSS = '*';

    private final LearntRows weights;
    private final PairFeatures pairFeatures;

    /** By cross: its fields; that of the query first, then that of the item. */
    private final int[] firstFields;

    private final int[] secondFields;
    private final long[] seeds;

    /** The crosses of a field of the query with one of the item. */
    private final int[] mixed;

    /**
     * @param crosses two labels of fields each, with {@value #CROSS} between them
     * @param buckets B, a power of two
     */
    CrossTerm(FeatureSpace space, List<String> crosses, int buckets, Parameters parameters) {
        weights = parameters.rows("crosses", Rule.FTRL, buckets, 1);
        pairFeatures = new PairFeatures(space);
        firstFields = new int[crosses.size()];
        secondFields = new int[crosses.size()];
        seeds = new long[crosses.size()];
        List<Integer> between = new ArrayList<>();
        for (int cross = 0; cross < crosses.size(); cross++) {
            int split = crosses.get(cross).indexOf(CROSS);
            if (split < 0) {
                throw new IllegalArgumentException(
                        "'" + crosses.get(cross) + "' is no cross: FIELD" + CROSS + "FIELD");
            }
            int one = number(space, crosses.get(cross).substring(0, split));
            int other = number(space, crosses.get(cross).substring(split + 1));
            if (one == other) {
                throw new IllegalArgumentException(
                        "'" + crosses.get(cross) + "' crosses a field with itself");
            }
            boolean inOrder = side(space, one).compareTo(side(space, other)) <= 0;
            firstFields[cross] = inOrder ? one : other;
            secondFields[cross] = inOrder ? other : one;
            seeds[cross] = FeatureSpace.mixed(cross + 1L);
            if (side(space, firstFields[cross]) == Side.QUERY
                    && side(space, secondFields[cross]) == Side.ITEM) {
                between.add(cross);
            }
        }
        mixed = between.stream().mapToInt(Integer::intValue).toArray();
    }

    private static Side side(FeatureSpace space, int field) {
        return space.fields().get(field).fact().side();
    }

    private static int number(FeatureSpace space, String label) {
        return space.number(label)
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "field " + label + " is crossed, but isn't in the space"));
    }

    private int bucket(int cross, int first, int second) {
        long hash = FeatureSpace.mixed(seeds[cross] ^ ((long) first << 32 | second));
        return (int) hash & (weights.rows() - 1);
    }

    @Override
    float forward(ActiveFeatures features) {
        float sum = 0;
        for (int cross = 0; cross < seeds.length; cross++) {
            for (int one = 0; one < features.size(); one++) {
                if (features.field(one) != firstFields[cross]) {
                    continue;
                }
                for (int other = 0; other < features.size(); other++) {
                    if (features.field(other) == secondFields[cross]) {
                        int bucket = bucket(cross, features.index(one), features.index(other));
                        sum +=
                                features.value(one)
                                        * features.value(other)
                                        * weights.values()[bucket];
                    }
                }
            }
        }
        return sum;
    }

    @Override
    void backward(ActiveFeatures example, float slope) {
        for (int cross = 0; cross < seeds.length; cross++) {
            for (int one = 0; one < example.size(); one++) {
                if (example.field(one) != firstFields[cross]) {
                    continue;
                }
                for (int other = 0; other < example.size(); other++) {
                    if (example.field(other) == secondFields[cross]) {
                        int bucket = bucket(cross, example.index(one), example.index(other));
                        int place = weights.gradient(bucket);
                        weights.gradients()[place] +=
                                slope * example.value(one) * example.value(other);
                    }
                }
            }
        }
    }

    @Override
    boolean hasItemTable() {
        return true;
    }

    @Override
    float query(ActiveFeatures query, float[] vector, int at, float[] pairs) {
        return side(query, pairs);
    }

    @Override
    float item(ActiveFeatures item, float[] vector, int at, float[] pairs) {
        return side(item, pairs);
    }

    private float side(ActiveFeatures features, float[] pairs) {
        for (int p = 0; p < pairFeatures.count(); p++) {
            for (int at = 0; at < features.size(); at++) {
                pairs[p] +=
                        features.value(at)
                                * pair(
                                        features.field(at),
                                        features.index(at),
                                        pairFeatures.field(p),
                                        pairFeatures.index(p));
            }
        }
        return forward(features);
    }

    @Override
    float pair(int oneField, int one, int otherField, int other) {
        float sum = 0;
        for (int cross = 0; cross < seeds.length; cross++) {
            if (firstFields[cross] == oneField && secondFields[cross] == otherField) {
                sum += weights.values()[bucket(cross, one, other)];
            } else if (firstFields[cross] == otherField && secondFields[cross] == oneField) {
                sum += weights.values()[bucket(cross, other, one)];
            }
        }
        return sum;
    }

    // ------------------------------------------------------------------ query with item

    /** Whether candidates have to be looked at one by one. */
    boolean looksUp() {
        return mixed.length > 0;
    }

    /** The crossed features of a query, to be given to {@link #between}. */
    int[] asked(ActiveFeatures query) {
        return gathered(query, firstFields);
    }

    /** The crossed features of an item, to be given to {@link #between}. */
    int[] offered(ActiveFeatures item) {
        return gathered(item, secondFields);
    }

    /** By cross where its features begin, the end, then each feature and the bits of its value. */
    private int[] gathered(ActiveFeatures features, int[] fields) {
        int[] list = new int[mixed.length + 1 + 2 * mixed.length * features.size()];
        int end = mixed.length + 1;
        for (int i = 0; i < mixed.length; i++) {
            list[i] = end;
            for (int at = 0; at < features.size(); at++) {
                if (features.field(at) == fields[mixed[i]]) {
                    list[end++] = features.index(at);
                    list[end++] = Float.floatToRawIntBits(features.value(at));
                }
            }
        }
        list[mixed.length] = end;
        return Arrays.copyOf(list, end);
    }

    /** Σ w x_i x_j over the crosses of a query's fields with an item's. */
    float between(int[] asked, int[] offered) {
        float[] values = weights.values();
        float sum = 0;
        for (int i = 0; i < mixed.length; i++) {
            for (int one = asked[i]; one < asked[i + 1]; one += 2) {
                float x = Float.intBitsToFloat(asked[one + 1]);
                for (int other = offered[i]; other < offered[i + 1]; other += 2) {
                    int bucket = bucket(mixed[i], asked[one], offered[other]);
                    sum += x * Float.intBitsToFloat(offered[other + 1]) * values[bucket];
                }
            }
        }
        return sum;
    }
}
