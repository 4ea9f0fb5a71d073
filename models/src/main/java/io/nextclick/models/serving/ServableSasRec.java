package io.nextclick.models.serving;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import java.util.concurrent.atomic.AtomicBoolean;

/** A SASRec in memory: the item index and the blocks' weights, shared by its scorers. Heap only. */
final class ServableSasRec implements ServableModel {

    private final ModelManifest manifest;
    private final ItemVocabulary vocabulary;
    private final Popularity popularity;
    private final CoVisitation coVisitation;
    private final ExactItemIndex index;
    private final SasRecEncoder.Weights weights;
    private final AtomicBoolean closed = new AtomicBoolean();

    ServableSasRec(ModelFolder folder, DenseKernel kernel) throws ModelFileException {
        manifest = folder.manifest();
        vocabulary = folder.vocabulary();
        popularity = folder.popularity();
        coVisitation = folder.coVisitation();
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

    /** A session remembers no more than its rules say, however many positions there are. */
    private int maximumLength() {
        return Math.min(weights.positions(), manifest.sessionRules().maximumLength());
    }

    @Override
    public EncodingScorer newScorer() {
        if (closed.get()) {
            throw new IllegalStateException(
                    "model " + name() + " " + version() + " has been closed");
        }
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
    public void close() {
        if (closed.compareAndSet(false, true)) {
            index.close();
        }
    }
}
