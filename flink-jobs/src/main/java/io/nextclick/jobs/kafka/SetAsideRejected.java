package io.nextclick.jobs.kafka;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** Clicks go on; records that hold none leave by a side output, counted by what is wrong. */
public final class SetAsideRejected extends ProcessFunction<ClickRecord, ReceivedClick> {

    /** Where rejects leave. */
    public static final OutputTag<RejectedClick> REJECTED =
            new OutputTag<>("rejected", RejectedClickSerializer.TYPE);

    private static final long serialVersionUID = 1L;

    /** A reason's place may be any offset or pointer; a metric's name must be one of few. */
    private static final Set<String> FIELDS =
            Set.of(
                    "event_id",
                    "session_id",
                    "user_id",
                    "item_id",
                    "event_type",
                    "event_time",
                    "attributes");

    private static final String RECORD = "record";

    private transient Counter rejected;
    private transient Map<String, Counter> rejectedByField;

    @Override
    public void open(OpenContext context) {
        rejected = getRuntimeContext().getMetricGroup().counter("rejected");
        rejectedByField = new HashMap<>();
    }

    @Override
    public void processElement(ClickRecord record, Context context, Collector<ReceivedClick> out) {
        if (record instanceof ReceivedClick click) {
            out.collect(click);
            return;
        }
        RejectedClick reject = (RejectedClick) record;
        rejected.inc();
        count(reject.where());
        context.output(REJECTED, reject);
    }

    private void count(String where) {
        String field = FIELDS.contains(where) ? where : RECORD;
        Counter counter = rejectedByField.get(field);
        if (counter == null) {
            counter = getRuntimeContext().getMetricGroup().addGroup("rejectedBy").counter(field);
            rejectedByField.put(field, counter);
        }
        counter.inc();
    }
}
