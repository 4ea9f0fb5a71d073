package io.nextclick.models.serving;

import io.nextclick.models.scoring.TopItems;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Exact search: every item is scored for every query.
 *
 * <p>The score of an item is its bias plus the inner product, in float32, added up in the order of
 * the dimensions by fused multiply-adds. It depends on nothing but the query and the item: not on
 * the batch, nor on the machine. A score that is NaN, which only a query with an infinite or NaN
 * component or one near the largest float can produce, is never among the best and never counts as
 * at least another.
 *
 * <p>Items are scored in blocks that stay in the cache until they are searched, by one vectorised
 * comparison per score with a lower bound of the k-th best one; see {@link BestItems}. Cost per
 * query: V · D multiply-adds, V comparisons, and a sort of some tens of items.
 *
 * <p>Shapes: V = items, D = dimension, B = queries. Takes 4 · V · (1 + D) bytes of heap, nothing
 * outside it.
 */
public final class ExactItemIndex implements ItemIndex {

    /**
     * Queries that pass over the items together: packed, these still fit the second-level cache.
     */
    private static final int LARGEST_BATCH = 256;

    /** Queries enough to have a panel of items in the cache for most of its uses. */
    private static final int SMALLEST_BATCH = 32;

    /** Floats of scores at hand at a time: about half of a second-level cache of 1 MiB. */
    private static final int BLOCK_SCORES = 96 * 1024;

    private final DenseKernel kernel;
    private final Panels items;
    private final Queue<Workspace> workspaces = new ConcurrentLinkedQueue<>();

    /**
     * Packs the items for the fastest kernel that this JVM can run.
     *
     * @param vectors V · D floats, item by item
     * @param biases V floats; null for none
     * @param dimension D
     * @throws IllegalArgumentException if the lengths don't fit or a value is not finite
     */
    public ExactItemIndex(float[] vectors, float[] biases, int dimension) {
        this(vectors, biases, dimension, DenseKernel.fastest());
    }

    ExactItemIndex(float[] vectors, float[] biases, int dimension, DenseKernel kernel) {
        this.kernel = kernel;
        items = new Panels(vectors, biases, dimension, kernel);
    }

    @Override
    public int size() {
        return items.rows();
    }

    @Override
    public int dimension() {
        return items.dimension();
    }

    @Override
    public TopItems[] search(float[][] queries, int count, int k, int[][] excluded) {
        if (k < 1) {
            throw new IllegalArgumentException("k is " + k + ", it must be at least 1");
        }
        checkQueries(queries, count);
        TopItems[] lists = new TopItems[count];
        Workspace workspace = borrow();
        int batch = batch();
        for (int from = 0; from < count; from += batch) {
            int size = Math.min(batch, count - from);
            search(workspace, queries, from, size, Math.min(k, size()), excluded, lists);
        }
        workspaces.add(workspace);
        return lists;
    }

    private void search(
            Workspace workspace,
            float[][] queries,
            int from,
            int count,
            int k,
            int[][] excluded,
            TopItems[] lists) {
        kernel.pack(queries, from, count, items.dimension(), workspace.packed(count));
        BestItems[] best = workspace.best(count);
        for (int i = 0; i < count; i++) {
            best[i].reset(Math.max(1, k));
        }
        int blockPanels = blockPanels(count);
        int[] positions = workspace.positions(blockPanels * items.width());
        for (int panel = 0; panel < items.panelCount(); ) {
            int panels = items.contiguous(panel, blockPanels);
            int length = panels * items.width();
            int firstRow = panel * items.width();
            float[] scores = score(workspace, panel, panels, count);
            for (int i = 0; i < count; i++) {
                int row = i * length;
                exclude(scores, row, length, firstRow, excluded, from + i);
                BestItems list = best[i];
                if (panel == 0) {
                    list.foresee(scores, row, length);
                }
                int found = kernel.collect(scores, row, length, list.threshold(), positions);
                list.offer(firstRow, scores, row, positions, found);
            }
            panel += panels;
        }
        for (int i = 0; i < count; i++) {
            lists[from + i] = best[i].best();
        }
    }

    @Override
    public int[] ranks(float[][] queries, int count, int[] targets, int[][] excluded) {
        checkQueries(queries, count);
        for (int i = 0; i < count; i++) {
            if (targets[i] < 0 || targets[i] >= size()) {
                throw new IllegalArgumentException(
                        "target " + i + " is row " + targets[i] + " of " + size() + " items");
            }
        }
        int[] ranks = new int[count];
        Workspace workspace = borrow();
        int batch = batch();
        for (int from = 0; from < count; from += batch) {
            int size = Math.min(batch, count - from);
            rank(workspace, queries, from, size, targets, excluded, ranks);
        }
        workspaces.add(workspace);
        return ranks;
    }

