package io.nextclick.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The losses against figures worked out independently; see make_losses.py among the resources. */
class RankingLossTest {

    @SuppressWarnings("ArrayRecordComponent")
    private record Measured(float value, float[] gradient) {}

    record Case(JsonNode figures) {

        RankingLoss loss() {
            return figures.get("loss").asText().equals("bpr-max")
                    ? new BprMax(figures.get("regularization").asDouble())
                    : new GeneralisedBinaryCrossEntropy(
                            figures.get("calibration").asDouble(), figures.get("items").asInt());
        }

        float[] scores() {
            return floats("scores");
        }

        float[] gradient() {
            return floats("gradient");
        }

        private float[] floats(String name) {
            List<Float> values = new ArrayList<>();
            figures.get(name).forEach(row -> row.forEach(v -> values.add(v.floatValue())));
            float[] flat = new float[values.size()];
            for (int i = 0; i < flat.length; i++) {
                flat[i] = values.get(i);
            }
            return flat;
        }

        private int[] ints(String name) {
            int[] values = new int[figures.get(name).size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = figures.get(name).get(i).intValue();
            }
            return values;
        }

        Candidates candidates() {
            int[] times = ints("times_drawn");
            float[] drawn = new float[times.length];
            for (int c = 0; c < times.length; c++) {
                drawn[c] = times[c];
            }
            return new Candidates(
                    new int[times.length], drawn, new float[times.length], ints("target_columns"));
        }

        @Override
        public String toString() {
            return figures.get("name").asText()
                    + ", "
                    + figures.get("loss").asText()
                    + ", regularization "
                    + figures.path("regularization")
                    + ", calibration "
                    + figures.path("calibration");
        }
    }

    static List<Case> cases() throws IOException {
        try (InputStream json = RankingLossTest.class.getResourceAsStream("/losses/losses.json")) {
            List<Case> cases = new ArrayList<>();
            new ObjectMapper().readTree(json).get("cases").forEach(c -> cases.add(new Case(c)));
            assertThat(cases).hasSize(15);
            return cases;
        }
    }

    private static Measured measure(RankingLoss loss, float[] scores, Candidates candidates) {
        int predictions = candidates.targetColumns().length;
        try (NDManager manager = NDManager.newBaseManager(null, "PyTorch");
                GradientCollector tape = manager.getEngine().newGradientCollector()) {
            NDArray array =
                    manager.create(scores, new Shape(predictions, scores.length / predictions));
            array.setRequiresGradient(true);
            NDArray value = loss.of(manager, new UploadBuffer(), array, candidates);
            tape.backward(value);
            return new Measured(value.getFloat(), array.getGradient().toFloatArray());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void valueAndGradientAreTheFiguresWorkedOutIndependently(Case given) {
        Measured measured = measure(given.loss(), given.scores(), given.candidates());
        double value = given.figures().get("value").asDouble();
        assertThat((double) measured.value()).isCloseTo(value, within(1e-6 * (1 + value)));
        for (int i = 0; i < measured.gradient().length; i++) {
            double expected = given.gradient()[i];
            assertThat((double) measured.gradient()[i])
                    .as("score %d", i)
                    .isCloseTo(expected, within(1e-5 * (1 + Math.abs(expected))));
        }
    }

    @Test
    void theWholeCatalogueIsEachItemOnce() {
        float[] scores = {1, 2, .5f, -1, 0, 3};
        int[] targets = {2, 0};
        Candidates each = new Candidates(new int[3], new float[] {1, 1, 1}, new float[3], targets);
        for (RankingLoss loss :
                List.of(new BprMax(0.3), new GeneralisedBinaryCrossEntropy(0.75, 3))) {
            Measured whole = measure(loss, scores, Candidates.wholeCatalogue(targets));
            Measured drawn = measure(loss, scores, each);
            assertThat(whole.value()).isEqualTo(drawn.value());
            assertThat(whole.gradient()).containsExactly(drawn.gradient());
        }
    }

    @Test
    void aPredictionWithoutNegativesTeachesBprMaxNothing() {
        // Both draws are the first prediction's own target.
        Candidates candidates =
                new Candidates(new int[2], new float[] {2, 0}, new float[2], new int[] {0, 1});
        Measured measured = measure(new BprMax(1), new float[] {1, 5, -2, 3}, candidates);
        assertThat(measured.value()).isFinite();
        assertThat(measured.gradient()[0]).isZero();
        assertThat(measured.gradient()[1]).isZero();
        assertThat(measured.gradient()[3]).isNegative();
    }

    @Test
    void fullCalibrationAndNoneAreThePapersExtremes() {
        assertThat(GeneralisedBinaryCrossEntropy.beta(10, 101, 0)).isEqualTo(1);
        assertThat(GeneralisedBinaryCrossEntropy.beta(10, 101, 1)).isCloseTo(.1, within(1e-12));
        assertThat(GeneralisedBinaryCrossEntropy.beta(500, 101, 0.75)).isEqualTo(1);
    }
}
