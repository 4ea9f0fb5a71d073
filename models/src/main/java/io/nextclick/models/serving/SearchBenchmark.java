package io.nextclick.models.serving;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Compares exact search methods on random items, in one run: every method at every batch size takes
 * its turn in each round, and the median round counts. Threads search independently of each other.
 *
 * <p>Time is the processor time of the searching threads, so that other load on the machine counts
 * only by what it takes of caches and memory. Every method includes bringing the queries to where
 * it needs them and its lists back to the heap.
 *
 * <p>Shapes: V = items, D = dimension, B = queries in a batch.
 */
public final class SearchBenchmark {

    /** The ways to search that are compared. */
    public enum Method {
        /** {@link ExactItemIndex} on the fastest kernel. */
        INDEX("item index"),
        /** {@link ExactItemIndex} on the kernel that runs without the vector module. */
        PLAIN_INDEX("item index in plain Java"),
        /** Torch's matrix product of the whole catalogue, and its top-k. */
        TORCH_TOP_K("DJL matMul + topK"),
        /** Torch's matrix product of chunks of the catalogue, searched in Java. */
        TORCH_CHUNKS("DJL matMul in chunks + Java scan");

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
     * What to measure.
     *
     * @param items V
     * @param dimension D
     * @param k list length
     * @param batches values of B
     * @param threads how many search at once
     * @param turn how long a method searches in a round
     * @param rounds how many are measured, after five that are not
     */
    public record Settings(
            int items,
            int dimension,
            int k,
            List<Integer> batches,
            int threads,
            Duration turn,
            int rounds) {

        public Settings {
            batches = List.copyOf(batches);
        }

        /** 128 dimensions, lists of 20, two threads, 9 rounds of 100 ms a method and batch. */
        public static Settings of(int items) {
            return new Settings(
                    items, 128, 20, List.of(1, 32, 128, 256), 2, Duration.ofMillis(100), 9);
        }
    }

    /**
     * A method at a batch size.
     *
     * @param queriesPerSecond of all threads together
     * @param shareOfPeak multiply-adds of all products over what the threads can do at most; NaN
     *     where that is not known
     */
    public record Measurement(
            Method method, int batch, double queriesPerSecond, double shareOfPeak) {}

    /**
     * All methods over one catalogue.
     *
     * @param peakGigaflops float32 operations of all threads together, in 10^9 a second, a
     *     multiply-add counting as two; NaN without the vector module
     * @param measurements each method at each batch size
     */
    public record Result(int items, double peakGigaflops, List<Measurement> measurements) {

        public Result {
            measurements = List.copyOf(measurements);
        }

        /** The method at its best batch size. */
        public Measurement best(Method method) {
            return measurements.stream()
                    .filter(measurement -> measurement.method() == method)
                    .max((a, b) -> Double.compare(a.queriesPerSecond(), b.queriesPerSecond()))
                    .orElseThrow();
        }

        /** How many times as fast one method is as another, each at its best. */
        public double ratio(Method method, Method other) {
            return best(method).queriesPerSecond() / best(other).queriesPerSecond();
        }
    }

    private static final long SEED = 1;
    private static final int WARM_UP_ROUNDS = 5;
    private static final int PEAK_ROUNDS = 20_000;

    /** Items of a chunk whose scores still fit the second-level cache at small batches. */
    private static final int CHUNK_ITEMS = 4_096;

    private SearchBenchmark() {}

    /** One batch of queries searched; returns how many multiply-adds or queries that was. */
    @FunctionalInterface
    private interface Work {
        long run();
    }

    /**
     * Measures. Takes threads' processor time of about {@code (rounds + 5) · turn} per method and
     * batch size.
     */
    public static Result run(Settings settings) throws InterruptedException, ExecutionException {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
        float[] vectors = gaussians(random, Math.multiplyExact(settings.items, settings.dimension));
        ExecutorService threads = Executors.newFixedThreadPool(settings.threads);
        try (ItemIndex index = new ExactItemIndex(vectors, null, settings.dimension);
                ItemIndex plain =
                        new ExactItemIndex(vectors, null, settings.dimension, DenseKernel.plain());
                TorchItems torch = new TorchItems(vectors, settings.dimension)) {
            List<Method> methods = new ArrayList<>();
            List<Integer> batches = new ArrayList<>();
            List<Work> works = new ArrayList<>();
            for (int batch : settings.batches) {
                float[][] queries = new float[batch][];
                for (int i = 0; i < batch; i++) {
                    queries[i] = gaussians(random, settings.dimension);
                }
                for (Method method : Method.values()) {
                    methods.add(method);
                    batches.add(batch);
                    works.add(
                            switch (method) {
                                case INDEX -> () -> search(index, queries, settings.k);
                                case PLAIN_INDEX -> () -> search(plain, queries, settings.k);
                                case TORCH_TOP_K -> () -> torch.topK(queries, settings.k);
                                case TORCH_CHUNKS -> () -> torch.chunks(queries, settings.k);
                            });
                }
            }
            works.add(() -> DenseKernel.fastest().exercise(PEAK_ROUNDS));
            double[] rates = rates(settings, works, threads);
            double peak = rates[works.size() - 1];
            List<Measurement> measurements = new ArrayList<>();
            for (int i = 0; i < methods.size(); i++) {
                double multiplyAdds = rates[i] * settings.items * settings.dimension;
                measurements.add(
                        new Measurement(
                                methods.get(i),
                                batches.get(i),
                                rates[i],
                                peak == 0 ? Double.NaN : multiplyAdds / peak));
            }
            return new Result(
                    settings.items, peak == 0 ? Double.NaN : 2 * peak / 1e9, measurements);
        } finally {
            threads.shutdownNow();
        }
    }

