package io.nextclick.models.serving;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.scoring.EncodingScorer;

/**
 * A SASRec or a BERT4Rec in memory: the item index and the blocks' weights, shared by its scorers.
 * The encoder is the kernel's wherever the items are searched: it takes a fraction of the search's
 * time.
 */
final class ServableAttention extends FolderModel {

    private final ItemIndex index;
    private final AttentionEncoder.Weights weights;

    private ServableAttention(ModelFolder folder, AttentionWeights model, Placement placement)
            throws ModelFileException {
        super(folder);
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
            weights = new AttentionEncoder.Weights(model, embeddings, placement.kernel());
        } catch (IllegalArgumentException e) {
            index.close();
            throw new ModelFileException(ModelFolder.WEIGHTS, e.getMessage(), e);
        }
    }

    static ServableAttention sasRec(ModelFolder folder, Placement placement)
            throws ModelFileException {
        return new ServableAttention(folder, AttentionWeights.ofSasRec(folder), placement);
    }

    static ServableAttention bert4Rec(ModelFolder folder, Placement placement)
            throws ModelFileException {
        return new ServableAttention(folder, AttentionWeights.ofBert4Rec(folder), placement);
    }

    private static PackedGruCell.Embeddings rowsOf(AttentionWeights model) {
        float[] embedding = model.embedding();
        int size = model.size();
        return (row, target) -> System.arraycopy(embedding, row * size, target, 0, size);
    }

    /** A session remembers no more than its rules say, however many positions there are. */
    private int maximumLength() {
        return Math.min(weights.readable(), sessionRules().maximumLength());
    }

    @Override
    public EncodingScorer newScorer() {
        requireOpen();
        return new AttentionScorer(weights, index, maximumLength());
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
