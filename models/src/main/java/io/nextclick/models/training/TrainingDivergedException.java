package io.nextclick.models.training;

import java.util.Optional;

/** The loss or a gradient stopped being a finite number. */
public final class TrainingDivergedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient TrainedGru4Rec lastGood;

    TrainingDivergedException(String message, TrainedGru4Rec lastGood) {
        super(message);
        this.lastGood = lastGood;
    }

    /** The best model of the epochs before, if there was one. */
    public Optional<TrainedGru4Rec> lastGood() {
        return Optional.ofNullable(lastGood);
    }
}
