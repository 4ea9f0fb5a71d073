package io.nextclick.models.serving;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.neuralcf.NeuralCfKind;
import io.nextclick.models.scoring.EncodingScorer;

/** A GMF, MLP or NeuMF in memory: arrays on the heap, which its scorers share. */
final class ServableNeuralCf extends FolderModel {

    private final NeuralCfKind kind;
    private final NeuralCfWeights weights;
    private final DenseKernel kernel;

    ServableNeuralCf(ModelFolder folder, NeuralCfKind kind, Placement placement)
            throws ModelFileException {
        super(folder);
        this.kind = kind;
        kernel = placement.kernel();
        weights = new NeuralCfWeights(folder, kind, kernel);
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
