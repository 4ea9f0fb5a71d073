package io.nextclick.models.neuralcf;

import io.nextclick.models.network.Parameter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Forward and backward passes of a {@link NeuralCf}, an example at a time: its layers are so small
 * that an engine's calls would cost more than their arithmetic. Matrices are also kept transposed,
 * so that every inner loop runs along an array. Belongs to one thread.
 */
final class NeuralCfPass {

    private final NeuralCf network;

    /** W_l transposed [A_(l-1), A_l], of the last {@link #refresh}. */
    private final float[][] transposed;

    /** a_l of the last example. */
    private final float[][] values;

    /** The loss's slopes by a_l of the last example. */
    private final float[][] slopes;

    private final float[] products;
    private final Map<Parameter, float[]> denseGradients = new LinkedHashMap<>();

    NeuralCfPass(NeuralCf network) {
        this.network = network;
        int layers = network.layers();
        transposed = new float[layers + 1][];
        values = new float[layers + 1][];
        slopes = new float[layers + 1][];
        for (int layer = 0; layer <= layers && layers > 0; layer++) {
            values[layer] = new float[network.width(layer)];
            slopes[layer] = new float[network.width(layer)];
            if (layer > 0) {
                transposed[layer] = new float[network.weight(layer).values().length];
            }
        }
        products = new float[network.kind().multiplies() ? network.factors() : 0];
        for (Parameter parameter : network.dense()) {
            denseGradients.put(parameter, new float[parameter.values().length]);
        }
        refresh();
    }

    /** Takes note of changed matrices, and begins new sums of their gradients. */
    void refresh() {
        for (int layer = 1; layer <= network.layers(); layer++) {
            Parameter weight = network.weight(layer);
            int out = weight.rows();
            int in = weight.columns();
            for (int o = 0; o < out; o++) {
                for (int i = 0; i < in; i++) {
                    transposed[layer][i * out + o] = weight.values()[o * in + i];
                }
            }
        }
        denseGradients.values().forEach(sums -> Arrays.fill(sums, 0));
    }

    /** The sums of the gradients of all that isn't a user's or an item's. */
    float[] gradient(Parameter dense) {
        return denseGradients.get(dense);
    }

    /** z, the log-odds that the user takes the item. */
    float logOdds(int user, int item) {
        float[] output = network.output().values();
        float z = network.outputBias().values()[0];
        if (network.kind().multiplies()) {
            int f = network.factors();
            float[] p = network.userFactors().values();
            float[] q = network.itemFactors().values();
            for (int i = 0; i < f; i++) {
                products[i] = p[user * f + i] * q[item * f + i];
                z += output[i] * products[i];
            }
        }
        if (network.kind().layered()) {
            int half = network.width(0) / 2;
            System.arraycopy(network.userVectors().values(), user * half, values[0], 0, half);
            System.arraycopy(network.itemVectors().values(), item * half, values[0], half, half);
            for (int layer = 1; layer <= network.layers(); layer++) {
                forward(layer);
            }
            float[] last = values[network.layers()];
            for (int i = 0; i < last.length; i++) {
                z += output[products.length + i] * last[i];
            }
        }
        return z;
    }

    private void forward(int layer) {
        float[] in = values[layer - 1];
        float[] out = values[layer];
        float[] rows = transposed[layer];
        System.arraycopy(network.bias(layer).values(), 0, out, 0, out.length);
        for (int i = 0; i < in.length; i++) {
            if (in[i] != 0) {
                addScaled(in[i], rows, i * out.length, out, 0, out.length);
            }
        }
        for (int o = 0; o < out.length; o++) {
            out[o] = Math.max(0, out[o]);
        }
    }

    /**
     * Adds the gradients of the last example that {@link #logOdds} was asked for.
     *
     * @param slope the loss's slope by z
     * @param userFactors sums of the user's gradients, at {@code userPlace} · F; null of an MLP
     * @param userVectors at {@code userPlace} · E; null of a GMF
     * @param itemFactors at {@code itemPlace} · F; null of an MLP
     * @param itemVectors at {@code itemPlace} · E; null of a GMF
     */
    void backward(
            int user,
            int item,
            float slope,
            float[] userFactors,
            float[] userVectors,
            int userPlace,
            float[] itemFactors,
            float[] itemVectors,
            int itemPlace) {
        float[] output = network.output().values();
        float[] outputGradient = denseGradients.get(network.output());
        denseGradients.get(network.outputBias())[0] += slope;
        if (network.kind().multiplies()) {
            int f = network.factors();
            float[] p = network.userFactors().values();
            float[] q = network.itemFactors().values();
            for (int i = 0; i < f; i++) {
                outputGradient[i] += slope * products[i];
                float ofProduct = slope * output[i];
                userFactors[userPlace * f + i] += ofProduct * q[item * f + i];
                itemFactors[itemPlace * f + i] += ofProduct * p[user * f + i];
            }
        }
        if (network.kind().layered()) {
            float[] last = values[network.layers()];
            float[] lastSlopes = slopes[network.layers()];
            for (int i = 0; i < last.length; i++) {
                outputGradient[products.length + i] += slope * last[i];
                lastSlopes[i] = slope * output[products.length + i];
            }
            for (int layer = network.layers(); layer > 0; layer--) {
                backward(layer);
            }
            int half = network.width(0) / 2;
            addScaled(1, slopes[0], 0, userVectors, userPlace * half, half);
            addScaled(1, slopes[0], half, itemVectors, itemPlace * half, half);
        }
    }

    private void backward(int layer) {
        float[] in = values[layer - 1];
        float[] inSlopes = slopes[layer - 1];
        float[] out = values[layer];
        float[] outSlopes = slopes[layer];
        float[] weight = network.weight(layer).values();
        float[] weightGradient = denseGradients.get(network.weight(layer));
        float[] biasGradient = denseGradients.get(network.bias(layer));
        Arrays.fill(inSlopes, 0);
        for (int o = 0; o < out.length; o++) {
            if (out[o] > 0) {
                float slope = outSlopes[o];
                biasGradient[o] += slope;
                addScaled(slope, weight, o * in.length, inSlopes, 0, in.length);
                addScaled(slope, in, 0, weightGradient, o * in.length, in.length);
            }
        }
    }

    private static void addScaled(
            float factor, float[] values, int from, float[] sums, int to, int length) {
        for (int i = 0; i < length; i++) {
            sums[to + i] += factor * values[from + i];
        }
    }
}
