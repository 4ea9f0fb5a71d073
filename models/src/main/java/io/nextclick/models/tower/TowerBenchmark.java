package io.nextclick.models.tower;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/**
 * How fast two towers learn, beside the same towers and loss under DJL's dense optimiser, in one
 * run and by turns. Sessions of 2 to 10 clicks enter items whose popularity falls off like
 * rank^(-2/3); two of three clicks go on to the item's successor, so that there is something to
 * learn. The learner is given texts and does all that it does in a job; the dense optimiser is
 * given rows.
 *
 * <p>Time is the processor time of the training thread, which does all the work with one thread of
 * the engine: other load on the machine counts only by what it takes of caches and memory.
 */
public final class TowerBenchmark {

    /** What is compared. */
    public enum Method {
        /** {@link TwoTowerLearner}. */
        TOUCHED_ROWS("touched rows, Adagrad"),
        /** DJL's Adam on whole tables. */
        DENSE_ADAM("whole tables, DJL's Adam");

        private final String description;

        Method(String description) {
            this.description = description;
        }

        /** A few words for a table. */
        public String description() {
            return description;
        }
    }

    /**
     * A method's median round.
     *
     * @param pairsPerSecond examples trained on
     * @param stepsPerSecond batches
     * @param firstLoss mean loss of the first batches
     * @param lastLoss mean loss of the last ones
     * @param steps batches in all
     */
    public record Speed(
            double pairsPerSecond,
            double stepsPerSecond,
            double firstLoss,
            double lastLoss,
            int steps) {}

    /**
     * What a catalogue's size comes to.
     *
     * @param speeds by method
     * @param bytesPerItem the learner's table and sketches, without the texts of item ids, divided
     *     by the items
     */
    public record Result(Map<Method, Speed> speeds, double bytesPerItem) {}

    private static final long SEED = 42;
    private static final int WARM_UP_STEPS = 3;
    private static final int LOSSES = 20;

    private TowerBenchmark() {}

    /** The options that are measured: the defaults, and every item has a row. */
    public static TwoTowerOptions options(int items) {
        TwoTowerOptions defaults = TwoTowerOptions.DEFAULTS;
        return defaults.toBuilder()
                .admission(1)
                .maximumRows(Math.max(items, defaults.maximumRows()))
                .build();
    }

