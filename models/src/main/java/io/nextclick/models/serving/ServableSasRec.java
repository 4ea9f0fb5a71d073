package io.nextclick.models.serving;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.scoring.EncodingScorer;

/**
 * A SASRec in memory: the item index and the blocks' weights, shared by its scorers. The encoder is
 * the kernel's wherever the items are searched: it takes a fraction of the search's time.
 */
final class ServableSasRec extends FolderModel {

    private final ItemIndex index;
    private final SasRecEncoder.Weights weights;

    ServableSasRec(ModelFolder folder, Placement placement) throws ModelFileException {
        super(folder);
        SasRecWeights model = SasRecWeights.of(folder);
        try {
            index = placement.index(model.outputWeight(), model.outputBias(), model.size());
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(ModelFolder.WEIGHTS, e.getMessage(), e);
        }
        try {
            // The panels of the index hold the vectors already, if it has any.
            PackedGruCell.Embeddings embeddings =
                    model.tied() && index instanceof ExactItemIndex exact
                            ? exact::copyVector
                            : rowsOf(model);
            weights = new SasRecEncoder.Weights(model, embeddings, placement.kernel());
        } catch (IllegalArgumentException e) {
            index.close();
            throw new ModelFileException(ModelFolder.WEIGHTS, e.getMessage(), e);
        }
    }

    private static PackedGruCell.Embeddings rowsOf(SasRecWeights model) {
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
