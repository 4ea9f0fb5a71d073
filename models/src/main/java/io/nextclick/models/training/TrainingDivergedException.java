package io.nextclick.models.training;

/** The loss, a gradient or a weight stopped being a finite number. */
public final class TrainingDivergedException extends TrainingStoppedException {

    private static final long serialVersionUID = 1L;

    TrainingDivergedException(String message, TrainedModel lastGood) {
        super(message, lastGood, null);
    }
}