    /**
     * Measures both methods over one catalogue: each takes its turn in every round, and the median
     * round counts.
     *
     * @param turn how long a method trains in a round; two steps at least
     */
    public static Result measure(int items, Duration turn, int rounds) {
        TwoTowerOptions options = options(items);
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
                TwoTowerLearner learner = new TwoTowerLearner(options);
                DenseTowers dense = new DenseTowers(options, items, manager)) {
            JniUtils.setNumThreads(1);
            for (int item = 0; item < items; item++) {
                learner.describe(id(item), ItemAttributes.NONE);
            }
            Map<Method, Trainee> trainees = new LinkedHashMap<>();
            trainees.put(
                    Method.TOUCHED_ROWS,
                    new Trainee(items, options, batch -> learn(learner, batch.examples())));
            SplittableRandom negatives = new SplittableRandom(SEED);
            trainees.put(
                    Method.DENSE_ADAM,
                    new Trainee(items, options, batch -> learn(dense, options, batch, negatives)));
            for (int round = 0; round <= rounds; round++) { // the first isn't measured
                for (Trainee trainee : trainees.values()) {
                    trainee.train(turn, round > 0);
                }
            }
            Map<Method, Speed> speeds = new LinkedHashMap<>();
            trainees.forEach((method, trainee) -> speeds.put(method, trainee.median()));
            return new Result(speeds, (double) learner.figures().bytes() / items);
        }
    }

    private static String id(int item) {
        return "item-" + item;
    }

    /** A batch as texts and as rows. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Batch(int items, List<TowerExample> examples, int[][] sessions, int[] targets) {}

    private static double learn(TwoTowerLearner learner, List<TowerExample> examples) {
        double loss = Double.NaN;
        for (TowerExample example : examples) {
            loss = learner.add(example).map(TowerStep::loss).orElse(loss);
        }
        return loss;
    }

    private static double learn(
            DenseTowers dense, TwoTowerOptions options, Batch batch, SplittableRandom random) {
        Map<Integer, Integer> places = new HashMap<>();
        int[] targets = new int[batch.targets.length];
        for (int b = 0; b < targets.length; b++) {
            Integer place = places.putIfAbsent(batch.targets[b], places.size());
            targets[b] = place == null ? places.size() - 1 : place;
        }
        for (int i = 0; i < options.negatives(); i++) {
            places.putIfAbsent(random.nextInt(batch.items), places.size());
        }
        int[] candidates = new int[places.size()];
        places.forEach((item, place) -> candidates[place] = item);
        return dense.step(batch.sessions, candidates, targets);
    }

    /** One method with its own copy of the stream. */
    private static final class Trainee {

        private final int items;
        private final TwoTowerOptions options;
        private final ToDoubleFunction<Batch> step;
        private final SplittableRandom random = new SplittableRandom(SEED);
        private final List<Double> losses = new ArrayList<>();
        private final List<Double> secondsOfAStep = new ArrayList<>();
        private final List<Integer> session = new ArrayList<>();
        private int left;

        Trainee(int items, TwoTowerOptions options, ToDoubleFunction<Batch> step) {
            this.items = items;
            this.options = options;
            this.step = step;
        }

        void train(Duration turn, boolean measured) {
            long spent = 0;
            int done = 0;
            while (done < (measured ? 2 : WARM_UP_STEPS) || spent < turn.toNanos()) {
                Batch batch = next();
                long began = processorNanos();
                double loss = step.applyAsDouble(batch);
                spent += processorNanos() - began;
                done++;
                if (!Double.isFinite(loss)) {
                    throw new IllegalStateException("loss " + loss);
                }
                losses.add(loss);
            }
            if (measured) {
                secondsOfAStep.add(spent / 1e9 / done);
            }
        }

        private Batch next() {
            int size = options.batchExamples();
            List<TowerExample> examples = new ArrayList<>(size);
            int[][] sessions = new int[size][];
            int[] targets = new int[size];
            while (examples.size() < size) {
                if (left == 0) {
                    session.clear();
                    session.add(enter());
                    left = 1 + random.nextInt(9);
                }
                int last = session.get(session.size() - 1);
                int target = random.nextInt(3) > 0 ? (last + 1) % items : enter();
                int b = examples.size();
                targets[b] = target;
                sessions[b] = new int[Math.min(options.history(), session.size())];
                for (int k = 0; k < sessions[b].length; k++) {
                    sessions[b][k] = session.get(session.size() - 1 - k);
                }
                List<String> ids = session.stream().map(TowerBenchmark::id).toList();
                examples.add(new TowerExample(ids, null, Map.of(), id(target), 0));
                session.add(target);
                left--;
            }
            return new Batch(items, examples, sessions, targets);
        }

        private int enter() {
            double point = random.nextDouble();
            long rank = (long) (items * point * point * point);
            // Popular items don't lie side by side in a real catalogue.
            return (int) (rank * 1_000_003 % items);
        }

        Speed median() {
            Collections.sort(secondsOfAStep);
            double seconds = secondsOfAStep.get(secondsOfAStep.size() / 2);
            int few = Math.min(LOSSES, losses.size() / 2);
            return new Speed(
                    options.batchExamples() / seconds,
                    1 / seconds,
                    mean(losses.subList(0, few)),
                    mean(losses.subList(losses.size() - few, losses.size())),
                    losses.size());
        }

        private static double mean(List<Double> values) {
            return Arrays.stream(values.toArray(new Double[0]))
                    .mapToDouble(Double::doubleValue)
                    .average()
                    .orElse(Double.NaN);
        }
    }

    private static long processorNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        return threads.isCurrentThreadCpuTimeSupported()
                ? threads.getCurrentThreadCpuTime()
                : System.nanoTime();
    }
}
