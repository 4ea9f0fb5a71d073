package io.nextclick.models.training;

import java.util.Optional;

/** A training that cannot go on, with what it had reached. */
public abstract sealed class TrainingStoppedException extends RuntimeException
        permits TrainingDivergedException, TrainingOutOfMemoryException {

    private static final long serialVersionUID = 1L;

    private final transient TrainedModel lastGood;

    TrainingStoppedException(String message, TrainedModel lastGood, Throwable cause) {
        super(message, cause);
        this.lastGood = lastGood;
    }

    /** The best model of the complete epochs before, if there was one. */
    public Optional<TrainedModel> lastGood() {
        return Optional.ofNullable(lastGood);
    }
}
