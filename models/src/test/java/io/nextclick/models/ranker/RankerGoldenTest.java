package io.nextclick.models.ranker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rankers against PyTorch's figures; see make_rankers.py among the resources. */
class RankerGoldenTest {

    private static final JsonNode FIGURES = read();

    /** The space of the script. */
    private static final FeatureSpace SPACE =
            new FeatureSpace(
                    Stream.of(
                                    "user/values:3",
                                    "weekday",
                                    "item/values:4",
                                    "category/hash:5",
                                    "rank.a/bins:4",
                                    "score.b/bins:3")
                            .map(Field::parse)
                            .toList(),
                    new float[][] {{}, {}, {}, {}, {1, 2, 3}, {0.2f, 0.5f}});

    private static JsonNode read() {
        try (InputStream file =
                RankerGoldenTest.class.getResourceAsStream("/ranker/rankers.json")) {
            return new ObjectMapper().readTree(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static RankerTerms terms(RankerKind kind, JsonNode figures) {
        List<Integer> hidden = new ArrayList<>();
        FIGURES.get("hidden").forEach(width -> hidden.add(width.intValue()));
        RankerOptions options =
                new RankerOptions(
                        kind,
                        FIGURES.get("factors").intValue(),
                        kind.isDeep() ? hidden : List.of(),
                        kind == RankerKind.WIDE_AND_DEEP
                                ? List.of(
                                        "user*item",
                                        "weekday*category",
                                        "rank.a*item",
                                        "weekday*score.b")
                                : List.of(),
                        FIGURES.get("buckets").intValue(),
                        0.1,
                        0.1,
                        0,
                        0,
                        1,
                        1,
                        1);
        RankerTerms terms = new RankerTerms(SPACE, options, new Parameters());
        for (LearntRows rows : terms.parameters().all()) {
            JsonNode values = figures.get("parameters").get(rows.name());
            assertThat(rows.values()).as(rows.name()).hasSize(values.size());
            for (int i = 0; i < values.size(); i++) {
                rows.values()[i] = values.get(i).floatValue();
            }
        }
        assertThat(terms.parameters().all()).hasSize(figures.get("parameters").size());
        return terms;
    }

    private static ActiveFeatures features(JsonNode example) {
        ActiveFeatures features = new ActiveFeatures();
        example.forEach(
                entry ->
                        features.add(
                                entry.get("field").intValue(),
                                entry.get("feature").intValue(),
                                entry.get("value").floatValue()));
        return features;
    }

    @ParameterizedTest
    @EnumSource(RankerKind.class)
    void saysAndLearnsWhatPyTorchDoes(RankerKind kind) {
        JsonNode figures = null;
        for (JsonNode model : FIGURES.get("models")) {
            figures = model.get("kind").textValue().equals(kind.label()) ? model : figures;
        }
        RankerTerms terms = terms(kind, figures);
        JsonNode examples = FIGURES.get("examples");
        for (int i = 0; i < examples.size(); i++) {
            ActiveFeatures features = features(examples.get(i));
            float logOdds = terms.forward(features);
            assertThat(logOdds)
                    .as("example " + i)
                    .isCloseTo(figures.get("log_odds").get(i).floatValue(), within(1e-5f));
            double label = FIGURES.get("labels").get(i).doubleValue();
            terms.backward(features, (float) (Ranker.probability(logOdds) - label));
        }
        for (LearntRows rows : terms.parameters().all()) {
            JsonNode expected = figures.get("gradients").get(rows.name());
            for (int row = 0; row < rows.rows(); row++) {
                int from = rows.gradient(row);
                for (int i = 0; i < rows.width(); i++) {
                    assertThat(rows.gradients()[from + i])
                            .as(rows.name() + " " + row + ", " + i)
                            .isCloseTo(
                                    expected.get(row * rows.width() + i).floatValue(),
                                    within(1e-5f));
                }
            }
        }
    }
}
