package io.nextclick.jobs.bench;

import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.RecurrentScorer;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.serving.ServableModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The model without Flink or Kafka, on as many threads as the job has subtasks: of a recurrent
 * model one step, of any other the session's last items; all scores and the best items. The limit
 * of what the job can reach.
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
        try (SessionScorer scorer = model.newScorer()) {
            Bundles bundles =
                    scorer instanceof RecurrentScorer recurrent
                            ? new RecurrentBundles(recurrent, batch)
                            : new EncodingBundles(
                                    (EncodingScorer) scorer,
                                    model.sessionRules().maximumLength(),
                                    batch);
            SplittableRandom random = new SplittableRandom(seed);
            int items = model.vocabulary().size();
            int[] rows = new int[batch];
            together.await();
            long begin = System.nanoTime();
            long clicks = 0;
            long start = 0;
            for (int next = 0; ; next = (next + batch) % SESSIONS) {
                for (int i = 0; i < batch; i++) {
                    rows[i] = (int) (Math.pow(random.nextDouble(), 3) * items);
                }
                TopItems[] best = bundles.answer(next, rows, k);
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

    /** Sessions that click in turn, a bundle at a time. */
    private interface Bundles {

        /**
         * One click of each of the sessions from {@code first} on, and their lists.
         *
         * @param rows the items clicked
         */
        TopItems[] answer(int first, int[] rows, int k);
    }

    private static final class RecurrentBundles implements Bundles {

        private final RecurrentScorer scorer;
        private final float[][] sessions;
        private final float[][] states;

        RecurrentBundles(RecurrentScorer scorer, int batch) {
            this.scorer = scorer;
            sessions = new float[SESSIONS][scorer.stateSize()];
            states = new float[batch][];
        }

        @Override
        public TopItems[] answer(int first, int[] rows, int k) {
            for (int i = 0; i < rows.length; i++) {
                states[i] = sessions[(first + i) % SESSIONS];
            }
            scorer.advance(rows, states, rows.length);
            return scorer.rank(states, rows.length, k, null);
        }
    }

    private static final class EncodingBundles implements Bundles {

        private final EncodingScorer scorer;
        private final int longest;
        private final int[][] sessions = new int[SESSIONS][0];
        private final int[][] prefixes;

        EncodingBundles(EncodingScorer scorer, int remembered, int batch) {
            this.scorer = scorer;
            longest = Math.min(remembered, scorer.maximumLength());
            prefixes = new int[batch][];
        }

        @Override
        public TopItems[] answer(int first, int[] rows, int k) {
            for (int i = 0; i < rows.length; i++) {
                int session = (first + i) % SESSIONS;
                int[] before = sessions[session];
                int kept = Math.min(before.length, longest - 1);
                int[] after = Arrays.copyOfRange(before, before.length - kept, before.length + 1);
                after[kept] = rows[i];
                sessions[session] = after;
                prefixes[i] = after;
            }
            return scorer.rank(prefixes, rows.length, k, null);
        }
    }
}
