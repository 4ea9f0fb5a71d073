package io.nextclick.models.tower;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;
import ai.djl.pytorch.jni.JniUtils;
import io.nextclick.models.training.GradientTape;
import io.nextclick.models.training.UploadBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Forward and backward pass of a batch in the engine, from what the batch's rows compose to the
 * gradients of exactly that. Everything linear below it (means of features, weighted items, sums
 * over the examples that share a row) is done in Java, so the engine sees no table and no index.
 *
 * <p>Shapes: B = examples, C = candidates, D = dimension, H = hidden, I = inputs of the hidden
 * layer.
 *
 * <p>The loss is a cross-entropy over the candidates. Each is there once; with π_j the probability
 * that item j is a candidate of a batch, exp(s_j − log π_j) estimates its share of the full
 * softmax's denominator without bias (Horvitz and Thompson 1952). As in Yi et al. 2019, that is
 * subtracted from every score. Khrylchenko et al. 2025 (Correcting the LogQ Correction, RecSys,
 * arXiv 2507.09331) point out that the positive is not sampled: it is always there. Their loss,
 *
 * <pre>
 * −stop_gradient(1 − P(p)) · (s_p − log Σ_{j ≠ p} exp(s_j − log π_j)),
 *     P(p) = exp(s_p) / (exp(s_p) + Σ_{j ≠ p} exp(s_j − log π_j)),
 * </pre>
 *
 * has the gradient of the cross-entropy whose positive score alone is not corrected: −(1 − P(p))
 * for s_p, and (1 − P(p)) · softmax_j over the negatives, which is P(j), for s_j. So that is what
 * is computed; it never leaves logarithms and its value is a loss one can read.
 */
final class TowerEngine implements AutoCloseable {

    /** Ranks up to this one count as found. */
    static final int RECALL_AT = 20;

    private static final float NEVER = -1e30f;

    private final TwoTowerOptions options;
    private final UploadBuffer upload = new UploadBuffer();
    private NDManager manager;
    private Thread thread;

    TowerEngine(TwoTowerOptions options) {
        this.options = options;
    }

