package io.nextclick.models.serving;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.scoring.RecurrentScorer;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import java.util.concurrent.atomic.AtomicBoolean;

/** A GRU4Rec in memory: the item index and the cell's weights, shared by its scorers. */
final class ServableGru4Rec implements ServableModel {

    /** Which implementation of the cell runs. */
    enum CellKind {
        PACKED,
        TORCH
    }

    /** Floats that the precomputed inputs of all items may take: 64 MiB. */
    private static final long LARGEST_TABLE = 1 << 24;

    private final ModelManifest manifest;
    private final ItemVocabulary vocabulary;
    private final Popularity popularity;
    private final CoVisitation coVisitation;
    private final ExactItemIndex index;
    private final PackedGruCell.Weights packed;
    private final TorchGruCell.Weights torch;
    private final AtomicBoolean closed = new AtomicBoolean();

    ServableGru4Rec(ModelFolder folder, CellKind cell, DenseKernel kernel)
            throws ModelFileException {
        manifest = folder.manifest();
        vocabulary = folder.vocabulary();
        popularity = folder.popularity();
        coVisitation = folder.coVisitation();
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
    public String name() {
        return manifest.name();
    }

    @Override
    public String version() {
        return manifest.version();
    }

    @Override
    public ItemVocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public SessionRules sessionRules() {
        return manifest.sessionRules();
    }

    @Override
    public Popularity popularity() {
        return popularity;
    }

    @Override
    public CoVisitation coVisitation() {
        return coVisitation;
    }

    @Override
    public RecurrentScorer newScorer() {
        if (closed.get()) {
            throw new IllegalStateException(
                    "model " + name() + " " + version() + " has been closed");
        }
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
    public void close() {
        if (closed.compareAndSet(false, true)) {
            index.close();
            if (torch != null) {
                torch.close();
            }
        }
    }
}
