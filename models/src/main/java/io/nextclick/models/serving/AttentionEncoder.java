package io.nextclick.models.serving;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The blocks of a SASRec or a BERT4Rec on the {@link DenseKernel}, for whole bundles at once. The
 * clicks of all sessions stand one behind the other, so that nothing is padded: a session of 2
 * clicks costs 2 clicks' arithmetic whatever stands beside it in the bundle. A BERT4Rec reads one
 * more click behind each session, the hidden one that is asked for, and its clicks see those behind
 * them too. In the last block only the last click of a session asks and goes through the
 * feed-forward network; the others are merely looked at.
 *
 * <p>Every sum is added up in an order that depends on the session alone, so a query comes out the
 * same to the bit in whatever bundle it is computed.
 *
 * <p>Shapes: D = size of all vectors, F = inner size, H = heads, R = clicks ("rows") of some
 * sessions, T = clicks of one session, the hidden one included. Belongs to one thread.
 */
final class AttentionEncoder {

    /** Clicks that go through the blocks together; a session longer than that goes alone. */
    private static final int ROWS_TOGETHER = 512;

    private static final double EPSILON = 1e-5;

    private static final float SQRT_HALF = (float) Math.sqrt(0.5);

    private final Weights weights;
    private final int size;
    private float[][] rows = new float[0][];
    private float[][] normal = new float[0][];
    private float[] packed = new float[0];
    private float[] projected = new float[0];
    private float[] products = new float[0];
    private float[][] inner = new float[0][];

    /** Keys of one session and head, a row per dimension [D / H, T]. */
    private final float[][] keys;

    private final float[] likeness;
    private final float[] attended;

    AttentionEncoder(Weights weights) {
        this.weights = weights;
        size = weights.size;
        keys = new float[size / weights.heads][weights.positions];
        likeness = new float[weights.positions];
        attended = new float[size / weights.heads];
    }

    /**
     * The query after the last click of each session.
     *
     * @param sessions of 1 to {@link Weights#readable()} item rows each
     * @param queries receives D floats per session
     */
    void encode(int[][] sessions, int count, float[][] queries) {
        int from = 0;
        while (from < count) {
            int to = from;
            int clicks = 0;
            do {
                clicks += weights.clicks(sessions[to++]);
            } while (to < count && clicks + weights.clicks(sessions[to]) <= ROWS_TOGETHER);
            encode(sessions, from, to, clicks, queries);
            from = to;
        }
    }

    private void encode(int[][] sessions, int from, int to, int clicks, float[][] queries) {
        rows = grown(rows, clicks, size);
        normal = grown(normal, clicks, size);
        int row = 0;
        for (int s = from; s < to; s++) {
            for (int t = 0; t < sessions[s].length; t++) {
                float[] x = rows[row++];
                weights.embeddings.copyRow(sessions[s][t], x);
                add(weights.positionVectors, t * size, x);
            }
            if (weights.hidden != null) {
                float[] x = rows[row++];
                System.arraycopy(weights.hidden.mask, 0, x, 0, size);
                add(weights.positionVectors, sessions[s].length * size, x);
            }
        }
        int last = weights.blocks.size() - 1;
        for (int b = 0; b < last; b++) {
            Block block = weights.blocks.get(b);
            attend(block, sessions, from, to, clicks, false);
            feedForward(block, clicks);
        }
        attend(weights.blocks.get(last), sessions, from, to, clicks, true);
        feedForward(weights.blocks.get(last), to - from);
        if (weights.hidden != null) {
            askForHidden(weights.hidden, queries, from, to);
            return;
        }
        for (int i = 0; i < to - from; i++) {
            weights.norm.apply(rows[i], queries[from + i]);
        }
    }

    /** A BERT4Rec's queries: the last norm, projected. */
    private void askForHidden(Hidden hidden, float[][] queries, int from, int to) {
        int asking = to - from;
        for (int i = 0; i < asking; i++) {
            weights.norm.apply(rows[i], normal[i]);
        }
        products = multiply(hidden.head, normal, asking, products);
        for (int i = 0; i < asking; i++) {
            int at = i * hidden.head.stride();
            float[] values = normal[i];
            for (int d = 0; d < size; d++) {
                values[d] = gelu(products[at + d]);
            }
            hidden.norm.apply(values, queries[from + i]);
        }
    }

    /** x · Φ(x), with Φ the normal distribution's cumulative function. */
    private static float gelu(float x) {
        return 0.5f * x * (1 + errorFunction(x * SQRT_HALF));
    }

    /** Abramowitz and Stegun 7.1.26: within 1.5e-7, and float's own rounding. */
    private static float errorFunction(float x) {
        float z = Math.abs(x);
        float t = 1 / Math.fma(0.3275911f, z, 1);
        float p = (float) 1.061405429;
        p = Math.fma(p, t, (float) -1.453152027);
        p = Math.fma(p, t, (float) 1.421413741);
        p = Math.fma(p, t, (float) -0.284496736);
        p = Math.fma(p, t, (float) 0.254829592);
        float y = 1 - p * t * PlainKernel.exponential(-z * z);
        return x < 0 ? -y : y;
    }

