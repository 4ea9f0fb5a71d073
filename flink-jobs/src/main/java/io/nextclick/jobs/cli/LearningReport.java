package io.nextclick.jobs.cli;

import io.nextclick.jobs.report.LearningPage;
import io.nextclick.models.evaluation.Difference;
import io.nextclick.models.evaluation.RankingMetric;
import io.nextclick.models.evaluation.Resampling;
import io.nextclick.models.prequential.Course;
import io.nextclick.models.prequential.LearningSystem;
import io.nextclick.models.prequential.TestThenTrain;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.LongStream;

/**
 * What came of learning from a stream: recall in the course of time, and figures that compare those
 * that learn with frozen copies, with each other and, in a shop, with the oracle. Printed as text
 * or written as a page.
 */
final class LearningReport {

    private static final Resampling RESAMPLING = new Resampling(1_000, 2_000, 0.95, 1);

    private final LearningStream stream;
    private final Course course;
    private final int cutoff;
    private final List<LearningSystem> systems;
    private final PrintWriter out;

    /** Places in the course of those whose recall is shown over time. */
    private final List<Integer> shown = new ArrayList<>();

    private final ChronoUnit unit;
    private final Map<String, String> figures = new LinkedHashMap<>();

    /**
     * Works the figures out.
     *
     * @param systems that learnt, in the course from its second place on
     * @param arrivals items that came up during the test
     */
    LearningReport(
            LearningStream stream,
            Course course,
            List<LearningSystem> systems,
            List<TestThenTrain.Arrival> arrivals,
            PrintWriter out) {
        this.stream = stream;
        this.course = course;
        this.systems = List.copyOf(systems);
        this.out = out;
        cutoff = course.cutoff();
        unit = unit(course.lastMillis() - stream.testFromMillis());
        shown.addAll(
                List.of(
                        1,
                        course.system(TestThenTrain.FROZEN),
                        course.system(TestThenTrain.SEQUENCE)));
        if (stream.oracle() != null) {
            shown.add(course.system(TestThenTrain.ORACLE));
        }
        for (int i = 0; i < systems.size(); i++) {
            addFigures(
                    1 + i,
                    systems.get(i),
                    systems.size() == 1 ? "" : course.systems().get(1 + i) + ": ");
        }
        addDifferences();
        addArrivals(arrivals);
    }

    void print() {
        table();
        say("");
        figures.forEach((name, value) -> say("%-46s %s", name, value));
        if (systems.size() > 1) {
            tableOfVariants();
        }
    }

    /** The page. */
    String html(String title) {
        return LearningPage.html(
                new LearningPage.Subject(
                        title,
                        Map.of("Stream", stream.description()),
                        course,
                        shown,
                        stream.testFromMillis(),
                        stream.window(),
                        unit,
                        stream.shiftMillis(),
                        figures,
                        Instant.now()));
    }

    private void table() {
        StringBuilder head =
                new StringBuilder(
                        format("%-15s %8s", unit.toString().toLowerCase(Locale.ROOT), "clicks"));
        for (int system : shown) {
            head.append(format("  %22s", course.systems().get(system)));
        }
        say("");
        say("recall@%d of each stretch", cutoff);
        say("%s", head);
        long from = stream.testFromMillis();
        double length = unit.getDuration().toMillis();
        for (Course.Window each : course.windows(from, stream.window())) {
            StringBuilder line =
                    new StringBuilder(
                            format(
                                    "%6.1f – %6.1f %8d",
                                    (each.fromMillis() - from) / length,
                                    (each.untilMillis() - from) / length,
                                    each.predictions()));
            for (int system : shown) {
                line.append(format("  %22.4f", each.recall().get(system)));
            }
            say("%s", line);
        }
    }

    private static ChronoUnit unit(long spanMillis) {
        if (spanMillis > Duration.ofDays(3).toMillis()) {
            return ChronoUnit.DAYS;
        }
        return spanMillis > Duration.ofHours(6).toMillis() ? ChronoUnit.HOURS : ChronoUnit.MINUTES;
    }

