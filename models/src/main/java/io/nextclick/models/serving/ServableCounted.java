package io.nextclick.models.serving;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;

/** A counted model in memory: arrays on the heap, which its scorers share. */
final class ServableCounted implements ServableModel {

    private final ModelManifest manifest;
    private final CoVisitation coVisitation;
    private final CountedModel model;
    private volatile boolean closed;

    ServableCounted(ModelFolder folder) throws ModelFileException {
        manifest = folder.manifest();
        coVisitation = folder.coVisitation();
        model = CountedModel.read(folder);
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
        return model.vocabulary();
    }

    @Override
    public SessionRules sessionRules() {
        return manifest.sessionRules();
    }

    @Override
    public Popularity popularity() {
        return model.popularity();
    }

    @Override
    public CoVisitation coVisitation() {
        return coVisitation;
    }

    @Override
    public EncodingScorer newScorer() {
        if (closed) {
            throw new IllegalStateException(
                    "model " + name() + " " + version() + " has been closed");
        }
        return model.newScorer();
    }

    @Override
    public String describe() {
        return name() + " " + version() + ": " + model.kind() + ", counted, on the heap";
    }

    @Override
    public void close() {
        closed = true;
    }
}