    /**
     * Adds to each row what its attention finds.
     *
     * @param lastOnly whether only the last click of a session asks; the rows are then one per
     *     session
     */
    private void attend(
            Block block, int[][] sessions, int from, int to, int clicks, boolean lastOnly) {
        for (int i = 0; i < clicks; i++) {
            block.attentionNorm.apply(rows[i], normal[i]);
        }
        int stride = block.keysAndValues.stride();
        projected = multiply(block.keysAndValues, normal, clicks, projected);
        int asking = clicks;
        if (lastOnly) {
            int end = 0;
            for (int s = from; s < to; s++) {
                end += weights.clicks(sessions[s]);
                swap(normal, s - from, end - 1);
                swap(rows, s - from, end - 1);
            }
            asking = to - from;
        }
        products = multiply(block.queries, normal, asking, products);
        int queryStride = block.queries.stride();
        int begin = 0;
        int asked = 0;
        for (int s = from; s < to; s++) {
            int length = weights.clicks(sessions[s]);
            for (int head = 0; head < weights.heads; head++) {
                attend(begin, length, stride, head, asked, queryStride, lastOnly);
            }
            begin += length;
            asked += lastOnly ? 1 : length;
        }
        addProducts(block.output, normal, asking);
    }

    /** One session, one head: writes into that head's part of {@code normal}. */
    private void attend(
            int begin,
            int length,
            int stride,
            int head,
            int asked,
            int queryStride,
            boolean lastOnly) {
        int part = size / weights.heads;
        for (int t = 0; t < length; t++) {
            int at = (begin + t) * stride + head * part;
            for (int d = 0; d < part; d++) {
                keys[d][t] = projected[at + d];
            }
        }
        int first = lastOnly ? length - 1 : 0;
        for (int t = first; t < length; t++) {
            int row = asked + t - first;
            int query = row * queryStride + head * part;
            int seen = weights.hidden == null ? t + 1 : length;
            Arrays.fill(likeness, 0, seen, 0);
            for (int d = 0; d < part; d++) {
                addScaled(products[query + d] * weights.scale, keys[d], likeness, seen);
            }
            softmax(likeness, seen);
            Arrays.fill(attended, 0);
            for (int u = 0; u < seen; u++) {
                int value = (begin + u) * stride + size + head * part;
                float weight = likeness[u];
                for (int d = 0; d < part; d++) {
                    attended[d] = Math.fma(weight, projected[value + d], attended[d]);
                }
            }
            System.arraycopy(attended, 0, normal[row], head * part, part);
        }
    }

    private static void addScaled(float factor, float[] values, float[] sums, int length) {
        for (int i = 0; i < length; i++) {
            sums[i] = Math.fma(factor, values[i], sums[i]);
        }
    }

    private static void softmax(float[] values, int length) {
        float largest = values[0];
        for (int i = 1; i < length; i++) {
            largest = Math.max(largest, values[i]);
        }
        float sum = 0;
        for (int i = 0; i < length; i++) {
            values[i] = PlainKernel.exponential(values[i] - largest);
            sum += values[i];
        }
        float share = 1 / sum;
        for (int i = 0; i < length; i++) {
            values[i] *= share;
        }
    }

    private void feedForward(Block block, int count) {
        for (int i = 0; i < count; i++) {
            block.forwardNorm.apply(rows[i], normal[i]);
        }
        products = multiply(block.inner, normal, count, products);
        int innerSize = block.inner.matrix.rows();
        inner = grown(inner, count, innerSize);
        for (int i = 0; i < count; i++) {
            int at = i * block.inner.stride();
            float[] values = inner[i];
            for (int d = 0; d < innerSize; d++) {
                float value = products[at + d];
                values[d] = weights.hidden == null ? Math.max(0, value) : gelu(value);
            }
        }
        addProducts(block.outer, inner, count);
    }

    private void addProducts(LinearMap map, float[][] vectors, int count) {
        products = multiply(map, vectors, count, products);
        for (int i = 0; i < count; i++) {
            add(products, i * map.stride(), rows[i]);
        }
    }

    private static void add(float[] values, int from, float[] sums) {
        for (int d = 0; d < sums.length; d++) {
            sums[d] += values[from + d];
        }
    }

    /** Products with all rows of a matrix, a vector's every {@link LinearMap#stride()}. */
    private float[] multiply(LinearMap map, float[][] vectors, int count, float[] room) {
        int rowsAtMost = count + DenseKernel.SPARE_VECTORS;
        packed = grown(packed, rowsAtMost * map.matrix.dimension());
        float[] target = grown(room, rowsAtMost * map.stride());
        weights.kernel.pack(vectors, 0, count, map.matrix.dimension(), packed);
        map.matrix.multiply(weights.kernel, packed, count, target, map.stride());
        return target;
    }

    private static void swap(float[][] vectors, int one, int other) {
        float[] kept = vectors[one];
        vectors[one] = vectors[other];
        vectors[other] = kept;
    }

