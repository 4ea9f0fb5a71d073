package io.nextclick.models.experiment;

import io.nextclick.models.evaluation.Interval;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import java.util.function.LongConsumer;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * Experiments on the visitors of simulated shops, where the truth is known: how often the tests
 * find a difference that isn't there, and how many sessions they need to find one that is. Every
 * experiment has visitors, an assignment and a salt of its own; the statistics are those that
 * {@code experiment report} prints.
 *
 * <p>The rate is that of lists that hold the next click. The control's and the variant's lists are
 * both made for every click, so the true difference is known from all sessions together. Visitors
 * click what they would have clicked anyway, whatever they are shown.
 *
 * <p>Shops are independent of each other and are worked through in parallel; the same seed gives
 * the same figures on any number of threads.
 *
 * @param sessions of each experiment
 * @param lookEvery sessions between two looks
 * @param shops how many shops the experiments are spread over
 * @param seed of the shops
 * @param test the test that may be looked at at any time
 */
public record SimulatedExperiments(
        int sessions, int lookEvery, int shops, long seed, SequentialTest test) {

    /** Share of experiments in which a test that is called powerful enough finds the difference. */
    public static final double POWER = 0.8;

    private static final ExperimentDesign DESIGN =
            new ExperimentDesign(List.of("control", "variant"), List.of(0.5, 0.5));

    /** 97.5 % of the normal distribution. */
    private static final double NORMAL = 1.959964;

    public SimulatedExperiments {
        requireAtLeast("sessions", sessions, 2);
        requireAtLeast("sessions between looks", lookEvery, 1);
        requireAtLeast("shops", shops, 1);
        if (lookEvery > sessions) {
            throw new IllegalArgumentException(
                    "a look every "
                            + lookEvery
                            + " sessions is never taken in an experiment of "
                            + sessions);
        }
    }

    private static void requireAtLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(
                    name + " are " + value + ", there must be " + least + " or more");
        }
    }

    /** A way to find a difference. */
    public enum Check {
        WELCH("split: Welch's t, once at the end"),
        MANN_WHITNEY("split: Mann-Whitney, once at the end"),
        STUDENT("interleaved: Student's t, once at the end"),
        SIGN("interleaved: sign test, once at the end"),
        CHI_SQUARE("sample ratio: chi-square, once at the end"),
        SEQUENTIAL("split: sequential test, at every look"),
        INTERLEAVED_SEQUENTIAL("interleaved: sequential test, at every look"),
        SAMPLE_RATIO("sample ratio: sequential test, at every look"),
        GUARD("split: guard with margin 0, at every look"),
        PEEKED_WELCH("split: Welch's t, wrongly at every look"),
        PEEKED_STUDENT("interleaved: Student's t, wrongly at every look"),
        PEEKED_CHI_SQUARE("sample ratio: chi-square, wrongly at every look");

        private final String description;

        Check(String description) {
            this.description = description;
        }

        /** What is tested, and when. */
        public String description() {
            return description;
        }
    }

    /**
     * Experiments without a difference.
     *
     * @param experiments how many
     * @param found in how many of them each check found one
     */
    public record Calibration(int experiments, Map<Check, Integer> found) {

        /** Share of the experiments in which it found one. */
        public double rate(Check check) {
            return (double) found.get(check) / experiments;
        }

        /** Where the rate of all experiments lies, with 95 % (E. B. Wilson 1927). */
        public Interval interval(Check check) {
            double n = experiments;
            double squared = NORMAL * NORMAL;
            double centre = (found.get(check) + squared / 2) / (n + squared);
            double rate = rate(check);
            double radius = NORMAL / (n + squared) * Math.sqrt(n * rate * (1 - rate) + squared / 4);
            return new Interval(Math.max(0, centre - radius), Math.min(1, centre + radius));
        }
    }

    /**
     * Sessions that a way of comparing needs to find a difference.
     *
     * @param fixed number at which the test that is looked at once finds it with a chance of {@link
     *     SimulatedExperiments#POWER}; -1 if that is more than an experiment has
     * @param median number at which half of the experiments have found it by the test that is
     *     looked at at every look; -1 likewise
     * @param found share of the experiments that have found it by then at their end
     */
    public record Needed(int fixed, int median, double found) {}

    /**
     * Experiments with a difference.
     *
     * @param damaged share of the control's lists that are spoilt
     * @param controlRate the control's rate over all sessions
     * @param difference the variant's rate over all sessions minus the control's
     * @param split sessions needed if they are shared out
     * @param interleaved sessions needed if lists are interleaved
     */
    public record Detection(
            double damaged,
            double controlRate,
            double difference,
            Needed split,
            Needed interleaved) {}

    /**
     * A/A experiments: both variants are the same.
     *
     * @param experiments how many
     * @param done is told how many are done
     */
    public Calibration calibrate(int experiments, LongConsumer done) {
        Map<Check, Integer> found = new EnumMap<>(Check.class);
        for (Check check : Check.values()) {
            found.put(check, 0);
        }
        for (Run run : run(experiments, 0, done)) {
            run.found.forEach(check -> found.merge(check, 1, Integer::sum));
        }
        return new Calibration(experiments, found);
    }

    /**
     * A/B experiments: the variant ranks by what followed the last item most often, and so does the
     * control but for a share of its lists, which are the most popular items.
     *
     * @param damaged that share, in (0, 1]
     * @param experiments how many
     * @param done is told how many are done
     */
    public Detection detect(double damaged, int experiments, LongConsumer done) {
        if (!(damaged > 0 && damaged <= 1)) {
            throw new IllegalArgumentException(
                    "the share of spoilt lists is " + damaged + ", it must be in (0, 1]");
        }
        List<Run> runs = run(experiments, damaged, done);
        RateTotals control = RateTotals.NONE;
        RateTotals variant = RateTotals.NONE;
        for (Run run : runs) {
            control = control.plus(run.truth[0]);
            variant = variant.plus(run.truth[1]);
        }
        return new Detection(
                damaged,
                control.rate(),
                variant.rate() - control.rate(),
                needed(runs, run -> run.split),
                needed(runs, run -> run.interleaved));
    }

    private Needed needed(List<Run> runs, Function<Run, Course> course) {
        List<Course> courses = runs.stream().map(course).toList();
        int looks = sessions / lookEvery;
        int fixed = -1;
        for (int look = 0; look < looks && fixed < 0; look++) {
            int at = look;
            if (courses.stream().filter(each -> each.fixed[at]).count() >= POWER * courses.size()) {
                fixed = (look + 1) * lookEvery;
            }
        }
        int[] sequential = sorted(courses, each -> each.foundAt);
        int median = sequential[(sequential.length - 1) / 2];
        long found = Arrays.stream(sequential).filter(at -> at < Integer.MAX_VALUE).count();
        return new Needed(
                fixed,
                median == Integer.MAX_VALUE ? -1 : median,
                (double) found / sequential.length);
    }

    private static int[] sorted(List<Course> courses, ToIntFunction<Course> figure) {
        return courses.stream().mapToInt(figure).sorted().toArray();
    }

    /** Experiment e takes place in shop e mod shops. */
    private List<Run> run(int experiments, double damaged, LongConsumer done) {
        requireAtLeast("experiments", experiments, 1);
        AtomicLong count = new AtomicLong();
        IntUnaryOperator share = shop -> (experiments + shops - 1 - shop) / shops;
        return IntStream.range(0, shops)
                .parallel()
                .mapToObj(
                        shop -> {
                            List<Run> runs = new ArrayList<>();
                            if (share.applyAsInt(shop) == 0) {
                                return runs;
                            }
                            ForeseenVisits visits = new ForeseenVisits(seed + shop, damaged);
                            for (int i = 0; i < share.applyAsInt(shop); i++) {
                                runs.add(run(visits, "shop " + shop + ", experiment " + i));
                                done.accept(count.incrementAndGet());
                            }
                            return runs;
                        })
                .flatMap(List::stream)
                .toList();
    }

    /** How the difference looked in the course of one experiment. */
    private static final class Course {

        /** Whether the test that is looked at once would have found it, look by look. */
        final boolean[] fixed;

        /** Sessions at which the other test found it first. */
        int foundAt = Integer.MAX_VALUE;

        Course(int looks) {
            fixed = new boolean[looks];
        }
    }

    /** What came of one experiment. */
    private static final class Run {
        final Set<Check> found = EnumSet.noneOf(Check.class);
        final RateTotals[] truth = {RateTotals.NONE, RateTotals.NONE};
        final Course split;
        final Course interleaved;

        Run(int looks) {
            split = new Course(looks);
            interleaved = new Course(looks);
        }

        void add(Check check, boolean finds) {
            if (finds) {
                found.add(check);
            }
        }
    }

    private Run run(ForeseenVisits visits, String salt) {
        Guard guard = new Guard(test, 0);
        Assignment assignment = DESIGN.assignment(salt);
        SplitAnalysis split = new SplitAnalysis(DESIGN, guard);
        InterleavingAnalysis interleaving = new InterleavingAnalysis(DESIGN, guard);
        Run run = new Run(sessions / lookEvery);
        for (int session = 1; session <= sessions; session++) {
            ForeseenVisits.Visit visit = visits.next();
            int variant = assignment.variantOf(visit.id);
            split.add(visit.id, variant, visit.hits(variant), visit.lists());
            interleaving.add(visit.id, visits.credits(visit, assignment), visit.lists());
            for (int each = 0; each < 2; each++) {
                run.truth[each] = run.truth[each].plus(visit.hits(each), visit.lists());
            }
            if (session % lookEvery == 0) {
                look(run, session, split, interleaving, guard);
            }
        }
        double alpha = 1 - test.confidence();
        run.add(Check.WELCH, split.effect(1).t() <= alpha);
        run.add(Check.MANN_WHITNEY, split.rankTest(1) <= alpha);
        run.add(Check.STUDENT, interleaving.effect(1).t() <= alpha);
        run.add(Check.SIGN, interleaving.rankTest(1) <= alpha);
        run.add(Check.CHI_SQUARE, split.sampleRatio().chiSquare() <= alpha);
        return run;
    }

    private void look(
            Run run,
            int session,
            SplitAnalysis split,
            InterleavingAnalysis interleaving,
            Guard guard) {
        double alpha = 1 - test.confidence();
        Effect shared = split.effect(1);
        Effect within = interleaving.effect(1);
        int look = session / lookEvery - 1;
        run.split.fixed[look] = shared.t() <= alpha;
        run.interleaved.fixed[look] = within.t() <= alpha;
        if (test.finds(shared)) {
            run.split.foundAt = Math.min(run.split.foundAt, session);
        }
        if (test.finds(within)) {
            run.interleaved.foundAt = Math.min(run.interleaved.foundAt, session);
        }
        SampleRatio ratio = split.sampleRatio();
        run.add(Check.SEQUENTIAL, test.finds(shared));
        run.add(Check.INTERLEAVED_SEQUENTIAL, test.finds(within));
        run.add(Check.SAMPLE_RATIO, ratio.alwaysValid() <= alpha);
        run.add(Check.GUARD, guard.ends(shared));
        run.add(Check.PEEKED_WELCH, shared.t() <= alpha);
        run.add(Check.PEEKED_STUDENT, within.t() <= alpha);
        run.add(Check.PEEKED_CHI_SQUARE, ratio.chiSquare() <= alpha);
    }
}
