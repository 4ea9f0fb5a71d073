package io.nextclick.models.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.LayerNorm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * SASRec (Kang and McAuley, "Self-Attentive Sequential Recommendation", 2018): blocks of causal
 * self-attention and a feed-forward network over a session's last items, trained to predict at
 * every position. Each block normalises its inputs rather than its outputs, which trains without
 * care for the scale of what is added up:
 *
 * <pre>
 * x  = item vector + position vector
 * x  = x + W_o · attention(norm1(x))        softmax(q kᵀ / √(D / heads)), no position sees a later one
 * x  = x + W_2 · relu(W_1 · norm2(x))
 * query = norm(x)
 * </pre>
 *
 * <p>Positions are counted from the first item that is read, so that a query's position is the same
 * in training, where every position is one, as in serving. Parameters have the names and layouts of
 * torch's {@code TransformerEncoder} with {@code norm_first}.
 *
 * <p>Shapes: V = items, D = size of all vectors, P = positions, F = inner size of the feed-forward
 * network, L = blocks, B = sessions in a batch, T = clicks of the longest one, N = queries asked
 * for.
 */
public final class SasRec implements SessionNetwork {

    private static final float EPSILON = 1e-5f;

    /** Parameters of one block. */
    private static final int PER_BLOCK = 12;

