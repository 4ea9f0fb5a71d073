package io.nextclick.jobs.learn;

import io.nextclick.models.tower.TowerFigures;
import io.nextclick.models.tower.TowerStep;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MeterView;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;

/**
 * What a trainer reports of itself. Gauges are asked by other threads: they see what was last put
 * down here.
 */
final class TrainMetrics {

    /** Weight of the newest batch in the mean loss and recall: about the last hundred count. */
    private static final double NEWEST = 0.01;

    final Counter examples;
    final Counter trained;
    final Counter describedItems;
    final Counter publishedVectors;
    final Counter withdrawnVectors;
    final Counter releasedTowers;
    final Counter savedModels;
    final Counter failedWrites;
    final Counter averagingRounds;

    private volatile double loss = Double.NaN;
    private volatile double inBatchRecall = Double.NaN;
    private volatile long steps;
    private volatile TowerFigures figures = new TowerFigures(0, 0, 0, 0, 0, 0, 0, 0, 0);
    private volatile double meanPairwiseCosine = Double.NaN;
    private volatile boolean collapsing;
    // The start counts as one: a trainer that never publishes is noticed as well.
    private volatile long publishedNanos = System.nanoTime();

    TrainMetrics(MetricGroup group) {
        examples = group.counter("examples");
        trained = group.counter("trainedExamples");
        group.meter("trainedExamplesPerSecond", new MeterView(trained));
        describedItems = group.counter("describedItems");
        publishedVectors = group.counter("publishedVectors");
        withdrawnVectors = group.counter("withdrawnVectors");
        releasedTowers = group.counter("releasedTowers");
        savedModels = group.counter("savedModels", new ThreadSafeSimpleCounter());
        failedWrites = group.counter("failedWrites", new ThreadSafeSimpleCounter());
        averagingRounds = group.counter("averagingRounds");
        group.gauge("loss", (Gauge<Double>) () -> loss);
        group.gauge("inBatchRecall@20", (Gauge<Double>) () -> inBatchRecall);
        group.gauge("steps", (Gauge<Long>) () -> steps);
        group.gauge("items", (Gauge<Integer>) () -> figures.items());
        group.gauge("features", (Gauge<Integer>) () -> figures.features());
        group.gauge("profiles", (Gauge<Integer>) () -> figures.profiles());
        group.gauge("pendingExamples", (Gauge<Integer>) () -> figures.pendingExamples());
        group.gauge("notAdmittedExamples", (Gauge<Long>) () -> figures.notAdmitted());
        group.gauge("expiredRows", (Gauge<Long>) () -> figures.expired());
        group.gauge("evictedRows", (Gauge<Long>) () -> figures.evicted());
        group.gauge("tableBytes", (Gauge<Long>) () -> figures.bytes());
        group.gauge("meanPairwiseCosine", (Gauge<Double>) () -> meanPairwiseCosine);
        group.gauge("collapseAlert", (Gauge<Integer>) () -> collapsing ? 1 : 0);
        group.gauge(
                "sincePublicationMillis",
                (Gauge<Long>) () -> (System.nanoTime() - publishedNanos) / 1_000_000);
    }

    /** A vector or a query tower has left. */
    void published() {
        publishedNanos = System.nanoTime();
    }

    void trained(TowerStep step, TowerFigures now) {
        trained.inc(step.examples());
        loss = mean(loss, step.loss());
        inBatchRecall = mean(inBatchRecall, step.inBatchRecall());
        steps = step.number();
        figures = now;
    }

    void count(TowerFigures now) {
        figures = now;
    }

    /** Mean loss of the last batches; NaN before the first. */
    double loss() {
        return loss;
    }

    /** Returns whether the towers count as collapsing from now on and didn't before. */
    boolean spread(double cosine, boolean alert) {
        boolean begins = alert && !collapsing;
        meanPairwiseCosine = cosine;
        collapsing = alert;
        return begins;
    }

    private static double mean(double before, double value) {
        return Double.isNaN(before) ? value : before + NEWEST * (value - before);
    }
}
