package io.nextclick.models.serving;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.rating.Factorization;
import io.nextclick.models.rating.RatingModel;
import io.nextclick.models.rating.SessionFolding;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.TopItems;
import io.nextclick.models.scoring.UserScorer;
import java.util.Optional;

/**
 * A matrix factorisation in memory. A session is folded in as a user, whose vector then asks the
 * item index; users that the model knows are scored by their own vectors.
 */
final class ServableFactorization extends FolderModel {

    private final Factorization model;
    private final SessionFolding folding;
    private final ItemIndex index;

    ServableFactorization(ModelFolder folder, Placement placement) throws ModelFileException {
        super(folder);
        model = (Factorization) RatingModel.read(folder);
        try {
            folding = model.folding();
            index = placement.index(folding.vectors(), folding.biases(), folding.dimension());
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new ModelFileException(ModelFolder.WEIGHTS, e.getMessage(), e);
        }
    }

    @Override
    public EncodingScorer newScorer() {
        requireOpen();
        return new Scorer(sessionRules().maximumLength());
    }

    @Override
    public Optional<UserScorer> userScorer() {
        return Optional.of(model);
    }

    @Override
    public String describe() {
        return name() + " " + version() + ": " + index.describe() + "; sessions folded in";
    }

    @Override
    void free() {
        index.close();
    }

    private final class Scorer implements EncodingScorer {

        private final int maximumLength;
        private float[][] queries = new float[0][];

        Scorer(int maximumLength) {
            this.maximumLength = maximumLength;
        }

        @Override
        public int maximumLength() {
            return maximumLength;
        }

        @Override
        public TopItems[] rank(int[][] sessions, int count, int k, int[][] excluded) {
            return index.search(folded(sessions, count), count, k, excluded);
        }

        @Override
        public int[] ranksOf(int[][] sessions, int count, int[] targets, int[][] excluded) {
            return index.ranks(folded(sessions, count), count, targets, excluded);
        }

        private float[][] folded(int[][] sessions, int count) {
            if (queries.length < count) {
                queries = new float[count][folding.dimension()];
            }
            for (int i = 0; i < count; i++) {
                folding.fold(sessions[i], queries[i]);
            }
            return queries;
        }

        @Override
        public void close() {
            // The index is the model's.
        }
    }
}
