package io.nextclick.jobs.experiment;

import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.kafka.TopicEntrySerializer;
import io.nextclick.models.evaluation.Interval;
import io.nextclick.models.experiment.Effect;
import io.nextclick.models.experiment.Guard;
import io.nextclick.models.experiment.RateTotals;
import io.nextclick.models.experiment.SequentialTest;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.Method;
import io.nextclick.schemas.Experiment.State;
import io.nextclick.schemas.Experiment.Unit;
import io.nextclick.schemas.Experiment.Variant;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.Topics;
import java.util.List;
import java.util.Locale;
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
 * Outcomes and experiments in, by experiment; experiments that are to be stopped out. An experiment
 * with a guard is stopped as a whole as soon as one of its variants is worse than the control
 * beyond doubt ({@link Guard}): whether the others are worth going on with, and with whose traffic,
 * is for a person to say.
 *
 * <p>It asks after every outcome, which the always-valid test allows. A session is a unit; where
 * visitors are assigned, a visitor with all of their sessions is, and what they do under another
 * variant than their first is left out, as in the report.
 *
 * <p>State, by experiment, for the run that is going on: the experiment; by variant the totals of
 * its units, where lists are interleaved of its credits over the control's; by visitor what their
 * sessions came to, where visitors are assigned. When the run ends all of it goes.
 */
public final class ExperimentGuardFunction
        extends KeyedCoProcessFunction<
                String, ExperimentOutcome, TopicEntry<Experiment>, TopicEntry<Experiment>> {

    private static final long serialVersionUID = 1L;

    private transient ValueState<TopicEntry<Experiment>> guarded;
    private transient MapState<String, RateTotals> totals;
    private transient MapState<String, VisitorTotals> visitors;
    private transient Counter stopped;
    private transient Counter outcomes;

    @Override
    public void open(OpenContext context) {
        guarded =
                getRuntimeContext()
                        .getState(
                                new ValueStateDescriptor<>(
                                        "guarded", TopicEntrySerializer.EXPERIMENT));
        totals =
                getRuntimeContext()
                        .getMapState(
                                new MapStateDescriptor<>(
                                        "totals", Types.STRING, RateTotalsSerializer.TYPE));
        visitors =
                getRuntimeContext()
                        .getMapState(
                                new MapStateDescriptor<>(
                                        "visitors", Types.STRING, VisitorTotalsSerializer.TYPE));
        stopped = getRuntimeContext().getMetricGroup().counter("experimentsStopped");
        outcomes = getRuntimeContext().getMetricGroup().counter("guardedOutcomes");
    }

    @Override
    public void processElement2(
            TopicEntry<Experiment> entry, Context context, Collector<TopicEntry<Experiment>> out)
            throws Exception {
        TopicEntry<Experiment> before = guarded.value();
        Experiment experiment = entry.value();
        boolean isGuarded =
                experiment != null
                        && experiment.state() == State.RUNNING
                        && experiment.guardMargin() != null;
        boolean goesOn =
                isGuarded
                        && before != null
                        && before.value().salt().equals(experiment.salt())
                        && before.value().unit() == experiment.unit()
                        && before.value().method() == experiment.method();
        if (!goesOn) {
            forget();
        }
        if (isGuarded) {
            guarded.update(entry);
        }
    }

    private void forget() {
        guarded.clear();
        totals.clear();
        visitors.clear();
    }

    @Override
    public void processElement1(
            ExperimentOutcome outcome, Context context, Collector<TopicEntry<Experiment>> out)
            throws Exception {
        TopicEntry<Experiment> entry = guarded.value();
        if (entry == null || !entry.value().salt().equals(outcome.salt())) {
            return;
        }
        Experiment experiment = entry.value();
        List<String> variants = experiment.variants().stream().map(Variant::name).toList();
        boolean isInterleaved = experiment.method() == Method.INTERLEAVE;
        if ((outcome.variant() == null) != isInterleaved
                || (!isInterleaved && !variants.contains(outcome.variant()))) {
            return;
        }
        outcomes.inc();
        VisitorTotals session = VisitorTotals.of(outcome);
        VisitorTotals before = null;
        VisitorTotals now = session;
        if (experiment.unit() == Unit.USER) {
            before = visitors.get(outcome.unitId());
            if (before != null) {
                if (outcome.variant() != null && !outcome.variant().equals(before.variant())) {
                    return;
                }
                now = before.plus(session);
            }
            visitors.put(outcome.unitId(), now);
        }
        String control = variants.get(0);
        if (isInterleaved) {
            for (String variant : variants.subList(1, variants.size())) {
                add(variant, before, now, control);
            }
        } else {
            add(outcome.variant(), before, now, null);
        }
        look(experiment, variants, isInterleaved, context, out);
    }

    /**
     * @param before what the unit's part of the totals is; null if it is a new one
     * @param control whose hits are taken off; null for none
     */
    private void add(String variant, VisitorTotals before, VisitorTotals now, String control)
            throws Exception {
        RateTotals sum = totals.get(variant);
        sum = sum == null ? RateTotals.NONE : sum;
        if (before != null) {
            sum = sum.minus(hits(before, variant, control), (double) before.lists());
        }
        totals.put(variant, sum.plus(hits(now, variant, control), (double) now.lists()));
    }

    private static double hits(VisitorTotals of, String variant, String control) {
        return of.hitsOf(variant) - (control == null ? 0 : of.hitsOf(control));
    }

    private void look(
            Experiment experiment,
            List<String> variants,
            boolean isInterleaved,
            Context context,
            Collector<TopicEntry<Experiment>> out)
            throws Exception {
        Guard guard = new Guard(SequentialTest.DEFAULT, experiment.guardMargin());
        RateTotals control = isInterleaved ? null : totals.get(variants.get(0));
        for (String variant : variants.subList(1, variants.size())) {
            RateTotals own = totals.get(variant);
            if (own == null || (!isInterleaved && control == null)) {
                continue;
            }
            Effect effect = isInterleaved ? Effect.within(own) : Effect.between(control, own);
            if (guard.ends(effect)) {
                long now = context.timerService().currentProcessingTime();
                out.collect(
                        TopicEntry.of(
                                Topics.EXPERIMENTS,
                                experiment.with(
                                        State.STOPPED, now, reason(guard, variant, effect))));
                stopped.inc();
                forget();
                return;
            }
        }
    }

    private static String reason(Guard guard, String variant, Effect effect) {
        Interval interval = guard.test().interval(effect);
        return String.format(
                Locale.ROOT,
                "the guard found %s worse than the control: its rate is lower by %.4f, between"
                        + " %.4f and %.4f (%.0f %%, at any time), which is more than %s",
                variant,
                -effect.difference(),
                -interval.high(),
                -interval.low(),
                100 * guard.test().confidence(),
                guard.margin());
    }
}
