package io.nextclick.models.serving;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.training.UploadBuffer;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Exact search by torch on one device, as GPUs want it: a matrix product and torch's selection of
 * the best. Owns the item matrix there.
 *
 * <p>The lists are those of {@link ExactItemIndex}, ties resolved for the lower row and NaN never
 * listed, as far as the products are the same to the last bit, which they aren't: torch adds them
 * up in an order of its own. What torch's selection leaves open is settled here: if more items
 * share the score of the last place than there are places, a query's scores come to the heap and
 * are gone through in order.
 *
 * <p>Shapes: V = items, D = dimension, B = queries in a batch, K = items selected.
 */
final class TorchItemIndex implements ItemIndex {

    /** Scores at a time, to bound [B, V]: 128 MiB. */
    private static final int SCORES_AT_ONCE = 1 << 25;

    private final int size;
    private final int dimension;
    private final ComputeDevice device;
    private final NDManager manager;

    /** [V, D]. */
    private final NDArray vectors;

    /** [D, V], a view. */
    private final NDArray transposed;

    /** [1, V]; null for none. */
    private final NDArray biases;

    /** One a call that is under way. */
    private final Queue<UploadBuffer> uploads = new ConcurrentLinkedQueue<>();

    /**
     * @param vectors V · D floats, row-major
     * @param biases V floats, or null for none
     */
    TorchItemIndex(float[] vectors, float[] biases, int dimension, ComputeDevice device) {
        Panels.check(vectors, biases, dimension);
        this.size = vectors.length / dimension;
        this.dimension = dimension;
        this.device = device;
        manager = NDManager.newBaseManager(device.engineDevice(), "PyTorch");
        try {
            // A subtask has one core: threads within an operation would only take it from others.
            JniUtils.setNumThreads(1);
            this.vectors = manager.create(vectors, new Shape(size, dimension));
            transposed = this.vectors.transpose();
            this.biases = biases == null ? null : manager.create(biases, new Shape(1, size));
        } catch (RuntimeException | Error e) {
            manager.close();
            throw e;
        }
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int dimension() {
        return dimension;
    }

    /** The item matrix [V, D] on the device; stays this object's. */
    NDArray vectors() {
        return vectors;
    }

    /** Arrays that it holds in native memory: constant between calls. */
    int liveResources() {
        return manager.getManagedArrays().size();
    }

    // ------------------------------------------------------------------ best items

    @Override
    public TopItems[] search(float[][] queries, int count, int k, int[][] excluded) {
        if (k < 1) {
            throw new IllegalArgumentException("k is " + k + ", it must be at least 1");
        }
        ExactScan.checkQueries(queries, count, dimension);
        TopItems[] lists = new TopItems[count];
        if (size == 0) {
            Arrays.fill(lists, new TopItems(new int[0], new float[0]));
            return lists;
        }
        inBatches(
                queries, count, (from, scores, upload) -> search(scores, from, k, excluded, lists));
        return lists;
    }

    private void search(NDArray scores, int from, int k, int[][] excluded, TopItems[] lists) {
        int batch = Math.toIntExact(scores.getShape().get(0));
        int mostExcluded = 0;
        for (int i = 0; i < batch; i++) {
            mostExcluded = Math.max(mostExcluded, excluded(excluded, from + i).length);
        }
        // One more than could be needed: if its score is that of the last place, others may be too.
        int selected = (int) Math.min(size, 1L + k + mostExcluded);
        NDList best = scores.topK(selected, 1, true, true); // two of [B, K]
        float[] bestScores = best.get(0).toFloatArray();
        long[] bestRows = best.get(1).toLongArray();
        for (int i = 0; i < batch; i++) {
            TopItems list =
                    settled(
                            Arrays.copyOfRange(bestScores, i * selected, (i + 1) * selected),
                            Arrays.copyOfRange(bestRows, i * selected, (i + 1) * selected),
                            k,
                            excluded(excluded, from + i));
            lists[from + i] =
                    list == null
                            ? inOrder(
                                    scores.get(new NDIndex().addIndices(i)).toFloatArray(),
                                    k,
                                    excluded(excluded, from + i))
                            : list;
        }
    }

    /**
     * The list that a selection says, or null if it leaves something open.
     *
     * @param scores of the K best, NaN before all others
     * @param rows theirs, in any order where scores are equal
     */
    private TopItems settled(float[] scores, long[] rows, int k, int[] excluded) {
        int[] listedRows = new int[k];
        float[] listedScores = new float[k];
        int listed = 0;
        float last = Float.NaN;
        for (int i = 0; i < rows.length; i++) {
            if (Float.isNaN(scores[i])) {
                return null;
            }
            int row = (int) rows[i];
            if (contains(excluded, row)) {
                continue;
            }
            if (listed == k) {
                return scores[i] == last ? null : inRowOrder(listedRows, listedScores, listed);
            }
            // Adding zero makes -0 and 0 equal.
            last = scores[i] + 0f;
            listedRows[listed] = row;
            listedScores[listed++] = last;
        }
        // Behind the K there is more of the catalogue, unless these are all of it.
        return rows.length == size ? inRowOrder(listedRows, listedScores, listed) : null;
    }

    /** Among equal scores the lower row comes first. */
    private static TopItems inRowOrder(int[] rows, float[] scores, int length) {
        for (int from = 0; from < length; ) {
            int to = from + 1;
            while (to < length && scores[to] == scores[from]) {
                to++;
            }
            Arrays.sort(rows, from, to);
            from = to;
        }
        float[] finite = new float[length];
        for (int i = 0; i < length; i++) {
            finite[i] = BestItems.finite(scores[i]);
        }
        return new TopItems(Arrays.copyOf(rows, length), finite);
    }

    /** The list of one query from all its scores. */
    private static TopItems inOrder(float[] scores, int k, int[] excluded) {
        for (int row : excluded) {
            if (row >= 0 && row < scores.length) {
                scores[row] = Float.NaN;
            }
        }
        DenseKernel kernel = DenseKernel.plain();
        BestItems best = new BestItems(kernel);
        best.reset(Math.min(k, scores.length));
        best.foresee(scores, 0, scores.length);
        int[] positions = new int[scores.length];
        int found = kernel.collect(scores, 0, scores.length, best.threshold(), positions);
        best.offer(0, scores, 0, positions, found);
        return best.best();
    }

    private static int[] excluded(int[][] excluded, int query) {
        return excluded == null || excluded[query] == null ? new int[0] : excluded[query];
    }

    private static boolean contains(int[] rows, int row) {
        for (int each : rows) {
            if (each == row) {
                return true;
            }
        }
        return false;
    }

    // ------------------------------------------------------------------ ranks

    @Override
    public int[] ranks(float[][] queries, int count, int[] targets, int[][] excluded) {
        ExactScan.checkQueries(queries, count, dimension);
        ExactScan.checkTargets(targets, count, size);
        int[] ranks = new int[count];
        inBatches(
                queries,
                count,
                (from, scores, upload) -> rank(scores, from, targets, excluded, upload, ranks));
        return ranks;
    }

    private void rank(
            NDArray scores,
            int from,
            int[] targets,
            int[][] excluded,
            UploadBuffer upload,
            int[] ranks) {
        int batch = Math.toIntExact(scores.getShape().get(0));
        int width = 1;
        for (int i = 0; i < batch; i++) {
            width = Math.max(width, 1 + excluded(excluded, from + i).length);
        }
        // What doesn't count, the target itself first; the target again fills up.
        int[] uncounted = new int[batch * width];
        for (int i = 0; i < batch; i++) {
            int target = targets[from + i];
            Arrays.fill(uncounted, i * width, (i + 1) * width, target);
            int place = i * width + 1;
            for (int row : Arrays.stream(excluded(excluded, from + i)).distinct().toArray()) {
                if (row >= 0 && row < size) {
                    uncounted[place++] = row;
                }
            }
        }
        NDManager manager = scores.getManager();
        NDArray rows = upload.indexes(manager, uncounted, batch, width); // [B, W]
        NDArray theirs = scores.gather(rows, 1); // [B, W]
        NDArray target = theirs.get(new NDIndex().addAllDim().addSliceDim(0, 1)); // [B, 1]
        long[] atLeast = scores.gte(target).sum(new int[] {1}).toLongArray();
        float[] left = theirs.toFloatArray();
        for (int i = 0; i < batch; i++) {
            float score = left[i * width];
            ranks[from + i] = (int) atLeast[i];
            for (int place = 0; place < width; place++) {
                boolean isTarget = uncounted[i * width + place] == targets[from + i];
                boolean counted = place == 0 || !isTarget;
                if (counted && left[i * width + place] >= score) {
                    ranks[from + i]--;
                }
            }
        }
    }

    // ------------------------------------------------------------------ scores

    private interface Use {
        /**
         * @param from the batch's first query
         * @param scores [B, V]; the manager's is the batch's
         */
        void of(int from, NDArray scores, UploadBuffer upload);
    }

    private void inBatches(float[][] queries, int count, Use use) {
        int most = Math.max(1, SCORES_AT_ONCE / Math.max(1, size));
        float[] flat = new float[Math.min(most, count) * dimension];
        UploadBuffer borrowed = uploads.poll();
        UploadBuffer upload = borrowed == null ? new UploadBuffer() : borrowed;
        // Gradient mode belongs to the thread, which may be one that trains as well.
        boolean gradients = JniUtils.isGradMode();
        JniUtils.setGradMode(false);
        try {
            for (int from = 0; from < count; from += most) {
                int batch = Math.min(most, count - from);
                for (int i = 0; i < batch; i++) {
                    System.arraycopy(queries[from + i], 0, flat, i * dimension, dimension);
                }
                upload.clear();
                try (NDManager step = manager.newSubManager()) {
                    NDArray asked = upload.firstFloats(step, flat, batch, dimension); // [B, D]
                    NDArray scores = asked.matMul(transposed); // [B, V]
                    use.of(from, biases == null ? scores : scores.addi(biases), upload);
                }
            }
        } finally {
            JniUtils.setGradMode(gradients);
            uploads.add(upload);
        }
    }

    @Override
    public String describe() {
        return "exact search over "
                + size
                + " items of dimension "
                + dimension
                + ", torch on "
                + device;
    }

    @Override
    public void close() {
        uploads.clear();
        manager.close();
    }
}
