package io.nextclick.models.ranker;

import io.nextclick.models.ranker.LearntRows.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The terms that each kind of ranker is the sum of, over one set of parameters. Not for several
 * threads; several of these may read the same parameters while nobody learns.
 */
final class RankerTerms {

    /** First vectors lie within this of zero: the interactions begin small, but not at nothing. */
    private static final double VECTOR_BOUND = 0.1;

    private final RankerOptions options;
    private final Parameters parameters;
    private final LearntRows bias;
    private final List<Term> terms = new ArrayList<>();

    /** Null where the kind has none. */
    private final CrossTerm crosses;

    private final NetworkTerm network;

    /**
     * @throws IllegalArgumentException if the space lacks a field that the options need
     */
    RankerTerms(FeatureSpace space, RankerOptions options, Parameters parameters) {
        this.options = options;
        this.parameters = parameters;
        bias = parameters.rows("bias", Rule.FTRL, 1, 1);
        RankerKind kind = options.kind();
        int[] all = IntStream.range(0, space.fields().size()).toArray();
        if (kind != RankerKind.NEUMF) {
            terms.add(new LinearTerm(space, parameters));
        }
        int factors = options.factors();
        switch (kind) {
            case LOGISTIC_REGRESSION -> {
                crosses = null;
                network = null;
            }
            case FM -> {
                terms.add(new FactorTerm(space, table("vectors", space, factors)));
                crosses = null;
                network = null;
            }
            case FFM -> {
                int width = Math.multiplyExact(all.length, factors);
                terms.add(new FieldFactorTerm(space, table("vectors", space, width)));
                crosses = null;
                network = null;
            }
            case DEEPFM -> {
                LearntRows shared = table("vectors", space, factors);
                terms.add(new FactorTerm(space, shared));
                crosses = null;
                network = new NetworkTerm(space, shared, all, options.hidden(), parameters);
            }
            case WIDE_AND_DEEP -> {
                crosses =
                        new CrossTerm(space, options.crosses(), options.crossBuckets(), parameters);
                terms.add(crosses);
                LearntRows own = table("vectors", space, factors);
                network = new NetworkTerm(space, own, all, options.hidden(), parameters);
            }
            case NEUMF -> {
                int user = number(space, Fact.USER);
                int item = number(space, Fact.ITEM);
                LearntRows weights = parameters.rows("product.weights", Rule.ADAGRAD, 1, factors);
                terms.add(
                        new ProductTerm(
                                table("product.vectors", space, factors), weights, user, item));
                crosses = null;
                network =
                        new NetworkTerm(
                                space,
                                table("vectors", space, factors),
                                new int[] {user, item},
                                options.hidden(),
                                parameters);
            }
            default -> throw new AssertionError(kind);
        }
    }

    private static int number(FeatureSpace space, Fact fact) {
        return space.number(fact.label())
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        RankerKind.NEUMF
                                                + " needs the field "
                                                + fact.label()
                                                + " in its space"));
    }

    private LearntRows table(String name, FeatureSpace space, int width) {
        return parameters.rows(name, Rule.ADAGRAD, space.size(), width);
    }

    /** Gives vectors and layers their first values; weights and biases begin at zero. */
    void randomise() {
        for (LearntRows rows : parameters.all()) {
            if (rows.name().equals("product.weights")) {
                double bound = Math.sqrt(3.0 / rows.width());
                rows.randomise(options.seed(), -bound, bound);
            } else if (rows.name().endsWith("vectors")) {
                rows.randomise(options.seed(), -VECTOR_BOUND, VECTOR_BOUND);
            }
        }
        if (network != null) {
            network.randomise(options.seed());
        }
    }

    Parameters parameters() {
        return parameters;
    }

    float bias() {
        return bias.values()[0];
    }

    List<Term> terms() {
        return terms;
    }

    /** Null where the kind has none. */
    CrossTerm crosses() {
        return crosses;
    }

    /** Null where the kind has none. */
    NetworkTerm network() {
        return network;
    }

    /** The log-odds of an example, as they are learnt: not corrected. */
    float forward(ActiveFeatures example) {
        float sum = bias() + example.offset();
        for (Term term : terms) {
            sum += term.forward(example);
        }
        return network == null ? sum : sum + network.forward(example);
    }

    /**
     * Adds the gradient of the example last given to {@link #forward} to that of the batch.
     *
     * @param slope the derivative of the loss by the log-odds
     */
    void backward(ActiveFeatures example, float slope) {
        int place = bias.gradient(0);
        bias.gradients()[place] += slope;
        for (Term term : terms) {
            term.backward(example, slope);
        }
        if (network != null) {
            network.backward(example, slope);
        }
    }

    /** Moves the parameters by the batch's gradient. */
    void step() {
        for (LearntRows rows : parameters.all()) {
            if (rows == bias) {
                rows.step((float) options.linearRate(), 0, 0);
            } else if (rows.rule() == Rule.FTRL) {
                rows.step(
                        (float) options.linearRate(),
                        (float) options.lasso(),
                        (float) options.ridge());
            } else {
                rows.step((float) options.rate(), 0, (float) options.ridge());
            }
        }
    }
}
