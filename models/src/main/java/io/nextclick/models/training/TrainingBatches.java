package io.nextclick.models.training;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Cuts sessions into batches of about equal length, so that little is padded: sessions are
 * shuffled, sorted by length within large chunks, cut into batches of about the same number of
 * predictions, and the batches are shuffled. The last batch is as large as what is left, never
 * dropped.
 */
final class TrainingBatches {

    /** Chunks of this many batches are sorted by length. */
    private static final int BATCHES_PER_CHUNK = 64;

    private TrainingBatches() {}

    /**
     * @param sessions item rows, at least 2 each
     * @param predictionsPerBatch about how many predictions make a batch, at least 1
     */
    static List<int[][]> shuffled(
            List<int[]> sessions, int predictionsPerBatch, SplittableRandom random) {
        int[][] order = sessions.toArray(new int[0][]);
        shuffle(order, random);
        List<int[][]> batches = new ArrayList<>();
        int from = 0;
        while (from < order.length) {
            int to = from;
            long predictions = 0;
            while (to < order.length
                    && predictions < (long) predictionsPerBatch * BATCHES_PER_CHUNK) {
                predictions += order[to++].length - 1;
            }
            int[][] chunk = Arrays.copyOfRange(order, from, to);
            Arrays.sort(chunk, Comparator.comparingInt(session -> session.length));
            cut(chunk, predictionsPerBatch, batches);
            from = to;
        }
        int[][][] result = batches.toArray(new int[0][][]);
        shuffle(result, random);
        return List.of(result);
    }

    /**
     * Every window, shortest first, for validation.
     *
     * @param inputsPerBatch about how many inputs make a batch, at least 1
     */
    static List<List<Window>> inOrder(List<Window> windows, int inputsPerBatch) {
        List<Window> order = new ArrayList<>(windows);
        order.sort(Comparator.comparingInt(Window::inputs));
        List<List<Window>> batches = new ArrayList<>();
        int from = 0;
        while (from < order.size()) {
            int to = from;
            int inputs = 0;
            while (to < order.size() && inputs < inputsPerBatch) {
                inputs += order.get(to++).inputs();
            }
            batches.add(order.subList(from, to));
            from = to;
        }
        return batches;
    }

    private static void cut(int[][] sessions, int predictionsPerBatch, List<int[][]> batches) {
        int from = 0;
        while (from < sessions.length) {
            int to = from;
            int predictions = 0;
            while (to < sessions.length && predictions < predictionsPerBatch) {
                predictions += sessions[to++].length - 1;
            }
            batches.add(Arrays.copyOfRange(sessions, from, to));
            from = to;
        }
    }

    private static <E> void shuffle(E[] array, SplittableRandom random) {
        for (int i = array.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            E kept = array[i];
            array[i] = array[j];
            array[j] = kept;
        }
    }
}
