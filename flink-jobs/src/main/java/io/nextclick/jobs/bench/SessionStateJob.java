package io.nextclick.jobs.bench;

import io.nextclick.jobs.RecommenderConfig;
import io.nextclick.jobs.kafka.ClickRecordSerializer;
import io.nextclick.jobs.kafka.ClickTimes;
import io.nextclick.jobs.kafka.KafkaEnds;
import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.jobs.kafka.ReceivedClickSerializer;
import io.nextclick.jobs.kafka.SetAsideRejected;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.LongAdder;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/**
 * The recommender without a model: the same source and decoding, the same key, and per click one
 * read and one write of a session's state in RocksDB, as many bytes as the recommender keeps.
 * Writes nothing to Kafka.
 */
final class SessionStateJob {

    /** In this process: the benchmark and its cluster share one. */
    private static final LongAdder UPDATES = new LongAdder();

    private SessionStateJob() {}

    /** State updates made by all runs in this process. */
    static long updates() {
        return UPDATES.sum();
    }

    static void define(
            StreamExecutionEnvironment environment, RecommenderConfig config, int hiddenFloats) {
        environment
                .fromSource(
                        KafkaEnds.clicks(config.kafka()),
                        ClickTimes.watermarks(config.outOfOrderness(), config.idleness()),
                        "Clicks from Kafka",
                        ClickRecordSerializer.TYPE)
                .uid("clicks")
                .process(new SetAsideRejected(), ReceivedClickSerializer.TYPE)
                .name("Set aside rejected clicks")
                .uid("set-aside-rejected")
                .keyBy(ReceivedClick::sessionId, Types.STRING)
                .process(new UpdateFunction(hiddenFloats), Types.LONG)
                .name("Update session")
                .uid("update-session")
                .sinkTo(new DiscardingSink<>())
                .name("Discard")
                .uid("discard");
    }

    /**
     * Layout of the state: clicks (int), last event time (long), the last items' hash codes (20
     * ints), and room for a list of 20 longs and a hidden state.
     */
    private static final class UpdateFunction
            extends KeyedProcessFunction<String, ReceivedClick, Long> {

        private static final long serialVersionUID = 1L;

        private static final int ITEMS = 20;
        private static final int ITEMS_AT = Integer.BYTES + Long.BYTES;
        private static final int ITEM_BYTES = ITEMS * Integer.BYTES;

        private final int bytes;
        private transient ValueState<byte[]> sessions;

        UpdateFunction(int hiddenFloats) {
            bytes = ITEMS_AT + ITEM_BYTES + ITEMS * Long.BYTES + hiddenFloats * Float.BYTES;
        }

        @Override
        public void open(OpenContext context) {
            sessions =
                    getRuntimeContext()
                            .getState(
                                    new ValueStateDescriptor<>(
                                            "sessions",
                                            PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
        }

        @Override
        public void processElement(ReceivedClick click, Context context, Collector<Long> out)
                throws Exception {
            byte[] state = sessions.value();
            if (state == null) {
                state = new byte[bytes];
            }
            System.arraycopy(
                    state, ITEMS_AT, state, ITEMS_AT + Integer.BYTES, ITEM_BYTES - Integer.BYTES);
            ByteBuffer fields = ByteBuffer.wrap(state);
            fields.putInt(0, fields.getInt(0) + 1);
            fields.putLong(Integer.BYTES, click.eventTimeMillis());
            fields.putInt(ITEMS_AT, click.itemId().hashCode());
            sessions.update(state);
            UPDATES.increment();
        }
    }
}