    /** Of one that learns, by its place in the course. */
    private void addFigures(int system, LearningSystem learner, String prefix) {
        int frozen = course.system(TestThenTrain.FROZEN);
        int alone = course.system(TestThenTrain.TOWER_OF + course.systems().get(system));
        IntPredicate all = prediction -> true;
        figures.put(
                prefix + "recall@" + cutoff,
                format(
                        "%.4f (tower alone %.4f; frozen at the start %.4f, sequence model %.4f)",
                        course.recall(system, all),
                        course.recall(alone, all),
                        course.recall(frozen, all),
                        course.recall(course.system(TestThenTrain.SEQUENCE), all)));
        if (stream.oracle() != null) {
            addRecovery(system, prefix);
        } else {
            IntPredicate last = course.between(stream.lastThirdMillis(), Long.MAX_VALUE);
            figures.put(
                    prefix + "last third, minus frozen at the start",
                    difference(system, frozen, last));
            figures.put(
                    prefix + "last third, minus the sequence model",
                    difference(system, course.system(TestThenTrain.SEQUENCE), last));
        }
        figures.put(
                prefix + "clicks on items new to the sequence model",
                format(
                        "recall@%d %.4f (tower alone %.4f; frozen at the start %.4f, sequence model"
                                + " %.4f) on %,d clicks",
                        cutoff,
                        course.recall(system, course.unseen()),
                        course.recall(alone, course.unseen()),
                        course.recall(frozen, course.unseen()),
                        course.recall(course.system(TestThenTrain.SEQUENCE), course.unseen()),
                        course.predictions(system, course.unseen()).size()));
        LearningSystem.Speed speed = learner.speed();
        figures.put(
                prefix + "learning",
                format(
                        "%,d examples, %,.0f a second of processor time, %,.0f with a process for"
                                + " each trainer; mean pairwise cosine %.3f; the tower"
                                + " weighs %.2f, %.2f where the sequence model doesn't know the"
                                + " item",
                        speed.examples(),
                        speed.examples() / speed.seconds(),
                        speed.examples() / speed.longestSeconds(),
                        learner.meanPairwiseCosine(),
                        learner.towerWeights().get(0),
                        learner.towerWeights().get(1)));
    }

    private void addRecovery(int system, String prefix) {
        int frozen = course.system(TestThenTrain.FROZEN);
        int oracle = course.system(TestThenTrain.ORACLE);
        if (stream.shiftMillis() >= 0) {
            for (int each : new int[] {system, frozen}) {
                Course.Recovery recovery =
                        course.recovery(
                                each, frozen, oracle, stream.shiftMillis(), stream.window());
                figures.put(
                        (each == system ? prefix : "frozen at the start: ") + "after the shift",
                        format(
                                "distance to the oracle %.4f before, %.4f unlearnt right after,"
                                        + " %.4f at the end: %.1f %% of what was lost is regained",
                                recovery.before(),
                                recovery.fallen(),
                                recovery.end(),
                                100 * recovery.regained()));
            }
        }
        long end = course.lastMillis() + 1;
        IntPredicate last = course.between(end - stream.window().toMillis(), end);
        figures.put(
                prefix + "in the last stretch",
                format(
                        "%.1f %% of the gap between frozen at the start and the oracle is closed",
                        100 * course.closed(system, frozen, oracle, last)));
        figures.put(
                prefix + "last stretch, minus frozen at the start",
                difference(system, frozen, last));
    }

    /** Each variant against the first. */
    private void addDifferences() {
        IntPredicate counted = counted();
        String which = stream.lastThirdMillis() < 0 ? "" : "last third, ";
        for (int variant = 2; variant <= systems.size(); variant++) {
            String names = course.systems().get(variant) + " minus " + course.systems().get(1);
            figures.put(which + names, difference(variant, 1, counted));
            int tower = course.system(TestThenTrain.TOWER_OF + course.systems().get(variant));
            int first = course.system(TestThenTrain.TOWER_OF + course.systems().get(1));
            figures.put(which + names + ", towers alone", difference(tower, first, counted));
        }
    }

