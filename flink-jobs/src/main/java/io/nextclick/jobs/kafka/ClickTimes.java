package io.nextclick.jobs.kafka;

import java.time.Duration;
import org.apache.flink.api.common.eventtime.TimestampAssigner;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;

/** Event time of the clicks topic, tracked for each partition by the source. */
public final class ClickTimes {

    private ClickTimes() {}

    /**
     * @param outOfOrderness how far event times may run backwards within a partition
     * @param idleness silence after which a partition no longer holds back event time; zero: never
     */
    public static WatermarkStrategy<ClickRecord> watermarks(
            Duration outOfOrderness, Duration idleness) {
        WatermarkStrategy<ClickRecord> ofClicks =
                WatermarkStrategy.forBoundedOutOfOrderness(outOfOrderness);
        WatermarkStrategy<ClickRecord> ofActive =
                idleness.isZero() ? ofClicks : ofClicks.withIdleness(idleness);
        return WatermarkStrategy.<ClickRecord>forGenerator(
                        context -> new ClicksOnly(ofActive.createWatermarkGenerator(context)))
                .withTimestampAssigner(
                        (record, kafkaTimestamp) ->
                                record instanceof ReceivedClick click
                                        ? click.eventTimeMillis()
                                        : TimestampAssigner.NO_TIMESTAMP);
    }

    /**
     * Keeps rejects from the generator: a partition with nothing else in it would never fall idle,
     * and having no event time would hold back all others for good.
     */
    private static final class ClicksOnly implements WatermarkGenerator<ClickRecord> {

        private final WatermarkGenerator<ClickRecord> generator;

        ClicksOnly(WatermarkGenerator<ClickRecord> generator) {
            this.generator = generator;
        }

        @Override
        public void onEvent(ClickRecord record, long timestamp, WatermarkOutput output) {
            if (record instanceof ReceivedClick) {
                generator.onEvent(record, timestamp, output);
            }
        }

        @Override
        public void onPeriodicEmit(WatermarkOutput output) {
            generator.onPeriodicEmit(output);
        }
    }
}
