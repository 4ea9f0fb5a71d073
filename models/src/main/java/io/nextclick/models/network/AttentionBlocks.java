package io.nextclick.models.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.LayerNorm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/**
 * Blocks of self-attention and a feed-forward network, which normalise their inputs rather than
 * their outputs:
 *
 * <pre>
 * x  = x + W_o · attention(norm1(x))        softmax(q kᵀ / √(D / heads) + mask)
 * x  = x + W_2 · activation(W_1 · norm2(x))
 * </pre>
 *
 * <p>Parameters have the names and layouts of torch's {@code TransformerEncoder} with {@code
 * norm_first}. Which clicks see which is the mask's, so one stack serves causal and bidirectional
 * networks.
 *
 * <p>Shapes: D = size of all vectors, F = inner size of the feed-forward network, L = blocks, B =
 * sessions in a batch, T = clicks of the longest one.
 */
final class AttentionBlocks {

    private static final float EPSILON = 1e-5f;

    /** Parameters of one block. */
    private static final int PER_BLOCK = 12;

    private final int size;
    private final int layers;
    private final int heads;
    private final int innerSize;
    private final UnaryOperator<NDArray> activation;

    AttentionBlocks(AttentionSizes sizes, UnaryOperator<NDArray> activation) {
        this.size = sizes.size();
        this.layers = sizes.layers();
        this.heads = sizes.heads();
        this.innerSize = sizes.innerSize();
        this.activation = activation;
    }

    /**
     * New weights: matrices after Glorot (queries, keys and values each by their own fan-in and
     * fan-out), norms one; biases and what a block adds, zero, so that at first the blocks change
     * nothing.
     *
     * @return per block the first norm's weight and bias [1, D], the stacked weights of queries,
     *     keys and values [3D, D] and their biases [1, 3D], those of the attention's output [D, D]
     *     and [1, D], the second norm's [1, D], the feed-forward network's [F, D], [1, F], [D, F]
     *     and [1, D]
     */
    List<Parameter> newParameters(SplittableRandom random) {
        int d = size;
        int f = innerSize;
        List<Parameter> parameters = new ArrayList<>(layers * PER_BLOCK);
        for (int layer = 0; layer < layers; layer++) {
            String block = "encoder.layers." + layer + ".";
            parameters.addAll(newNorm(block + "norm1.", d));
            String attention = block + "self_attn.";
            parameters.add(Parameter.glorot(attention + "in_proj_weight", 3 * d, d, d, d, random));
            parameters.add(Parameter.zeros(attention + "in_proj_bias", 1, 3 * d));
            parameters.add(Parameter.zeros(attention + "out_proj.weight", d, d));
            parameters.add(Parameter.zeros(attention + "out_proj.bias", 1, d));
            parameters.addAll(newNorm(block + "norm2.", d));
            parameters.add(Parameter.glorot(block + "linear1.weight", f, d, d, f, random));
            parameters.add(Parameter.zeros(block + "linear1.bias", 1, f));
            parameters.add(Parameter.zeros(block + "linear2.weight", d, f));
            parameters.add(Parameter.zeros(block + "linear2.bias", 1, d));
        }
        return parameters;
    }

    /** A layer normalisation's weight, all one, and bias, all zero, both [1, size]. */
    static List<Parameter> newNorm(String name, int size) {
        Parameter weight = Parameter.zeros(name + "weight", 1, size);
        Arrays.fill(weight.values(), 1);
        return List.of(weight, Parameter.zeros(name + "bias", 1, size));
    }

    /**
     * Runs the blocks; hidden dropout on the weights of the attention, on what the blocks add, and
     * within the feed-forward networks.
     *
     * @param x [B, T, D]
     * @param mask added to the likenesses before their softmax, broadcast to [B, heads, T, T]: see
     *     {@link #notThere}
     * @param parameters the arrays of {@link #newParameters}, those of one row as vectors
     * @return [B, T, D]
     */
    NDArray apply(NDArray x, NDArray mask, NDList parameters, Dropout dropout) {
        NDArray sum = x;
        for (int layer = 0; layer < layers; layer++) {
            NDList block = parameters.subNDList(layer * PER_BLOCK, (layer + 1) * PER_BLOCK);
            NDArray normal = norm(sum, block.get(0), block.get(1));
            NDArray attended = attention(normal, mask, block, dropout);
            NDArray output = linear(attended, block.get(4), block.get(5));
            sum = sum.add(dropout.ofHidden(output));
            normal = norm(sum, block.get(6), block.get(7));
            NDArray inner = activation.apply(linear(normal, block.get(8), block.get(9)));
            output = linear(dropout.ofHidden(inner), block.get(10), block.get(11));
            sum = sum.add(dropout.ofHidden(output));
        }
        return sum;
    }

    /** Values of the heads side by side [B, T, D]. */
    private NDArray attention(NDArray x, NDArray mask, NDList block, Dropout dropout) {
        long sessions = x.getShape().get(0);
        long length = x.getShape().get(1);
        long part = size / heads;
        NDList projected = linear(x, block.get(2), block.get(3)).split(3, 2); // 3 of [B, T, D]
        NDList split = new NDList(); // 3 of [B, heads, T, D / heads]
        for (NDArray each : projected) {
            split.add(each.reshape(sessions, length, heads, part).transpose(0, 2, 1, 3));
        }
        // The tape keeps the factor, so its memory must be the engine's: a number's array views a
        // buffer of the heap's collector, which takes it back before the gradient reads it.
        float factor = (float) (1 / Math.sqrt((double) part));
        NDArray scale = x.getManager().ones(new Shape(1)).mul(factor); // [1]
        NDArray queries = split.get(0).mul(scale);
        NDArray scores = queries.matMul(split.get(1).transpose(0, 1, 3, 2)); // [B, heads, T, T]
        NDArray weights = dropout.ofHidden(scores.add(mask).softmax(-1));
        NDArray values = weights.matMul(split.get(2)); // [B, heads, T, D / heads]
        return values.transpose(0, 2, 1, 3).reshape(sessions, length, size);
    }

    /**
     * A mask: 0 where a click may look, and what no softmax lets through where it may not.
     *
     * @param barred true where it may not
     */
    static NDArray notThere(NDArray barred) {
        return barred.toType(DataType.FLOAT32, false).mul(-1e9f);
    }

    static NDArray linear(NDArray x, NDArray weight, NDArray bias) {
        return Linear.linear(x, weight, bias).singletonOrThrow();
    }

    static NDArray norm(NDArray x, NDArray weight, NDArray bias) {
        Shape shape = weight.getShape();
        return LayerNorm.layerNorm(x, shape, weight, bias, EPSILON).singletonOrThrow();
    }
}