    private IntPredicate counted() {
        return stream.lastThirdMillis() < 0
                ? prediction -> true
                : course.between(stream.lastThirdMillis(), Long.MAX_VALUE);
    }

    /** All of it in one table, on all clicks; of a log on those of the last third. */
    private void tableOfVariants() {
        IntPredicate counted = counted();
        int frozen = course.system(TestThenTrain.FROZEN);
        int oracle = course.system(TestThenTrain.ORACLE);
        say("");
        say(
                "%-18s %10s %12s %12s %10s %12s %14s",
                "recall@" + cutoff,
                "learning",
                "tower alone",
                "new items",
                "regained",
                "examples/s",
                "by all trainers");
        for (int variant = 1; variant <= systems.size(); variant++) {
            String name = course.systems().get(variant);
            LearningSystem.Speed speed = systems.get(variant - 1).speed();
            say(
                    "%-18s %10.4f %12.4f %12.4f %10s %,12.0f %,14.0f",
                    name,
                    course.recall(variant, counted),
                    course.recall(course.system(TestThenTrain.TOWER_OF + name), counted),
                    course.recall(variant, course.unseen()),
                    stream.shiftMillis() < 0
                            ? ""
                            : format(
                                    "%.1f %%",
                                    100
                                            * course.recovery(
                                                            variant,
                                                            frozen,
                                                            oracle,
                                                            stream.shiftMillis(),
                                                            stream.window())
                                                    .regained()),
                    speed.examples() / speed.seconds(),
                    speed.examples() / speed.longestSeconds());
        }
    }

    private String difference(int one, int other, IntPredicate kept) {
        Difference difference =
                RESAMPLING
                        .differences(
                                course.predictions(one, kept),
                                course.predictions(other, kept),
                                cutoff)
                        .get(RankingMetric.HR.at(cutoff));
        return difference == null
                ? "too few visits to say"
                : format(
                        "recall@%d %.4f − %.4f = %+.4f, 95 %% in [%+.4f, %+.4f], p %.4f",
                        cutoff,
                        course.recall(one, kept),
                        course.recall(other, kept),
                        difference.difference(),
                        difference.interval().low(),
                        difference.interval().high(),
                        difference.randomisation());
    }

    private void addArrivals(List<TestThenTrain.Arrival> arrivals) {
        long endMillis = course.lastMillis();
        long[] waits =
                arrivals.stream()
                        .filter(arrival -> arrival.recommendedMillis() >= 0)
                        .mapToLong(
                                arrival -> arrival.recommendedMillis() - arrival.appearedMillis())
                        .sorted()
                        .toArray();
        if (waits.length == 0 || stream.oracle() == null) {
            // A log's clicks are days apart, while sync points go by clicks: its times say nothing.
            figures.put(
                    "items that came up during the test",
                    format("%,d; %,d were recommended", arrivals.size(), waits.length));
            return;
        }
        long waiting =
                arrivals.stream()
                        .filter(arrival -> arrival.recommendedMillis() < 0)
                        .filter(arrival -> endMillis - arrival.appearedMillis() > 60_000)
                        .count();
        figures.put(
                "items that came up during the test",
                format(
                        "%,d; %,d were recommended, %.1f s (p50), %.1f s (p95) after their first"
                                + " click or catalogue entry; %,d not in a minute or more",
                        arrivals.size(),
                        waits.length,
                        waits[waits.length / 2] / 1e3,
                        waits[Math.min(waits.length - 1, waits.length * 95 / 100)] / 1e3,
                        waiting + LongStream.of(waits).filter(wait -> wait > 60_000).count()));
    }

    private void say(String pattern, Object... arguments) {
        out.printf(Locale.ROOT, pattern + "%n", arguments);
        out.flush();
    }

    private static String format(String pattern, Object... arguments) {
        return String.format(Locale.ROOT, pattern, arguments);
    }
}
