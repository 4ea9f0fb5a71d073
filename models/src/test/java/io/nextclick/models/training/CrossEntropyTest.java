package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CrossEntropyTest {

    private static final float[] SCORES = {1, 2, .5f, 0, -1, 3};
    private static final float[] CORRECTIONS = {.2f, -.3f, .7f};
    private static final int[] TARGETS = {0, 2};

    private static float loss(float[] scores, Candidates candidates, double smoothing) {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray array =
                    manager.create(
                            scores,
                            new Shape(
                                    candidates.targetColumns().length,
                                    scores.length / candidates.targetColumns().length));
            return new CrossEntropy(smoothing)
                    .of(manager, new UploadBuffer(), array, candidates)
                    .getFloat();
        }
    }

    /** The same in plain Java: the target's own score stays uncorrected. */
    private static double expected(float[] scores, Candidates candidates, double smoothing) {
        int[] targets = candidates.targetColumns();
        int columns = scores.length / targets.length;
        double sum = 0;
        for (int n = 0; n < targets.length; n++) {
            double[] row = new double[columns];
            double denominator = 0;
            for (int c = 0; c < columns; c++) {
                boolean corrected = c != targets[n] && candidates.corrections() != null;
                row[c] =
                        (double) scores[n * columns + c]
                                + (corrected ? candidates.corrections()[c] : 0);
                denominator += Math.exp(row[c]);
            }
            double log = Math.log(denominator);
            sum += (1 - smoothing) * (log - row[targets[n]]);
            sum += smoothing * Arrays.stream(row).map(value -> log - value).average().orElse(0);
        }
        return sum / targets.length;
    }

    @Test
    void lossIsTheFigureWorkedOutByHand() {
        assertThat(
                        (double)
                                loss(
                                        SCORES,
                                        new Candidates(
                                                new int[3],
                                                new float[] {1, 1, 1},
                                                CORRECTIONS,
                                                TARGETS),
                                        0))
                .isCloseTo(0.757581253, within(1e-6));
        assertThat((double) loss(SCORES, Candidates.wholeCatalogue(TARGETS), 0))
                .isCloseTo(0.765126344, within(1e-6));
    }

    @Test
    void labelSmoothingSpreadsMassOverTheCandidates() {
        Candidates candidates =
                new Candidates(new int[3], new float[] {1, 1, 1}, CORRECTIONS, TARGETS);
        assertThat((double) loss(SCORES, candidates, 0.2))
                .isCloseTo(expected(SCORES, candidates, 0.2), within(1e-6));
    }

    @Test
    void labelSmoothingLeavesOutTargetsThatAreNoNegatives() {
        long[] counts = {1, 1, 1, 1, 1};
        CandidateSampler sampler =
                new CandidateSampler(counts, new NegativeSampler(counts, 1, 0), 0, false, true);
        Candidates candidates = sampler.draw(new int[] {2, 4}, new SplittableRandom(3));
        assertThat(loss(new float[] {1, 2, 3, 4}, candidates, 0.5)).isEqualTo(0);
    }

    @Test
    void gradientIsThatOfFiniteDifferences() {
        Candidates candidates =
                new Candidates(new int[3], new float[] {1, 1, 1}, CORRECTIONS, TARGETS);
        float[] gradient;
        try (NDManager manager = NDManager.newBaseManager();
                GradientCollector tape = manager.getEngine().newGradientCollector()) {
            NDArray scores = manager.create(SCORES, new Shape(2, 3));
            scores.setRequiresGradient(true);
            tape.backward(
                    new CrossEntropy(0.1).of(manager, new UploadBuffer(), scores, candidates));
            gradient = scores.getGradient().toFloatArray();
        }
        float step = 1e-3f;
        for (int i = 0; i < SCORES.length; i++) {
            float[] above = SCORES.clone();
            float[] below = SCORES.clone();
            above[i] += step;
            below[i] -= step;
            double slope =
                    (expected(above, candidates, 0.1) - expected(below, candidates, 0.1))
                            / (above[i] - (double) below[i]);
            assertThat((double) gradient[i]).as("score %d", i).isCloseTo(slope, within(1e-5));
        }
    }

    @Test
    void everyCandidateIsThereOnceAndHoldsEveryTarget() {
        long[] counts = {5, 1, 0, 7, 3, 2};
        CandidateSampler sampler =
                new CandidateSampler(
                        counts, new NegativeSampler(counts, 0.75, 0.5), 20, true, true);
        int[] targets = {3, 3, 0, 4};
        Candidates candidates = sampler.draw(targets, new SplittableRandom(3));
        assertThat(candidates.items()).doesNotHaveDuplicates();
        for (int n = 0; n < targets.length; n++) {
            assertThat(candidates.items()[candidates.targetColumns()[n]]).isEqualTo(targets[n]);
        }
    }

    @Test
    void withoutInBatchNegativesATargetCompetesOnlyInItsOwnRows() {
        long[] counts = {1, 1, 1, 1, 1};
        CandidateSampler sampler =
                new CandidateSampler(counts, new NegativeSampler(counts, 1, 0), 0, false, true);
        Candidates candidates = sampler.draw(new int[] {2, 4}, new SplittableRandom(3));
        // Nothing is drawn, so each row's softmax holds its target alone.
        assertThat(loss(new float[] {1, 2, 3, 4}, candidates, 0)).isEqualTo(0);
    }

    @Test
    void correctedDenominatorEstimatesTheFullSoftmax() {
        int items = 200;
        long[] counts = IntStream.range(0, items).mapToLong(i -> 1 + 4000 / (i + 1)).toArray();
        SplittableRandom random = new SplittableRandom(11);
        float[] scores = new float[items];
        for (int i = 0; i < items; i++) {
            scores[i] = (float) (2 * random.nextDouble() + (i < 20 ? 1 : 0));
        }
        int target = 7;
        double full = Arrays.stream(toDoubles(scores)).map(Math::exp).sum();
        CandidateSampler corrected =
                new CandidateSampler(
                        counts, new NegativeSampler(counts, 0.75, 0.1), 50, false, true);
        CandidateSampler uncorrected =
                new CandidateSampler(
                        counts, new NegativeSampler(counts, 0.75, 0.1), 50, false, false);
        assertThat(meanDenominator(corrected, scores, target, random))
                .isCloseTo(full, within(0.02 * full));
        assertThat(meanDenominator(uncorrected, scores, target, random)).isLessThan(0.5 * full);
    }

    private static double meanDenominator(
            CandidateSampler sampler, float[] scores, int target, SplittableRandom random) {
        int draws = 4000;
        double sum = 0;
        for (int draw = 0; draw < draws; draw++) {
            Candidates candidates = sampler.draw(new int[] {target}, random);
            for (int c = 0; c < candidates.items().length; c++) {
                int item = candidates.items()[c];
                sum += Math.exp(scores[item] + (item == target ? 0 : candidates.corrections()[c]));
            }
        }
        return sum / draws;
    }

    private static double[] toDoubles(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }
}
