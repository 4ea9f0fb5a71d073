package io.nextclick.jobs.experiment;

import java.util.Objects;

/**
 * Where experiments come from and what they come to goes.
 *
 * @param topic topic of experiments, which the guard writes to as well
 * @param outcomesTopic topic of outcomes
 */
public record ExperimentSettings(String topic, String outcomesTopic) {

    public ExperimentSettings {
        Objects.requireNonNull(topic, "topic");
        Objects.requireNonNull(outcomesTopic, "outcomesTopic");
    }
}
