package io.nextclick.jobs.ranker;

import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MeterView;
import org.apache.flink.metrics.MetricGroup;

/**
 * What a ranker's trainer reports of itself. Gauges are asked by other threads: they see what was
 * last put down here.
 */
final class RankerTrainMetrics {

    /** Lists that arrived. */
    final Counter lists;

    /** Items that were learnt from. */
    final Counter trained;

    /** Items that lacked what fields read: left out. */
    final Counter withoutFacts;

    final Counter describedItems;
    final Counter releasedRankers;

    /** Times that a ranker wasn't released, its order not being as good as retrieval's. */
    final Counter heldReleases;

    final Counter failedWrites;

    private volatile ListQuality quality = new ListQuality(1);
    private volatile int waitingExamples;

    RankerTrainMetrics(MetricGroup group) {
        lists = group.counter("lists");
        trained = group.counter("trainedExamples");
        group.meter("trainedExamplesPerSecond", new MeterView(trained));
        withoutFacts = group.counter("itemsWithoutFacts");
        describedItems = group.counter("describedItems");
        releasedRankers = group.counter("releasedRankers");
        heldReleases = group.counter("heldReleases");
        failedWrites = group.counter("failedWrites");
        group.gauge("auc", (Gauge<Double>) () -> quality.auc());
        group.gauge("retrievalAuc", (Gauge<Double>) () -> quality.retrievalAuc());
        group.gauge("logLoss", (Gauge<Double>) () -> quality.logLoss());
        group.gauge("judgedLists", (Gauge<Long>) () -> quality.lists());
        group.gauge("waitingExamples", (Gauge<Integer>) () -> waitingExamples);
    }

    void judged(ListQuality now) {
        quality = now;
    }

    /** How many examples wait for learning to begin. */
    void waiting(int examples) {
        waitingExamples = examples;
    }
}
