package io.nextclick.models.ranker;

import io.nextclick.models.ranker.LearntRows.Rule;
import java.util.Arrays;
import java.util.List;

/**
 * A multilayer perceptron over the fields' vectors, one behind the other: the deep part of DeepFM
 * (Guo et al., IJCAI 2017), of Wide &amp; Deep (Cheng et al., DLRS 2016) and of NeuMF. A field's
 * vector is Σ x_i v_i of its features; layers are followed by max(0, ·), the last one is a product
 * with a vector.
 *
 * <p>What the first layer makes of a query, of an item and of each feature of pairs is worked out
 * once each, as that layer is a sum over the fields. For a candidate they are added up; the other
 * layers then run over all candidates of a block, which lie side by side so that the JIT compiler
 * makes vector instructions of the loops over them.
 *
 * <p>Shapes: N = features, K = length of a vector, F = fields read, H = width of a layer; the table
 * is [N, K], a layer's weights are [inputs, H], of the first [F · K, H]; C = candidates of a block.
 */
final class NetworkTerm {

    /** C. */
    static final int BLOCK = 256;

    private final LearntRows table;
    private final LearntRows[] weights;
    private final LearntRows[] biases;
    private final LearntRows last;
    private final int[] placeOf;
    private final PairFeatures pairFeatures;

    /** By layer, the fields' vectors first: what it put out for the example last looked at. */
    private final float[][] outputs;

    /** By layer: the derivative of the loss by those. */
    private final float[][] slopes;

    /**
     * @param table [N, K]; may be shared with a factorisation machine
     * @param fields numbers of the fields that are read
     * @param hidden H of each layer, at least one
     */
    NetworkTerm(
            FeatureSpace space,
            LearntRows table,
            int[] fields,
            List<Integer> hidden,
            Parameters parameters) {
        this.table = table;
        pairFeatures = new PairFeatures(space);
        placeOf = new int[space.fields().size()];
        Arrays.fill(placeOf, -1);
        for (int place = 0; place < fields.length; place++) {
            placeOf[fields[place]] = place;
        }
        int layers = hidden.size();
        weights = new LearntRows[layers];
        biases = new LearntRows[layers];
        outputs = new float[layers + 1][];
        slopes = new float[layers + 1][];
        outputs[0] = new float[fields.length * table.width()];
        slopes[0] = new float[outputs[0].length];
        for (int layer = 0; layer < layers; layer++) {
            int width = hidden.get(layer);
            String name = "network." + layer;
            weights[layer] =
                    parameters.rows(name + ".weight", Rule.ADAGRAD, outputs[layer].length, width);
            biases[layer] = parameters.rows(name + ".bias", Rule.ADAGRAD, 1, width);
            outputs[layer + 1] = new float[width];
            slopes[layer + 1] = new float[width];
        }
        last = parameters.rows("network.last", Rule.ADAGRAD, 1, outputs[layers].length);
    }

    /** Glorot's bounds for the layers; the table is the caller's. */
    void randomise(long seed) {
        for (LearntRows layer : weights) {
            double bound = Math.sqrt(6.0 / (layer.rows() + layer.width()));
            layer.randomise(seed, -bound, bound);
        }
        double bound = Math.sqrt(6.0 / (last.width() + 1));
        last.randomise(seed, -bound, bound);
    }

    float forward(ActiveFeatures example) {
        int width = table.width();
        Arrays.fill(outputs[0], 0);
        for (int at = 0; at < example.size(); at++) {
            int place = placeOf[example.field(at)];
            if (place >= 0) {
                int row = example.index(at) * width;
                for (int f = 0; f < width; f++) {
                    outputs[0][place * width + f] += example.value(at) * table.values()[row + f];
                }
            }
        }
        for (int layer = 0; layer < weights.length; layer++) {
            float[] to = outputs[layer + 1];
            System.arraycopy(biases[layer].values(), 0, to, 0, to.length);
            for (int i = 0; i < outputs[layer].length; i++) {
                add(outputs[layer][i], weights[layer].values(), i * to.length, to);
            }
            cutOff(to, to.length);
        }
        float[] values = last.values();
        float sum = 0;
        for (int j = 0; j < values.length; j++) {
            sum += values[j] * outputs[weights.length][j];
        }
        return sum;
    }

    private static void add(float factor, float[] values, int from, float[] to) {
        if (factor != 0) {
            for (int j = 0; j < to.length; j++) {
                to[j] += factor * values[from + j];
            }
        }
    }

    private static void cutOff(float[] values, int count) {
        for (int j = 0; j < count; j++) {
            values[j] = Math.max(0, values[j]);
        }
    }

    /** Adds the gradient of the example last given to {@link #forward}. */
    void backward(ActiveFeatures example, float slope) {
        int layers = weights.length;
        float[] top = outputs[layers];
        int place = last.gradient(0);
        for (int j = 0; j < top.length; j++) {
            last.gradients()[place + j] += slope * top[j];
            slopes[layers][j] = slope * last.values()[j];
        }
        for (int layer = layers - 1; layer >= 0; layer--) {
            backward(layer);
        }
        int width = table.width();
        for (int at = 0; at < example.size(); at++) {
            int field = placeOf[example.field(at)];
            if (field >= 0) {
                place = table.gradient(example.index(at));
                float[] gradients = table.gradients();
                for (int f = 0; f < width; f++) {
                    gradients[place + f] += example.value(at) * slopes[0][field * width + f];
                }
            }
        }
    }

