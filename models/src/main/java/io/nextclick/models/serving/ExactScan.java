package io.nextclick.models.serving;

import io.nextclick.models.scoring.TopItems;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Scores every row for every query: the search of {@link ExactItemIndex}, which says what it costs
 * and promises. Safe for use by several threads, without locks.
 */
final class ExactScan {

    /**
     * Queries that pass over the items together: packed, these still fit the second-level cache.
     */
    private static final int LARGEST_BATCH = 256;

    /** Queries enough to have a panel of items in the cache for most of its uses. */
    private static final int SMALLEST_BATCH = 32;

    /** Floats of scores at hand at a time: about half of a second-level cache of 1 MiB. */
    private static final int BLOCK_SCORES = 96 * 1024;

    private final DenseKernel kernel;
    private final Queue<Workspace> workspaces = new ConcurrentLinkedQueue<>();

    ExactScan(DenseKernel kernel) {
        this.kernel = kernel;
    }

    DenseKernel kernel() {
        return kernel;
    }

    /** See {@link ItemIndex#search}. */
    TopItems[] search(PackedRows items, float[][] queries, int count, int k, int[][] excluded) {
        if (k < 1) {
            throw new IllegalArgumentException("k is " + k + ", it must be at least 1");
        }
        checkQueries(queries, count, items.dimension());
        TopItems[] lists = new TopItems[count];
        Workspace workspace = borrow(items);
        int batch = batch(items);
        for (int from = 0; from < count; from += batch) {
            int size = Math.min(batch, count - from);
            search(
                    items,
                    workspace,
                    queries,
                    from,
                    size,
                    Math.min(k, items.rows()),
                    excluded,
                    lists);
        }
        workspaces.add(workspace);
        return lists;
    }

    private void search(
            PackedRows items,
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
        int blockPanels = blockPanels(items, count);
        int[] positions = workspace.positions(blockPanels * items.width());
        for (int panel = 0; panel < items.panelCount(); ) {
            int panels = items.contiguous(panel, blockPanels);
            int length = panels * items.width();
            int firstRow = panel * items.width();
            float[] scores = score(items, workspace, panel, panels, count);
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

    /** See {@link ItemIndex#ranks}. */
    int[] ranks(PackedRows items, float[][] queries, int count, int[] targets, int[][] excluded) {
        checkQueries(queries, count, items.dimension());
        checkTargets(targets, count, items.rows());
        int[] ranks = new int[count];
        Workspace workspace = borrow(items);
        int batch = batch(items);
        for (int from = 0; from < count; from += batch) {
            int size = Math.min(batch, count - from);
            rank(items, workspace, queries, from, size, targets, excluded, ranks);
        }
        workspaces.add(workspace);
        return ranks;
    }

    private void rank(
            PackedRows items,
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
        int blockPanels = blockPanels(items, count);
        for (int panel = 0; panel < items.panelCount(); ) {
            int panels = items.contiguous(panel, blockPanels);
            int length = panels * items.width();
            int firstRow = panel * items.width();
            float[] scores = score(items, workspace, panel, panels, count);
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
    private float[] score(PackedRows items, Workspace workspace, int panel, int panels, int count) {
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
    private static int batch(PackedRows items) {
        int fitting = BLOCK_SCORES / Math.max(1, items.panelCount() * items.width());
        return fitting < SMALLEST_BATCH ? LARGEST_BATCH : Math.min(LARGEST_BATCH, fitting);
    }

    private static int blockPanels(PackedRows items, int count) {
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

    static void checkQueries(float[][] queries, int count, int dimension) {
        for (int i = 0; i < count; i++) {
            if (queries[i].length != dimension) {
                throw new IllegalArgumentException(
                        "query "
                                + i
                                + " has "
                                + queries[i].length
                                + " values, the items have "
                                + dimension);
            }
        }
    }

    static void checkTargets(int[] targets, int count, int rows) {
        for (int i = 0; i < count; i++) {
            if (targets[i] < 0 || targets[i] >= rows) {
                throw new IllegalArgumentException(
                        "target " + i + " is row " + targets[i] + " of " + rows + " items");
            }
        }
    }

    private Workspace borrow(PackedRows items) {
        Workspace workspace = workspaces.poll();
        return workspace == null ? new Workspace(kernel, items.dimension()) : workspace;
    }

    /** Frees what is kept for later calls. */
    void clear() {
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