    /** Median rate of each work over the rounds, all threads together, per second. */
    private static double[] rates(Settings settings, List<Work> works, ExecutorService threads)
            throws InterruptedException, ExecutionException {
        double[][] rates = new double[works.size()][settings.rounds];
        for (int round = -WARM_UP_ROUNDS; round < settings.rounds; round++) {
            for (int i = 0; i < works.size(); i++) {
                Work work = works.get(i);
                Callable<Double> turn = () -> rate(work, settings.turn);
                List<Future<Double>> turns = new ArrayList<>();
                for (int thread = 0; thread < settings.threads; thread++) {
                    turns.add(threads.submit(turn));
                }
                for (Future<Double> future : turns) {
                    double rate = future.get();
                    if (round >= 0) {
                        rates[i][round] += rate;
                    }
                }
            }
        }
        double[] medians = new double[works.size()];
        for (int i = 0; i < medians.length; i++) {
            Arrays.sort(rates[i]);
            medians[i] = rates[i][settings.rounds / 2];
        }
        return medians;
    }

    private static double rate(Work work, Duration turn) {
        // Each searching thread has one core; the method must not take others' as well.
        JniUtils.setNumThreads(1);
        long done = 0;
        long start = processorNanos();
        long elapsed;
        do {
            done += work.run();
            elapsed = processorNanos() - start;
        } while (elapsed < turn.toNanos());
        return done * 1e9 / elapsed;
    }

    private static long processorNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static long search(ItemIndex index, float[][] queries, int k) {
        return index.search(queries, queries.length, k, null).length;
    }

    private static float[] gaussians(RandomGenerator random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** The catalogue in torch. */
    private static final class TorchItems implements AutoCloseable {
        private final int dimension;
        private final NDManager manager;

        /** [D, V], a view of [V, D]. */
        private final NDArray whole;

        /** Views of [D, up to CHUNK_ITEMS]. */
        private final NDList chunks = new NDList();

        TorchItems(float[] vectors, int dimension) {
            this.dimension = dimension;
            manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
            int items = vectors.length / dimension;
            NDArray rows = manager.create(vectors, new Shape(items, dimension)); // [V, D]
            whole = rows.transpose();
            for (int from = 0; from < items; from += CHUNK_ITEMS) {
                int to = Math.min(items, from + CHUNK_ITEMS);
                float[] part = Arrays.copyOfRange(vectors, from * dimension, to * dimension);
                chunks.add(manager.create(part, new Shape(to - from, dimension)).transpose());
            }
        }

        private NDArray upload(NDManager step, float[][] queries) {
            float[] flat = new float[queries.length * dimension];
            for (int i = 0; i < queries.length; i++) {
                System.arraycopy(queries[i], 0, flat, i * dimension, dimension);
            }
            return step.create(flat, new Shape(queries.length, dimension)); // [B, D]
        }

        long topK(float[][] queries, int k) {
            try (NDManager step = manager.newSubManager()) {
                NDArray scores = upload(step, queries).matMul(whole); // [B, V]
                NDList best = scores.topK(k, 1); // two of [B, k]
                float[] bestScores = best.get(0).toFloatArray();
                long[] bestRows = best.get(1).toLongArray();
                return bestScores.length == bestRows.length ? queries.length : 0;
            }
        }

        long chunks(float[][] queries, int k) {
            DenseKernel kernel = DenseKernel.plain();
            BestItems[] lists = new BestItems[queries.length];
            int[] positions = new int[CHUNK_ITEMS];
            try (NDManager step = manager.newSubManager()) {
                NDArray uploaded = upload(step, queries);
                for (int chunk = 0; chunk < chunks.size(); chunk++) {
                    float[] scores; // [B, chunk]
                    try (NDArray product = uploaded.matMul(chunks.get(chunk))) {
                        scores = product.toFloatArray();
                    }
                    int length = scores.length / queries.length;
                    for (int i = 0; i < queries.length; i++) {
                        if (chunk == 0) {
                            lists[i] = new BestItems(kernel);
                            lists[i].reset(k);
                            lists[i].foresee(scores, i * length, length);
                        }
                        int from = i * length;
                        float threshold = lists[i].threshold();
                        int found = kernel.collect(scores, from, length, threshold, positions);
                        lists[i].offer(chunk * CHUNK_ITEMS, scores, from, positions, found);
                    }
                }
            }
            long found = 0;
            for (BestItems list : lists) {
                found += Math.min(1, list.best().size());
            }
            return found;
        }

        @Override
        public void close() {
            manager.close();
        }
    }
}
