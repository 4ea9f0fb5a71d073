package io.nextclick.models.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class Gru4RecTest {

    private static final float[] W_IH = {
        .1f, -.2f, .3f, .4f, -.5f, .6f, .7f, -.8f, .9f, .15f, -.25f, .35f
    };
    private static final float[] W_HH = {
        .2f, .1f, -.3f, .5f, .4f, -.6f, .05f, .25f, -.45f, .55f, .65f, -.75f
    };
    private static final float[] B_IH = {.01f, -.02f, .03f, -.04f, .05f, -.06f};
    private static final float[] B_HH = {.06f, .05f, -.04f, .03f, -.02f, .01f};

    /** States of the session (1, .5), (-.75, .25), (.2, -1), worked out from the equations. */
    private static final double[][] GOLDEN = {
        {0.423994918, -0.054784143}, {0.084791007, 0.213765838}, {0.105001293, 0.029884631}
    };

    private static NDList weights(NDManager manager) {
        return new NDList(
                manager.create(W_IH, new Shape(6, 2)),
                manager.create(W_HH, new Shape(6, 2)),
                manager.create(B_IH),
                manager.create(B_HH));
    }

    @Test
    void statesAreThoseOfTheEquations() {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray inputs =
                    manager.create(new float[] {1, .5f, -.75f, .25f, .2f, -1}, new Shape(1, 3, 2));
            float[] states = Gru4Rec.states(inputs, weights(manager), false).toFloatArray();
            for (int t = 0; t < 3; t++) {
                assertThat((double) states[2 * t]).isCloseTo(GOLDEN[t][0], within(1e-6));
                assertThat((double) states[2 * t + 1]).isCloseTo(GOLDEN[t][1], within(1e-6));
            }
        }
    }

    @Test
    void aSessionKnowsNothingOfItsNeighboursNorOfThePaddingBehindIt() {
        try (NDManager manager = NDManager.newBaseManager()) {
            float[] batch = {
                // another session, longer
                5,
                -5,
                3,
                3,
                -2,
                1,
                9,
                9,
                // ours, padded with what must not matter
                1,
                .5f,
                -.75f,
                .25f,
                .2f,
                -1,
                7,
                -7
            };
            NDArray inputs = manager.create(batch, new Shape(2, 4, 2));
            float[] states = Gru4Rec.states(inputs, weights(manager), true).toFloatArray();
            for (int t = 0; t < 3; t++) {
                assertThat((double) states[8 + 2 * t]).isCloseTo(GOLDEN[t][0], within(1e-6));
                assertThat((double) states[8 + 2 * t + 1]).isCloseTo(GOLDEN[t][1], within(1e-6));
            }
        }
    }

    @Test
    void matricesStartAfterGlorotAndBiasesAtZero() {
        Gru4Rec network =
                new Gru4Rec(
                        new Gru4Rec.HyperParameters(1000, 20, 30, false), new SplittableRandom(1));
        assertUniform(network.embedding(), Math.sqrt(6.0 / 40));
        assertUniform(network.outputWeight(), Math.sqrt(6.0 / 60));
        assertUniform(network.encoder().get(0), Math.sqrt(6.0 / 50));
        assertUniform(network.encoder().get(1), Math.sqrt(6.0 / 60));
        assertThat(network.encoder().get(2).values()).containsOnly(0);
        assertThat(network.encoder().get(3).values()).containsOnly(0);
        assertThat(network.outputBias().values()).containsOnly(0).hasSize(1000);
    }

    private static void assertUniform(Parameter parameter, double bound) {
        double squares = 0;
        double largest = 0;
        for (float value : parameter.values()) {
            squares += (double) value * value;
            largest = Math.max(largest, Math.abs(value));
        }
        assertThat(largest).isBetween(0.95 * bound, bound);
        assertThat(Math.sqrt(squares / parameter.values().length))
                .isCloseTo(bound / Math.sqrt(3), within(0.03 * bound));
    }

    @Test
    void tiedInputAndOutputAreOneMatrixOfEqualSizes() {
        Gru4Rec tied =
                new Gru4Rec(new Gru4Rec.HyperParameters(5, 4, 4, true), new SplittableRandom(1));
        assertThat(tied.embedding()).isSameAs(tied.outputWeight());
        assertThat(tied.parameters())
                .extracting(Parameter::name)
                .containsExactly(
                        "gru.weight_ih_l0",
                        "gru.weight_hh_l0",
                        "gru.bias_ih_l0",
                        "gru.bias_hh_l0",
                        "output.weight",
                        "output.bias");
        assertThatThrownBy(() -> new Gru4Rec.HyperParameters(5, 4, 6, true))
                .hasMessageContaining("embedding size is 4, hidden size 6");
    }
}
