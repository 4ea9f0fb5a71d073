package io.nextclick.models.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nextclick.models.evaluation.Interval;
import java.util.List;
import java.util.Locale;

/**
 * What is known of an experiment. P-values and intervals are of one variant and the control each:
 * who compares ten variants has to expect one difference in twenty that isn't there.
 *
 * @param interleaved whether every unit saw all variants in one list
 * @param guard what ends variants, with the test that may be looked at at any time
 * @param variants the control first
 * @param comparisons of each other variant with the control
 * @param sampleRatio whether the variants got their traffic; null if interleaved
 * @param mixedUnits units that came back under another variant and were left out then
 * @param course how things stood before, oldest first
 */
public record ExperimentReport(
        boolean interleaved,
        Guard guard,
        List<VariantFigures> variants,
        List<VariantComparison> comparisons,
        SampleRatio sampleRatio,
        long mixedUnits,
        List<Look> course) {

    public ExperimentReport {
        variants = List.copyOf(variants);
        comparisons = List.copyOf(comparisons);
        course = List.copyOf(course);
    }

    /**
     * One variant.
     *
     * @param share what part of all traffic it was to get
     * @param units that saw it
     * @param denominator what its hits are counted against, such as lists
     * @param rate NaN without units
     * @param interval where the rate lies, to be looked at once; without ends below two units
     */
    public record VariantFigures(
            String name,
            double share,
            long units,
            double denominator,
            double rate,
            Interval interval) {}

    /**
     * A variant beside the control.
     *
     * @param variant its name
     * @param effect the difference of the rates, with Welch's t-test; of interleaved lists
     *     Student's
     * @param relative the difference as a part of the control's rate
     * @param interval where the difference lies, to be looked at once
     * @param rankTest p-value of Mann and Whitney's test, of interleaved lists of the sign test;
     *     NaN in the course
     * @param alwaysValid where the difference lies, to be looked at at any time
     * @param alwaysValidP p-value to be looked at at any time
     * @param guardEnds whether the guard ends the variant
     */
    public record VariantComparison(
            String variant,
            Effect effect,
            double relative,
            Interval interval,
            double rankTest,
            Interval alwaysValid,
            double alwaysValidP,
            boolean guardEnds) {

        /** Whether the test that may be looked at at any time finds a difference. */
        public boolean isFound() {
            return alwaysValid.low() > 0 || alwaysValid.high() < 0;
        }
    }

    /** How things stood at one time. */
    public record Look(long timeMillis, long units, List<VariantComparison> comparisons) {

        public Look {
            comparisons = List.copyOf(comparisons);
        }
    }

    /** The report as one JSON object; what can't be told yet is null. */
    public ObjectNode toJson() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("method", interleaved ? "interleave" : "split");
        json.put("confidence", guard.test().confidence());
        put(json, "guard_margin", guard.margin());
        ArrayNode arms = json.putArray("variants");
        for (VariantFigures variant : variants) {
            ObjectNode arm = arms.addObject();
            arm.put("name", variant.name()).put("share", variant.share());
            arm.put("units", variant.units()).put("denominator", variant.denominator());
            put(arm, "rate", variant.rate());
            put(arm, "interval", variant.interval());
        }
        add(json.putArray("comparisons"), comparisons);
        if (sampleRatio != null) {
            ObjectNode ratio = json.putObject("sample_ratio");
            ratio.put("p_chi_square", sampleRatio.chiSquare());
            ratio.put("p_always_valid", sampleRatio.alwaysValid());
            ratio.put("alarm", sampleRatio.isAlarm());
        }
        json.put("mixed_units", mixedUnits);
        ArrayNode looks = json.putArray("course");
        for (Look look : course) {
            ObjectNode node = looks.addObject();
            node.put("time", look.timeMillis()).put("units", look.units());
            add(node.putArray("comparisons"), look.comparisons());
        }
        return json;
    }

    private void add(ArrayNode array, List<VariantComparison> compared) {
        for (VariantComparison comparison : compared) {
            ObjectNode node = array.addObject().put("variant", comparison.variant());
            put(node, "difference", comparison.effect().difference());
            put(node, "relative", comparison.relative());
            put(node, "interval", comparison.interval());
            put(node, "p_t", comparison.effect().t());
            put(node, interleaved ? "p_sign" : "p_mann_whitney", comparison.rankTest());
            put(node, "always_valid_interval", comparison.alwaysValid());
            put(node, "p_always_valid", comparison.alwaysValidP());
            node.put("guard_ends", comparison.guardEnds());
        }
    }

    private static void put(ObjectNode node, String name, double figure) {
        if (Double.isFinite(figure)) {
            node.put(name, figure);
        } else {
            node.putNull(name);
        }
    }

    private static void put(ObjectNode node, String name, Interval interval) {
        if (Double.isFinite(interval.low())) {
            node.putArray(name).add(interval.low()).add(interval.high());
        } else {
            node.putNull(name);
        }
    }

    /** The report for a person. */
    public String toTable() {
        String percent = String.format(Locale.ROOT, "%.0f %%", 100 * guard.test().confidence());
        StringBuilder table = new StringBuilder();
        line(
                table,
                "%-20s %7s %10s %12s %9s %21s",
                "variant",
                "share",
                "units",
                interleaved ? "lists" : "denominator",
                interleaved ? "credit" : "rate",
                percent + " between");
        for (VariantFigures variant : variants) {
            line(
                    table,
                    "%-20s %7.4f %,10d %,12.0f %9s %21s",
                    variant.name(),
                    variant.share(),
                    variant.units(),
                    variant.denominator(),
                    figure("%.4f", variant.rate()),
                    ends("%.4f", variant.interval()));
        }
        line(table, "");
        line(
                table,
                "%-20s %9s %9s %21s %8s %8s %21s %8s",
                "against " + variants.get(0).name(),
                "by",
                "relative",
                "fixed, " + percent,
                "p (t)",
                interleaved ? "p (sign)" : "p (rank)",
                "any time, " + percent,
                "p");
        for (VariantComparison comparison : comparisons) {
            line(
                    table,
                    "%-20s %9s %9s %21s %8s %8s %21s %8s%s",
                    comparison.variant(),
                    figure("%+.4f", comparison.effect().difference()),
                    figure("%+.2f %%", 100 * comparison.relative()),
                    ends("%+.4f", comparison.interval()),
                    figure("%.4f", comparison.effect().t()),
                    figure("%.4f", comparison.rankTest()),
                    ends("%+.4f", comparison.alwaysValid()),
                    figure("%.4f", comparison.alwaysValidP()),
                    comparison.guardEnds() ? "  worse: the guard ends it" : "");
        }
        line(table, "");
        line(
                table,
                "Intervals and p-values marked fixed, t and %s hold if they are looked at once, at a"
                        + " number of units fixed beforehand; those of any time always hold.",
                interleaved ? "sign" : "rank");
        if (sampleRatio != null) {
            line(
                    table,
                    "%s: p %.4f (chi-square), %.4f (any time)",
                    sampleRatio.isAlarm()
                            ? "SAMPLE RATIO MISMATCH, don't believe these figures"
                            : "The variants got their shares of traffic",
                    sampleRatio.chiSquare(),
                    sampleRatio.alwaysValid());
        }
        if (mixedUnits > 0) {
            line(
                    table,
                    "%,d units came back under another variant, which is left out.",
                    mixedUnits);
        }
        return table.toString();
    }

    private static void line(StringBuilder table, String format, Object... figures) {
        table.append(String.format(Locale.ROOT, format, figures).stripTrailing()).append('\n');
    }

    private static String figure(String format, double figure) {
        return Double.isFinite(figure) ? String.format(Locale.ROOT, format, figure) : "-";
    }

    private static String ends(String format, Interval interval) {
        return Double.isFinite(interval.low())
                ? String.format(Locale.ROOT, format + " " + format, interval.low(), interval.high())
                : "too few";
    }
}
