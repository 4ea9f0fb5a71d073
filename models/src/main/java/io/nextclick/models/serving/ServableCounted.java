package io.nextclick.models.serving;

import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.scoring.EncodingScorer;

/** A counted model in memory: arrays on the heap, which its scorers share. */
final class ServableCounted extends FolderModel {

    private final CountedModel model;

    ServableCounted(ModelFolder folder) throws ModelFileException {
        super(folder);
        model = CountedModel.read(folder);
    }

    @Override
    public EncodingScorer newScorer() {
        requireOpen();
        return model.newScorer();
    }

    @Override
    public String describe() {
        return name() + " " + version() + ": " + model.kind() + ", counted, on the heap";
    }

    @Override
    void free() {
        // Nothing but arrays.
    }
}
