package io.nextclick.jobs.kafka;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka's classes that a client needs for the first time when it is closed.
 *
 * <p>A JobManager closes the class loader of a job that has ended while the coordinators of its
 * sources are still closing their clients. A class that hasn't been loaded by then can't be loaded
 * any more: the client logs {@code NoClassDefFoundError} and leaves its connections open, a few
 * with each job. What a JobManager deserialises of a source therefore loads them early.
 */
public final class KafkaClasses {

    private static final Logger LOG = LoggerFactory.getLogger(KafkaClasses.class);

    /** Kafka's own affair: other versions may do without. */
    static final String NEEDED_AT_THE_END = "org.apache.kafka.common.network.Selector$CloseMode";

    private KafkaClasses() {}

    /** Loads them, by the class loader that Kafka's other classes come from. */
    public static void load() {
        try {
            Class.forName(NEEDED_AT_THE_END);
        } catch (ClassNotFoundException e) {
            LOG.debug("This version of Kafka's clients has no {}", NEEDED_AT_THE_END, e);
        }
    }
}
