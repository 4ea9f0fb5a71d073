package io.nextclick.jobs.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nextclick.models.evaluation.Interval;
import io.nextclick.models.experiment.ExperimentReport;
import io.nextclick.models.experiment.ExperimentReport.Look;
import io.nextclick.models.experiment.ExperimentReport.VariantComparison;
import io.nextclick.models.experiment.ExperimentReport.VariantFigures;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What an experiment has shown, as a {@link Page} to look at. Names are escaped. */
public final class ExperimentPage {

    /** Of four digits. */
    private static final double SMALLEST_P = 0.0001;

    private final String metric;
    private final ExperimentReport report;
    private final String control;
    private final Page page = new Page();
    private final Markup html = page.html();

    private ExperimentPage(String metric, ExperimentReport report) {
        this.metric = metric;
        this.report = report;
        control = report.variants().get(0).name();
    }

    /**
     * The page.
     *
     * @param experiment the experiment's name
     * @param metric what its rates are of, for a person
     * @param time when the report was made
     */
    public static String html(
            String experiment, String metric, ExperimentReport report, Instant time) {
        return new ExperimentPage(metric, report).write(experiment, time);
    }

    private String write(String experiment, Instant time) {
        html.open("header");
        html.element("p", "nextclick experiment", "class", "kicker");
        html.element("h1", experiment);
        html.open("dl", "class", "facts");
        page.fact("Method", report.interleaved() ? "interleaved lists" : "split");
        page.fact("Metric", metric);
        page.fact("Control", control);
        if (Double.isFinite(report.guard().margin())) {
            page.fact("Guard", "ends what is worse by " + report.guard().margin());
        }
        page.fact("Reported", Page.time(time));
        html.close("dl").close("header").raw("<main>\n");
        alarm();
        tiles();
        variants();
        comparisons();
        course();
        notes();
        html.raw("</main>\n");
        return page.write(experiment);
    }

    private void alarm() {
        if (report.sampleRatio() == null) {
            return;
        }
        boolean alarm = report.sampleRatio().isAlarm();
        html.open("section").element("h2", "Shares of traffic");
        html.element(
                "p",
                (alarm
                                ? "Sample ratio mismatch: the variants did not get the traffic they"
                                        + " were to get, so none of these figures can be believed."
                                : "The variants got the traffic that they were to get.")
                        + String.format(
                                Locale.ROOT,
                                " p %.4f by chi-square, %.4f at any time.",
                                report.sampleRatio().chiSquare(),
                                report.sampleRatio().alwaysValid()),
                "class",
                alarm ? "worse" : "better");
        html.close("section");
    }

    private void tiles() {
        html.open("div", "class", "tiles");
        for (VariantComparison comparison : report.comparisons()) {
            html.open("section", "class", "tile");
            html.element("h2", comparison.variant() + " against " + control);
            html.element("p", signed(comparison.effect().difference()), "class", "figure");
            html.element("p", "any time: " + ends(comparison.alwaysValid()), "class", "interval");
            html.element("p", verdict(comparison), "class", "verdict " + verdictClass(comparison));
            html.close("section");
        }
        html.close("div");
    }

    private static String verdictClass(VariantComparison comparison) {
        if (!comparison.isFound()) {
            return "unclear";
        }
        return comparison.alwaysValid().low() > 0 ? "better" : "worse";
    }

    private static String verdict(VariantComparison comparison) {
        return switch (verdictClass(comparison)) {
            case "better" -> "better";
            case "worse" -> comparison.guardEnds() ? "worse: the guard ends it" : "worse";
            default -> "no clear difference";
        };
    }

    private void variants() {
        html.open("section").element("h2", "The variants");
        page.openTable("What each variant came to; intervals hold if they are looked at once.");
        head(
                "variant",
                "share",
                "units",
                report.interleaved() ? "lists" : "denominator",
                report.interleaved() ? "credit" : "rate",
                percent());
        for (VariantFigures variant : report.variants()) {
            row(
                    variant.name(),
                    Page.four(variant.share()),
                    Page.number(variant.units()),
                    Page.number((long) variant.denominator()),
                    Double.isNaN(variant.rate()) ? "" : Page.four(variant.rate()),
                    Double.isFinite(variant.interval().low())
                            ? Page.ends(variant.interval())
                            : "too few");
        }
        html.raw("</tbody>\n");
        page.closeTable();
        html.close("section");
    }

