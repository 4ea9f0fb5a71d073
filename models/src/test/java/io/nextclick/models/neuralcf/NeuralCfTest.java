package io.nextclick.models.neuralcf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nextclick.models.network.Parameter;
import java.io.IOException;
import java.io.InputStream;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Against {@code neuralcf/neuralcf.json}, which {@code make_neuralcf.py} beside it made with
 * PyTorch.
 */
class NeuralCfTest {

    private static JsonNode golden;

    @BeforeAll
    static void readFixture() throws IOException {
        try (InputStream json = NeuralCfTest.class.getResourceAsStream("/neuralcf/neuralcf.json")) {
            golden = new ObjectMapper().readTree(json);
        }
    }

    private static NeuralCf network(NeuralCfKind kind) {
        NeuralCf network =
                new NeuralCf(
                        kind,
                        golden.get("users").intValue(),
                        golden.get("items").intValue(),
                        golden.get("factors").intValue(),
                        golden.get("layers").intValue(),
                        new SplittableRandom(1));
        for (Parameter parameter : network.parameters()) {
            parameter.assign(floats(golden.get(kind.id()).get("weights").get(parameter.name())));
        }
        return network;
    }

    private static float[] floats(JsonNode array) {
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).floatValue();
        }
        return values;
    }

    @ParameterizedTest
    @EnumSource
    void logOddsAndGradientsAreThoseOfPyTorch(NeuralCfKind kind) {
        NeuralCf network = network(kind);
        NeuralCfPass pass = new NeuralCfPass(network);
        JsonNode examples = golden.get("examples");
        float[] userFactors = gradients(network.userFactors());
        float[] userVectors = gradients(network.userVectors());
        float[] itemFactors = gradients(network.itemFactors());
        float[] itemVectors = gradients(network.itemVectors());
        double loss = 0;
        for (int i = 0; i < examples.size(); i++) {
            int user = examples.get(i).get(0).intValue();
            int item = examples.get(i).get(1).intValue();
            int label = examples.get(i).get(2).intValue();
            float z = pass.logOdds(user, item);
            assertThat((double) z)
                    .as("example %d", i)
                    .isCloseTo(
                            golden.get(kind.id()).get("log_odds").get(i).doubleValue(),
                            within(1e-5));
            double probability = 1 / (1 + Math.exp(-z));
            loss -= Math.log(label == 1 ? probability : 1 - probability) / examples.size();
            pass.backward(
                    user,
                    item,
                    (float) ((probability - label) / examples.size()),
                    userFactors,
                    userVectors,
                    user,
                    itemFactors,
                    itemVectors,
                    item);
        }
        assertThat(loss).isCloseTo(golden.get(kind.id()).get("loss").doubleValue(), within(1e-5));
        for (Parameter parameter : network.parameters()) {
            float[] computed;
            if (parameter == network.userFactors()) {
                computed = userFactors;
            } else if (parameter == network.userVectors()) {
                computed = userVectors;
            } else if (parameter == network.itemFactors()) {
                computed = itemFactors;
            } else if (parameter == network.itemVectors()) {
                computed = itemVectors;
            } else {
                computed = pass.gradient(parameter);
            }
            assertThat(computed)
                    .as("%s", parameter)
                    .containsExactly(
                            floats(golden.get(kind.id()).get("gradients").get(parameter.name())),
                            within(1e-5f));
        }
    }

    private static float[] gradients(Parameter parameter) {
        return parameter == null ? null : new float[parameter.values().length];
    }

    /** The fusion of equation 13: nothing of what was learnt alone is lost. */
    @Test
    void aFusedNetworkBeginsAsTheWeighedSumOfTheTwo() {
        NeuralCf gmf = network(NeuralCfKind.GMF);
        NeuralCf mlp = network(NeuralCfKind.MLP);
        NeuralCfPass product = new NeuralCfPass(gmf);
        NeuralCfPass layers = new NeuralCfPass(mlp);
        for (double alpha : new double[] {0, 0.3, 1}) {
            NeuralCfPass fused = new NeuralCfPass(NeuralCf.fused(gmf, mlp, alpha));
            for (int user = 0; user < gmf.users(); user++) {
                for (int item = 0; item < gmf.items(); item++) {
                    double sum =
                            alpha * product.logOdds(user, item)
                                    + (1 - alpha) * layers.logOdds(user, item);
                    assertThat((double) fused.logOdds(user, item)).isCloseTo(sum, within(1e-5));
                }
            }
        }
    }

    /** Worked out by hand: U = V = F = L = 1. */
    @Test
    void smallestNetworks() {
        NeuralCf gmf = new NeuralCf(NeuralCfKind.GMF, 1, 1, 1, 1, new SplittableRandom(1));
        gmf.userFactors().assign(new float[] {3});
        gmf.itemFactors().assign(new float[] {-2});
        gmf.output().assign(new float[] {0.5f});
        gmf.outputBias().assign(new float[] {1});
        assertThat(new NeuralCfPass(gmf).logOdds(0, 0)).isEqualTo(-2); // .5 · 3 · −2 + 1
        NeuralCf mlp = new NeuralCf(NeuralCfKind.MLP, 1, 1, 1, 1, new SplittableRandom(1));
        mlp.userVectors().assign(new float[] {3});
        mlp.itemVectors().assign(new float[] {-2});
        mlp.weight(1).assign(new float[] {2, 1});
        mlp.bias(1).assign(new float[] {0.5f});
        mlp.output().assign(new float[] {-2});
        mlp.outputBias().assign(new float[] {1});
        assertThat(new NeuralCfPass(mlp).logOdds(0, 0)).isEqualTo(-8); // −2 · (6 − 2 + .5) + 1
        mlp.bias(1).assign(new float[] {-5});
        assertThat(new NeuralCfPass(mlp).logOdds(0, 0)).isEqualTo(1); // relu(−1) is 0
    }
}
