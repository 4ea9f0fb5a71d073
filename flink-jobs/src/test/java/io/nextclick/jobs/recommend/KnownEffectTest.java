package io.nextclick.jobs.recommend;

import static io.nextclick.jobs.experiment.SomeExperiments.experiment;
import static io.nextclick.jobs.experiment.SomeExperiments.plain;
import static org.assertj.core.api.Assertions.assertThat;

import io.nextclick.jobs.experiment.GuardRun;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.retrieve.HandFeed;
import io.nextclick.models.evaluation.Interval;
import io.nextclick.models.experiment.ExperimentDesign;
import io.nextclick.models.experiment.Guard;
import io.nextclick.models.experiment.SequentialTest;
import io.nextclick.models.experiment.SplitAnalysis;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.Method;
import io.nextclick.schemas.Experiment.State;
import io.nextclick.schemas.Experiment.Unit;
import io.nextclick.schemas.Experiment.Variant;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Experiments from the click to the guard, where the truth is known: the same visitors are also
 * answered by the control alone and by the variant alone. Visitors click one of the model's five
 * best now and then, and anything otherwise; the variant believes a tower that knows nothing of
 * them.
 */
class KnownEffectTest {

    private static final long SEED = 20_261_122;
    private static final long MINUTE = 60_000;
    private static final int SESSIONS = 4_000;
    private static final int CLICKS = 6;

    /** How often a visitor clicks one of the model's best. */
    private static final double LIKED = 0.08;

    private static final Variant CONTROL = plain("control", 0.5);
    private static final Variant SPOILT =
            new Variant("spoilt", 0.5, null, Map.of("two-tower", 0.9), Map.of());

    private final HandFeed feed = new HandFeed();
    private final List<List<String>> visits = new ArrayList<>();

    @AfterEach
    void freesItsModel() {
        assertThat(FakeModels.OPEN).hasValue(0);
    }

    /**
     * What became of an experiment.
     *
     * @param outcomes what it told until its guard stopped it, or its end
     * @param stopped what the guard wrote
     */
    private record Course(List<ExperimentOutcome> outcomes, List<Experiment> stopped) {

        /** Lists that held the next click. */
        double rate() {
            return outcomes.stream().mapToDouble(ExperimentOutcome::hits).sum()
                    / outcomes.stream().mapToDouble(ExperimentOutcome::lists).sum();
        }
    }

    @Test
    void theGuardStopsASpoiltVariantAndItsIntervalHoldsTheTruth() throws Exception {
        fill();
        Course asBefore = course(Method.SPLIT, named(CONTROL, "a"), named(CONTROL, "b"));
        assertThat(asBefore.stopped()).as("no difference").isEmpty();
        assertThat(asBefore.outcomes()).hasSize(SESSIONS);
        double truth =
                course(Method.SPLIT, named(SPOILT, "a"), named(SPOILT, "b")).rate()
                        - asBefore.rate();
        assertThat(truth).isBetween(-0.08, -0.02);

        Course split = course(Method.SPLIT, CONTROL, SPOILT);
        Course interleaved = course(Method.INTERLEAVE, CONTROL, SPOILT);
        System.out.printf(
                "seed %d: true difference %.4f, split stopped after %d sessions, interleaved after"
                        + " %d%n",
                SEED, truth, split.outcomes().size(), interleaved.outcomes().size());
        assertThat(split.stopped()).hasSize(1);
        assertThat(split.stopped().get(0).state()).isEqualTo(State.STOPPED);
        assertThat(split.stopped().get(0).reason()).contains("spoilt worse than the control");
        assertThat(split.outcomes()).hasSizeBetween(200, SESSIONS - 1);
        Interval interval = interval(split);
        assertThat(interval.low()).isLessThan(truth);
        assertThat(interval.high()).isGreaterThan(truth).isNegative();

        assertThat(interleaved.stopped()).hasSize(1);
        // Lists of five that share no item hold two or three of each: it takes longer here.
        assertThat(interleaved.outcomes()).hasSizeBetween(100, SESSIONS - 1);
    }

