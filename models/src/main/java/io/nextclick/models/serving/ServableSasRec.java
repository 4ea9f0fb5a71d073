package io.nextclick.models.serving;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.scoring.EncodingScorer;

/** A SASRec in memory: the item index and the blocks' weights, shared by its scorers. Heap only. */
final class ServableSasRec extends FolderModel {

    private final ExactItemIndex index;
    private final SasRecEncoder.Weights weights;

    ServableSasRec(ModelFolder folder, DenseKernel kernel) throws ModelFileException {
        super(folder);
        SasRecWeights model = SasRecWeights.of(folder);
        try {
            index =
                    new ExactItemIndex(
                            model.outputWeight(), model.outputBias(), model.size(), kernel);
            weights =
                    new SasRecEncoder.Weights(
                            model, model.tied() ? index::copyVector : untied(model), kernel);
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(ModelFolder.WEIGHTS, e.getMessage(), e);
        }
    }

    private static PackedGruCell.Embeddings untied(SasRecWeights model) {
        float[] embedding = model.embedding();
        int size = model.size();
        return (row, target) -> System.arraycopy(embedding, row * size, target, 0, size);
    }

    /** A session remembers no more than its rules say, however many positions there are. */
    private int maximumLength() {
        return Math.min(weights.positions(), sessionRules().maximumLength());
    }

    @Override
    public EncodingScorer newScorer() {
        requireOpen();
        return new SasRecScorer(weights, index, maximumLength());
    }

    @Override
    public String describe() {
        return name()
                + " "
                + version()
                + ": "
                + index.describe()
                + "; "
                + weights.describe()
                + ", the last "
                + maximumLength()
                + " items of a session";
    }

    @Override
    void free() {
        index.close();
    }
}
