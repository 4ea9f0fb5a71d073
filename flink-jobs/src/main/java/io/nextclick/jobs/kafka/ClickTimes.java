package io.nextclick.jobs.kafka;

import java.io.Serializable;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;

/** Event time of the clicks topic, tracked for each partition by the source. */
public final class ClickTimes {

    /** Of a record that says nothing of event time. */
    public static final long NO_TIME = TimestampAssigner.NO_TIMESTAMP;

    private ClickTimes() {}

    /**
     * @param outOfOrderness how far event times may run backwards within a partition
     * @param idleness silence after which a partition no longer holds back event time; zero: never
     */
    public static WatermarkStrategy<ClickRecord> watermarks(
            Duration outOfOrderness, Duration idleness) {
        return watermarks(
                outOfOrderness,
                idleness,
                record ->
                        record instanceof ReceivedClick click ? click.eventTimeMillis() : NO_TIME);
    }

    /**
     * Likewise of any other topic whose times are by the clock of the clicks.
     *
     * @param times when a record happened; {@link #NO_TIME} if it says nothing of event time
     */
    public static <T> WatermarkStrategy<T> watermarks(
            Duration outOfOrderness, Duration idleness, Times<T> times) {
        WatermarkStrategy<T> ofAll = WatermarkStrategy.forBoundedOutOfOrderness(outOfOrderness);
        WatermarkStrategy<T> ofActive = idleness.isZero() ? ofAll : ofAll.withIdleness(idleness);
        return WatermarkStrategy.<T>forGenerator(
                        context -> new TimedOnly<>(ofActive.createWatermarkGenerator(context)))
                .withTimestampAssigner((record, kafkaTimestamp) -> times.of(record));
    }

    /** Tells event time. */
    @FunctionalInterface
    public interface Times<T> extends Serializable {

        /** In milliseconds since the epoch, or {@link #NO_TIME}. */
        long of(T record);
    }

    /**
     * Keeps records without a time, such as rejects, from the generator: a partition with nothing
     * else in it would never fall idle, and having no event time would hold back all others for
     * good.
     */
    private static final class TimedOnly<T> implements WatermarkGenerator<T> {

        private final WatermarkGenerator<T> generator;

        TimedOnly(WatermarkGenerator<T> generator) {
            this.generator = generator;
        }

        @Override
        public void onEvent(T record, long timestamp, WatermarkOutput output) {
            if (timestamp != NO_TIME) {
                generator.onEvent(record, timestamp, output);
            }
        }

        @Override
        public void onPeriodicEmit(WatermarkOutput output) {
            generator.onPeriodicEmit(output);
        }
    }
}
