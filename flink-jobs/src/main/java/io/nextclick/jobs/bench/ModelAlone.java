package io.nextclick.jobs.bench;

import io.nextclick.models.scoring.RecurrentScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.serving.ServableModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The model without Flink or Kafka: one GRU step, all scores and the best items, on as many threads
 * as the job has subtasks. The limit of what the job can reach.
 */
final class ModelAlone {

    private static final int SESSIONS = 4_096;

    private ModelAlone() {}

    /** Clicks a second over all threads at one batch size. */
    static double clicksPerSecond(
            ServableModel model, int batch, int k, int threads, Duration warmUp, Duration measured)
            throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            CyclicBarrier together = new CyclicBarrier(threads);
            List<Future<Double>> rates = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                int seed = thread;
                rates.add(
                        executor.submit(
                                () -> run(model, batch, k, seed, warmUp, measured, together)));
            }
            double total = 0;
            for (Future<Double> rate : rates) {
                total += rate.get();
            }
            return total;
        } finally {
            executor.shutdown();
            executor.awaitTermination(1, TimeUnit.MINUTES);
        }
    }

    private static double run(
            ServableModel model,
            int batch,
            int k,
            int seed,
            Duration warmUp,
            Duration measured,
            CyclicBarrier together)
            throws Exception {
        try (RecurrentScorer scorer = (RecurrentScorer) model.newScorer()) {
            SplittableRandom random = new SplittableRandom(seed);
            int items = model.vocabulary().size();
            float[][] sessions = new float[SESSIONS][scorer.stateSize()];
            float[][] states = new float[batch][];
            int[] rows = new int[batch];
            together.await();
            long begin = System.nanoTime();
            long clicks = 0;
            long start = 0;
            for (int next = 0; ; next = (next + batch) % SESSIONS) {
                for (int i = 0; i < batch; i++) {
                    states[i] = sessions[(next + i) % SESSIONS];
                    rows[i] = (int) (Math.pow(random.nextDouble(), 3) * items);
                }
                scorer.advance(rows, states, batch);
                TopItems[] best = scorer.rank(states, batch, k, null);
                if (best.length < batch) {
                    throw new IllegalStateException("the model left sessions unanswered");
                }
                long now = System.nanoTime();
                if (start == 0) {
                    if (now - begin >= warmUp.toNanos()) {
                        start = now;
                    }
                } else {
                    clicks += batch;
                    if (now - start >= measured.toNanos()) {
                        return clicks / ((now - start) / 1e9);
                    }
                }
            }
        }
    }
}
