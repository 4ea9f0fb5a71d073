package io.nextclick.jobs.recommend;

import io.nextclick.models.ranking.CandidateSource;
import io.nextclick.models.ranking.SourceWeights;
import io.nextclick.models.ranking.SourceWeights.Learnt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * How far the sources of candidates are believed by one subtask, in each situation apart: where the
 * sequence model knows the session's last item, and where it doesn't and answers as if that hadn't
 * been clicked.
 *
 * <p>State: the weights by the sources' numbers, 0 for those that take no part. Sources may come
 * and go from one start to the next: those that stay keep their proportions, and a new one begins
 * with its weight at the start, from where all are quick to learn again.
 */
final class MixtureWeights {

    /**
     * What a source that is neither the sequence model nor the query tower is believed to begin
     * with, beside these two together.
     */
    static final double START_OF_OTHERS = 0.1;

    private static final int NUMBERED = CandidateSource.values().length;

    private static final byte LAST_KNOWN = 0;
    private static final byte LAST_UNKNOWN = 1;
    private static final int SITUATIONS = 2;

    private final List<CandidateSource> sources;
    private final double[] start;
    private final SourceWeights weights;
    private final ListState<Tuple3<Integer, Long, double[]>> state;

    /**
     * @param store holds what has been learnt, and is read by {@link #open}
     */
    MixtureWeights(CandidateSettings settings, OperatorStateStore store) throws Exception {
        sources = settings.sources();
        boolean both = sources.contains(CandidateSource.TWO_TOWER);
        start = new double[sources.size()];
        for (int i = 0; i < start.length; i++) {
            start[i] =
                    switch (sources.get(i)) {
                        case MODEL -> both ? 1 - settings.towerWeight() : 1;
                        case TWO_TOWER -> settings.towerWeight();
                        default -> START_OF_OTHERS;
                    };
        }
        weights =
                settings.learnsWeights()
                        ? SourceWeights.learnt(SITUATIONS, settings.weightWindow(), start)
                        : SourceWeights.fixed(SITUATIONS, start);
        state = state(store);
    }

    /**
     * Drops what a job with several sources left, where this one has none: Flink would go on
     * writing it, more of it with each restore.
     */
    static void forget(OperatorStateStore store) throws Exception {
        state(store).clear();
    }

    /** A union: whatever the number of subtasks was, each goes on from what all have learnt. */
    private static ListState<Tuple3<Integer, Long, double[]>> state(OperatorStateStore store)
            throws Exception {
        return store.getUnionListState(
                new ListStateDescriptor<>(
                        "source-weights",
                        Types.TUPLE(
                                Types.INT,
                                Types.LONG,
                                PrimitiveArrayTypeInfo.DOUBLE_PRIMITIVE_ARRAY_TYPE_INFO)));
    }

    void open(MetricGroup group) throws Exception {
        List<List<Learnt>> learnt = List.of(new ArrayList<>(), new ArrayList<>());
        for (Tuple3<Integer, Long, double[]> entry : state.get()) {
            if (entry.f0 >= 0 && entry.f0 < SITUATIONS) {
                Learnt before = takenUp(entry.f1, entry.f2);
                if (before != null) {
                    learnt.get(entry.f0).add(before);
                }
            }
        }
        for (int situation = 0; situation < SITUATIONS; situation++) {
            weights.resume(situation, learnt.get(situation));
        }
        if (isMixture()) {
            for (int i = 0; i < sources.size(); i++) {
                int at = i;
                String name = SourceQuality.metricName(sources.get(i));
                group.gauge(name + "Weight", (Gauge<Double>) () -> weights.of(LAST_KNOWN)[at]);
                group.gauge(
                        name + "WeightAfterUnseen",
                        (Gauge<Double>) () -> weights.of(LAST_UNKNOWN)[at]);
            }
        }
    }

    /**
     * What was learnt of sources that may have been others.
     *
     * @param before by the sources' numbers; may end early, as where there were but two
     * @return null if nothing is left of it
     */
    private Learnt takenUp(long labels, double[] before) {
        double[] kept = new double[start.length];
        double keptSum = 0;
        double startOfNew = 0;
        double startSum = Arrays.stream(start).sum();
        for (int i = 0; i < kept.length; i++) {
            int number = sources.get(i).number();
            kept[i] = number < before.length ? before[number] : 0;
            keptSum += kept[i];
            startOfNew += kept[i] > 0 ? 0 : start[i] / startSum;
        }
        if (!(keptSum > 0)) {
            return null;
        }
        boolean areSame = true;
        for (int i = 0; i < kept.length; i++) {
            if (kept[i] > 0) {
                kept[i] *= (1 - startOfNew) / keptSum;
            } else {
                kept[i] = start[i] / startSum;
                areSame = false;
            }
        }
        // With few labels behind them the weights are quick to move.
        long counted = areSame ? labels : Math.min(labels, 1);
        return new Learnt(counted, Arrays.stream(kept).boxed().toList());
    }

    void snapshot() throws Exception {
        List<Tuple3<Integer, Long, double[]>> entries = new ArrayList<>();
        for (int situation = 0; situation < SITUATIONS; situation++) {
            entries.add(
                    Tuple3.of(situation, weights.labels(situation), bySource((byte) situation)));
        }
        state.update(entries);
    }

    /** Whether there is anything to weigh. */
    boolean isMixture() {
        return sources.size() > 1;
    }

    static byte situation(boolean knowsLast) {
        return knowsLast ? LAST_KNOWN : LAST_UNKNOWN;
    }

    /** The weights in a situation by the sources' numbers, for the caller to keep. */
    double[] bySource(byte situation) {
        double[] numbered = new double[NUMBERED];
        double[] believed = weights.of(situation);
        for (int i = 0; i < believed.length; i++) {
            numbered[sources.get(i).number()] = believed[i];
        }
        return numbered;
    }

    /**
     * Learns from a click on one of the items that were proposed.
     *
     * @param item its place in the proposals
     */
    void learn(Proposals proposals, int item) {
        if (proposals.situation < 0 || proposals.situation >= SITUATIONS) {
            return;
        }
        float[] shares = new float[sources.size()];
        for (int i = 0; i < shares.length; i++) {
            shares[i] = proposals.share(item, sources.get(i));
        }
        weights.learn(proposals.situation, shares);
    }
}
