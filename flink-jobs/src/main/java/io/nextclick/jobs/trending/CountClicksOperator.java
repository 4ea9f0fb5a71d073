package io.nextclick.jobs.trending;

import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.models.ranking.TrendingCounts;
import io.nextclick.models.ranking.TrendingItems;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Adds up the clicks of one subtask by item, so that what counts them all gets one record a second
 * from it and not one a click. A click costs one look-up here.
 *
 * <p>A click counts at its event time, but not later than its Kafka timestamp: one click from a
 * clock that is hours ahead would outweigh everything else for as long.
 *
 * <p>No state: all is sent before each checkpoint's barrier.
 */
public final class CountClicksOperator extends AbstractStreamOperator<TrendingCounts>
        implements OneInputStreamOperator<ReceivedClick, TrendingCounts>, BoundedOneInput {

    private static final long serialVersionUID = 1L;

    /** How often counts are sent. */
    static final Duration INTERVAL = Duration.ofSeconds(1);

    private final TrendingSettings settings;

    private transient TrendingItems counted;
    private transient ScheduledFuture<?> timer;

    public CountClicksOperator(TrendingSettings settings) {
        this.settings = settings;
    }

    @Override
    public void open() throws Exception {
        super.open();
        counted = settings.newItems();
        timer =
                getProcessingTimeService()
                        .scheduleWithFixedDelay(
                                now -> send(), INTERVAL.toMillis(), INTERVAL.toMillis());
    }

    @Override
    public void processElement(StreamRecord<ReceivedClick> element) {
        ReceivedClick click = element.getValue();
        long timeMillis =
                click.timestampMillis() < 0
                        ? click.eventTimeMillis()
                        : Math.min(click.eventTimeMillis(), click.timestampMillis());
        if (counted.size() == settings.items() && counted.count(click.itemId(), timeMillis) == 0) {
            // Nothing may be forgotten before it has been sent.
            send();
        }
        counted.add(click.itemId(), 1, timeMillis);
    }

    private void send() {
        if (counted.size() > 0) {
            output.collect(new StreamRecord<>(counted.counts()));
            counted = settings.newItems();
        }
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
        send();
        super.prepareSnapshotPreBarrier(checkpointId);
    }

    @Override
    public void endInput() {
        send();
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
