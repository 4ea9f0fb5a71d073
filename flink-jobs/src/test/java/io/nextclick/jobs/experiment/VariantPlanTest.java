package io.nextclick.jobs.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nextclick.jobs.JobOptions;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.Variant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VariantPlanTest {

    private static final AnsweringMeans ALL =
            new AnsweringMeans(Set.of("model", "two-tower", "trending"), true, true, true, true);

    private static final List<String> SOURCES = List.of("model", "two-tower", "trending");

    @Test
    void rulesAreCalledByTheLastPartOfTheirOptions() {
        assertThat(JobOptions.RERANK_MOST_PER_CATEGORY.key())
                .endsWith('.' + VariantPlan.MOST_PER_CATEGORY);
        assertThat(JobOptions.RERANK_RELEVANCE.key()).endsWith('.' + VariantPlan.RELEVANCE);
    }

    @Test
    void readsWhatAVariantSets() {
        VariantPlan plan =
                plan(Map.of(), Map.of("most-per-category", " 3", "relevance", "0.7"), ALL);
        assertThat(plan.mostPerCategory()).isEqualTo(3);
        assertThat(plan.relevance()).isEqualTo(0.7);
        assertThat(plan.orders()).isTrue();
        assertThat(plan.weighs()).isFalse();

        VariantPlan bare = plan(Map.of(), Map.of(), AnsweringMeans.NONE);
        assertThat(bare.orders()).isFalse();
        assertThat(bare.mostPerCategory()).isNull();
        assertThat(bare.ranks()).isTrue();
        assertThat(plan(Map.of(), Map.of("ranking", "false"), ALL).ranks()).isFalse();
    }

    @Test
    void sourcesThatArentNamedShareWhatIsLeft() {
        double[] jobs = {0.6, 0.3, 0.1};
        assertThat(weights(Map.of("trending", 0.2), jobs)).containsExactly(0.533333, 0.266667, 0.2);
        assertThat(weights(Map.of("model", 1.0), jobs)).containsExactly(1, 0, 0);
        assertThat(weights(Map.of("model", 0.0), jobs)).containsExactly(0, 0.75, 0.25);
        assertThat(weights(Map.of("model", 1.0, "two-tower", 1.0), jobs))
                .containsExactly(0.5, 0.5, 0);
        assertThat(weights(Map.of("model", 0.2, "two-tower", 0.2, "trending", 0.1), jobs))
                .containsExactly(0.4, 0.4, 0.2);
        assertThat(weights(Map.of("trending", 0.5), new double[] {0, 0, 1}))
                .as("the others have no share to begin with")
                .containsExactly(0, 0, 1);
    }

    /** Rounded, so that they can be compared. */
    private static double[] weights(Map<String, Double> blend, double[] jobs) {
        return Arrays.stream(plan(blend, Map.of(), ALL).weights(SOURCES, jobs))
                .map(weight -> Math.rint(weight * 1e6) / 1e6)
                .toArray();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "diversity|1|sets the rule diversity, there are most-per-category, relevance, ranking",
                "most-per-category|many|most-per-category is 'many', which is no number",
                "most-per-category|1.5|most-per-category is 1.5, it must be a whole number",
                "most-per-category|300|most-per-category is 300, it must be in [0.0, 256.0]",
                "relevance|0|relevance is 0, it must be in [0.01, 1.0]",
                "relevance|NaN|relevance is NaN, it must be in [0.01, 1.0]",
                "ranking|off|ranking is 'off', it must be true or false"
            })
    void refusesRulesItCantFollow(String rule, String value, String problem) {
        assertThatThrownBy(() -> plan(Map.of(), Map.of(rule, value), ALL))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("variant v: " + problem);
    }

    @Test
    void refusesWhatTheJobHasnt() {
        AnsweringMeans catalog = new AnsweringMeans(Set.of("model"), true, false, false, false);
        AnsweringMeans vectors = new AnsweringMeans(Set.of("model"), false, true, false, false);
        assertThatThrownBy(() -> plan(Map.of(), Map.of("relevance", "0.5"), catalog))
                .hasMessage("variant v: sets the rule relevance, this job has no vectors of items");
        assertThatThrownBy(() -> plan(Map.of(), Map.of("most-per-category", "1"), vectors))
                .hasMessage(
                        "variant v: sets the rule most-per-category, this job has no catalogue");
        assertThatThrownBy(() -> plan(Map.of("trending", 0.5), Map.of(), vectors))
                .hasMessage("variant v: weighs the source trending, this job blends [model]");
        assertThatThrownBy(() -> plan(Map.of("model", 0.5), Map.of(), vectors))
                .hasMessage("variant v: weighs the only source there is, which changes nothing");
        assertThatThrownBy(
                        () ->
                                plan(
                                        Map.of("model", 0.0, "two-tower", 0.0, "trending", 0.0),
                                        Map.of(),
                                        ALL))
                .hasMessage("variant v: gives every source the weight 0");
        assertThatThrownBy(() -> plan(Map.of(), Map.of("ranking", "false"), vectors))
                .hasMessage("variant v: sets the rule ranking, this job has no ranker");
        Variant other = new Variant("v", 0.5, "large", Map.of(), Map.of());
        assertThatThrownBy(() -> VariantPlan.of(other, vectors))
                .hasMessage("variant v: names the model large, this job follows no releases");
        AnsweringMeans towers =
                new AnsweringMeans(Set.of("two-tower"), true, true, false, false).withModels();
        assertThatThrownBy(() -> VariantPlan.of(other, towers))
                .hasMessage(
                        "variant v: names the model large, this job blends [two-tower], no model"
                                + " among them");
    }

    @Test
    void readsTheNameOfAModel() {
        Variant large = new Variant("v", 0.5, "large", Map.of(), Map.of());
        assertThat(VariantPlan.of(large, ALL).model()).isEqualTo("large");
        assertThat(VariantPlan.of(large, AnsweringMeans.NONE.withModels()).model())
                .isEqualTo("large");
        assertThat(plan(Map.of(), Map.of(), ALL).model()).isNull();
    }

    @Test
    void refusesToDrawListsFromThoseOfSeveralModels() {
        Variant large = new Variant("v", 0.5, "large", Map.of(), Map.of());
        Experiment drawn =
                SomeExperiments.experiment(
                        "e",
                        Experiment.Unit.SESSION,
                        Experiment.Method.INTERLEAVE,
                        SomeExperiments.plain("control", 0.5),
                        large);
        assertThatThrownBy(() -> new RunningExperiment(drawn, ALL))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "lists are drawn from those of one model, a variant names the model large:"
                                + " split the sessions instead");
    }

    private static VariantPlan plan(
            Map<String, Double> blend, Map<String, String> rules, AnsweringMeans means) {
        return VariantPlan.of(new Variant("v", 0.5, null, blend, rules), means);
    }
}
