package io.nextclick.models.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Embedding;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * BERT4Rec (Sun et al., "BERT4Rec: Sequential Recommendation with Bidirectional Encoder
 * Representations from Transformer", 2019): blocks of self-attention in which every click sees
 * every other, before and behind it. Some clicks of a session are hidden, a mask's vector in their
 * items' place, and the network learns to find them; to find the next click it reads the session
 * and one hidden click behind it.
 *
 * <pre>
 * x  = (item vector, or the mask's where the item is hidden) + position vector
 * x  = x + W_o · attention(norm1(x))        softmax(q kᵀ / √(D / heads)), all clicks of the session
 * x  = x + W_2 · gelu(W_1 · norm2(x))
 * query = norm_h(gelu(W_h · norm(x)))       at a hidden click
 * </pre>
 *
 * <p>Other than in the paper, a block normalises its inputs rather than its outputs, as in {@link
 * SasRec} and for the same reason. The query's projection is the paper's; that it is normalised,
 * its authors' code's. Positions are counted from the first item that is read. Parameters have the
 * names and layouts of torch's {@code TransformerEncoder} with {@code norm_first}.
 *
 * <p>Shapes: V = items, D = size of all vectors, P = positions, F = inner size of the feed-forward
 * network, L = blocks, B = sessions in a batch, T = clicks of the longest one, hidden ones
 * included, N = queries asked for.
 */
public final class Bert4Rec implements SessionNetwork {

    private static final String MASK = "mask.weight";

    private final AttentionSizes sizes;
    private final Parameter embedding;
    private final Parameter outputWeight;
    private final Parameter outputBias;
    private final List<Parameter> encoder;
    private final AttentionBlocks blocks;

    /**
     * New weights: matrices and the mask's vector after Glorot, norms one; biases, positions and
     * what a block adds, zero.
     *
     * @param sizes at least 2 positions: one is the hidden click's
     */
    public Bert4Rec(AttentionSizes sizes, SplittableRandom random) {
        AttentionSizes.requireAtLeast(2, "positions", sizes.positions());
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
        encoder.add(Parameter.zeros("positions.weight", sizes.positions(), d));
        encoder.add(Parameter.glorot(MASK, 1, d, d, d, random));
        blocks = new AttentionBlocks(sizes, Activation::gelu);
        encoder.addAll(blocks.newParameters(random));
        encoder.addAll(AttentionBlocks.newNorm("encoder.norm.", d));
        encoder.add(Parameter.glorot("head.weight", d, d, d, d, random));
        encoder.add(Parameter.zeros("head.bias", 1, d));
        encoder.addAll(AttentionBlocks.newNorm("head.norm.", d));
    }

    @Override
    public NetworkKind kind() {
        return NetworkKind.BERT4REC;
    }

    @Override
    public int items() {
        return sizes.items();
    }

    @Override
    public Map<String, Object> sizes() {
        return sizes.asMap();
    }

    /** One position is the hidden click's. */
    @Override
    public int maximumLength() {
        return sizes.positions() - 1;
    }

    @Override
    public boolean hidesTargets() {
        return true;
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
     * The positions [P, D]; the mask's vector [1, D]; the blocks'; the last norm's weight and bias
     * [1, D]; and the query's projection [D, D] and [1, D], and its norm [1, D].
     */
    @Override
    public List<Parameter> encoder() {
        return encoder;
    }

    /**
     * Embedding dropout on the sum of item, or mask, and position; hidden dropout on the weights of
     * the attention, on what the blocks add, and within the feed-forward networks.
     */
    @Override
    public NDArray queries(
            NDArray embedded, NDArray lengths, NDArray places, NDList encoder, Dropout dropout) {
        NDManager manager = embedded.getManager();
        long sessions = embedded.getShape().get(0);
        long length = embedded.getShape().get(1);
        long size = sizes.size();
        NDArray hidden = // [B, T, 1]: 1 at the places, else 0
                manager.zeros(new Shape(sessions * length))
                        .scatter(places, manager.ones(places.getShape()), 0)
                        .reshape(sessions, length, 1);
        NDArray shown = manager.ones(hidden.getShape()).sub(hidden); // [B, T, 1]
        NDArray positions = encoder.get(0).get(new NDIndex().addSliceDim(0, length)); // [T, D]
        NDArray mask = encoder.get(1).reshape(1, 1, size);
        NDArray x = embedded.mul(shown).add(mask.mul(hidden)).add(positions); // [B, T, D]
        NDArray behindTheEnd = // [B, T]
                manager.arange((int) length).reshape(1, length).gte(lengths.reshape(sessions, 1));
        int norm = encoder.size() - 6;
        x =
                blocks.apply(
                        dropout.ofEmbedded(x),
                        AttentionBlocks.notThere(behindTheEnd).reshape(sessions, 1, 1, length),
                        encoder.subNDList(2, norm),
                        dropout);
        NDArray flat = x.reshape(-1, size); // [B T, D]
        NDArray asked = Embedding.embedding(places, flat, SparseFormat.DENSE).singletonOrThrow();
        NDArray normal = AttentionBlocks.norm(asked, encoder.get(norm), encoder.get(norm + 1));
        NDArray projected =
                Activation.gelu(
                        AttentionBlocks.linear(
                                normal, encoder.get(norm + 2), encoder.get(norm + 3)));
        return AttentionBlocks.norm( // [N, D]
                projected, encoder.get(norm + 4), encoder.get(norm + 5));
    }
}
