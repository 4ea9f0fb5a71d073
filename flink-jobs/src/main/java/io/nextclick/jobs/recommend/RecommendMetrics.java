package io.nextclick.jobs.recommend;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/** What the dashboard shows under the recommending operator. */
final class RecommendMetrics {

    /** Values that a histogram looks back over. */
    private static final int HISTOGRAM_WINDOW = 2_000;

    /** Clicks that arrived, whatever became of them. */
    final Counter clicks;

    final Counter recommendations;

    /** Clicks whose event id their session had seen: not answered. */
    final Counter duplicates;

    /** Clicks whose item their session had just clicked: answered from the unchanged session. */
    final Counter repeats;

    /** Clicks older than the watermark or their session's last click: answered as they arrive. */
    final Counter late;

    /** Sessions begun. */
    final Counter sessions;

    /** Sessions whose recurrent state was made anew from their items after a model change. */
    final Counter rebuilt;

    /** Released models that took another's place. */
    final Counter modelSwitches;

    /** Released models that could not be loaded here, each attempt. Safe for several threads. */
    final Counter modelLoadFailures;

    /** Clicks in a bundle. */
    final Histogram bundleSize;

    /** Microseconds that the model took for a bundle. */
    final Histogram inferenceTime;

    /** Milliseconds from a click's Kafka timestamp until its answer left the operator. */
    final Histogram clickToRecommendation;

    private final MetricGroup group;
    private final Map<String, Counter> fallbacks = new HashMap<>();
    private final Set<String> versions = new HashSet<>();
    private volatile String versionInForce;

    RecommendMetrics(MetricGroup group) {
        this.group = group;
        clicks = group.counter("clicks");
        recommendations = group.counter("recommendations");
        duplicates = group.counter("duplicates");
        repeats = group.counter("repeats");
        late = group.counter("late");
        sessions = group.counter("sessionsStarted");
        rebuilt = group.counter("sessionsRebuilt");
        modelSwitches = group.counter("modelSwitches");
        modelLoadFailures = group.counter("modelLoadFailures", new ThreadSafeSimpleCounter());
        bundleSize = histogram("bundleSize");
        inferenceTime = histogram("inferenceTimeMicros");
        clickToRecommendation = histogram("clickToRecommendationMillis");
        MetricGroup reasons = group.addGroup("fallbacks");
        // From the beginning: a counter that appears with its first event has no rate for it.
        for (String reason :
                List.of(
                        RecommendOperator.UNKNOWN_ITEMS,
                        RecommendOperator.NO_MODEL,
                        RecommendOperator.OVERRUN,
                        RecommendOperator.UNRANKED)) {
            fallbacks.put(reason, reasons.counter(reason));
        }
    }

    /** Counts an answer that the model did not rank. */
    void fallback(String reason) {
        fallbacks.get(reason).inc();
    }

    /**
     * Says which model answers from now on: {@code model.<version>.inForce} is 1 for it and 0 for
     * those before it. Reporters such as Prometheus take no texts as values, so the version is part
     * of the gauge's scope, and figures can be told apart by it.
     */
    void answersWith(String version) {
        versionInForce = version;
        if (versions.add(version)) {
            group.addGroup("model", version)
                    .gauge(
                            "inForce",
                            (Gauge<Integer>) () -> version.equals(versionInForce) ? 1 : 0);
        }
    }

    private Histogram histogram(String name) {
        return group.histogram(name, new DescriptiveStatisticsHistogram(HISTOGRAM_WINDOW));
    }
}
