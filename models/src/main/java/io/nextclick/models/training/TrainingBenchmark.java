package io.nextclick.models.training;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.nextclick.models.network.Gru4Rec;
import io.nextclick.models.network.SessionNetwork;
import io.nextclick.models.session.Session;
import io.nextclick.models.training.TrainingListener.Epoch;
import io.nextclick.models.training.TrainingOptions.ItemOptimizer;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/**
 * How fast GRU4Rec trains, on random sessions of some six clicks over items whose popularity falls
 * off like rank^(-2/3): {@link #speeds} beside the same network, loss and negatives under DJL's
 * dense optimiser, in one run and by turns; {@link #epochSeconds} by the clicks and by the
 * catalogue.
 *
 * <p>Time is the processor time of the training thread, which does all the work with one thread of
 * the engine: other load on the machine counts only by what it takes of caches and memory.
 */
public final class TrainingBenchmark {

    /** The ways to train that are compared. */
    public enum Method {
        /** Adagrad on the rows that a step touches. */
        ROW_ADAGRAD("touched rows, Adagrad"),
        /** Adam on the rows that a step touches, to the same weights as dense Adam. */
        ROW_ADAM("touched rows, Adam"),
        /** DJL's Adam on whole matrices. */
        DENSE_ADAM("whole matrices, DJL's Adam");

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
     * @param clicksPerSecond predictions trained on
     * @param stepsPerSecond batches
     */
    public record Speed(double clicksPerSecond, double stepsPerSecond) {}

    /** Predictions of a batch, negatives, sizes and rates are those of the defaults. */
    private static final TrainingOptions OPTIONS =
            TrainingOptions.DEFAULTS.toBuilder()
                    .fullSoftmaxUpTo(0)
                    .validationFraction(0)
                    .refit(false)
                    .threads(1)
                    .build();

    private static final long SEED = 42;
    private static final int MEAN_LENGTH = 6;
    private static final int BATCHES = 64;
    private static final int WARM_UP_STEPS = 3;

    private TrainingBenchmark() {}

    /** The options that are measured, for a heading. */
    public static TrainingOptions options() {
        return OPTIONS;
    }

    /**
     * Measures every method over one catalogue: each takes its turn in every round, and the median
     * round counts.
     *
     * @param turn how long a method trains in a round; two steps at least
     */
    public static Map<Method, Speed> speeds(int items, Duration turn, int rounds) {
        SplittableRandom random = new SplittableRandom(SEED);
        List<int[]> sessions = sessions(items, BATCHES * OPTIONS.batchPredictions(), random);
        List<int[][]> batches =
                TrainingBatches.shuffled(sessions, OPTIONS.batchPredictions(), random);
        long[] counts = new long[items];
        Arrays.fill(counts, 1);
        sessions.forEach(session -> Arrays.stream(session).forEach(item -> counts[item]++));
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            JniUtils.setNumThreads(OPTIONS.threads());
            Map<Method, ToDoubleFunction<int[][]>> steps = new EnumMap<>(Method.class);
            float rate = (float) OPTIONS.learningRate();
            for (ItemOptimizer optimizer : ItemOptimizer.values()) {
                NetworkTraining training =
                        new NetworkTraining(
                                network(items),
                                counts,
                                OPTIONS.toBuilder().itemOptimizer(optimizer).build(),
                                false,
                                manager,
                                new SplittableRandom(SEED));
                steps.put(
                        optimizer == ItemOptimizer.ADAM ? Method.ROW_ADAM : Method.ROW_ADAGRAD,
                        batch -> training.step(batch, rate));
            }
            try (DenseTraining dense =
                    new DenseTraining(
                            network(items), counts, OPTIONS, manager, new SplittableRandom(SEED))) {
                steps.put(Method.DENSE_ADAM, dense::step);
                return byTurns(steps, batches, turn, rounds);
            }
        }
    }

