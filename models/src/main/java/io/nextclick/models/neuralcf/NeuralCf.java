package io.nextclick.models.neuralcf;

import io.nextclick.models.network.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The networks of neural collaborative filtering (He et al., "Neural Collaborative Filtering",
 * 2017): how likely a user takes an item, as log-odds.
 *
 * <pre>
 * GMF    z = h · (p ∘ q) + c
 * MLP    z = h · a_L + c       a_0 = [p, q]   a_l = relu(W_l a_(l-1) + b_l)
 * NeuMF  z = h · [p_G ∘ q_G, a_L] + c         a_0 = [p_M, q_M]
 * </pre>
 *
 * <p>Shapes: U = users, V = items, F = factors, which is also the size of the last layer, L =
 * layers, A_l = F · 2^(L − l), the values of layer l; a vector that goes into the layers is half of
 * A_0, E = F · 2^(L − 1).
 */
final class NeuralCf {

    private static final double DEVIATION = 0.01;

    private final NeuralCfKind kind;
    private final int users;
    private final int items;
    private final int factors;
    private final int layers;
    private final Parameter userFactors;
    private final Parameter itemFactors;
    private final Parameter userVectors;
    private final Parameter itemVectors;
    private final List<Parameter> weights = new ArrayList<>();
    private final List<Parameter> biases = new ArrayList<>();
    private final Parameter output;
    private final Parameter outputBias;

    /**
     * New weights, as the paper draws them: vectors normal with a deviation of .01, matrices after
     * Glorot, biases zero.
     */
    NeuralCf(
            NeuralCfKind kind,
            int users,
            int items,
            int factors,
            int layers,
            SplittableRandom random) {
        this.kind = kind;
        this.users = users;
        this.items = items;
        this.factors = factors;
        this.layers = kind.layered() ? layers : 0;
        boolean multiplies = kind.multiplies();
        userFactors = multiplies ? normal("user.factors", users, factors, random) : null;
        itemFactors = multiplies ? normal("item.factors", items, factors, random) : null;
        int half = kind.layered() ? width(0) / 2 : 0;
        userVectors = half > 0 ? normal("user.vectors", users, half, random) : null;
        itemVectors = half > 0 ? normal("item.vectors", items, half, random) : null;
        for (int layer = 1; layer <= this.layers; layer++) {
            int in = width(layer - 1);
            int out = width(layer);
            String name = "layers." + layer + ".";
            weights.add(Parameter.glorot(name + "weight", out, in, in, out, random));
            biases.add(Parameter.zeros(name + "bias", 1, out));
        }
        int joined = (multiplies ? factors : 0) + (kind.layered() ? factors : 0);
        output = Parameter.glorot("output.weight", 1, joined, joined, 1, random);
        outputBias = Parameter.zeros("output.bias", 1, 1);
    }

    private static Parameter normal(String name, int rows, int columns, SplittableRandom random) {
        Parameter parameter = Parameter.zeros(name, rows, columns);
        float[] values = parameter.values();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (DEVIATION * random.nextGaussian());
        }
        return parameter;
    }

    /**
     * NeuMF begun with a GMF and an MLP that were trained alone: their vectors and layers as they
     * are, of their last layers' weights and biases the shares α and 1 − α, so that at first it
     * scores α · GMF + (1 − α) · MLP.
     *
     * @param alpha the GMF's share, in [0, 1]
     */
    static NeuralCf fused(NeuralCf gmf, NeuralCf mlp, double alpha) {
        NeuralCf fused =
                new NeuralCf(
                        NeuralCfKind.NEUMF,
                        gmf.users,
                        gmf.items,
                        gmf.factors,
                        mlp.layers,
                        new SplittableRandom(0));
        fused.userFactors.assign(gmf.userFactors.values());
        fused.itemFactors.assign(gmf.itemFactors.values());
        fused.userVectors.assign(mlp.userVectors.values());
        fused.itemVectors.assign(mlp.itemVectors.values());
        for (int l = 0; l < mlp.layers; l++) {
            fused.weights.get(l).assign(mlp.weights.get(l).values());
            fused.biases.get(l).assign(mlp.biases.get(l).values());
        }
        float[] joined = fused.output.values();
        for (int f = 0; f < gmf.factors; f++) {
            joined[f] = (float) (alpha * gmf.output.values()[f]);
            joined[gmf.factors + f] = (float) ((1 - alpha) * mlp.output.values()[f]);
        }
        fused.outputBias.values()[0] =
                (float)
                        (alpha * gmf.outputBias.values()[0]
                                + (1 - alpha) * mlp.outputBias.values()[0]);
        return fused;
    }

    NeuralCfKind kind() {
        return kind;
    }

    /** U. */
    int users() {
        return users;
    }

    /** V. */
    int items() {
        return items;
    }

    /** F. */
    int factors() {
        return factors;
    }

    /** L; 0 of a GMF. */
    int layers() {
        return layers;
    }

    /** A_l. */
    int width(int layer) {
        return factors << (layers - layer);
    }

    /** [U, F]; null of an MLP. */
    Parameter userFactors() {
        return userFactors;
    }

    /** [V, F]; null of an MLP. */
    Parameter itemFactors() {
        return itemFactors;
    }

    /** [U, E]; null of a GMF. */
    Parameter userVectors() {
        return userVectors;
    }

    /** [V, E]; null of a GMF. */
    Parameter itemVectors() {
        return itemVectors;
    }

    /** W_l [A_l, A_(l-1)], l from 1 to L. */
    Parameter weight(int layer) {
        return weights.get(layer - 1);
    }

    /** b_l [1, A_l], l from 1 to L. */
    Parameter bias(int layer) {
        return biases.get(layer - 1);
    }

    /** h: the factors' weights, then the last layer's; [1, F] or, of a NeuMF, [1, 2F]. */
    Parameter output() {
        return output;
    }

    /** c [1, 1]. */
    Parameter outputBias() {
        return outputBias;
    }

    /** Those of users: a row a user. */
    List<Parameter> ofUsers() {
        return present(userFactors, userVectors);
    }

    /** Those of items: a row an item. */
    List<Parameter> ofItems() {
        return present(itemFactors, itemVectors);
    }

    /** All others. */
    List<Parameter> dense() {
        List<Parameter> dense = new ArrayList<>(weights);
        dense.addAll(biases);
        dense.add(output);
        dense.add(outputBias);
        return dense;
    }

    /** Every parameter once. */
    List<Parameter> parameters() {
        List<Parameter> all = new ArrayList<>(ofUsers());
        all.addAll(ofItems());
        all.addAll(dense());
        return all;
    }

    private static List<Parameter> present(Parameter factors, Parameter vectors) {
        List<Parameter> present = new ArrayList<>(2);
        if (factors != null) {
            present.add(factors);
        }
        if (vectors != null) {
            present.add(vectors);
        }
        return present;
    }
}
