package io.nextclick.jobs.impress;

import io.nextclick.jobs.kafka.ReceivedClick;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.streaming.api.operators.co.KeyedCoProcessOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;

/** The join with its surroundings, fed by hand. */
final class JoinRun implements AutoCloseable {

    static final int KEY_GROUPS = 128;

    final KeyedTwoInputStreamOperatorTestHarness<
                    String, Impression, ReceivedClick, LabelledImpression>
            harness;

    private final ImpressionJoinFunction function;
    private final KeyedCoProcessOperator<String, Impression, ReceivedClick, LabelledImpression>
            operator;
    private final int subtasks;
    private final int index;
    private boolean onRocksDb;
    private long offset;

    JoinRun(JoinSettings settings) throws Exception {
        this(settings, 1, 0);
    }

    /** One of several subtasks. */
    JoinRun(JoinSettings settings, int subtasks, int index) throws Exception {
        this.subtasks = subtasks;
        this.index = index;
        function = new ImpressionJoinFunction(settings);
        operator = new KeyedCoProcessOperator<>(function);
        harness =
                new KeyedTwoInputStreamOperatorTestHarness<>(
                        operator,
                        Impression::sessionId,
                        ReceivedClick::sessionId,
                        Types.STRING,
                        KEY_GROUPS,
                        subtasks,
                        index);
    }

    /** With state in RocksDB, as in a job: each value is written and read at each record. */
    static JoinRun onRocksDb(JoinSettings settings) throws Exception {
        JoinRun run = new JoinRun(settings);
        run.onRocksDb = true;
        run.harness.setStateBackend(new EmbeddedRocksDBStateBackend());
        return run;
    }

    JoinRun open() throws Exception {
        harness.setup(LabelledImpressionSerializer.TYPE.createSerializer(null));
        harness.open();
        return this;
    }

    JoinRun restore(OperatorSubtaskState state) throws Exception {
        harness.setup(LabelledImpressionSerializer.TYPE.createSerializer(null));
        harness.initializeState(state);
        harness.open();
        return this;
    }

    OperatorSubtaskState snapshot() throws Exception {
        return harness.snapshot(1, 1);
    }

    static Impression impression(String id, String session, long shownAt, String... items) {
        List<ShownItem> shown = new ArrayList<>();
        for (String item : items) {
            shown.add(new ShownItem(item, shown.size() + 1, 1.0 / (shown.size() + 1), "model"));
        }
        return new Impression(id, session, "u", shownAt, "home", shown, null, null);
    }

    JoinRun show(Impression impression) throws Exception {
        harness.processElement1(new StreamRecord<>(impression, impression.shownAtMillis()));
        return this;
    }

    JoinRun show(String id, String session, long shownAt, String... items) throws Exception {
        return show(impression(id, session, shownAt, items));
    }

    JoinRun click(ReceivedClick click) throws Exception {
        harness.processElement2(new StreamRecord<>(click, click.eventTimeMillis()));
        return this;
    }

    JoinRun click(String session, String item, long time, String eventId) throws Exception {
        return click(
                new ReceivedClick(eventId, session, null, item, time, "clicks", 0, offset++, time));
    }

    JoinRun click(String session, String item, long time) throws Exception {
        return click(session, item, time, null);
    }

    JoinRun watermark(long time) throws Exception {
        harness.processBothWatermarks(new Watermark(time));
        return this;
    }

    /** What has left so far, in its order. */
    List<LabelledImpression> labelled() {
        return harness.extractOutputValues();
    }

    /** What has left, each as {@code id: item+clickedAfter+dwell item …}. */
    List<String> texts() {
        List<String> texts = new ArrayList<>();
        for (LabelledImpression labelled : labelled()) {
            StringBuilder text = new StringBuilder(labelled.impression().id()).append(':');
            for (int i = 0; i < labelled.outcomes().size(); i++) {
                text.append(' ').append(labelled.impression().items().get(i).itemId());
                LabelledImpression.Outcome outcome = labelled.outcomes().get(i);
                if (outcome.clicked()) {
                    text.append('+').append(outcome.clickedAfterMillis());
                    text.append(outcome.dwellMillis() < 0 ? "" : "+" + outcome.dwellMillis());
                }
            }
            texts.add(text.toString());
        }
        return texts;
    }

    /** Whether a session's records come to this subtask. */
    boolean owns(String session) {
        return KeyGroupRangeAssignment.assignKeyToParallelOperator(session, KEY_GROUPS, subtasks)
                == index;
    }

    JoinMetrics metrics() {
        return function.metrics;
    }

    /** Neither state nor timers are left. */
    boolean isEmpty() {
        return entries() == 0 && harness.numEventTimeTimers() == 0;
    }

    private long entries() {
        // The harness can count on the heap only.
        return onRocksDb
                ? operator.getKeyedStateBackend()
                        .getKeys(ImpressionJoinFunction.STATE, VoidNamespace.INSTANCE)
                        .count()
                : harness.numKeyedStateEntries();
    }

    @Override
    public void close() throws IOException {
        try {
            harness.close();
        } catch (Exception e) {
            throw new IOException("the function can't be closed", e);
        }
    }
}
