package io.nextclick.models.serving;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.neuralcf.NeuralCfModel;
import io.nextclick.models.rating.UserKeys;
import io.nextclick.models.scoring.RatingScale;
import io.nextclick.models.scoring.UserScorer;
import java.util.Optional;

/**
 * GMF, MLP and NeuMF for the users of their training: log-odds by a user's own vector, or by the
 * mean of all users' where the user is unknown.
 *
 * <p>Shapes: U = users, V = items, D = size of a user's vector.
 */
final class NeuralCfUsers implements UserScorer {

    private final UserKeys keys;

    /** [U, D]. */
    private final float[] vectors;

    private final NeuralCfWeights weights;

    /** One a thread: it has room of its own to work in. */
    private final ThreadLocal<NeuralCfCatalogue> catalogue;

    private NeuralCfUsers(
            UserKeys keys, float[] vectors, NeuralCfWeights weights, DenseKernel kernel) {
        this.keys = keys;
        this.vectors = vectors;
        this.weights = weights;
        catalogue = ThreadLocal.withInitial(() -> new NeuralCfCatalogue(weights, kernel));
    }

    /**
     * @return empty for a folder of an earlier version, which holds no users
     * @throws ModelFileException if only one of keys and vectors is there, or they don't fit
     */
    static Optional<UserScorer> read(
            ModelFolder folder, NeuralCfWeights weights, DenseKernel kernel)
            throws ModelFileException {
        if (!folder.tensors().containsKey(UserKeys.TENSOR)
                && !folder.tensors().containsKey(NeuralCfModel.USER_VALUES)) {
            return Optional.empty();
        }
        try {
            UserKeys keys = UserKeys.read(folder);
            float[] vectors =
                    folder.floats(NeuralCfModel.USER_VALUES, keys.size(), weights.sessionSize());
            return Optional.of(new NeuralCfUsers(keys, vectors, weights, kernel));
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(ModelFolder.WEIGHTS, e.getMessage(), e);
        }
    }

    @Override
    public int user(String id) {
        return keys.row(id);
    }

    @Override
    public double score(int user, int item) {
        if (item == UNKNOWN) {
            return mean(user);
        }
        float[] score = new float[1];
        catalogue.get().score(vector(user), item, item + 1, score);
        return score[0];
    }

    /** Of all items, for one that the model doesn't know. */
    private double mean(int user) {
        float[] scores = new float[weights.items()];
        scores(user, scores);
        double sum = 0;
        for (float score : scores) {
            sum += score;
        }
        return sum / scores.length;
    }

    @Override
    public void scores(int user, float[] scores) {
        catalogue.get().score(vector(user), 0, weights.items(), scores);
    }

    private float[] vector(int user) {
        int size = weights.sessionSize();
        if (user == UNKNOWN) {
            return weights.sessionMean();
        }
        float[] vector = new float[size];
        System.arraycopy(vectors, user * size, vector, 0, size);
        return vector;
    }

    @Override
    public Optional<RatingScale> scale() {
        return Optional.empty();
    }
}