    /** As the report works it out. */
    private static Interval interval(Course split) {
        SplitAnalysis analysis =
                new SplitAnalysis(
                        new ExperimentDesign(List.of("control", "spoilt"), List.of(0.5, 0.5)),
                        new Guard(SequentialTest.DEFAULT, 0));
        for (ExperimentOutcome outcome : split.outcomes()) {
            analysis.add(
                    outcome.unitId(),
                    outcome.variant().equals("control") ? 0 : 1,
                    outcome.hits(),
                    outcome.lists());
        }
        return SequentialTest.DEFAULT.interval(analysis.effect(1));
    }

    private static Variant named(Variant variant, String name) {
        return new Variant(name, variant.share(), null, variant.blend(), variant.rules());
    }

    /** All visitors, one after the other, until the guard stops it. */
    private Course course(Method method, Variant... variants) throws Exception {
        Experiment experiment = experiment("e", Unit.SESSION, method, variants);
        List<ExperimentOutcome> outcomes = new ArrayList<>();
        List<Experiment> stopped = new ArrayList<>();
        try (OperatorRun run =
                        new OperatorRun(
                                        LiveExperimentsTest.settings(blend(), "model"),
                                        FakeModels.recurrent("v1"))
                                .open();
                GuardRun guard = new GuardRun()) {
            run.tell(experiment);
            guard.tell(TopicEntry.of(Topics.EXPERIMENTS, experiment));
            for (int visit = 0; visit < visits.size() && stopped.isEmpty(); visit++) {
                long begin = visit * 10L * MINUTE;
                for (int click = 0; click < CLICKS; click++) {
                    run.click("visit " + visit, visits.get(visit).get(click), begin + click);
                    run.watermark(begin + click);
                }
                examine(run, guard, outcomes, stopped);
            }
            run.endOfTime();
            examine(run, guard, outcomes, stopped);
        }
        return new Course(outcomes, stopped);
    }

    /** Hands what is new to the guard, and what it says back to the operator. */
    private static void examine(
            OperatorRun run,
            GuardRun guard,
            List<ExperimentOutcome> outcomes,
            List<Experiment> stopped)
            throws Exception {
        List<ExperimentOutcome> all = run.outcomes();
        for (int i = outcomes.size(); i < all.size() && stopped.isEmpty(); i++) {
            outcomes.add(all.get(i));
            guard.add(all.get(i));
            for (TopicEntry<Experiment> entry : guard.stopped()) {
                stopped.add(entry.value());
                run.tell(entry);
                guard.tell(entry);
                assertThat(run.gauge("experimentsRunning")).isEqualTo(0);
            }
        }
    }

    /** The tower's vectors, and what visitors click. */
    private void fill() {
        SplittableRandom random = new SplittableRandom(SEED);
        feed.tower("a", 1, 2, FakeModels.ITEMS);
        for (int item = 0; item < FakeModels.ITEMS; item++) {
            feed.vectors("a", "i" + item, direction(random), direction(random));
        }
        for (int visit = 0; visit < SESSIONS; visit++) {
            List<String> items = new ArrayList<>();
            items.add("i" + random.nextInt(FakeModels.ITEMS));
            while (items.size() < CLICKS) {
                String next =
                        random.nextDouble() < LIKED
                                ? FakeModels.expected(items, "v1", 5).get(random.nextInt(5))
                                : "i" + random.nextInt(FakeModels.ITEMS);
                if (!next.equals(items.get(items.size() - 1))) {
                    items.add(next);
                }
            }
            visits.add(items);
        }
    }

    private static float[] direction(SplittableRandom random) {
        double angle = 2 * Math.PI * random.nextDouble();
        return new float[] {(float) Math.cos(angle), (float) Math.sin(angle)};
    }

    private CandidateSettings blend() {
        return new CandidateSettings(
                new CandidateSettings.Live(
                        feed.source(), feed.loader(), true, false, false, Duration.ofSeconds(30)),
                new CandidateSettings.Quotas(20),
                null,
                0,
                false,
                50,
                0,
                1,
                null);
    }
}