    /**
     * A batch as the engine reads it; arrays may be longer than their shape.
     *
     * @param joined [B, I], what the hidden layer reads
     * @param residual [B, D], what its output is added to
     * @param hiddenBias [B, H], by the length of the session
     * @param items [C, D], the candidates before they are normalised
     * @param corrections [C], added to the scores
     * @param targets [B], each example's candidate
     * @param poolFrom the candidates from this one on are the pool of hard negatives; C if there is
     *     none
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Batch(
            int examples,
            int candidates,
            float[] joined,
            float[] residual,
            float[] hiddenBias,
            float[] items,
            float[] corrections,
            int[] targets,
            int poolFrom) {}

    /**
     * @param loss the mean loss
     * @param found examples whose target was among the best {@value #RECALL_AT}
     * @param finite whether the loss and all gradients are finite numbers
     * @param joined gradients of the sum of the losses, shaped as in the batch
     * @param weights of the query tower's own weights, by name
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Gradients(
            double loss,
            int found,
            boolean finite,
            float[] joined,
            float[] residual,
            float[] hiddenBias,
            float[] items,
            Map<String, float[]> weights) {}

    Gradients step(Batch batch, QueryParameters query) {
        if (manager == null) {
            // Batches are too small for a GPU to gain what the way there costs, and a restored
            // trainer promises the same parameters to the bit, which a GPU doesn't.
            manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
        }
        if (thread != Thread.currentThread()) {
            // The order of a sum, and so its last bits, depend on the engine's threads; with work
            // this small more of them only wait for each other.
            JniUtils.setNumThreads(1);
            thread = Thread.currentThread();
        }
        upload.clear();
        int examples = batch.examples;
        int dimension = options.dimension();
        int hidden = options.hidden();
        try (NDManager step = manager.newSubManager();
                GradientTape tape = GradientTape.open(step)) {
            NDArray joined = leaf(upload.firstFloats(step, batch.joined, examples, query.inputs));
            NDArray residual = leaf(upload.firstFloats(step, batch.residual, examples, dimension));
            NDArray bias = leaf(upload.firstFloats(step, batch.hiddenBias, examples, hidden));
            NDArray items =
                    leaf(upload.firstFloats(step, batch.items, batch.candidates, dimension));
            NDArray hiddenWeight =
                    leaf(upload.floats(step, query.hiddenWeight, hidden, query.inputs));
            NDArray outputWeight = leaf(upload.floats(step, query.outputWeight, dimension, hidden));
            NDArray outputBias = leaf(upload.floats(step, query.outputBias, 1, dimension));

            NDArray activation = Activation.relu(joined.matMul(hiddenWeight.transpose()).add(bias));
            NDArray queries = // [B, D]
                    normalised(
                            step,
                            residual.add(activation.matMul(outputWeight.transpose()))
                                    .add(outputBias));
            NDArray sharpened = queries.mul(upload.number(step, 1 / options.temperature()));
            NDArray scores = // [B, C]
                    sharpened.matMul(normalised(step, items).transpose());
            NDArray targets =
                    upload.indexes(step, Arrays.copyOf(batch.targets, examples), examples, 1);
            NDArray positives = scores.gather(targets, 1); // [B, 1]
            NDArray logProbabilities =
                    corrected(step, batch, scores, targets, positives).logSoftmax(1);
            NDArray sum = logProbabilities.gather(targets, 1).sum().neg();
            tape.backward(sum);

            double loss = sum.getFloat() / examples;
            Map<String, float[]> weights = new LinkedHashMap<>();
            weights.put(TowerWeights.HIDDEN_WEIGHT, gradient(hiddenWeight));
            weights.put(TowerWeights.OUTPUT_WEIGHT, gradient(outputWeight));
            weights.put(TowerWeights.OUTPUT_BIAS, gradient(outputBias));
            Gradients gradients =
                    new Gradients(
                            loss,
                            found(scores, positives),
                            true,
                            gradient(joined),
                            gradient(residual),
                            gradient(bias),
                            gradient(items),
                            weights);
            return finite(gradients) ? gradients : notFinite(loss);
        }
    }

    private static NDArray leaf(NDArray array) {
        array.setRequiresGradient(true);
        return array;
    }

    private NDArray normalised(NDManager step, NDArray rows) {
        NDArray squares = rows.square().sum(new int[] {1}, true);
        return rows.div(squares.add(upload.number(step, TowerWeights.NORM_EPSILON)).sqrt());
    }

    private NDArray corrected(
            NDManager step, Batch batch, NDArray scores, NDArray targets, NDArray positives) {
        NDArray corrected = scores;
        if (options.logQ()) {
            corrected =
                    corrected.add(upload.firstFloats(step, batch.corrections, 1, batch.candidates));
            if (options.correctedLogQ()) {
                corrected = corrected.scatter(targets, positives, 1);
            }
        }
        if (batch.poolFrom < batch.candidates) {
            NDArray sure = corrected.get(new NDIndex().addAllDim().addSliceDim(0, batch.poolFrom));
            NDArray pool =
                    corrected.get(
                            new NDIndex()
                                    .addAllDim()
                                    .addSliceDim(batch.poolFrom, batch.candidates));
            int kept = Math.min(options.hardNegatives(), batch.candidates - batch.poolFrom);
            NDArray least = // [B, 1], the score of the last one that is kept
                    pool.topK(kept, 1, true, true)
                            .get(0)
                            .get(new NDIndex().addAllDim().addSliceDim(kept - 1, kept));
            NDArray dropped =
                    pool.lt(least).toType(DataType.FLOAT32, false).mul(upload.number(step, NEVER));
            corrected = sure.concat(pool.add(dropped), 1);
        }
        return corrected;
    }

    private static int found(NDArray scores, NDArray positives) {
        int found = 0;
        NDArray ranks = scores.gte(positives).sum(new int[] {1}); // the target itself included
        for (long rank : ranks.toLongArray()) {
            found += rank <= RECALL_AT ? 1 : 0;
        }
        return found;
    }

    private static float[] gradient(NDArray leaf) {
        try (NDArray gradient = leaf.getGradient()) {
            return gradient.toFloatArray();
        }
    }

    private static boolean finite(Gradients gradients) {
        double sum =
                gradients.loss
                        + squares(gradients.joined)
                        + squares(gradients.residual)
                        + squares(gradients.hiddenBias)
                        + squares(gradients.items);
        for (float[] weights : gradients.weights.values()) {
            sum += squares(weights);
        }
        return Double.isFinite(sum);
    }

    private static double squares(float[] values) {
        float sum = 0;
        for (float value : values) {
            sum += value * value;
        }
        return sum;
    }

    private static Gradients notFinite(double loss) {
        return new Gradients(loss, 0, false, null, null, null, null, Map.of());
    }

    @Override
    public void close() {
        if (manager != null) {
            manager.close();
            manager = null;
        }
    }
}
