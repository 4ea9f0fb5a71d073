package io.nextclick.models.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Cross-entropy of each click against the candidates of its batch: its own target, the batch's
 * other targets and shared sampled negatives; or, for a small catalogue, against every item.
 *
 * <p>Shapes: N = predictions of the batch, C = candidates, each item once.
 *
 * <p>Only the candidates are scored; the softmax is over them alone and taken once. A negative
 * stands for the items like it that weren't drawn, so log(times drawn / times expected to be drawn)
 * is added to its score (the logQ correction, Bengio and Senécal 2008). The positive isn't sampled:
 * in its own row it is neither corrected nor counted a second time if it was also drawn, which is
 * the corrected correction of Khrylchenko et al. 2025 (arXiv 2507.09331). The sum in the
 * denominator then estimates the full softmax's without bias.
 */
final class SampledSoftmax {

    /** The score correction of a candidate that is the target of its own rows and no negative. */
    private static final float NO_NEGATIVE = -1e30f;

    /**
     * What a batch is scored against.
     *
     * @param items C rows; null if they are the whole catalogue in order
     * @param timesDrawn how often each was drawn as a negative, C whole numbers; 0 for a target
     *     that competes in its own rows only; null if each item of the catalogue counts once
     * @param corrections added to the scores, C floats; null without correction
     * @param targetColumns for each prediction its target's place among the candidates, N
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Candidates(int[] items, float[] timesDrawn, float[] corrections, int[] targetColumns) {

        /**
         * How many negatives each prediction has, its own target left out and each counted as often
         * as it was drawn, N.
         *
         * @param candidates C
         */
        double[] negatives(int candidates) {
            double[] negatives = new double[targetColumns.length];
            if (timesDrawn == null) {
                Arrays.fill(negatives, candidates - 1);
                return negatives;
            }
            double draws = 0;
            for (float times : timesDrawn) {
                draws += times;
            }
            for (int n = 0; n < negatives.length; n++) {
                negatives[n] = draws - timesDrawn[targetColumns[n]];
            }
            return negatives;
        }
    }

    private final NegativeSampler sampler;
    private final double[] popularity;
    private final int negatives;
    private final boolean inBatchNegatives;
    private final boolean logQ;

    /**
     * @param counts clicks per item
     * @param negatives draws per batch, 0 for the batch's own targets alone
     */
    SampledSoftmax(
            long[] counts,
            NegativeSampler sampler,
            int negatives,
            boolean inBatchNegatives,
            boolean logQ) {
        this.sampler = sampler;
        this.negatives = negatives;
        this.inBatchNegatives = inBatchNegatives;
        this.logQ = logQ;
        double total = 0;
        for (long count : counts) {
            total += (double) count;
        }
        popularity = new double[counts.length];
        for (int i = 0; i < counts.length; i++) {
            popularity[i] = (double) counts[i] / total;
        }
    }

    /** Every item a candidate: the full softmax. */
    static Candidates wholeCatalogue(int[] targets) {
        return new Candidates(null, null, null, targets);
    }

    /** Targets and a fresh draw of negatives. */
    Candidates draw(int[] targets, SplittableRandom random) {
        int most = targets.length + negatives;
        Map<Integer, Integer> columns = new HashMap<>(most * 2);
        int[] items = new int[most];
        float[] drawn = new float[most];
        int size = 0;
        int[] targetColumns = new int[targets.length];
        for (int i = 0; i < most; i++) {
            boolean isTarget = i < targets.length;
            int item = isTarget ? targets[i] : sampler.next(random);
            Integer column = columns.putIfAbsent(item, size);
            if (column == null) {
                column = size;
                items[size++] = item;
            }
            if (isTarget) {
                targetColumns[i] = column;
            }
            if (!isTarget || inBatchNegatives) {
                drawn[column]++;
            }
        }
        float[] corrections = new float[size];
        int[] candidates = new int[size];
        for (int c = 0; c < size; c++) {
            candidates[c] = items[c];
            corrections[c] = correction(items[c], drawn[c], targets.length);
        }
        return new Candidates(candidates, Arrays.copyOf(drawn, size), corrections, targetColumns);
    }

    private float correction(int item, float timesDrawn, int predictions) {
        if (timesDrawn == 0) {
            return NO_NEGATIVE;
        }
        if (!logQ) {
            return 0;
        }
        double expected = negatives * sampler.probability(item);
        if (inBatchNegatives) {
            expected += predictions * popularity[item];
        }
        return (float) Math.log(timesDrawn / expected);
    }

    /**
     * Mean cross-entropy of the predictions.
     *
     * @param scores raw scores of the candidates [N, C]
     * @param labelSmoothing share of the target's mass spread evenly over the negatives, or over
     *     the whole catalogue if all of it is scored
     */
    static NDArray loss(
            NDManager manager,
            UploadBuffer upload,
            NDArray scores,
            Candidates candidates,
            double labelSmoothing) {
        int predictions = candidates.targetColumns().length;
        NDArray targets =
                upload.indexes(manager, candidates.targetColumns(), predictions, 1); // [N, 1]
        NDArray corrected = scores;
        if (candidates.corrections() != null) {
            NDArray corrections =
                    upload.floats(
                            manager,
                            candidates.corrections(),
                            1,
                            candidates.corrections().length); // [1, C]
            NDArray positives = scores.gather(targets, 1); // [N, 1]
            corrected = scores.add(corrections).scatter(targets, positives, 1); // [N, C]
        }
        NDArray logProbabilities = corrected.logSoftmax(1); // [N, C]
        NDArray loss = logProbabilities.gather(targets, 1).mean().neg();
        if (labelSmoothing > 0) {
            int size = Math.toIntExact(scores.getShape().get(1));
            NDArray spread = upload.floats(manager, spread(candidates, size), 1, size); // [1, C]
            NDArray smooth =
                    logProbabilities.mul(spread).sum().mul(-1f / predictions); // over N and C
            loss = loss.mul((float) (1 - labelSmoothing)).add(smooth.mul((float) labelSmoothing));
        }
        return loss;
    }

    /** An even share for each candidate that is a negative. */
    private static float[] spread(Candidates candidates, int size) {
        float[] spread = new float[size];
        int negatives = 0;
        for (int c = 0; c < size; c++) {
            boolean negative =
                    candidates.corrections() == null || candidates.corrections()[c] != NO_NEGATIVE;
            spread[c] = negative ? 1 : 0;
            negatives += negative ? 1 : 0;
        }
        for (int c = 0; c < size; c++) {
            spread[c] /= Math.max(1, negatives);
        }
        return spread;
    }
}
