package io.nextclick.jobs.cli;

import io.nextclick.models.experiment.ExperimentAnalysis;
import io.nextclick.models.experiment.ExperimentDesign;
import io.nextclick.models.experiment.ExperimentReport;
import io.nextclick.models.experiment.Guard;
import io.nextclick.models.experiment.InterleavingAnalysis;
import io.nextclick.models.experiment.SplitAnalysis;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.ExperimentOutcome.Credit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The outcomes of one experiment, to be analysed. Of an outcome that was told several times the
 * last counts. An outcome takes about 300 bytes.
 */
final class CollectedOutcomes {

    /** What is counted unless told otherwise: lists that held the item clicked next. */
    static final String HITS = "hits";

    /** Clicks of a session. */
    static final String CLICKS = "clicks";

    /** Points of a report's course. */
    private static final int LOOKS = 40;

    private final String experiment;
    private final ExperimentDesign design;
    private final String metric;

    /** By salt and id: a salt is a run. */
    private final Map<String, Map<String, Row>> runs = new HashMap<>();

    private long foreign;

    /**
     * @param variant null if lists were interleaved
     */
    private record Row(
            long endedAtMillis,
            String unit,
            String variant,
            double x,
            double y,
            List<Credit> credits) {}

    /**
     * @param experiment name of the experiment; other outcomes are passed over
     * @param metric {@link #HITS}, {@link #CLICKS} or the name of one of the outcomes' metrics, of
     *     which the mean of a session is compared
     */
    CollectedOutcomes(String experiment, ExperimentDesign design, String metric) {
        this.experiment = experiment;
        this.design = design;
        this.metric = metric;
    }

    void add(ExperimentOutcome outcome) {
        if (!outcome.experiment().equals(experiment)) {
            return;
        }
        if (outcome.variant() != null && design.indexOf(outcome.variant()) < 0) {
            foreign++;
            return;
        }
        boolean hits = metric.equals(HITS);
        double x =
                switch (metric) {
                    case HITS -> outcome.hits();
                    case CLICKS -> outcome.clicks();
                    default -> outcome.metrics().getOrDefault(metric, 0.0);
                };
        runs.computeIfAbsent(outcome.salt(), salt -> new HashMap<>())
                .put(
                        outcome.id(),
                        new Row(
                                outcome.endedAtMillis(),
                                outcome.unitId(),
                                outcome.variant(),
                                x,
                                hits ? outcome.lists() : 1,
                                outcome.credits()));
    }

    /** Outcomes of variants that the experiment doesn't name; they are left out. */
    long foreign() {
        return foreign;
    }

    /** The salt of the run that ended last; null if there is none. */
    String latestSalt() {
        return runs.entrySet().stream()
                .max(
                        Comparator.comparingLong(
                                run ->
                                        run.getValue().values().stream()
                                                .mapToLong(Row::endedAtMillis)
                                                .max()
                                                .orElse(Long.MIN_VALUE)))
                .map(Map.Entry::getKey)
                .orElse(null);
    }

    /**
     * What came of a run.
     *
     * @throws CommandException if there is nothing of it, or it can't be analysed this way
     */
    ExperimentReport report(String salt, Guard guard) throws CommandException {
        List<Row> rows = new ArrayList<>(runs.getOrDefault(salt, Map.of()).values());
        if (rows.isEmpty()) {
            throw new CommandException(
                    "there are no outcomes of experiment "
                            + experiment
                            + (salt == null ? "" : " with salt '" + salt + "'"));
        }
        boolean interleaved = rows.get(0).variant() == null;
        if (rows.stream().anyMatch(row -> (row.variant() == null) != interleaved)) {
            throw new CommandException(
                    "some outcomes of experiment "
                            + experiment
                            + " are of a split, others of interleaved lists");
        }
        if (interleaved && !metric.equals(HITS)) {
            throw new CommandException(
                    "lists were interleaved, of which only hits can be credited, not " + metric);
        }
        rows.sort(Comparator.comparingLong(Row::endedAtMillis).thenComparing(Row::unit));
        return interleaved ? interleaved(rows, guard) : split(rows, guard);
    }

    private ExperimentReport split(List<Row> rows, Guard guard) {
        SplitAnalysis analysis = new SplitAnalysis(design, guard);
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            analysis.add(row.unit(), design.indexOf(row.variant()), row.x(), row.y());
            lookNowAndThen(analysis, rows, i);
        }
        return analysis.report();
    }

    private ExperimentReport interleaved(List<Row> rows, Guard guard) {
        InterleavingAnalysis analysis = new InterleavingAnalysis(design, guard);
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            analysis.add(row.unit(), credits(row), row.y());
            lookNowAndThen(analysis, rows, i);
        }
        return analysis.report();
    }

    /** The credit of each variant; that of variants unknown is nobody's. */
    private double[] credits(Row row) {
        double[] credits = new double[design.variants().size()];
        for (Credit credit : row.credits()) {
            int variant = design.indexOf(credit.variant());
            if (variant >= 0) {
                credits[variant] += credit.hits();
            }
        }
        return credits;
    }

    private static void lookNowAndThen(ExperimentAnalysis analysis, List<Row> rows, int done) {
        long looks = Math.min(LOOKS, rows.size());
        if ((done + 1) * looks / rows.size() > done * looks / rows.size()) {
            analysis.look(rows.get(done).endedAtMillis());
        }
    }
}
