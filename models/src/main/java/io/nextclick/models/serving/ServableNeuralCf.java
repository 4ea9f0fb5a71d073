package io.nextclick.models.serving;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.neuralcf.NeuralCfKind;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.UserScorer;
import java.util.Optional;

/**
 * A GMF, MLP or NeuMF in memory: arrays on the heap, which its scorers share. Users of its training
 * are scored by their own vectors, sessions by what their items foretell.
 */
final class ServableNeuralCf extends FolderModel {

    private final NeuralCfKind kind;
    private final NeuralCfWeights weights;
    private final DenseKernel kernel;
    private final Optional<UserScorer> users;

    ServableNeuralCf(ModelFolder folder, NeuralCfKind kind, Placement placement)
            throws ModelFileException {
        super(folder);
        this.kind = kind;
        kernel = placement.kernel();
        weights = new NeuralCfWeights(folder, kind, kernel);
        users = NeuralCfUsers.read(folder, weights, kernel);
    }

    @Override
    public Optional<UserScorer> userScorer() {
        return users;
    }

    @Override
    public EncodingScorer newScorer() {
        requireOpen();
        return new NeuralCfScorer(weights, kernel, sessionRules().maximumLength());
    }

    @Override
    public String describe() {
        return name()
                + " "
                + version()
                + ": "
                + kind
                + " of "
                + weights.factors()
                + " factors over "
                + weights.items()
                + " items in "
                + kernel.describe();
    }

    @Override
    void free() {
        // Nothing but arrays.
    }
}
