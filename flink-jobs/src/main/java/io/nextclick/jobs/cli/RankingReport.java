package io.nextclick.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nextclick.jobs.report.LearningPage;
import io.nextclick.models.evaluation.Difference;
import io.nextclick.models.evaluation.Predictions;
import io.nextclick.models.evaluation.RankingMetric;
import io.nextclick.models.evaluation.Resampling;
import io.nextclick.models.prequential.Course;
import io.nextclick.models.prequential.LearningRanker;
import io.nextclick.models.prequential.RankingTrial;
import io.nextclick.models.ranking.CandidateSource;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/**
 * What came of two stages on a stream: recall and NDCG of every system on all clicks of the test
 * and on the second half of them, and by how much the first ranker is above each of the others, in
 * pairs by visit. Printed, or written as JSON or as a page.
 */
final class RankingReport {

    private static final Resampling RESAMPLING = new Resampling(1_000, 2_000, 0.95, 1);

    private final LearningStream stream;
    private final Course course;
    private final int cutoff;
    private final List<LearningRanker> rankers;
    private final Map<CandidateSource, Double> weights;

    /** The first ranker's place in the course. */
    private final int first;

    private final List<Standing> standings = new ArrayList<>();

    /**
     * How a system stands.
     *
     * @param late of the second half of the clicks
     * @param behind the first ranker minus the system, by metric and cut-off; empty for the ranker
     *     itself, and where there are too few visits to say
     */
    private record Standing(
            String name, Predictions all, Predictions late, Map<String, Difference> behind) {}

    /** Works the figures out, which takes seconds. */
    RankingReport(
            LearningStream stream,
            Course course,
            List<LearningRanker> rankers,
            Map<CandidateSource, Double> weights) {
        this.stream = stream;
        this.course = course;
        this.rankers = List.copyOf(rankers);
        this.weights = weights;
        cutoff = course.cutoff();
        first = course.system(rankers.get(0).name());
        IntPredicate all = prediction -> true;
        IntPredicate late = prediction -> prediction >= course.size() / 2;
        Predictions best = course.predictions(first, all);
        for (int system = 0; system < course.systems().size(); system++) {
            Predictions made = course.predictions(system, all);
            standings.add(
                    new Standing(
                            course.systems().get(system),
                            made,
                            course.predictions(system, late),
                            system == first
                                    ? Map.of()
                                    : RESAMPLING.differences(best, made, cutoff)));
        }
    }

