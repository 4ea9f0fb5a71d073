package io.nextclick.models.serving;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.tower.TowerWeights;

/**
 * A saved two-tower model: the query tower, and the items as they were when it was saved. Sessions
 * are read without users and contexts. The tower is the kernel's wherever the items are searched.
 */
final class ServableTwoTower extends FolderModel {

    static final String OUTPUT_VECTORS = "output.vectors";
    private static final String INPUT_VECTORS = "input.vectors";

    private final ItemIndex index;
    private final QueryTower tower;

    /** [V, D]. */
    private final float[] inputs;

    ServableTwoTower(ModelFolder folder, Placement placement) throws ModelFileException {
        super(folder);
        TowerWeights weights = TowerWeights.read(folder);
        int items = folder.vocabulary().size();
        int dimension = weights.dimension();
        inputs = folder.floats(INPUT_VECTORS, items, dimension);
        try {
            tower = new QueryTower(weights, placement.kernel());
            index =
                    placement.index(
                            folder.floats(OUTPUT_VECTORS, items, dimension), null, dimension);
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(ModelFolder.WEIGHTS, e.getMessage(), e);
        }
    }

    @Override
    public EncodingScorer newScorer() {
        requireOpen();
        return new Scorer();
    }

    /** A session remembers no more than its rules say, however much the tower reads. */
    private int maximumLength() {
        return Math.min(tower.history(), sessionRules().maximumLength());
    }

    @Override
    public String describe() {
        return name()
                + " "
                + version()
                + ": "
                + index.describe()
                + ", the last "
                + maximumLength()
                + " items of a session";
    }

    @Override
    void free() {
        index.close();
    }

    private final class Scorer implements EncodingScorer {
        private float[][] queries = new float[0][];

        @Override
        public int maximumLength() {
            return ServableTwoTower.this.maximumLength();
        }

        @Override
        public TopItems[] rank(int[][] sessions, int count, int k, int[][] excluded) {
            return index.search(queries(sessions, count), count, k, excluded);
        }

        @Override
        public int[] ranksOf(int[][] sessions, int count, int[] targets, int[][] excluded) {
            return index.ranks(queries(sessions, count), count, targets, excluded);
        }

        private float[][] queries(int[][] sessions, int count) {
            int dimension = tower.dimension();
            float[][][] read = new float[count][][];
            for (int i = 0; i < count; i++) {
                int length = sessions[i].length;
                if (length < 1 || length > maximumLength()) {
                    throw new IllegalArgumentException(
                            "session "
                                    + i
                                    + " has "
                                    + length
                                    + " items, 1 to "
                                    + maximumLength()
                                    + " are read");
                }
                read[i] = new float[length][dimension];
                for (int t = 0; t < length; t++) {
                    System.arraycopy(inputs, sessions[i][t] * dimension, read[i][t], 0, dimension);
                }
            }
            if (queries.length < count) {
                queries = new float[count][dimension];
            }
            tower.encode(read, null, count, queries);
            return queries;
        }

        @Override
        public void close() {
            // The model owns the weights.
        }
    }
}