    private void comparisons() {
        html.open("section").element("h2", "Against " + control);
        List<VariantComparison> told =
                report.comparisons().stream()
                        .filter(each -> Double.isFinite(each.alwaysValid().low()))
                        .toList();
        if (!told.isEmpty()) {
            ObjectNode chart = page.chart("differences", "differences", "difference", "");
            ArrayNode labels = chart.putArray("labels");
            ArrayNode values = chart.putArray("values");
            ArrayNode low = chart.putArray("low");
            ArrayNode high = chart.putArray("high");
            for (VariantComparison each : told) {
                labels.add(each.variant());
                values.add(each.effect().difference());
                low.add(each.alwaysValid().low());
                high.add(each.alwaysValid().high());
            }
            page.figure(
                    "differences",
                    "Differences from " + control + " with their any-time intervals.",
                    "Interval chart; the table below holds the figures.");
        }
        page.openTable("Each variant's rate minus that of " + control + ".");
        head(
                "variant",
                "difference",
                "relative",
                "any time, " + percent(),
                "p (any time)",
                "fixed, " + percent(),
                "p (t)",
                report.interleaved() ? "p (sign)" : "p (rank)");
        for (VariantComparison each : report.comparisons()) {
            row(
                    each.variant(),
                    signed(each.effect().difference()),
                    Double.isFinite(each.relative())
                            ? String.format(Locale.ROOT, "%+.2f %%", 100 * each.relative())
                                    .replace('-', '−')
                            : "",
                    ends(each.alwaysValid()),
                    p(each.alwaysValidP()),
                    ends(each.interval()),
                    p(each.effect().t()),
                    p(each.rankTest()));
        }
        html.raw("</tbody>\n");
        page.closeTable();
        html.close("section");
    }

    private void course() {
        if (report.course().size() < 2) {
            return;
        }
        html.open("section").element("h2", "In the course of time");
        for (int i = 0; i < report.comparisons().size(); i++) {
            course(i);
        }
        html.close("section");
    }

    private void course(int variant) {
        String name = report.comparisons().get(variant).variant();
        String id = "course-" + variant;
        ObjectNode chart = page.chart(id, "line", "units", "difference");
        ArrayNode x = chart.putArray("x");
        report.course().forEach(look -> x.add(look.units()));
        series(chart, "difference", Page.MODEL, variant, each -> each.effect().difference());
        series(chart, "at most", Page.CLICKS, variant, each -> each.alwaysValid().high());
        series(chart, "at least", Page.OTHER, variant, each -> each.alwaysValid().low());
        page.figure(
                id,
                name + " minus " + control + ", with the any-time interval, by units seen.",
                "Line chart; the table below holds the figures.");
        page.openTable(name + " against " + control + " at each look.");
        head("time", "units", "difference", "any time, " + percent(), "p (any time)");
        for (Look look : report.course()) {
            VariantComparison then = look.comparisons().get(variant);
            row(
                    Page.time(Instant.ofEpochMilli(look.timeMillis())),
                    Page.number(look.units()),
                    signed(then.effect().difference()),
                    ends(then.alwaysValid()),
                    p(then.alwaysValidP()));
        }
        html.raw("</tbody>\n");
        page.closeTable();
    }

    private void series(
            ObjectNode chart,
            String name,
            String role,
            int variant,
            ToDoubleFunction<VariantComparison> figure) {
        ArrayNode values = Page.series(chart, name, role).putArray("values");
        for (Look look : report.course()) {
            VariantComparison then = look.comparisons().get(variant);
            double value = figure.applyAsDouble(then);
            // Before there is an interval the difference would dwarf what comes after it.
            if (Double.isFinite(value) && Double.isFinite(then.alwaysValid().low())) {
                values.add(value);
            } else {
                values.addNull();
            }
        }
    }

    private void notes() {
        html.open("section", "class", "notes").element("h2", "How to read this");
        html.open("dl");
        page.note(
                "Any time",
                "May be looked at after every unit, and the experiment be stopped at what it shows:"
                        + " the mixture sequential probability ratio test (Johari et al. 2022).");
        page.note(
                "Fixed, t, rank, sign",
                "Hold if they are looked at once, at a number of units that was fixed beforehand.");
        page.note(
                "Units",
                report.mixedUnits() == 0
                        ? "Sessions or visitors; clicks of one belong together."
                        : "Sessions or visitors; clicks of one belong together. "
                                + Page.number(report.mixedUnits())
                                + " came back under another variant, which is left out.");
        html.close("dl").close("section");
    }

    private void head(String first, String... others) {
        html.raw("<thead><tr>").element("th", first, "scope", "col");
        for (String other : others) {
            html.element("th", other, "scope", "col", "class", "number");
        }
        html.raw("</tr></thead>\n<tbody>\n");
    }

    private void row(String first, String... others) {
        html.open("tr").element("th", first, "scope", "row");
        for (String other : others) {
            html.element("td", other, "class", "number");
        }
        html.close("tr");
    }

    private String percent() {
        return Page.percent(report.guard().test().confidence());
    }

    private static String signed(double difference) {
        return Double.isFinite(difference) ? Page.signed(difference) : "";
    }

    private static String ends(Interval interval) {
        return Double.isFinite(interval.low())
                ? Page.signed(interval.low()) + " – " + Page.signed(interval.high())
                : "too few";
    }

    private static String p(double p) {
        if (Double.isNaN(p)) {
            return "";
        }
        return p < SMALLEST_P ? "< " + Page.four(SMALLEST_P) : Page.four(p);
    }
}
