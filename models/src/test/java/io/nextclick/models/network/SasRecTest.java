package io.nextclick.models.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Against {@code network/sasrec.json}, which {@code make_sasrec.py} beside it made with PyTorch.
 */
class SasRecTest {

    private static JsonNode golden;

    @BeforeAll
    static void readFixture() throws IOException {
        Engine.getEngine("PyTorch"); // loads the library
        JniUtils.setNumThreads(1);
        try (InputStream json = SasRecTest.class.getResourceAsStream("/network/sasrec.json")) {
            golden = new ObjectMapper().readTree(json);
        }
    }

    private static SasRec network() {
        SasRec network =
                new SasRec(
                        new AttentionSizes(
                                golden.get("items").intValue(),
                                golden.get("size").intValue(),
                                golden.get("positions").intValue(),
                                golden.get("layers").intValue(),
                                golden.get("heads").intValue(),
                                golden.get("inner_size").intValue(),
                                true),
                        new SplittableRandom(1));
        for (Parameter parameter : network.parameters()) {
            parameter.assign(floats(golden.get("weights").get(parameter.name())));
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

    private static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).intValue();
        }
        return values;
    }

    /** The queries after every click of a batch whose sessions are equally long [B · T, D]. */
    private static float[] queries(SasRec network, int[]... sessions) {
        int length = sessions[0].length;
        int size = network.embedding().columns();
        float[] embedded = new float[sessions.length * length * size];
        long[] places = new long[sessions.length * length];
        for (int i = 0; i < places.length; i++) {
            places[i] = i;
            int item = sessions[i / length][i % length];
            System.arraycopy(network.embedding().values(), item * size, embedded, i * size, size);
        }
        try (NDManager manager = NDManager.newBaseManager(null, "PyTorch")) {
            NDList encoder = new NDList();
            for (Parameter parameter : network.encoder()) {
                Shape shape =
                        parameter.rows() == 1
                                ? new Shape(parameter.columns())
                                : new Shape(parameter.rows(), parameter.columns());
                encoder.add(manager.create(parameter.values(), shape));
            }
            NDArray inputs = manager.create(embedded, new Shape(sessions.length, length, size));
            long[] lengths = new long[sessions.length];
            Arrays.fill(lengths, length);
            return network.queries(
                            inputs,
                            manager.create(lengths),
                            manager.create(places),
                            encoder,
                            Dropout.NONE)
                    .toFloatArray();
        }
    }

    @Test
    void queriesAreThoseOfPyTorch() {
        SasRec network = network();
        for (int s = 0; s < golden.get("sessions").size(); s++) {
            float[] queries = queries(network, ints(golden.get("sessions").get(s)));
            int size = network.embedding().columns();
            for (int i = 0; i < queries.length; i++) {
                double expected =
                        golden.get("queries").get(s).get(i / size).get(i % size).doubleValue();
                assertThat((double) queries[i])
                        .as("session %d, click %d, dimension %d", s, i / size, i % size)
                        .isCloseTo(expected, within(2e-5));
            }
        }
    }

    @Test
    void aQueryKnowsNothingOfLaterClicksNorOfItsNeighbours() {
        SasRec network = network();
        int size = network.embedding().columns();
        float[] alone = queries(network, new int[] {1, 1, 7});
        float[] batch = queries(network, new int[] {4, 0, 8, 8, 3}, new int[] {1, 1, 7, 2, 5});
        float[] other = queries(network, new int[] {5, 5, 5, 5, 5}, new int[] {1, 1, 7, 6, 0});
        for (int i = 0; i < 3 * size; i++) {
            assertThat(batch[5 * size + i]).isEqualTo(other[5 * size + i]);
            assertThat(batch[5 * size + i]).isCloseTo(alone[i], within(1e-5f));
        }
        assertThat(batch[8 * size]).isNotEqualTo(other[8 * size]);
    }

    @Test
    void aNewNetworkAsksWithTheItemItself() {
        SasRec network =
                new SasRec(new AttentionSizes(50, 8, 5, 2, 2, 16, true), new SplittableRandom(3));
        float[] queries = queries(network, new int[] {4, 9, 33});
        for (int t = 0; t < 3; t++) {
            int item = new int[] {4, 9, 33}[t];
            double sum = 0;
            double squares = 0;
            for (int d = 0; d < 8; d++) {
                double value = network.embedding().values()[item * 8 + d];
                sum += value;
                squares += value * value;
            }
            double mean = sum / 8;
            double deviation = Math.sqrt(squares / 8 - mean * mean + 1e-5);
            for (int d = 0; d < 8; d++) {
                double value = network.embedding().values()[item * 8 + d];
                assertThat((double) queries[t * 8 + d])
                        .isCloseTo((value - mean) / deviation, within(1e-4));
            }
        }
    }

    @Test
    void refusesHeadsThatDoNotDivideTheSize() {
        assertThatThrownBy(() -> new AttentionSizes(5, 6, 5, 2, 4, 8, true))
                .hasMessageContaining("vectors of 6 values don't fall into 4 heads");
    }
}
