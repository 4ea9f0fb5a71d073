package io.nextclick.jobs.trending;

import io.nextclick.models.ranking.TrendingCounts;
import io.nextclick.models.ranking.TrendingCounts.ItemCount;
import io.nextclick.models.ranking.TrendingItems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Counts what all clicks say is clicked now, and tells once a second what has changed; after a
 * start or restore all that is known. Runs with one subtask, so that all that answer hold the same.
 *
 * <p>What it tells comes in parts of at most {@value #PART} items.
 *
 * <p>State: {@link TrendingItems}, in such parts too.
 */
public final class TrendingItemsOperator extends AbstractStreamOperator<TrendingCounts>
        implements OneInputStreamOperator<TrendingCounts, TrendingCounts>, BoundedOneInput {

    private static final long serialVersionUID = 1L;

    /** How often changes are told. */
    static final Duration INTERVAL = Duration.ofSeconds(1);

    static final int PART = 1_000;

    private final TrendingSettings settings;

    private transient ListState<TrendingCounts> state;
    private transient TrendingItems items;

    /** Items whose counts are to be told, those forgotten among them. */
    private transient Set<String> changed;

    private transient ScheduledFuture<?> timer;

    public TrendingItemsOperator(TrendingSettings settings) {
        this.settings = settings;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        state =
                context.getOperatorStateStore()
                        .getListState(
                                new ListStateDescriptor<>(
                                        "trending-items", TrendingCountsSerializer.TYPE));
        items = settings.newItems();
        changed = new LinkedHashSet<>();
        for (TrendingCounts part : state.get()) {
            items.take(part);
        }
        items.counts().counts().forEach(each -> changed.add(each.itemId()));
    }

    @Override
    public void open() throws Exception {
        super.open();
        getMetricGroup().gauge("items", (Gauge<Integer>) () -> items.size());
        timer =
                getProcessingTimeService()
                        .scheduleWithFixedDelay(now -> tell(), 0, INTERVAL.toMillis());
    }

    @Override
    public void processElement(StreamRecord<TrendingCounts> element) {
        TrendingCounts counts = element.getValue();
        for (ItemCount each : counts.counts()) {
            if (each.count() >= Double.MIN_NORMAL) {
                String forgotten = items.add(each.itemId(), each.count(), counts.asOfMillis());
                changed.add(each.itemId());
                if (forgotten != null) {
                    changed.add(forgotten);
                }
            }
        }
    }

    @Override
    public void processWatermark(Watermark mark) {
        // Who is told goes by its own clicks' event time.
    }

    private void tell() {
        if (!changed.isEmpty()) {
            for (TrendingCounts part : parts(items.counts(changed))) {
                output.collect(new StreamRecord<>(part));
            }
            changed.clear();
        }
    }

    private static List<TrendingCounts> parts(TrendingCounts counts) {
        List<TrendingCounts> parts = new ArrayList<>();
        List<ItemCount> all = counts.counts();
        for (int from = 0; from < all.size(); from += PART) {
            parts.add(
                    new TrendingCounts(
                            counts.asOfMillis(),
                            all.subList(from, Math.min(all.size(), from + PART))));
        }
        return parts;
    }

    @Override
    public void endInput() {
        tell();
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        state.update(parts(items.counts()));
    }

    @Override
    public void close() throws Exception {
        try {
            super.close();
        } finally {
            if (timer != null) {
                timer.cancel(false);
            }
        }
    }
}