    private void backward(int layer) {
        float[] above = slopes[layer + 1];
        float[] output = outputs[layer + 1];
        for (int j = 0; j < above.length; j++) {
            if (output[j] <= 0) {
                above[j] = 0;
            }
        }
        int place = biases[layer].gradient(0);
        for (int j = 0; j < above.length; j++) {
            biases[layer].gradients()[place + j] += above[j];
        }
        float[] values = weights[layer].values();
        for (int i = 0; i < outputs[layer].length; i++) {
            place = weights[layer].gradient(i);
            float[] gradients = weights[layer].gradients();
            float input = outputs[layer][i];
            float sum = 0;
            for (int j = 0; j < above.length; j++) {
                gradients[place + j] += input * above[j];
                sum += values[i * above.length + j] * above[j];
            }
            slopes[layer][i] = sum;
        }
    }

    // ------------------------------------------------------------------ serving

    /** H of the first layer. */
    int firstWidth() {
        return outputs[1].length;
    }

    /** Adds what the first layer makes of some fields; without its bias, and not cut off. */
    void first(ActiveFeatures features, float[] to) {
        int width = table.width();
        for (int at = 0; at < features.size(); at++) {
            first(features.field(at), features.index(at), features.value(at), width, to);
        }
    }

    private void first(int field, int index, float value, int width, float[] to) {
        int place = placeOf[field];
        for (int f = 0; place >= 0 && f < width; f++) {
            float input = value * table.values()[index * width + f];
            add(input, weights[0].values(), (place * width + f) * to.length, to);
        }
    }

    /** The network's side of a scorer: a block of candidates of one query. */
    final class Block {

        /** By feature of pairs: what the first layer makes of it; null if it reads none. */
        private final float[][] pairs;

        private final float[] query = new float[firstWidth()];
        private final float[] sum = new float[firstWidth()];

        /** By layer: [H, C]. */
        private final float[][][] columns = new float[weights.length][][];

        Block() {
            for (int layer = 0; layer < weights.length; layer++) {
                columns[layer] = new float[weights[layer].width()][BLOCK];
            }
            boolean readsPairs = false;
            float[][] rows = new float[pairFeatures.count()][firstWidth()];
            for (int p = 0; p < rows.length; p++) {
                int field = pairFeatures.field(p);
                readsPairs |= placeOf[field] >= 0;
                first(field, pairFeatures.index(p), 1, table.width(), rows[p]);
            }
            pairs = readsPairs ? rows : null;
        }

        /** Takes up a query. */
        void ask(ActiveFeatures features) {
            System.arraycopy(biases[0].values(), 0, query, 0, query.length);
            first(features, query);
        }

        /**
         * Puts a candidate at place c of the block.
         *
         * @param item what {@link #first} made of it
         * @param features its features of pairs, as {@link PairFeatures} counts them
         */
        void put(int c, float[] item, int[] features) {
            float[] added = sum;
            float[] asked = query;
            for (int i = 0; i < added.length; i++) {
                added[i] = asked[i] + item[i];
            }
            if (pairs != null) {
                for (int p : features) {
                    float[] row = pairs[p];
                    for (int i = 0; i < added.length; i++) {
                        added[i] += row[i];
                    }
                }
            }
            float[][] to = columns[0];
            for (int i = 0; i < to.length; i++) {
                to[i][c] = Math.max(0, added[i]);
            }
        }

        /** Adds the term of the block's first {@code count} candidates to their log-odds. */
        void finish(int count, float[] logOdds, int from) {
            for (int layer = 1; layer < weights.length; layer++) {
                multiply(layer, count);
            }
            float[][] top = columns[weights.length - 1];
            for (int j = 0; j < top.length; j++) {
                float weight = last.values()[j];
                float[] outputs = top[j];
                for (int c = 0; c < count; c++) {
                    logOdds[from + c] += weight * outputs[c];
                }
            }
        }

        private void multiply(int layer, int count) {
            float[][] inputs = columns[layer - 1];
            float[] matrix = weights[layer].values();
            int width = weights[layer].width();
            for (int j = 0; j < width; j++) {
                float[] to = columns[layer][j];
                Arrays.fill(to, 0, count, biases[layer].values()[j]);
                int i = 0;
                for (; i + 4 <= inputs.length; i += 4) {
                    add(
                            matrix[i * width + j],
                            inputs[i],
                            matrix[(i + 1) * width + j],
                            inputs[i + 1],
                            matrix[(i + 2) * width + j],
                            inputs[i + 2],
                            matrix[(i + 3) * width + j],
                            inputs[i + 3],
                            to,
                            count);
                }
                for (; i < inputs.length; i++) {
                    float weight = matrix[i * width + j];
                    float[] input = inputs[i];
                    for (int c = 0; c < count; c++) {
                        to[c] += weight * input[c];
                    }
                }
                cutOff(to, count);
            }
        }

        /** Four inputs at a time, so that the sums are read and written a quarter as often. */
        private static void add(
                float w0,
                float[] x0,
                float w1,
                float[] x1,
                float w2,
                float[] x2,
                float w3,
                float[] x3,
                float[] to,
                int count) {
            for (int c = 0; c < count; c++) {
                to[c] += w0 * x0[c] + w1 * x1[c] + w2 * x2[c] + w3 * x3[c];
            }
        }
    }
}
