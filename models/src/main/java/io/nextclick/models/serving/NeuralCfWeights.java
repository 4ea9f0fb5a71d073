package io.nextclick.models.serving;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.neuralcf.NeuralCfKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The weights of a GMF, MLP or NeuMF as its model folder holds them; see {@link
 * io.nextclick.models.neuralcf.NeuralCfModel}. What a session and an item go through one by one,
 * before they meet, is worked out beforehand: the first layer is a sum of a session's part and an
 * item's, which doesn't depend on the session.
 *
 * <p>Shapes: V = items, F = factors, E = size of a vector that goes into the layers, A_l = values
 * of layer l, D = size of a user's vector. Immutable; takes heap only.
 */
final class NeuralCfWeights {

    private static final int MOST_LAYERS = 10;

    private final int items;
    private final int factors;
    private final int sessionSize;
    private final float[] sessionMean;
    private final float[] sessionItems;

    /** [V, F]; null of an MLP. */
    private final float[] itemFactors;

    /** F weights of the products; null of an MLP. */
    private final float[] factorWeights;

    private final float outputBias;
    private final Layers layers;

    /**
     * What an MLP or NeuMF has beside factors.
     *
     * @param itemParts each item's part of the first layer's sums, the bias included [V, A_1]
     * @param sessionMatrix the first layer's weights of a user's vector [A_1, E]
     * @param rest the second layer and those behind it
     * @param lastWeights the last layer's [A_L]
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Layers(
            int half,
            int first,
            float[] itemParts,
            float[] sessionMatrix,
            List<Panels> rest,
            float[] lastWeights) {}

    /**
     * @throws ModelFileException if a tensor is missing, its shape doesn't fit the others, the
     *     vocabulary and the manifest, or a value isn't finite
     */
    NeuralCfWeights(ModelFolder folder, NeuralCfKind kind, DenseKernel kernel)
            throws ModelFileException {
        items = folder.vocabulary().size();
        factors = folder.manifest().integer("factors");
        if (factors < 1 || factors > 1 << 16) {
            throw new ModelFileException(
                    ModelFolder.MANIFEST, "factors is " + factors + ", 1 to 65536 are read");
        }
        int half = 0;
        if (kind.layered()) {
            folder.floats("item.vectors", items, -1);
            half = folder.tensors().get("item.vectors").shape()[1];
            if (half == 0) {
                throw new ModelFileException(ModelFolder.WEIGHTS, "item.vectors has no columns");
            }
        }
        sessionSize = (kind.multiplies() ? factors : 0) + half;
        sessionMean = folder.floats("session.mean", sessionSize);
        sessionItems = folder.floats("session.items", items, sessionSize);
        itemFactors = kind.multiplies() ? folder.floats("item.factors", items, factors) : null;
        outputBias = folder.floats("output.bias", 1)[0];
        int multiplied = kind.multiplies() ? factors : 0;
        float[] output =
                folder.floats("output.weight", multiplied + (kind.layered() ? factors : 0));
        factorWeights = kind.multiplies() ? Arrays.copyOf(output, factors) : null;
        layers =
                kind.layered()
                        ? layers(
                                folder,
                                half,
                                Arrays.copyOfRange(output, multiplied, output.length),
                                kernel)
                        : null;
    }

    private Layers layers(ModelFolder folder, int half, float[] lastWeights, DenseKernel kernel)
            throws ModelFileException {
        int count = folder.manifest().integer("layers");
        if (count < 1 || count > MOST_LAYERS) {
            throw new ModelFileException(
                    ModelFolder.MANIFEST,
                    "layers is " + count + ", 1 to " + MOST_LAYERS + " are read");
        }
        int in = 2 * half;
        int first = 0;
        float[] itemParts = null;
        float[] sessionMatrix = null;
        List<Panels> rest = new ArrayList<>();
        for (int layer = 1; layer <= count; layer++) {
            String name = "layers." + layer + ".";
            folder.floats(name + "weight", -1, in);
            int out = folder.tensors().get(name + "weight").shape()[0];
            float[] weight = folder.floats(name + "weight", out, in);
            float[] bias = folder.floats(name + "bias", out);
            if (layer == 1) {
                first = out;
                sessionMatrix = columns(weight, out, in, 0, half);
                itemParts =
                        itemParts(
                                folder.floats("item.vectors", items, half),
                                columns(weight, out, in, half, half),
                                bias,
                                half);
            } else {
                Panels panels = new Panels(weight, bias, in, kernel);
                if (!panels.fitOneArray()) {
                    throw new ModelFileException(ModelFolder.WEIGHTS, name + "weight is too large");
                }
                rest.add(panels);
            }
            in = out;
        }
        if (in != factors) {
            throw new ModelFileException(
                    ModelFolder.WEIGHTS,
                    "the last layer has " + in + " values, " + factors + " factors need as many");
        }
        return new Layers(half, first, itemParts, sessionMatrix, rest, lastWeights);
    }

    private static float[] columns(float[] matrix, int rows, int columns, int from, int count) {
        float[] part = new float[rows * count];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(matrix, row * columns + from, part, row * count, count);
        }
        return part;
    }

    private float[] itemParts(float[] vectors, float[] matrix, float[] bias, int half) {
        int out = bias.length;
        float[] parts = new float[items * out];
        for (int item = 0; item < items; item++) {
            for (int o = 0; o < out; o++) {
                parts[item * out + o] =
                        bias[o] + product(vectors, item * half, matrix, o * half, half);
            }
        }
        return parts;
    }

    static float product(float[] one, int from, float[] other, int otherFrom, int length) {
        float sum = 0;
        for (int i = 0; i < length; i++) {
            sum = Math.fma(one[from + i], other[otherFrom + i], sum);
        }
        return sum;
    }

    /** V. */
    int items() {
        return items;
    }

    /** F. */
    int factors() {
        return factors;
    }

    /** D. */
    int sessionSize() {
        return sessionSize;
    }

    /** [D]. */
    float[] sessionMean() {
        return sessionMean;
    }

    /** [V, D]. */
    float[] sessionItems() {
        return sessionItems;
    }

    float[] itemFactors() {
        return itemFactors;
    }

    float[] factorWeights() {
        return factorWeights;
    }

    float outputBias() {
        return outputBias;
    }

    /** Null of a GMF. */
    Layers layers() {
        return layers;
    }
}
