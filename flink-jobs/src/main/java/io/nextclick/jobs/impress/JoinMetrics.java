package io.nextclick.jobs.impress;

import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;

/** What the dashboard shows under the join. */
final class JoinMetrics {

    /** Impressions that arrived, whatever became of them. */
    final Counter impressions;

    /** Clicks that arrived, whatever became of them. */
    final Counter clicks;

    /** Impressions further behind the watermark than allowed: left out. */
    final Counter lateImpressions;

    /** Clicks further behind the watermark than allowed: left out. */
    final Counter lateClicks;

    /** Impressions whose id their session waits with: left out. */
    final Counter duplicateImpressions;

    /** Clicks whose event their session waits with: left out. */
    final Counter duplicateClicks;

    /** Impressions and clicks of sessions that wait with too many: left out. */
    final Counter crowdedOut;

    /** Impressions that left with their labels. */
    final Counter labelledImpressions;

    /** Items of these. */
    final Counter labelledItems;

    /** Those of them that were clicked. */
    final Counter clickedItems;

    JoinMetrics(MetricGroup group) {
        impressions = group.counter("impressions");
        clicks = group.counter("clicks");
        lateImpressions = group.counter("lateImpressions");
        lateClicks = group.counter("lateClicks");
        duplicateImpressions = group.counter("duplicateImpressions");
        duplicateClicks = group.counter("duplicateClicks");
        crowdedOut = group.counter("crowdedOut");
        labelledImpressions = group.counter("labelledImpressions");
        labelledItems = group.counter("labelledItems");
        clickedItems = group.counter("clickedItems");
    }
}
