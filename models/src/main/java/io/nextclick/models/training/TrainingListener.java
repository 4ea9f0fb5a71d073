package io.nextclick.models.training;

import java.time.Duration;

/** Hears how a training goes. Called on the training thread; should return quickly. */
public interface TrainingListener {

    /** Hears nothing. */
    TrainingListener SILENT = new TrainingListener() {};

    /**
     * What will be trained, once, before the first step.
     *
     * @param plan the data and every setting that was decided automatically
     */
    default void started(TrainingPlan plan) {}

    /**
     * An interrupted training goes on, after {@link #started}.
     *
     * @param epoch the last complete one
     * @param refitting whether of the training on all sessions
     */
    default void resumed(int epoch, boolean refitting) {}

    /** After every step. */
    default void stepped(Progress progress) {}

    /** After every epoch; when a checkpoint is kept, it is there by now. */
    default void epochEnded(Epoch epoch) {}

    /**
     * Asked after every step: whether to end here, in mid-epoch if need be, with the best of the
     * complete epochs, or what the first one has come to.
     */
    default boolean enough() {
        return false;
    }

    /**
     * The best number of epochs is known, and training starts again on all sessions, the held-out
     * ones included, for that many.
     */
    default void refitting(int epochs) {}

    /**
     * @param trainingSessions sessions trained on
     * @param validationSessions the latest sessions, held out
     * @param predictions clicks that are targets, per epoch
     * @param items catalogue size
     * @param fullSoftmax whether every item is scored at every step
     * @param seed the seed that was used
     */
    record TrainingPlan(
            int trainingSessions,
            int validationSessions,
            long predictions,
            int items,
            boolean fullSoftmax,
            long seed) {}

    /**
     * @param epoch from 1
     * @param epochs the most there will be
     * @param step step of this epoch, from 1
     * @param steps steps of this epoch
     * @param loss mean loss of this epoch so far
     * @param clicksPerSecond predictions trained on per second in this epoch
     * @param timeLeft estimated time to the last epoch; early stopping may cut it short
     */
    record Progress(
            int epoch,
            int epochs,
            int step,
            int steps,
            double loss,
            double clicksPerSecond,
            Duration timeLeft) {}

    /**
     * @param epoch from 1
     * @param loss mean training loss
     * @param validation metrics on the held-out sessions; null if none are held out
     * @param best whether this is the best epoch so far
     * @param clicksPerSecond predictions trained on per second
     * @param elapsed time since training began
     */
    record Epoch(
            int epoch,
            double loss,
            Validation validation,
            boolean best,
            double clicksPerSecond,
            Duration elapsed) {}

    /**
     * Full ranking, ties against the model.
     *
     * @param predictions how many
     * @param recall20 share of targets among the first 20
     * @param mrr20 mean reciprocal rank, 0 beyond 20
     */
    record Validation(int predictions, double recall20, double mrr20) {}
}
