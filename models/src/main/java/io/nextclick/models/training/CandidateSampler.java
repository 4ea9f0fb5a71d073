package io.nextclick.models.training;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Draws what a batch is scored against: its own targets and negatives that all of its predictions
 * share; the batch's other targets may be negatives too.
 *
 * <p>A negative stands for the items like it that weren't drawn, so log(times drawn / times
 * expected to be drawn) corrects its score (the logQ correction, Bengio and Senécal 2008). The
 * positive isn't sampled: in its own row it is neither corrected nor counted a second time if it
 * was also drawn, which is the corrected correction of Khrylchenko et al. 2025 (arXiv 2507.09331).
 * The sum in a softmax's denominator then estimates the full softmax's without bias.
 */
final class CandidateSampler {

    private final NegativeSampler sampler;
    private final double[] popularity;
    private final int negatives;
    private final boolean inBatchNegatives;
    private final boolean logQ;

    /**
     * @param counts clicks per item
     * @param negatives draws per batch, 0 for the batch's own targets alone
     */
    CandidateSampler(
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
            return CrossEntropy.NO_NEGATIVE;
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
}
