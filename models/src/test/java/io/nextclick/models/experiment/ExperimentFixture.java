package io.nextclick.models.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** What {@code make_experiment.py} worked out. */
final class ExperimentFixture {

    private ExperimentFixture() {}

    static JsonNode read(String part) {
        try (InputStream in =
                ExperimentFixture.class.getResourceAsStream("/experiment/experiment.json")) {
            return new ObjectMapper().readTree(in).get(part);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static double[] numbers(JsonNode array) {
        double[] numbers = new double[array.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = array.get(i).asDouble();
        }
        return numbers;
    }

    static RateTotals totals(JsonNode units) {
        RateTotals totals = RateTotals.NONE;
        for (JsonNode unit : units) {
            totals = totals.plus(unit.get(0).asDouble(), unit.get(1).asDouble());
        }
        return totals;
    }
}
