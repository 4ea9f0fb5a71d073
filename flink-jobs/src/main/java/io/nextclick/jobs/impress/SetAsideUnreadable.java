package io.nextclick.jobs.impress;

import io.nextclick.jobs.kafka.SetAsideRejected;
import io.nextclick.schemas.Impression;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Impressions go on; records that hold none leave by {@link SetAsideRejected#REJECTED}, counted.
 */
public final class SetAsideUnreadable extends ProcessFunction<ImpressionRecord, Impression> {

    private static final long serialVersionUID = 1L;

    private transient Counter rejected;

    @Override
    public void open(OpenContext context) {
        rejected = getRuntimeContext().getMetricGroup().counter("rejected");
    }

    @Override
    public void processElement(
            ImpressionRecord record, Context context, Collector<Impression> out) {
        if (record instanceof ImpressionRecord.Shown of) {
            out.collect(of.impression());
        } else {
            rejected.inc();
            context.output(
                    SetAsideRejected.REJECTED, ((ImpressionRecord.Unreadable) record).record());
        }
    }
}
