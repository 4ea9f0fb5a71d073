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
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Against {@code network/bert4rec.json}, which {@code make_bert4rec.py} beside it made with
 * PyTorch.
 */
class Bert4RecTest {

    private static JsonNode golden;

    @BeforeAll
    static void readFixture() throws IOException {
        Engine.getEngine("PyTorch"); // loads the library
        JniUtils.setNumThreads(1);
        try (InputStream json = Bert4RecTest.class.getResourceAsStream("/network/bert4rec.json")) {
            golden = new ObjectMapper().readTree(json);
        }
    }

    private static Bert4Rec network() {
        Bert4Rec network =
                new Bert4Rec(
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

    /**
     * The queries at the hidden clicks of a batch [N, D]. What stands behind a session's end are
     * vectors of {@code filler}.
     */
    private static float[] queries(
            Bert4Rec network, int longest, float filler, int[][] sessions, int[][] hidden) {
        int size = network.embedding().columns();
        float[] embedded = new float[sessions.length * longest * size];
        Arrays.fill(embedded, filler);
        long[] places = new long[0];
        for (int s = 0; s < sessions.length; s++) {
            for (int t = 0; t < sessions[s].length; t++) {
                System.arraycopy(
                        network.embedding().values(),
                        sessions[s][t] * size,
                        embedded,
                        (s * longest + t) * size,
                        size);
            }
            int first = s * longest;
            places =
                    LongStream.concat(
                                    Arrays.stream(places),
                                    Arrays.stream(hidden[s]).mapToLong(t -> first + t))
                            .toArray();
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
            NDArray inputs = manager.create(embedded, new Shape(sessions.length, longest, size));
            NDArray lengths =
                    manager.create(Arrays.stream(sessions).mapToLong(s -> s.length).toArray());
            return network.queries(inputs, lengths, manager.create(places), encoder, Dropout.NONE)
                    .toFloatArray();
        }
    }

    /** All sessions in one batch, so that padding is in it. */
    @Test
    void queriesAreThoseOfPyTorch() {
        int count = golden.get("sessions").size();
        int[][] sessions = new int[count][];
        int[][] hidden = new int[count][];
        for (int s = 0; s < count; s++) {
            sessions[s] = ints(golden.get("sessions").get(s));
            hidden[s] = ints(golden.get("hidden").get(s));
        }
        float[] queries = queries(network(), 6, 0.3f, sessions, hidden);
        int next = 0;
        for (int s = 0; s < count; s++) {
            for (int n = 0; n < hidden[s].length; n++) {
                for (float expected : floats(golden.get("queries").get(s).get(n))) {
                    assertThat(queries[next++])
                            .as("session %d, click %d", s, hidden[s][n])
                            .isCloseTo(expected, within(2e-5f));
                }
            }
        }
        assertThat(queries).hasSize(next);
    }

    @Test
    void aQueryKnowsTheClicksBehindItButNotItsOwnItemNorWhatIsPadded() {
        Bert4Rec network = network();
        int[][] hidden = {{1}};
        float[] query = queries(network, 3, 0, new int[][] {{1, 4, 7}}, hidden);
        assertThat(queries(network, 3, 0, new int[][] {{1, 8, 7}}, hidden)).isEqualTo(query);
        assertThat(queries(network, 3, 0, new int[][] {{1, 4, 2}}, hidden)).isNotEqualTo(query);
        float[] padded = queries(network, 6, 5, new int[][] {{1, 4, 7}}, hidden);
        for (int d = 0; d < query.length; d++) {
            assertThat(padded[d]).isCloseTo(query[d], within(1e-5f));
        }
        assertThat(network.maximumLength()).isEqualTo(5);
    }

    @Test
    void refusesSizesThatDoNotFit() {
        assertThatThrownBy(() -> new AttentionSizes(5, 6, 5, 2, 4, 8, true))
                .hasMessageContaining("vectors of 6 values don't fall into 4 heads");
        assertThatThrownBy(
                        () ->
                                new Bert4Rec(
                                        new AttentionSizes(5, 6, 1, 2, 2, 8, true),
                                        new SplittableRandom(1)))
                .hasMessageContaining("positions is 1, at least 2 needed");
    }
}
