package io.nextclick.models.serving;

import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import java.util.Arrays;

/**
 * GMF, MLP and NeuMF for sessions: a user's vector from a session's items, and then the whole
 * {@link NeuralCfCatalogue} for it.
 *
 * <p>Shapes: V = items, D = size of a user's vector.
 */
final class NeuralCfScorer implements EncodingScorer {

    private final NeuralCfWeights weights;
    private final DenseKernel kernel;
    private final NeuralCfCatalogue catalogue;
    private final int maximumLength;
    private final BestItems best;
    private final float[] user;

    /** Scores of the whole catalogue, and room up to a multiple of the kernel's 16. */
    private final float[] scores;

    private final int[] positions;
    private final int[] lastSeen;
    private int sessionsRead;

    /**
     * Borrows the weights.
     *
     * @param maximumLength items to read of a session
     */
    NeuralCfScorer(NeuralCfWeights weights, DenseKernel kernel, int maximumLength) {
        this.weights = weights;
        this.kernel = kernel;
        catalogue = new NeuralCfCatalogue(weights, kernel);
        this.maximumLength = maximumLength;
        best = new BestItems(kernel);
        user = new float[weights.sessionSize()];
        scores = new float[(weights.items() + 15) & -16];
        positions = new int[scores.length];
        lastSeen = new int[weights.items()];
    }

    @Override
    public int maximumLength() {
        return maximumLength;
    }

    @Override
    public TopItems[] rank(int[][] sessions, int count, int k, int[][] excluded) {
        if (k < 1) {
            throw new IllegalArgumentException("k is " + k + ", it must be at least 1");
        }
        check(sessions, count);
        TopItems[] lists = new TopItems[count];
        for (int i = 0; i < count; i++) {
            score(sessions[i]);
            exclude(excluded == null ? null : excluded[i]);
            best.reset(Math.max(1, Math.min(k, weights.items())));
            best.foresee(scores, 0, scores.length);
            int found = kernel.collect(scores, 0, scores.length, best.threshold(), positions);
            best.offer(0, scores, 0, positions, found);
            lists[i] = best.best();
        }
        return lists;
    }

    @Override
    public int[] ranksOf(int[][] sessions, int count, int[] targets, int[][] excluded) {
        check(sessions, count);
        ExactScan.checkTargets(targets, count, weights.items());
        int[] ranks = new int[count];
        for (int i = 0; i < count; i++) {
            score(sessions[i]);
            float wanted = scores[targets[i]];
            exclude(excluded == null ? null : excluded[i]);
            scores[targets[i]] = Float.NaN;
            ranks[i] = kernel.countAtLeast(scores, 0, scores.length, wanted);
        }
        return ranks;
    }

    private void check(int[][] sessions, int count) {
        for (int i = 0; i < count; i++) {
            if (sessions[i].length < 1 || sessions[i].length > maximumLength) {
                throw new IllegalArgumentException(
                        "session "
                                + i
                                + " has "
                                + sessions[i].length
                                + " items, 1 to "
                                + maximumLength
                                + " are read");
            }
            for (int row : sessions[i]) {
                if (row < 0 || row >= weights.items()) {
                    throw new IllegalArgumentException(
                            "session "
                                    + i
                                    + " has row "
                                    + row
                                    + " of "
                                    + weights.items()
                                    + " items");
                }
            }
        }
    }

    private void exclude(int[] excluded) {
        if (excluded != null) {
            for (int row : excluded) {
                scores[row] = Float.NaN;
            }
        }
    }

    /** Scores all items; what lies behind them is NaN. */
    private void score(int[] session) {
        fold(session);
        catalogue.score(user, 0, weights.items(), scores);
        Arrays.fill(scores, weights.items(), scores.length, Float.NaN);
    }

    /** The user's vector that a session's items foretell, each counted once. */
    private void fold(int[] session) {
        sessionsRead = Math.max(1, sessionsRead + 1); // 0 is an item's before it was seen
        int size = weights.sessionSize();
        int distinct = 0;
        for (int row : session) {
            distinct += lastSeen[row] == sessionsRead ? 0 : 1;
            lastSeen[row] = sessionsRead;
        }
        float share = (float) (1 / Math.sqrt((double) distinct));
        System.arraycopy(weights.sessionMean(), 0, user, 0, size);
        float[] items = weights.sessionItems();
        for (int row : session) {
            if (lastSeen[row] == sessionsRead) {
                lastSeen[row] = 0; // added once
                for (int d = 0; d < size; d++) {
                    user[d] = Math.fma(share, items[row * size + d], user[d]);
                }
            }
        }
    }

    @Override
    public void close() {
        // The model owns the weights.
    }
}
