package io.nextclick.models.ranker;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;

/**
 * What a ranker is made of and how it learns.
 *
 * @param kind which ranker
 * @param factors length of a feature's vector, in [1, 256]; logistic regression has none
 * @param hidden widths of the network's layers, each in [1, 4096]; of a kind without one, empty
 * @param crosses of Wide &amp; Deep: the crossed fields, as {@code FIELD*FIELD}, such as {@code
 *     last-categories*category}; else empty
 * @param crossBuckets into how many weights the crossed features are hashed, a power of two
 * @param linearRate α of FTRL-proximal, which learns bias, weights and crossed features; above 0
 * @param rate η of AdaGrad, which learns vectors and network; above 0
 * @param lasso λ₁ of FTRL-proximal, at least 0
 * @param ridge λ₂ of both, at least 0
 * @param batch examples of a step, at least 1; their gradients are added
 * @param negativeRate the share of negatives that learning is given, in (0, 1]; log-odds are
 *     corrected by its logarithm, see {@link NegativeSampling}
 * @param seed of the first vectors
 */
public record RankerOptions(
        RankerKind kind,
        int factors,
        List<Integer> hidden,
        List<String> crosses,
        int crossBuckets,
        double linearRate,
        double rate,
        double lasso,
        double ridge,
        int batch,
        double negativeRate,
        long seed)
        implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final int MOST_FACTORS = 256;
    private static final int WIDEST_LAYER = 4096;
    private static final int MOST_LAYERS = 8;

    public RankerOptions {
        Objects.requireNonNull(kind, "kind");
        hidden = List.copyOf(hidden);
        crosses = List.copyOf(crosses);
        requireRange("factors", factors, 1, MOST_FACTORS);
        for (int width : hidden) {
            requireRange("width of a hidden layer", width, 1, WIDEST_LAYER);
        }
        requireRange("number of hidden layers", hidden.size(), 0, MOST_LAYERS);
        if (kind.isDeep() == hidden.isEmpty()) {
            throw new IllegalArgumentException(
                    kind.isDeep()
                            ? kind + " needs at least one hidden layer"
                            : kind + " has no hidden layers");
        }
        if (kind != RankerKind.WIDE_AND_DEEP && !crosses.isEmpty()) {
            throw new IllegalArgumentException(kind + " crosses no fields");
        }
        if (Integer.bitCount(crossBuckets) != 1 || crossBuckets > Field.MOST_BUCKETS) {
            throw new IllegalArgumentException(
                    "cross buckets are "
                            + crossBuckets
                            + ", they must be a power of two, at most "
                            + Field.MOST_BUCKETS);
        }
        requirePositive("linear rate", linearRate);
        requirePositive("rate", rate);
        requireNotNegative("lasso", lasso);
        requireNotNegative("ridge", ridge);
        requireRange("batch", batch, 1, 65_536);
        NegativeSampling.requireRate(negativeRate);
    }

    private static void requireRange(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    name + " is " + value + ", it must be in [" + least + ", " + most + "]");
        }
    }

    private static void requirePositive(String name, double value) {
        if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " is " + value + ", it must be above 0");
        }
    }

    private static void requireNotNegative(String name, double value) {
        if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(name + " is " + value + ", it must be at least 0");
        }
    }

    /** A kind's usual options, without crosses. */
    public static RankerOptions of(RankerKind kind) {
        return new RankerOptions(
                kind,
                kind == RankerKind.FFM ? 4 : 8,
                kind.isDeep() ? List.of(32, 16) : List.of(),
                List.of(),
                1 << 18,
                0.05,
                0.01,
                0,
                kind == RankerKind.LOGISTIC_REGRESSION ? 1 : 1e-3,
                16,
                1,
                1);
    }
}
