package io.nextclick.jobs.kafka;

/** A record of the clicks topic after decoding: a click or a reject, and where it came from. */
public sealed interface ClickRecord permits ReceivedClick, RejectedClick {

    String topic();

    int partition();

    long offset();

    /** Kafka's timestamp of the record, in milliseconds since the epoch; -1 if it has none. */
    long timestampMillis();
}
