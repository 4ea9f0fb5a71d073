package io.nextclick.models.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Embedding;
import java.util.ArrayList;
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

    private final AttentionSizes sizes;
    private final Parameter embedding;
    private final Parameter outputWeight;
    private final Parameter outputBias;
    private final List<Parameter> encoder;
    private final AttentionBlocks blocks;

    /**
     * New weights: matrices after Glorot (queries, keys and values each by their own fan-in and
     * fan-out), norms one; biases, positions and what a block adds, zero. So at first a query is
     * its item's own vector: items that follow each other are drawn together from the first step
     * on, which dropout on random blocks would drown in noise for many epochs, and each block takes
     * from there.
     */
    public SasRec(AttentionSizes sizes, SplittableRandom random) {
        this.sizes = sizes;
        int v = sizes.items();
        int d = sizes.size();
        outputWeight = Parameter.glorot("output.weight", v, d, d, d, random);
        embedding =
                sizes.tied()
                        ? outputWeight
                        : Parameter.glorot("embedding.weight", v, d, d, d, random);
        outputBias = Parameter.zeros("output.bias", v, 1);
        encoder = new ArrayList<>();
        int p = sizes.positions();
        encoder.add(Parameter.zeros("positions.weight", p, d));
        blocks = new AttentionBlocks(sizes, Activation::relu);
        encoder.addAll(blocks.newParameters(random));
        encoder.addAll(AttentionBlocks.newNorm("encoder.norm.", d));
    }

    @Override
    public NetworkKind kind() {
        return NetworkKind.SASREC;
    }

    @Override
    public int items() {
        return sizes.items();
    }

    @Override
    public Map<String, Object> sizes() {
        return sizes.asMap();
    }

    @Override
    public int maximumLength() {
        return sizes.positions();
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

    /** The positions [P, D]; the blocks'; and the last norm's weight and bias [1, D]. */
    @Override
    public List<Parameter> encoder() {
        return encoder;
    }

    /**
     * Embedding dropout on the sum of item and position, hidden dropout on the weights of the
     * attention, on what the blocks add, and within the feed-forward networks.
     */
    @Override
    public NDArray queries(
            NDArray embedded, NDArray lengths, NDArray places, NDList encoder, Dropout dropout) {
        long length = embedded.getShape().get(1);
        NDArray mask = causalMask(embedded.getManager(), length); // [T, T]
        NDArray table = // [P, D]; of one row it comes as a vector
                encoder.get(0).reshape(-1, sizes.size());
        NDArray positions = table.get(new NDIndex().addSliceDim(0, length)); // [T, D]
        NDArray x = dropout.ofEmbedded(embedded.add(positions)); // [B, T, D]
        int norm = encoder.size() - 2;
        x = blocks.apply(x, mask, encoder.subNDList(1, norm), dropout);
        NDArray flat = x.reshape(-1, sizes.size()); // [B T, D]
        NDArray asked = Embedding.embedding(places, flat, SparseFormat.DENSE).singletonOrThrow();
        return AttentionBlocks.norm(asked, encoder.get(norm), encoder.get(norm + 1)); // [N, D]
    }

    /** 0 where a position may look, and what no softmax lets through where it may not [T, T]. */
    private static NDArray causalMask(NDManager manager, long length) {
        NDArray positions = manager.arange((int) length);
        NDArray later = positions.reshape(1, length).gt(positions.reshape(length, 1));
        return AttentionBlocks.notThere(later);
    }
}
