package io.nextclick.models.serving;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.rating.Neighbourhood;
import io.nextclick.models.rating.RatingModel;
import io.nextclick.models.scoring.EncodingScorer;
import io.nextclick.models.scoring.ScoreScale;
import io.nextclick.models.scoring.UserScorer;
import java.util.Optional;

/** Neighbours of users or of items in memory: arrays on the heap, which its scorers share. */
final class ServableNeighbourhood extends FolderModel {

    private final Neighbourhood model;

    ServableNeighbourhood(ModelFolder folder) throws ModelFileException {
        super(folder);
        model = (Neighbourhood) RatingModel.read(folder);
    }

    @Override
    public EncodingScorer newScorer() {
        requireOpen();
        return model.newScorer(sessionRules().maximumLength());
    }

    @Override
    public Optional<UserScorer> userScorer() {
        return Optional.of(model);
    }

    /** Sums of similarities: nothing that stands for a logarithm. */
    @Override
    public ScoreScale scoreScale() {
        return ScoreScale.PROPORTION;
    }

    @Override
    public String describe() {
        return name() + " " + version() + ": " + model.kind() + ", on the heap";
    }

    @Override
    void free() {
        // Nothing but arrays.
    }
}
