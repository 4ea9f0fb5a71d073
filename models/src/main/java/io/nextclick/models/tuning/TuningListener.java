package io.nextclick.models.tuning;

import io.nextclick.models.training.TrainingListener;
import java.util.Map;

/**
 * Hears how a search goes; between {@link #trialStarted} and {@link #trialEnded}, how that trial's
 * training goes. When it says {@link #enough}, the trial that is running is given up as if it had
 * never begun.
 */
public interface TuningListener extends TrainingListener {

    /**
     * A trial begins.
     *
     * @param number from 1
     * @param settings what it changes, by name
     */
    default void trialStarted(int number, Map<String, Object> settings) {}

    /** A trial has ended and its file is written. */
    default void trialEnded(Trial trial) {}
}