    void print(PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%n%-24s %10s %10s %12s %12s   %s%n",
                "",
                RankingMetric.RECALL.at(cutoff),
                RankingMetric.NDCG.at(cutoff),
                "second half",
                "second half",
                rankers.get(0).name() + " minus it, 95 % by visit");
        for (Standing each : standings) {
            out.printf(
                    Locale.ROOT,
                    "%-24s %10.4f %10.4f %12.4f %12.4f   %-44s %s%n",
                    each.name,
                    each.all.mean(RankingMetric.RECALL, cutoff),
                    each.all.mean(RankingMetric.NDCG, cutoff),
                    each.late.mean(RankingMetric.RECALL, cutoff),
                    each.late.mean(RankingMetric.NDCG, cutoff),
                    difference(each, RankingMetric.RECALL),
                    difference(each, RankingMetric.NDCG));
        }
        out.println();
        out.println("weights of the blend at the end: " + weightsText());
        rankers.forEach(ranker -> out.println(ranker.name() + ": " + costText(ranker)));
        out.flush();
    }

    private String difference(Standing each, RankingMetric metric) {
        Difference behind = each.behind.get(metric.at(cutoff));
        return behind == null
                ? ""
                : format(
                        "%s %+.4f [%+.4f, %+.4f] p %.4f",
                        metric.title(),
                        behind.difference(),
                        behind.interval().low(),
                        behind.interval().high(),
                        behind.randomisation());
    }

    private String weightsText() {
        return weights.entrySet().stream()
                .map(entry -> format("%s %.2f", entry.getKey().label(), entry.getValue()))
                .collect(Collectors.joining(", "));
    }

    private static String costText(LearningRanker ranker) {
        LearningRanker.Cost cost = ranker.cost();
        return format(
                "%,d examples, %,.0f ns of processor time each; %,.0f ns a candidate ranked",
                cost.examples(), cost.nanosPerExample(), cost.nanosPerCandidate());
    }

    /** All figures as one JSON object, for each stretch of time as well. */
    ObjectNode json() {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("stream", stream.description()).put("predictions", course.size());
        json.put("visits", standings.get(first).all.visits()).put("cutoff", cutoff);
        ArrayNode systems = json.putArray("systems");
        for (Standing each : standings) {
            ObjectNode system = systems.addObject().put("name", each.name);
            for (RankingMetric metric : List.of(RankingMetric.RECALL, RankingMetric.NDCG)) {
                String name = metric.at(cutoff);
                ObjectNode figure = system.putObject(name);
                figure.put("all", each.all.mean(metric, cutoff));
                figure.put("second_half", each.late.mean(metric, cutoff));
                Difference behind = each.behind.get(name);
                if (behind != null) {
                    ObjectNode difference = figure.putObject("first_ranker_minus_it");
                    difference.put("difference", behind.difference());
                    difference
                            .putArray("interval")
                            .add(behind.interval().low())
                            .add(behind.interval().high());
                    difference.put("p", behind.randomisation());
                }
            }
        }
        ArrayNode windows = json.putArray("windows");
        for (Course.Window window : course.windows(stream.testFromMillis(), stream.window())) {
            ObjectNode node = windows.addObject();
            node.put("from", Instant.ofEpochMilli(window.fromMillis()).toString());
            node.put("until", Instant.ofEpochMilli(window.untilMillis()).toString());
            node.put("predictions", window.predictions());
            ArrayNode recall = node.putArray("recall");
            for (double each : window.recall()) {
                if (Double.isNaN(each)) {
                    recall.addNull();
                } else {
                    recall.add(each);
                }
            }
        }
        ObjectNode believed = json.putObject("weights");
        weights.forEach((source, weight) -> believed.put(source.label(), weight));
        ArrayNode costs = json.putArray("rankers");
        for (LearningRanker ranker : rankers) {
            LearningRanker.Cost cost = ranker.cost();
            costs.addObject()
                    .put("name", ranker.name())
                    .put("examples", cost.examples())
                    .put("nanos_per_example", cost.nanosPerExample())
                    .put("nanos_per_candidate", cost.nanosPerCandidate());
        }
        return json;
    }

    /** The page: two stages, one stage, the best source and the oracle or the second best. */
    String html(String title) {
        List<Integer> shown = new ArrayList<>(List.of(first, course.system(RankingTrial.BLEND)));
        List<Integer> sources = new ArrayList<>();
        for (int source = 0; source < course.system(RankingTrial.BLEND); source++) {
            sources.add(source);
        }
        sources.sort(
                Comparator.comparingDouble(
                        source -> -standings.get(source).all.mean(RankingMetric.RECALL, cutoff)));
        shown.add(sources.get(0));
        if (stream.oracle() != null) {
            shown.add(course.system(RankingTrial.ORACLE));
        } else if (sources.size() > 1) {
            shown.add(sources.get(1));
        }
        return LearningPage.html(
                new LearningPage.Subject(
                        title,
                        Map.of("Stream", stream.description()),
                        course,
                        shown,
                        stream.testFromMillis(),
                        stream.window(),
                        stream.oracle() == null ? ChronoUnit.DAYS : ChronoUnit.MINUTES,
                        stream.shiftMillis(),
                        figures(),
                        Instant.now()));
    }

    private Map<String, String> figures() {
        Map<String, String> figures = new LinkedHashMap<>();
        for (Standing each : standings) {
            StringBuilder text = new StringBuilder();
            for (RankingMetric metric : List.of(RankingMetric.RECALL, RankingMetric.NDCG)) {
                text.append(
                        format(
                                "%s %.4f, second half %.4f; ",
                                metric.at(cutoff),
                                each.all.mean(metric, cutoff),
                                each.late.mean(metric, cutoff)));
            }
            if (!each.behind.isEmpty()) {
                text.append(rankers.get(0).name()).append(" minus it: ");
                text.append(difference(each, RankingMetric.RECALL)).append("; ");
                text.append(difference(each, RankingMetric.NDCG));
            }
            figures.put(each.name, text.toString());
        }
        figures.put("weights of the blend at the end", weightsText());
        rankers.forEach(ranker -> figures.put(ranker.name() + ", cost", costText(ranker)));
        return figures;
    }

    private static String format(String pattern, Object... arguments) {
        return String.format(Locale.ROOT, pattern, arguments);
    }
}
