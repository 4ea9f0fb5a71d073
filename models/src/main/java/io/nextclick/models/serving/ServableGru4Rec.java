package io.nextclick.models.serving;

import io.nextclick.models.device.ComputeDevice;
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

    private final ItemIndex index;
    private final PackedGruCell.Weights packed;
    private final TorchGruCell.Weights torch;

    /**
     * @param cell on another device than the machine's own processor it is torch's in any case
     */
    ServableGru4Rec(ModelFolder folder, CellKind cell, Placement placement)
            throws ModelFileException {
        super(folder);
        Gru4RecWeights weights = Gru4RecWeights.of(folder);
        try {
            index =
                    placement.index(
                            weights.outputWeight(), weights.outputBias(), weights.hiddenSize());
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(ModelFolder.WEIGHTS, e.getMessage(), e);
        }
        try {
            if (index instanceof TorchItemIndex onDevice) {
                packed = null;
                torch =
                        new TorchGruCell.Weights(
                                weights,
                                weights.tied() ? onDevice.vectors() : null,
                                placement.torch());
            } else if (cell == CellKind.TORCH) {
                packed = null;
                torch = new TorchGruCell.Weights(weights, null, ComputeDevice.CPU);
            } else {
                PackedGruCell.Embeddings embeddings =
                        weights.tied() && index instanceof ExactItemIndex exact
                                ? exact::copyVector
                                : rowsOf(weights);
                packed =
                        new PackedGruCell.Weights(
                                weights, embeddings, LARGEST_TABLE, placement.kernel());
                torch = null;
            }
        } catch (IllegalArgumentException e) {
            index.close();
            throw new ModelFileException(ModelFolder.WEIGHTS, e.getMessage(), e);
        } catch (RuntimeException | Error e) {
            index.close();
            throw e;
        }
    }

    private static PackedGruCell.Embeddings rowsOf(Gru4RecWeights weights) {
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
        return (torch == null ? 0 : torch.liveResources())
                + (index instanceof TorchItemIndex onDevice ? onDevice.liveResources() : 0);
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
                        : new TorchGruCell(torch).describe());
    }

    @Override
    void free() {
        if (torch != null) {
            torch.close();
        }
        index.close();
    }
}
