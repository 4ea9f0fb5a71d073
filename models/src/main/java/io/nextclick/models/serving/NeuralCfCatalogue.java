package io.nextclick.models.serving;

import java.util.Arrays;

/**
 * The items of a GMF, MLP or NeuMF for one user's vector: unlike with an inner product, each item
 * goes through the layers with it, in blocks, as matrix products on the {@link DenseKernel}.
 * Borrows the weights; belongs to one thread.
 *
 * <p>Shapes: V = items, F = factors, A_l = values of layer l, D = size of a user's vector.
 */
final class NeuralCfCatalogue {

    /** Items that go through the layers together. */
    private static final int BLOCK = 256;

    private final NeuralCfWeights weights;
    private final DenseKernel kernel;
    private final float[] query;
    private float[] userPart = new float[0];
    private float[][] block = new float[0][];
    private float[] packed = new float[0];
    private float[] products = new float[0];

    NeuralCfCatalogue(NeuralCfWeights weights, DenseKernel kernel) {
        this.weights = weights;
        this.kernel = kernel;
        query = new float[weights.itemFactors() == null ? 0 : weights.factors()];
    }

    /**
     * The log-odds that the user takes each of some items.
     *
     * @param user D values
     * @param from the first item's row
     * @param to behind the last one's
     * @param scores receives them from 0 on
     */
    void score(float[] user, int from, int to, float[] scores) {
        Arrays.fill(scores, 0, to - from, weights.outputBias());
        if (weights.itemFactors() != null) {
            addProducts(user, from, to, scores);
        }
        if (weights.layers() != null) {
            addLayers(weights.layers(), user, from, to, scores);
        }
    }

    /** h · (p ∘ q) = (h ∘ p) · q. */
    private void addProducts(float[] user, int from, int to, float[] scores) {
        int f = weights.factors();
        for (int i = 0; i < f; i++) {
            query[i] = weights.factorWeights()[i] * user[i];
        }
        for (int item = from; item < to; item++) {
            scores[item - from] +=
                    NeuralCfWeights.product(weights.itemFactors(), item * f, query, 0, f);
        }
    }

    private void addLayers(
            NeuralCfWeights.Layers layers, float[] user, int from, int to, float[] scores) {
        int first = layers.first();
        if (userPart.length < first) {
            userPart = new float[first];
        }
        for (int o = 0; o < first; o++) {
            userPart[o] =
                    NeuralCfWeights.product(
                            layers.sessionMatrix(),
                            o * layers.half(),
                            user,
                            query.length,
                            layers.half());
        }
        for (int begin = from; begin < to; begin += BLOCK) {
            int count = Math.min(BLOCK, to - begin);
            addBlock(layers, begin, count, scores, begin - from);
        }
    }

    private void addBlock(
            NeuralCfWeights.Layers layers, int from, int count, float[] scores, int at) {
        int size = layers.first();
        room(size);
        for (int i = 0; i < count; i++) {
            int part = (from + i) * size;
            float[] values = block[i];
            for (int o = 0; o < size; o++) {
                values[o] = Math.max(0, userPart[o] + layers.itemParts()[part + o]);
            }
        }
        for (Panels layer : layers.rest()) {
            int stride = layer.panelCount() * layer.width();
            packed = grown(packed, (BLOCK + DenseKernel.SPARE_VECTORS) * layer.dimension());
            products = grown(products, (BLOCK + DenseKernel.SPARE_VECTORS) * stride);
            kernel.pack(block, 0, count, layer.dimension(), packed);
            layer.multiply(kernel, packed, count, products, stride);
            size = layer.rows();
            room(size);
            for (int i = 0; i < count; i++) {
                for (int o = 0; o < size; o++) {
                    block[i][o] = Math.max(0, products[i * stride + o]);
                }
            }
        }
        for (int i = 0; i < count; i++) {
            scores[at + i] += NeuralCfWeights.product(block[i], 0, layers.lastWeights(), 0, size);
        }
    }

    private void room(int size) {
        if (block.length == 0 || block[0].length < size) {
            block = new float[BLOCK][size];
        }
    }

    private static float[] grown(float[] room, int floats) {
        return room.length < floats ? new float[floats] : room;
    }
}
