package io.nextclick.models.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * GRU4Rec (Hidasi et al., "Session-based Recommendations with Recurrent Neural Networks", 2016, and
 * Hidasi and Karatzoglou, "Recurrent Neural Networks with Top-k Gains", 2018): the items of a
 * session are embedded, a GRU carries its state from click to click, and the state's inner product
 * with each item's output vector, plus the item's bias, scores the next click.
 *
 * <p>Shapes: V = items, E = embedding size, H = hidden size, B = sessions in a batch, T = clicks of
 * the longest one.
 *
 * <p>The GRU is torch's, gates stacked in the order reset, update, new; its reset gate is applied
 * <em>after</em> the matrix product (the papers' equations apply it before, which no fused kernel
 * does):
 *
 * <pre>
 * r  = σ(W_ir x + b_ir + W_hr h + b_hr)
 * z  = σ(W_iz x + b_iz + W_hz h + b_hz)
 * n  = tanh(W_in x + b_in + r ∘ (W_hn h + b_hn))
 * h' = (1 − z) ∘ n + z ∘ h
 * </pre>
 *
 * <p>The state is zero at a session's first click. When tied, one matrix embeds the input and
 * scores the output (the 2018 paper's constrained embedding), which needs E = H.
 */
public final class Gru4Rec implements SessionNetwork {

    /**
     * @param items V
     * @param embeddingSize E
     * @param hiddenSize H
     * @param tied whether input and output share the item matrix
     */
    public record HyperParameters(int items, int embeddingSize, int hiddenSize, boolean tied) {

        public HyperParameters {
            requireAtLeastOne("items", items);
            requireAtLeastOne("embedding size", embeddingSize);
            requireAtLeastOne("hidden size", hiddenSize);
            if (tied && embeddingSize != hiddenSize) {
                throw new IllegalArgumentException(
                        "tied item vectors need equal sizes: embedding size is "
                                + embeddingSize
                                + ", hidden size "
                                + hiddenSize);
            }
        }

        private static void requireAtLeastOne(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " is " + value + ", at least 1 needed");
            }
        }
    }

    private final HyperParameters hyperParameters;
    private final Parameter embedding;
    private final Parameter outputWeight;
    private final Parameter outputBias;
    private final List<Parameter> recurrent;

    /**
     * New weights: matrices after Glorot (each gate by its own fan-in and fan-out), biases zero.
     */
    public Gru4Rec(HyperParameters hyperParameters, SplittableRandom random) {
        this.hyperParameters = hyperParameters;
        int v = hyperParameters.items();
        int e = hyperParameters.embeddingSize();
        int h = hyperParameters.hiddenSize();
        // Glorot with V as fan-out would start a large catalogue's vectors near zero and stall it,
        // so an item's vector is initialised as a map of one unit.
        Parameter items = Parameter.glorot("output.weight", v, h, h, h, random);
        outputWeight = items;
        embedding =
                hyperParameters.tied()
                        ? items
                        : Parameter.glorot("embedding.weight", v, e, e, e, random);
        outputBias = Parameter.zeros("output.bias", v, 1);
        recurrent =
                List.of(
                        Parameter.glorot("gru.weight_ih_l0", 3 * h, e, e, h, random),
                        Parameter.glorot("gru.weight_hh_l0", 3 * h, h, h, h, random),
                        Parameter.zeros("gru.bias_ih_l0", 1, 3 * h),
                        Parameter.zeros("gru.bias_hh_l0", 1, 3 * h));
    }

    public HyperParameters hyperParameters() {
        return hyperParameters;
    }

    @Override
    public NetworkKind kind() {
        return NetworkKind.GRU4REC;
    }

    @Override
    public int items() {
        return hyperParameters.items();
    }

    @Override
    public Map<String, Object> sizes() {
        Map<String, Object> sizes = new LinkedHashMap<>();
        sizes.put("items", hyperParameters.items());
        sizes.put("embedding_size", hyperParameters.embeddingSize());
        sizes.put("hidden_size", hyperParameters.hiddenSize());
        sizes.put("layers", 1);
        sizes.put("tied", hyperParameters.tied());
        return sizes;
    }

    @Override
    public int maximumLength() {
        return Integer.MAX_VALUE;
    }

    @Override
    public Parameter embedding() {
        return embedding;
    }

    @Override
    public Parameter outputWeight() {
        return outputWeight;
    }

    @Override
    public Parameter outputBias() {
        return outputBias;
    }

    /** The GRU's W_ih [3H, E], W_hh [3H, H], b_ih [1, 3H] and b_hh [1, 3H], in torch's order. */
    @Override
    public List<Parameter> encoder() {
        return recurrent;
    }

    /** Embedding dropout on the input, hidden dropout on the states that score. */
    @Override
    public NDArray queries(
            NDArray embedded, NDArray lengths, NDArray places, NDList encoder, Dropout dropout) {
        NDArray inputs = dropout.ofEmbedded(embedded); // [B, T, E]
        NDArray states = states(inputs, encoder, dropout != Dropout.NONE); // [B, T, H]
        NDArray flat = states.reshape(-1, hyperParameters.hiddenSize()); // [B T, H]
        return dropout.ofHidden(
                Embedding.embedding(places, flat, SparseFormat.DENSE).singletonOrThrow());
    }

    /**
     * Runs the GRU over a batch of sessions, each from a zero state.
     *
     * @param inputs embedded clicks [B, T, E]; what stands behind a session's end doesn't matter,
     *     for no earlier state depends on it
     * @param weights [3H, E], [3H, H], [3H], [3H], as {@link #encoder()}
     * @param training whether gradients will be asked for
     * @return the state after each click [B, T, H], owned by the manager of {@code inputs}
     */
    public static NDArray states(NDArray inputs, NDList weights, boolean training) {
        long hidden = weights.get(1).getShape().get(1);
        long sessions = inputs.getShape().get(0);
        NDArray zero = inputs.getManager().zeros(new Shape(1, sessions, hidden)); // [1, B, H]
        return inputs.getNDArrayInternal()
                .gru(inputs, zero, weights, true, 1, 0, training, false, true)
                .get(0);
    }
}
