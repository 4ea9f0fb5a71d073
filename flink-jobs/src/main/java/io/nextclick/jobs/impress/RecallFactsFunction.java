package io.nextclick.jobs.impress;

import io.nextclick.jobs.types.Fingerprint;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import io.nextclick.schemas.RankingFacts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Gives impressions the facts that their recommendation was ranked by, where the page that
 * published them only says which recommendation it was.
 *
 * <p>Input 1: impressions. Input 2: recommendations, as impressions of their own ({@link
 * Impression#of}). Both by session. An impression that lacks facts waits until the watermark says
 * that its recommendation should have come, and goes on with what there is then; it is out of this
 * function before the watermark is, so that nothing becomes late here.
 *
 * <p>State: for each session the recommendations with facts that are younger than {@code memory},
 * and the impressions that wait; a bounded number.
 */
public final class RecallFactsFunction
        extends KeyedCoProcessFunction<String, Impression, Impression, Impression> {

    private static final long serialVersionUID = 1L;

    private final long memoryMillis;
    private final int mostPerSession;

    /** By {@link Fingerprint} of the recommendation's id. */
    private transient MapState<Long, Impression> recommended;

    /** By {@link Fingerprint} of the impression's id. */
    private transient MapState<Long, Impression> waiting;

    /** Of both together; none for 0. */
    private transient ValueState<Integer> held;

    private transient Counter recalled;
    private transient Counter notRecalled;

    /**
     * @param memory how long after its click a recommendation may be shown, in event time
     * @param mostPerSession recommendations and impressions of one session that are held at a time;
     *     what comes on top isn't remembered, or goes on at once: no visitor sees so many
     */
    public RecallFactsFunction(Duration memory, int mostPerSession) {
        memoryMillis = memory.toMillis();
        this.mostPerSession = mostPerSession;
    }

    @Override
    public void open(OpenContext context) {
        recommended =
                getRuntimeContext()
                        .getMapState(
                                new MapStateDescriptor<>(
                                        "recommended", Types.LONG, ImpressionSerializer.TYPE));
        waiting =
                getRuntimeContext()
                        .getMapState(
                                new MapStateDescriptor<>(
                                        "waiting", Types.LONG, ImpressionSerializer.TYPE));
        held = getRuntimeContext().getState(new ValueStateDescriptor<>("held", Types.INT));
        recalled = getRuntimeContext().getMetricGroup().counter("recalled");
        notRecalled = getRuntimeContext().getMetricGroup().counter("notRecalled");
    }

    @Override
    public void processElement1(Impression shown, Context context, Collector<Impression> out)
            throws Exception {
        if (shown.recommendationId() == null || !lacksFacts(shown)) {
            out.collect(shown);
        } else if (shown.shownAtMillis() <= context.timerService().currentWatermark()
                || !hold(waiting, shown)) {
            out.collect(recall(shown));
        } else {
            context.timerService().registerEventTimeTimer(shown.shownAtMillis());
        }
    }

    @Override
    public void processElement2(Impression list, Context context, Collector<Impression> out)
            throws Exception {
        long end = list.shownAtMillis() + memoryMillis;
        if (end > context.timerService().currentWatermark()
                && list.items().stream().anyMatch(item -> item.facts() != null)
                && hold(recommended, list)) {
            context.timerService().registerEventTimeTimer(end);
        }
    }

    /** Returns whether there is room for it, or it is held already. */
    private boolean hold(MapState<Long, Impression> in, Impression impression) throws Exception {
        long id = Fingerprint.of(impression.id());
        if (!in.contains(id)) {
            int before = held.value() == null ? 0 : held.value();
            if (before == mostPerSession) {
                return false;
            }
            held.update(before + 1);
        }
        in.put(id, impression);
        return true;
    }

    @Override
    public void onTimer(long timestamp, OnTimerContext context, Collector<Impression> out)
            throws Exception {
        // Before lists are forgotten: what is shown at the last moment still finds its own.
        int gone = 0;
        Iterator<Map.Entry<Long, Impression>> shown = waiting.iterator();
        while (shown.hasNext()) {
            Impression each = shown.next().getValue();
            if (each.shownAtMillis() <= timestamp) {
                out.collect(recall(each));
                shown.remove();
                gone++;
            }
        }
        Iterator<Map.Entry<Long, Impression>> lists = recommended.iterator();
        while (lists.hasNext()) {
            if (lists.next().getValue().shownAtMillis() + memoryMillis <= timestamp) {
                lists.remove();
                gone++;
            }
        }
        if (gone == 0) {
            return;
        }
        int left = held.value() - gone;
        if (left > 0) {
            held.update(left);
        } else {
            // Maps that were emptied one by one would stay as empty ones.
            waiting.clear();
            recommended.clear();
            held.clear();
        }
    }

    private static boolean lacksFacts(Impression shown) {
        return shown.items().stream().anyMatch(item -> item.facts() == null);
    }

    private Impression recall(Impression shown) throws Exception {
        Impression list = recommended.get(Fingerprint.of(shown.recommendationId()));
        if (list == null) {
            notRecalled.inc();
            return shown;
        }
        recalled.inc();
        Map<String, RankingFacts> facts = new HashMap<>();
        for (ShownItem item : list.items()) {
            facts.put(item.itemId(), item.facts());
        }
        List<ShownItem> items = new ArrayList<>(shown.items().size());
        for (ShownItem item : shown.items()) {
            items.add(
                    item.facts() != null
                            ? item
                            : new ShownItem(
                                    item.itemId(),
                                    item.position(),
                                    item.score(),
                                    item.source(),
                                    facts.get(item.itemId())));
        }
        return shown.withItems(items);
    }
}