    private static float[] grown(float[] room, int floats) {
        return room.length < floats ? new float[floats] : room;
    }

    private static float[][] grown(float[][] room, int count, int length) {
        if (room.length >= count && (count == 0 || room[0].length == length)) {
            return room;
        }
        return new float[Math.max(count, ROWS_TOGETHER)][length];
    }

    /** A linear map, packed. */
    private record LinearMap(Panels matrix) {

        static LinearMap of(
                AttentionWeights.Linear linear, int fromRow, int toRow, DenseKernel kernel) {
            int columns = linear.columns();
            Panels panels =
                    new Panels(
                            Arrays.copyOfRange(linear.weight(), fromRow * columns, toRow * columns),
                            Arrays.copyOfRange(linear.bias(), fromRow, toRow),
                            columns,
                            kernel);
            if (!panels.fitOneArray()) {
                throw new IllegalArgumentException(
                        "a matrix of " + (toRow - fromRow) + " x " + columns + " is too large");
            }
            return new LinearMap(panels);
        }

        static LinearMap of(AttentionWeights.Linear linear, DenseKernel kernel) {
            return of(linear, 0, linear.rows(), kernel);
        }

        int stride() {
            return matrix.panelCount() * matrix.width();
        }
    }

    /** Layer normalisation, with sums in double precision. */
    private record Norm(AttentionWeights.Norm of) {

        void apply(float[] vector, float[] target) {
            double sum = 0;
            for (float value : vector) {
                sum += value;
            }
            double mean = sum / vector.length;
            double squares = 0;
            for (float value : vector) {
                squares += (value - mean) * (value - mean);
            }
            float center = (float) mean;
            float factor = (float) (1 / Math.sqrt(squares / vector.length + EPSILON));
            for (int d = 0; d < vector.length; d++) {
                target[d] = (vector[d] - center) * factor * of.weight()[d] + of.bias()[d];
            }
        }
    }

    private record Block(
            Norm attentionNorm,
            LinearMap queries,
            LinearMap keysAndValues,
            LinearMap output,
            Norm forwardNorm,
            LinearMap inner,
            LinearMap outer) {}

    /** What asks for a hidden click. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Hidden(float[] mask, LinearMap head, Norm norm) {}

    /** What the encoders of a model share. Immutable; takes heap only. */
    static final class Weights {
        private final DenseKernel kernel;
        private final PackedGruCell.Embeddings embeddings;
        private final int size;
        private final int positions;
        private final int heads;
        private final float scale;
        private final float[] positionVectors;
        private final List<Block> blocks = new ArrayList<>();
        private final Norm norm;
        private final int readable;

        /** Null for a SASRec, whose clicks see none behind them. */
        private final Hidden hidden;

        /**
         * @param embeddings used for as long as the weights are
         * @throws IllegalArgumentException if a value is not finite or a matrix too large
         */
        Weights(AttentionWeights model, PackedGruCell.Embeddings embeddings, DenseKernel kernel) {
            this.kernel = kernel;
            this.embeddings = embeddings;
            size = model.size();
            positions = model.positions();
            heads = model.heads();
            scale = (float) (1 / Math.sqrt((double) size / heads));
            positionVectors = model.positionVectors();
            requireFinite("positions", positionVectors);
            requireFinite("item vectors", model.embedding());
            for (AttentionWeights.Block block : model.blocks()) {
                blocks.add(
                        new Block(
                                norm(block.attentionNorm()),
                                LinearMap.of(block.projection(), 0, size, kernel),
                                LinearMap.of(block.projection(), size, 3 * size, kernel),
                                LinearMap.of(block.output(), kernel),
                                norm(block.forwardNorm()),
                                LinearMap.of(block.inner(), kernel),
                                LinearMap.of(block.outer(), kernel)));
            }
            norm = norm(model.norm());
            readable = model.readable();
            hidden = model.hidden() == null ? null : hidden(model.hidden(), kernel);
        }

        private static Hidden hidden(AttentionWeights.Hidden hidden, DenseKernel kernel) {
            requireFinite("the mask", hidden.mask());
            return new Hidden(
                    hidden.mask(), LinearMap.of(hidden.head(), kernel), norm(hidden.norm()));
        }

        private static Norm norm(AttentionWeights.Norm norm) {
            requireFinite("the weights of a norm", norm.weight());
            requireFinite("the biases of a norm", norm.bias());
            return new Norm(norm);
        }

        private static void requireFinite(String name, float[] values) {
            for (int i = 0; i < values.length; i++) {
                if (!Float.isFinite(values[i])) {
                    throw new IllegalArgumentException(
                            "value " + i + " of " + name + " is " + values[i]);
                }
            }
        }

        /** The most items of a session that can be read. */
        int readable() {
            return readable;
        }

        /** The clicks that a session is read as: its own and, if one is hidden, that. */
        private int clicks(int[] session) {
            return hidden == null ? session.length : session.length + 1;
        }

        String describe() {
            return blocks.size()
                    + " blocks of "
                    + (hidden == null ? "" : "bidirectional ")
                    + "attention in "
                    + kernel.describe();
        }
    }
}
