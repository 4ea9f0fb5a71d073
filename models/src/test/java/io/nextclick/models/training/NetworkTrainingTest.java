package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.nextclick.models.network.AttentionSizes;
import io.nextclick.models.network.Bert4Rec;
import io.nextclick.models.network.Gru4Rec;
import io.nextclick.models.network.Parameter;
import io.nextclick.models.network.SasRec;
import io.nextclick.models.network.SessionNetwork;
import io.nextclick.models.training.TrainingOptions.ItemOptimizer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class NetworkTrainingTest {

    private static final int ITEMS = 7;
    private static final int[][] BATCH = {{0, 3, 3, 5}, {6, 1}, {2, 0, 4}};

    @BeforeAll
    static void useOneThread() {
        Engine.getEngine("PyTorch"); // loads the library
        JniUtils.setNumThreads(1); // several would wait for each other on a busy machine
    }

    private static TrainingOptions options(boolean tied) {
        return TrainingOptions.DEFAULTS.toBuilder()
                .embeddingSize(tied ? 4 : 3)
                .hiddenSize(4)
                .tied(tied)
                .embeddingDropout(0)
                .hiddenDropout(0)
                .itemOptimizer(ItemOptimizer.ADAGRAD)
                .itemLearningRate(0)
                .vectorNorm(0)
                .gradientNorm(0)
                .negatives(5)
                .build();
    }

    private static Gru4Rec network(TrainingOptions options) {
        return new Gru4Rec(
                new Gru4Rec.HyperParameters(
                        ITEMS, options.embeddingSize(), options.hiddenSize(), options.tied()),
                new SplittableRandom(13));
    }

    /** One first step, with optimisers that have seen nothing and always the same negatives. */
    private static float step(
            SessionNetwork network, TrainingOptions options, boolean full, float rate) {
        long[] counts = new long[ITEMS];
        Arrays.fill(counts, 2);
        try (NDManager manager = NDManager.newBaseManager(null, "PyTorch")) {
            return new NetworkTraining(
                            network, counts, options, full, manager, new SplittableRandom(17))
                    .step(BATCH, rate);
        }
    }

    /** Adagrad's first step along a row is its gradient over the gradient's root mean square. */
    @Test
    void aStepGoesDownTheGradientOfFiniteDifferences() {
        for (boolean tied : new boolean[] {true, false}) {
            for (boolean full : new boolean[] {true, false}) {
                TrainingOptions options = options(tied);
                Gru4Rec network = network(options);
                Gru4Rec stepped = network(options);
                float rate = 0.01f;
                step(stepped, options, full, rate);
                for (int p = 0; p < network.parameters().size(); p++) {
                    Parameter parameter = network.parameters().get(p);
                    if (network.encoder().contains(parameter) || parameter.columns() == 1) {
                        continue; // Adam's first step keeps only the gradient's sign: see below
                    }
                    float[] moved = stepped.parameters().get(p).values();
                    for (int row = 0; row < parameter.rows(); row++) {
                        double[] slopes = slopes(network, options, full, parameter, row);
                        double mean = Arrays.stream(slopes).map(s -> s * s).average().orElse(0);
                        for (int c = 0; c < slopes.length; c++) {
                            int i = row * slopes.length + c;
                            double expected =
                                    mean < 1e-10 ? 0 : -rate * slopes[c] / Math.sqrt(mean);
                            assertThat((double) moved[i] - parameter.values()[i])
                                    .as("tied %s, full %s, %s %d,%d", tied, full, parameter, row, c)
                                    .isCloseTo(expected, within(0.02 * rate));
                        }
                    }
                }
            }
        }
    }

    private static double[] slopes(
            Gru4Rec network, TrainingOptions options, boolean full, Parameter parameter, int row) {
        double[] slopes = new double[parameter.columns()];
        for (int c = 0; c < slopes.length; c++) {
            slopes[c] = slope(network, options, full, parameter, row * slopes.length + c);
        }
        return slopes;
    }

    private static double slope(
            SessionNetwork network,
            TrainingOptions options,
            boolean full,
            Parameter parameter,
            int i) {
        float step = 0.01f;
        float[] before = parameter.copy();
        parameter.values()[i] = before[i] + step;
        float above = step(network, options, full, 0);
        parameter.assign(before);
        parameter.values()[i] = before[i] - step;
        float below = step(network, options, full, 0);
        parameter.assign(before);
        return ((double) above - below) / (2 * (double) step);
    }

    @Test
    void recurrentWeightsMoveAgainstTheSignOfTheirGradient() {
        TrainingOptions options = options(true);
        assertEncoderMovesAgainstItsGradient(network(options), network(options), options);
    }

    @Test
    void attentionWeightsMoveAgainstTheSignOfTheirGradient() {
        TrainingOptions options = options(true);
        assertEncoderMovesAgainstItsGradient(sasRec(), sasRec(), options);
    }

    /** With clicks hidden at random, the same ones in each of its steps. */
    @Test
    void bidirectionalWeightsAndTheMaskMoveAgainstTheSignOfTheirGradient() {
        TrainingOptions options = options(true);
        assertEncoderMovesAgainstItsGradient(bert4Rec(), bert4Rec(), options);
    }

    private static Bert4Rec bert4Rec() {
        SplittableRandom random = new SplittableRandom(23);
        Bert4Rec network =
                new Bert4Rec(new AttentionSizes(ITEMS, 4, 4, 2, 2, 5, true), random.split());
        for (Parameter parameter : network.encoder()) {
            for (int i = 0; i < parameter.values().length; i++) {
                parameter.values()[i] += (float) (random.nextDouble() - 0.5);
            }
        }
        return network;
    }

    private static SasRec sasRec() {
        SplittableRandom random = new SplittableRandom(19);
        SasRec network = new SasRec(new AttentionSizes(ITEMS, 4, 3, 2, 2, 5, true), random.split());
        for (Parameter parameter : network.encoder()) {
            for (int i = 0; i < parameter.values().length; i++) {
                parameter.values()[i] += (float) (random.nextDouble() - 0.5);
            }
        }
        return network;
    }

    private static void assertEncoderMovesAgainstItsGradient(
            SessionNetwork network, SessionNetwork stepped, TrainingOptions options) {
        float rate = 0.01f;
        step(stepped, options, true, rate);
        for (int p = 0; p < network.encoder().size(); p++) {
            Parameter parameter = network.encoder().get(p);
            float[] moved = stepped.encoder().get(p).values();
            for (int i = 0; i < moved.length; i++) {
                double slope = slope(network, options, true, parameter, i);
                if (Math.abs(slope) > 1e-3) {
                    assertThat((double) moved[i] - parameter.values()[i])
                            .as("%s %d", parameter, i)
                            .isCloseTo(-rate * Math.signum(slope), within(0.02 * rate));
                }
            }
        }
    }

    @Test
    void itemVectorsKeepTheirLength() {
        TrainingOptions options = options(true).toBuilder().vectorNorm(3).build();
        Gru4Rec network = network(options);
        step(network, options, false, 0.1f);
        float[] values = network.outputWeight().values();
        for (int row = 0; row < ITEMS; row++) {
            double squares = 0;
            for (int c = 0; c < 4; c++) {
                squares += (double) values[row * 4 + c] * values[row * 4 + c];
            }
            assertThat(Math.sqrt(squares)).isCloseTo(3, within(1e-5));
        }
    }

    @Test
    void itemsThatNoBatchTouchesStayAsTheyAre() {
        TrainingOptions options = options(true).toBuilder().negatives(0).build();
        long[] counts = {1, 1, 1, 1, 1, 1, 1};
        Gru4Rec network = network(options);
        float[] before = network.outputWeight().copy();
        try (NDManager manager = NDManager.newBaseManager(null, "PyTorch")) {
            new NetworkTraining(
                            network,
                            counts,
                            options.toBuilder().inBatchNegatives(true).build(),
                            false,
                            manager,
                            new SplittableRandom(17))
                    .step(new int[][] {{1, 2}, {2, 4}}, 0.1f);
        }
        for (int row = 0; row < ITEMS; row++) {
            float[] was = Arrays.copyOfRange(before, row * 4, row * 4 + 4);
            float[] now = Arrays.copyOfRange(network.outputWeight().values(), row * 4, row * 4 + 4);
            if (row == 1 || row == 2 || row == 4) {
                assertThat(now).as("item %d", row).isNotEqualTo(was);
            } else {
                assertThat(now).as("item %d", row).isEqualTo(was);
            }
        }
    }
}
