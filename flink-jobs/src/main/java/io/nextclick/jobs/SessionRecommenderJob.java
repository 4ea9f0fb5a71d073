package io.nextclick.jobs;

import io.nextclick.jobs.kafka.ClickRecord;
import io.nextclick.jobs.kafka.RejectedClick;
import io.nextclick.schemas.Recommendation;
import java.time.Duration;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Clicks in, recommendations out. */
public final class SessionRecommenderJob {

    /** The job's name on the dashboard. */
    public static final String NAME = "nextclick session recommender";

    /** How often a checkpoint is taken unless the configuration says otherwise. */
    public static final Duration CHECKPOINT_INTERVAL = Duration.ofSeconds(10);

    private SessionRecommenderJob() {}

    /**
     * An environment with the settings that this job depends on for its speed and safety, unless
     * the cluster or {@code configuration} sets them.
     *
     * @param configuration Flink's options, {@code nextclick.*} and {@code kafka.*} together; only
     *     the first are passed on, as the others may hold passwords
     */
    public static StreamExecutionEnvironment environment(Configuration configuration) {
        return StreamExecutionEnvironment.getExecutionEnvironment();
    }

    /** The job between Kafka's topics. Neither connects to anything nor starts anything. */
    public static void define(StreamExecutionEnvironment environment, RecommenderConfig config) {}

    /** The job between any source and sinks. */
    public static void define(
            StreamExecutionEnvironment environment,
            RecommenderConfig config,
            Source<ClickRecord, ?, ?> clicks,
            Sink<Recommendation> recommendations,
            Sink<RejectedClick> rejected) {}
}