    /**
     * @param items V
     * @param size D
     * @param positions P, the last items of a session that are read
     * @param layers L
     * @param heads parts of the vectors that attend each by itself; divides D
     * @param innerSize F
     * @param tied whether input and output share the item matrix
     */
    public record HyperParameters(
            int items,
            int size,
            int positions,
            int layers,
            int heads,
            int innerSize,
            boolean tied) {

        public HyperParameters {
            requireAtLeastOne("items", items);
            requireAtLeastOne("size", size);
            requireAtLeastOne("positions", positions);
            requireAtLeastOne("layers", layers);
            requireAtLeastOne("heads", heads);
            requireAtLeastOne("inner size", innerSize);
            if (size % heads != 0) {
                throw new IllegalArgumentException(
                        "vectors of " + size + " values don't fall into " + heads + " heads");
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
    private final List<Parameter> encoder;

    /**
     * New weights: matrices after Glorot (queries, keys and values each by their own fan-in and
     * fan-out), norms one; biases, positions and what a block adds, zero. So at first a query is
     * its item's own vector: items that follow each other are drawn together from the first step
     * on, which dropout on random blocks would drown in noise for many epochs, and each block takes
     * from there.
     */
    public SasRec(HyperParameters hyperParameters, SplittableRandom random) {
        this.hyperParameters = hyperParameters;
        int v = hyperParameters.items();
        int d = hyperParameters.size();
        int f = hyperParameters.innerSize();
        outputWeight = Parameter.glorot("output.weight", v, d, d, d, random);
        embedding =
                hyperParameters.tied()
                        ? outputWeight
                        : Parameter.glorot("embedding.weight", v, d, d, d, random);
        outputBias = Parameter.zeros("output.bias", v, 1);
        encoder = new ArrayList<>();
        int p = hyperParameters.positions();
        encoder.add(Parameter.zeros("positions.weight", p, d));
        for (int layer = 0; layer < hyperParameters.layers(); layer++) {
            String block = "encoder.layers." + layer + ".";
            encoder.add(ones(block + "norm1.weight", d));
            encoder.add(Parameter.zeros(block + "norm1.bias", 1, d));
            String attention = block + "self_attn.";
            encoder.add(Parameter.glorot(attention + "in_proj_weight", 3 * d, d, d, d, random));
            encoder.add(Parameter.zeros(attention + "in_proj_bias", 1, 3 * d));
            encoder.add(Parameter.zeros(attention + "out_proj.weight", d, d));
            encoder.add(Parameter.zeros(attention + "out_proj.bias", 1, d));
            encoder.add(ones(block + "norm2.weight", d));
            encoder.add(Parameter.zeros(block + "norm2.bias", 1, d));
            encoder.add(Parameter.glorot(block + "linear1.weight", f, d, d, f, random));
            encoder.add(Parameter.zeros(block + "linear1.bias", 1, f));
            encoder.add(Parameter.zeros(block + "linear2.weight", d, f));
            encoder.add(Parameter.zeros(block + "linear2.bias", 1, d));
        }
        encoder.add(ones("encoder.norm.weight", d));
        encoder.add(Parameter.zeros("encoder.norm.bias", 1, d));
    }

    private static Parameter ones(String name, int size) {
        Parameter parameter = Parameter.zeros(name, 1, size);
        Arrays.fill(parameter.values(), 1);
        return parameter;
    }

    public HyperParameters hyperParameters() {
        return hyperParameters;
    }

    @Override
    public NetworkKind kind() {
        return NetworkKind.SASREC;
    }

    @Override
    public int items() {
        return hyperParameters.items();
    }

    @Override
    public Map<String, Object> sizes() {
        Map<String, Object> sizes = new LinkedHashMap<>();
        sizes.put("items", hyperParameters.items());
        sizes.put("embedding_size", hyperParameters.size());
        sizes.put("positions", hyperParameters.positions());
        sizes.put("layers", hyperParameters.layers());
        sizes.put("heads", hyperParameters.heads());
        sizes.put("inner_size", hyperParameters.innerSize());
        sizes.put("tied", hyperParameters.tied());
        return sizes;
    }

    @Override
    public int maximumLength() {
        return hyperParameters.positions();
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

    /**
     * The positions [P, D]; per block the first norm's weight and bias [1, D], the stacked weights
     * of queries, keys and values [3D, D] and their biases [1, 3D], those of the attention's output
     * [D, D] and [1, D], the second norm's [1, D], the feed-forward network's [F, D], [1, F], [D,
     * F] and [1, D]; and the last norm's [1, D].
     */
    @Override
    public List<Parameter> encoder() {
        return encoder;
    }

    /**
     * Embedding dropout on the sum of item and position, hidden dropout on the weights of the
     * attention, on what the blocks add, and within the feed-forward networks.
     */
    @Override
    public NDArray queries(NDArray embedded, NDArray places, NDList encoder, Dropout dropout) {
        long length = embedded.getShape().get(1);
        NDArray mask = causalMask(embedded.getManager(), length); // [T, T]
        NDArray table = // [P, D]; of one row it comes as a vector
                encoder.get(0).reshape(-1, hyperParameters.size());
        NDArray positions = table.get(new NDIndex().addSliceDim(0, length)); // [T, D]
        NDArray x = dropout.ofEmbedded(embedded.add(positions)); // [B, T, D]
        int next = 1;
        for (int layer = 0; layer < hyperParameters.layers(); layer++) {
            NDList block = encoder.subNDList(next, next + PER_BLOCK);
            next += PER_BLOCK;
            NDArray normal = norm(x, block.get(0), block.get(1));
            NDArray attended = attention(normal, mask, block, dropout);
            NDArray output = linear(attended, block.get(4), block.get(5));
            x = x.add(dropout.ofHidden(output));
            normal = norm(x, block.get(6), block.get(7));
            NDArray inner = Activation.relu(linear(normal, block.get(8), block.get(9)));
            output = linear(dropout.ofHidden(inner), block.get(10), block.get(11));
            x = x.add(dropout.ofHidden(output));
        }
        NDArray flat = x.reshape(-1, hyperParameters.size()); // [B T, D]
        NDArray asked = Embedding.embedding(places, flat, SparseFormat.DENSE).singletonOrThrow();
        return norm(asked, encoder.get(next), encoder.get(next + 1)); // [N, D]
    }

    /** Values of the heads side by side [B, T, D]. */
    private NDArray attention(NDArray x, NDArray mask, NDList block, Dropout dropout) {
        long sessions = x.getShape().get(0);
        long length = x.getShape().get(1);
        long heads = hyperParameters.heads();
        long part = hyperParameters.size() / heads;
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
        return values.transpose(0, 2, 1, 3).reshape(sessions, length, hyperParameters.size());
    }

    /** 0 where a position may look, and what no softmax lets through where it may not [T, T]. */
    private static NDArray causalMask(NDManager manager, long length) {
        NDArray positions = manager.arange((int) length);
        NDArray later = positions.reshape(1, length).gt(positions.reshape(length, 1));
        return later.toType(DataType.FLOAT32, false).mul(-1e9f);
    }

    private static NDArray linear(NDArray x, NDArray weight, NDArray bias) {
        return Linear.linear(x, weight, bias).singletonOrThrow();
    }

    private static NDArray norm(NDArray x, NDArray weight, NDArray bias) {
        Shape shape = weight.getShape();
        return LayerNorm.layerNorm(x, shape, weight, bias, EPSILON).singletonOrThrow();
    }
}
