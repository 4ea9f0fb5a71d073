package io.nextclick.models.serving;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.scoring.RecurrentScorer;

/** A GRU4Rec in memory: the item index and the cell's weights, shared by its scorers. */
final class ServableGru4Rec extends FolderModel {

    /** Which implementation of the cell runs. */
    enum CellKind {
        PACKED,
        TORCH
    }

    /** Floats that the precomputed inputs of all items may take: 64 MiB. */
    private static final long LARGEST_TABLE = 1 << 24;

    private final ExactItemIndex index;
    private final PackedGruCell.Weights packed;
    private final TorchGruCell.Weights torch;

    ServableGru4Rec(ModelFolder folder, CellKind cell, DenseKernel kernel)
            throws ModelFileException {
        super(folder);
        Gru4RecWeights weights = Gru4RecWeights.of(folder);
        PackedGruCell.Embeddings embeddings;
        try {
            index =
                    new ExactItemIndex(
                            weights.outputWeight(),
                            weights.outputBias(),
                            weights.hiddenSize(),
                            kernel);
            embeddings = weights.tied() ? index::copyVector : untied(weights);
            packed =
                    cell == CellKind.PACKED
                            ? new PackedGruCell.Weights(weights, embeddings, LARGEST_TABLE, kernel)
                            : null;
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(ModelFolder.WEIGHTS, e.getMessage(), e);
        }
        torch = cell == CellKind.TORCH ? new TorchGruCell.Weights(weights, embeddings) : null;
    }

    private static PackedGruCell.Embeddings untied(Gru4RecWeights weights) {
        float[] embedding = weights.embedding();
        int size = weights.embeddingSize();
        return (row, target) -> System.arraycopy(embedding, row * size, target, 0, size);
    }

    @Override
    public RecurrentScorer newScorer() {
        requireOpen();
        return new Gru4RecScorer(newCell(), index);
    }

    private GruCell newCell() {
        return torch == null ? new PackedGruCell(packed) : new TorchGruCell(torch);
    }

    /** Arrays that the model holds in native memory. */
    int nativeArrays() {
        return torch == null ? 0 : torch.liveResources();
    }

    @Override
    public String describe() {
        return name()
                + " "
                + version()
                + ": "
                + index.describe()
                + "; "
                + (torch == null
                        ? new PackedGruCell(packed).describe()
                        : "recurrent cell in torch");
    }

    @Override
    void free() {
        index.close();
        if (torch != null) {
            torch.close();
        }
    }
}
