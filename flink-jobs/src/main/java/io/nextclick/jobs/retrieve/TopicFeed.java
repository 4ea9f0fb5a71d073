package io.nextclick.jobs.retrieve;

import io.nextclick.schemas.WriterSchemas;
import java.io.Serializable;
import java.time.Duration;

/**
 * The records of compacted topics, from the oldest on and without end. Of one partition they come
 * in order. For one thread, but for {@link #wakeUp}.
 */
public interface TopicFeed extends AutoCloseable {

    /** What a topic holds. */
    enum Kind {
        /** Items' live vectors. */
        EMBEDDINGS,
        /** Released models. */
        RELEASES,
        /** The catalogue. */
        CATALOG
    }

    /**
     * A record as it lies in its topic.
     *
     * @param kind what its topic holds
     * @param key may be null
     * @param value null withdraws the key
     * @param topic the topic's name
     * @param partition its partition
     * @param offset its place there
     * @param timestampMillis its Kafka timestamp; negative if it has none
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Entry(
            Kind kind,
            byte[] key,
            byte[] value,
            String topic,
            int partition,
            long offset,
            long timestampMillis) {

        /** Where it lies. */
        String place() {
            return topic + '-' + partition + '@' + offset;
        }
    }

    /** Takes what a feed brings. */
    @FunctionalInterface
    interface Receiver {
        void receive(Entry entry);
    }

    /**
     * Hands over what has arrived.
     *
     * @param longest to wait for something if there is nothing
     */
    void poll(Duration longest, Receiver receiver);

    /** Whether all has been handed over that the topics held when the feed was opened. */
    boolean isCaughtUp();

    /** How many records are known to wait. */
    long lag();

    /** Ends a {@link #poll} under way, or the next one, with an exception. For any thread. */
    void wakeUp();

    @Override
    void close();

    /**
     * Where feeds come from; tests bring their own. Sources that are equal bring the same, so that
     * what is made of it is made once a process.
     */
    @FunctionalInterface
    interface Source extends Serializable {

        /** A feed that begins with the oldest records. */
        TopicFeed open();

        /**
         * Whether released rankers are followed, and what the catalogue says of items is kept as
         * far as they may read it.
         */
        default boolean rankers() {
            return false;
        }

        /** Schemas of its writers that this build doesn't know by itself. */
        default WriterSchemas writers() {
            return WriterSchemas.NONE;
        }
    }
}