    private void rank(
            Workspace workspace,
            float[][] queries,
            int from,
            int count,
            int[] targets,
            int[][] excluded,
            int[] ranks) {
        kernel.pack(queries, from, count, items.dimension(), workspace.packed(count));
        float[] targetScores = new float[count];
        for (int i = 0; i < count; i++) {
            targetScores[i] = items.product(queries[from + i], targets[from + i]);
        }
        int blockPanels = blockPanels(count);
        for (int panel = 0; panel < items.panelCount(); ) {
            int panels = items.contiguous(panel, blockPanels);
            int length = panels * items.width();
            int firstRow = panel * items.width();
            float[] scores = score(workspace, panel, panels, count);
            for (int i = 0; i < count; i++) {
                int row = i * length;
                exclude(scores, row, length, firstRow, excluded, from + i);
                exclude(scores, row, length, firstRow, targets[from + i]);
                ranks[from + i] += kernel.countAtLeast(scores, row, length, targetScores[i]);
            }
            panel += panels;
        }
    }

    /** Scores of the rows of some panels, row i of the result those of query i. */
    private float[] score(Workspace workspace, int panel, int panels, int count) {
        int length = panels * items.width();
        float[] scores = workspace.scores(count, length);
        kernel.multiply(
                items.chunkOf(panel),
                items.offsetOf(panel),
                panels,
                items.dimension(),
                workspace.packed(count),
                count,
                scores,
                length);
        return scores;
    }

    /**
     * Queries that pass over the items together: where all scores of a fair number of queries make
     * one block, just so many, since a threshold found in all scores lets the fewest items through.
     */
    private int batch() {
        int fitting = BLOCK_SCORES / Math.max(1, items.panelCount() * items.width());
        return fitting < SMALLEST_BATCH ? LARGEST_BATCH : Math.min(LARGEST_BATCH, fitting);
    }

    private int blockPanels(int count) {
        return Math.max(1, BLOCK_SCORES / (count * items.width()));
    }

    private static void exclude(
            float[] scores, int from, int length, int firstRow, int[][] excluded, int query) {
        if (excluded != null && excluded[query] != null) {
            for (int row : excluded[query]) {
                exclude(scores, from, length, firstRow, row);
            }
        }
    }

    private static void exclude(float[] scores, int from, int length, int firstRow, int row) {
        int position = row - firstRow;
        if (position >= 0 && position < length) {
            scores[from + position] = Float.NaN;
        }
    }

    private void checkQueries(float[][] queries, int count) {
        for (int i = 0; i < count; i++) {
            if (queries[i].length != items.dimension()) {
                throw new IllegalArgumentException(
                        "query "
                                + i
                                + " has "
                                + queries[i].length
                                + " values, the items have "
                                + items.dimension());
            }
        }
    }

    private Workspace borrow() {
        Workspace workspace = workspaces.poll();
        return workspace == null ? new Workspace(kernel, items.dimension()) : workspace;
    }

    /** Copies the D floats of an item's vector. */
    void copyVector(int row, float[] target) {
        items.copyRow(row, target);
    }

    @Override
    public String describe() {
        return "exact search over "
                + size()
                + " items of dimension "
                + dimension()
                + ", "
                + kernel.describe();
    }

    @Override
    public void close() {
        workspaces.clear();
    }

    /** What one call needs; kept for later calls, so that a call allocates only its result. */
    private static final class Workspace {
        private final DenseKernel kernel;
        private final int dimension;
        private float[] packed = new float[0];
        private float[] scores = new float[0];
        private int[] positions = new int[0];
        private BestItems[] best = new BestItems[0];

        Workspace(DenseKernel kernel, int dimension) {
            this.kernel = kernel;
            this.dimension = dimension;
        }

        float[] packed(int count) {
            int size = (count + DenseKernel.SPARE_VECTORS) * dimension;
            if (packed.length < size) {
                packed = new float[size];
            }
            return packed;
        }

        float[] scores(int count, int length) {
            int size = (count + DenseKernel.SPARE_VECTORS) * length;
            if (scores.length < size) {
                scores = new float[size];
            }
            return scores;
        }

        int[] positions(int length) {
            if (positions.length < length) {
                positions = new int[length];
            }
            return positions;
        }

        BestItems[] best(int count) {
            int size = best.length;
            if (size < count) {
                best = Arrays.copyOf(best, count);
                for (int i = size; i < count; i++) {
                    best[i] = new BestItems(kernel);
                }
            }
            return best;
        }
    }
}
