package io.nextclick.jobs;

import io.nextclick.jobs.kafka.KafkaEnds;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.ExperimentOutcome;
import io.nextclick.schemas.Topics;
import java.util.Objects;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;

/**
 * Where the recommender's experiments come from, and where what they come to goes.
 *
 * @param experiments experiments that begin, change and end
 * @param changes takes the experiments that a guard has stopped
 * @param outcomes takes what sessions came to
 */
public record ExperimentEnds(
        Source<TopicEntry<Experiment>, ?, ?> experiments,
        Sink<TopicEntry<Experiment>> changes,
        Sink<ExperimentOutcome> outcomes) {

    public ExperimentEnds {
        Objects.requireNonNull(experiments, "experiments");
        Objects.requireNonNull(changes, "changes");
        Objects.requireNonNull(outcomes, "outcomes");
    }

    /**
     * Kafka's topics.
     *
     * @return null if the configuration follows no experiments
     */
    public static ExperimentEnds of(RecommenderConfig config) {
        if (config.experiments() == null) {
            return null;
        }
        return new ExperimentEnds(
                KafkaEnds.entries(
                        Topics.EXPERIMENTS,
                        config.experiments().topic(),
                        config.kafka().clicks().groupId(),
                        config.kafka().clicks().bounded(),
                        config.kafka().clicks().writers(),
                        config.kafka().clients()),
                // A variant that does harm isn't to go on until the next checkpoint.
                KafkaEnds.entrySinkAtOnce(
                        Topics.EXPERIMENTS,
                        config.experiments().topic(),
                        config.kafka().encoding(),
                        config.kafka().clients()),
                KafkaEnds.valueSink(
                        Topics.EXPERIMENT_OUTCOMES,
                        config.experiments().outcomesTopic(),
                        config.kafka().encoding(),
                        config.kafka().clients()));
    }
}
