package io.nextclick.models.training;

import java.util.Optional;

/** The loss or a gradient stopped being a finite number. */
public final class TrainingDivergedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient TrainedModel lastGood;

    TrainingDivergedException(String message, TrainedModel lastGood) {
        super(message);
        this.lastGood = lastGood;
    }

    /** The best model of the epochs before, if there was one. */
    public Optional<TrainedModel> lastGood() {
        return Optional.ofNullable(lastGood);
    }
}