    private static Map<Method, Speed> byTurns(
            Map<Method, ToDoubleFunction<int[][]>> steps,
            List<int[][]> batches,
            Duration turn,
            int rounds) {
        Map<Method, List<Speed>> measured = new EnumMap<>(Method.class);
        Map<Method, Integer> next = new EnumMap<>(Method.class);
        for (int round = 0; round <= rounds; round++) { // the first isn't measured
            for (Map.Entry<Method, ToDoubleFunction<int[][]>> method : steps.entrySet()) {
                long began = processorNanos();
                int done = 0;
                long clicks = 0;
                while (done < (round == 0 ? WARM_UP_STEPS : 2)
                        || processorNanos() - began < turn.toNanos()) {
                    int[][] batch =
                            batches.get(next.merge(method.getKey(), 1, Integer::sum) % BATCHES);
                    double loss = method.getValue().applyAsDouble(batch);
                    if (!Double.isFinite(loss)) {
                        throw new IllegalStateException(method.getKey() + ": loss " + loss);
                    }
                    done++;
                    clicks += Arrays.stream(batch).mapToInt(session -> session.length - 1).sum();
                }
                double seconds = (processorNanos() - began) / 1e9;
                if (round > 0) {
                    measured.computeIfAbsent(method.getKey(), key -> new ArrayList<>())
                            .add(new Speed(clicks / seconds, done / seconds));
                }
            }
        }
        Map<Method, Speed> medians = new EnumMap<>(Method.class);
        measured.forEach(
                (method, speeds) -> {
                    speeds.sort((a, b) -> Double.compare(a.clicksPerSecond(), b.clicksPerSecond()));
                    medians.put(method, speeds.get(speeds.size() / 2));
                });
        return medians;
    }

    /**
     * The seconds that an epoch of {@link Trainer} takes with sampled negatives, without
     * validation, whose full ranking grows with the catalogue: the second of two epochs.
     *
     * @param clicks about how many predictions make the epoch
     */
    public static double epochSeconds(int items, int clicks) {
        List<Session> log = new ArrayList<>();
        for (int item = 0; item < items; item++) {
            log.add(
                    new Session(
                            "v" + item, 0, List.of(Integer.toString(item)))); // known, not learnt
        }
        int number = 0;
        for (int[] rows : sessions(items, clicks, new SplittableRandom(SEED))) {
            List<String> session = Arrays.stream(rows).mapToObj(Integer::toString).toList();
            log.add(new Session("s" + number++, 1, session));
        }
        List<Long> ends = new ArrayList<>();
        Trainer.train(
                log,
                OPTIONS.toBuilder().epochs(2).build(),
                new TrainingListener() {
                    @Override
                    public void epochEnded(Epoch epoch) {
                        ends.add(processorNanos());
                    }
                });
        return (ends.get(1) - ends.get(0)) / 1e9;
    }

    private static long processorNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        return threads.isCurrentThreadCpuTimeSupported()
                ? threads.getCurrentThreadCpuTime()
                : System.nanoTime();
    }

    private static SessionNetwork network(int items) {
        return new Gru4Rec(
                new Gru4Rec.HyperParameters(
                        items, OPTIONS.embeddingSize(), OPTIONS.hiddenSize(), OPTIONS.tied()),
                new SplittableRandom(SEED));
    }

    /** Sessions of 2 to 10 clicks that make so many predictions. */
    private static List<int[]> sessions(int items, int predictions, SplittableRandom random) {
        List<int[]> sessions = new ArrayList<>();
        for (int made = 0; made < predictions; ) {
            int[] session = new int[2 + random.nextInt(2 * MEAN_LENGTH - 3)];
            for (int i = 0; i < session.length; i++) {
                double point = random.nextDouble();
                long rank = (long) (items * point * point * point);
                // Popular items don't lie side by side in a real catalogue.
                session[i] = (int) (rank * 1_000_003 % items);
            }
            sessions.add(session);
            made += session.length - 1;
        }
        return sessions;
    }
}
