package io.nextclick.models.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.nextclick.models.experiment.ExperimentReport.VariantComparison;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExperimentAnalysisTest {

    private static final Guard GUARD = new Guard(new SequentialTest(0.95, 500, 20), 0);
    private static final ExperimentDesign DESIGN =
            new ExperimentDesign(List.of("control", "b"), List.of(0.5, 0.5));

    private static SplitAnalysis fixture() {
        SplitAnalysis analysis = new SplitAnalysis(DESIGN, GUARD);
        JsonNode split = ExperimentFixture.read("split");
        int unit = 0;
        for (int variant = 0; variant < 2; variant++) {
            for (JsonNode each : split.get(variant == 0 ? "control" : "variant")) {
                analysis.add("s" + unit++, variant, each.get(0).asDouble(), each.get(1).asDouble());
            }
            analysis.look(1_000L * variant);
        }
        return analysis;
    }

    @Test
    void reportsASplit() {
        JsonNode split = ExperimentFixture.read("split");
        ExperimentReport report = fixture().report();
        VariantComparison comparison = report.comparisons().get(0);
        assertThat(comparison.variant()).isEqualTo("b");
        assertThat(comparison.effect().t()).isCloseTo(split.get("p_t").asDouble(), within(1e-9));
        assertThat(comparison.relative())
                .isCloseTo(
                        split.get("difference").asDouble() / split.get("control_rate").asDouble(),
                        within(1e-9));
        assertThat(comparison.alwaysValidP())
                .isCloseTo(split.get("p_always_valid").asDouble(), within(1e-9));
        assertThat(comparison.isFound()).isTrue();
        assertThat(comparison.guardEnds()).isFalse();
        assertThat(report.variants()).extracting(v -> v.units()).containsExactly(140L, 110L);
        assertThat(report.sampleRatio().isAlarm()).isFalse();
        assertThat(report.course()).extracting(look -> look.units()).containsExactly(140L, 250L);
        assertThat(report.course().get(0).comparisons().get(0).alwaysValidP()).isEqualTo(1);
        assertThat(report.course().get(1).comparisons().get(0).effect())
                .isEqualTo(comparison.effect());
    }

    @Test
    void saysTheSameInATableAndAsJson() {
        ExperimentReport report = fixture().report();
        assertThat(report.toTable())
                .contains("against control")
                .contains("p (rank)")
                .contains("The variants got their shares of traffic: p 0.05");
        JsonNode json = report.toJson();
        assertThat(json.get("method").asText()).isEqualTo("split");
        assertThat(json.get("variants").get(1).get("units").asInt()).isEqualTo(110);
        assertThat(json.get("comparisons").get(0).get("p_mann_whitney").asDouble())
                .isCloseTo(
                        ExperimentFixture.read("split").get("p_mann_whitney").asDouble(),
                        within(1e-9));
        // Half of the course is from before there were any units of b.
        assertThat(json.get("course").get(0).get("comparisons").get(0).get("difference").isNull())
                .isTrue();
    }

    @Test
    void ranksUnitsByTheirRates() {
        SplitAnalysis analysis = new SplitAnalysis(DESIGN, GUARD);
        double[][] rates = {{0.1, 0.2, 0.3, 0.9}, {0.4, 0.5, 0.6, 0.25}};
        for (int variant = 0; variant < 2; variant++) {
            for (double rate : rates[variant]) {
                analysis.add(variant + "-" + rate, variant, rate * 10, 10);
            }
        }
        // U = 11: so many or more have 17 of the 70 ways to put 4 and 4 in order.
        assertThat(analysis.report().comparisons().get(0).rankTest())
                .isCloseTo(2 * 17.0 / 70, within(1e-9));
        SplitAnalysis alike = new SplitAnalysis(DESIGN, GUARD);
        alike.add("x", 0, 1, 1);
        alike.add("y", 1, 1, 1);
        assertThat(alike.report().comparisons().get(0).rankTest()).isEqualTo(1);
    }

    @Test
    void aVisitorWhoComesAgainGrowsAndStaysOneUnit() {
        SplitAnalysis twice = new SplitAnalysis(DESIGN, GUARD);
        SplitAnalysis once = new SplitAnalysis(DESIGN, GUARD);
        for (int visitor = 0; visitor < 6; visitor++) {
            int variant = visitor % 2;
            twice.add("v" + visitor, variant, visitor % 3, 3);
            twice.add("v" + visitor, variant, 1, 2);
            once.add("v" + visitor, variant, visitor % 3 + 1, 5);
        }
        assertThat(twice.effect(1)).isEqualTo(once.effect(1));
        assertThat(twice.report().mixedUnits()).isZero();
        twice.add("v0", 1, 5, 5);
        twice.add("v0", 1, 5, 5);
        assertThat(twice.effect(1)).isEqualTo(once.effect(1));
        assertThat(twice.report().mixedUnits()).isEqualTo(1);
        assertThat(twice.report().toTable()).contains("1 units came back under another variant");
    }

    @Test
    void aUnitWithoutListsIsTrafficAndTellsNothingElse() {
        SplitAnalysis with = fixture();
        for (int unit = 0; unit < 60; unit++) {
            with.add("without-" + unit, 1, 0, 0);
        }
        ExperimentReport more = with.report();
        ExperimentReport less = fixture().report();
        assertThat(more.variants().get(1).units()).isEqualTo(170);
        assertThat(more.variants().get(1).rate()).isEqualTo(less.variants().get(1).rate());
        assertThat(more.comparisons().get(0).rankTest())
                .isEqualTo(less.comparisons().get(0).rankTest());
        assertThat(Math.sqrt(more.comparisons().get(0).effect().squaredError()))
                .isCloseTo(
                        Math.sqrt(less.comparisons().get(0).effect().squaredError()), within(1e-4));
    }

    @Test
    void aMismatchIsSaidLoudly() {
        SplitAnalysis analysis = new SplitAnalysis(DESIGN, GUARD);
        for (int unit = 0; unit < 1_000; unit++) {
            analysis.add("s" + unit, unit % 3 == 0 ? 0 : 1, unit % 2, 1);
        }
        assertThat(analysis.report().toTable()).contains("SAMPLE RATIO MISMATCH");
        assertThat(analysis.report().toJson().get("sample_ratio").get("alarm").asBoolean())
                .isTrue();
    }

    @Test
    void reportsInterleavedLists() {
        InterleavingAnalysis analysis = new InterleavingAnalysis(DESIGN, GUARD);
        InterleavingAnalysis inParts = new InterleavingAnalysis(DESIGN, GUARD);
        // 30 units prefer b by one, 10 the control, 60 neither: 4 lists each.
        for (int unit = 0; unit < 100; unit++) {
            double[] credits = {unit < 10 ? 2 : 1, unit >= 10 && unit < 40 ? 2 : 1};
            analysis.add("s" + unit, credits, 4);
            inParts.add("s" + unit, new double[] {1, 0}, 1);
            inParts.add("s" + unit, new double[] {credits[0] - 1, credits[1]}, 3);
        }
        assertThat(inParts.effect(1)).isEqualTo(analysis.effect(1));
        VariantComparison comparison = analysis.report().comparisons().get(0);
        assertThat(comparison.effect().difference()).isCloseTo(20.0 / 400, within(1e-12));
        // Preferences of 0.4 - 0.04 variance, over 4 lists.
        assertThat(comparison.effect().squaredError())
                .isCloseTo(0.36 * 100 / 99 / 100 / 16, within(1e-12));
        // 2 · P(30 or more heads of 40).
        assertThat(comparison.rankTest()).isCloseTo(0.002221, within(1e-6));
        assertThat(analysis.report().sampleRatio()).isNull();
        assertThat(analysis.report().toTable()).contains("p (sign)").doesNotContain("shares of");
        assertThat(analysis.report().toJson().get("comparisons").get(0).has("p_sign")).isTrue();
    }

    @Test
    void anEmptyExperimentIsReportedToo() {
        for (ExperimentAnalysis analysis :
                List.of(
                        new SplitAnalysis(DESIGN, GUARD),
                        new InterleavingAnalysis(DESIGN, GUARD))) {
            ExperimentReport report = analysis.report();
            assertThat(report.toTable()).contains("too few");
            assertThat(report.toJson().get("comparisons").get(0).get("p_t").isNull()).isTrue();
        }
    }

    @Test
    void refusesWhatIsNoExperiment() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ExperimentDesign(List.of("a"), List.of(1.0)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ExperimentDesign(List.of("a", "a"), List.of(0.5, 0.5)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ExperimentDesign(List.of("a", "b"), List.of(0.5)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SplitAnalysis(DESIGN, GUARD).add("s", 0, 1, -1));
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () ->
                                new InterleavingAnalysis(DESIGN, GUARD)
                                        .add("s", new double[] {1}, 1));
    }
}
