package io.nextclick.schemas;

import io.nextclick.schemas.Topic.CleanUpPolicy;

/**
 * The dead letters of {@code clicks}: key and value are the original bytes, untouched; the headers
 * say what was wrong and where the record came from. All headers are UTF-8 text, numbers in
 * decimal.
 */
public final class RejectedClicks {

    /** The topic's name unless configured otherwise. */
    public static final String TOPIC = "clicks-rejected";

    public static final CleanUpPolicy CLEAN_UP_POLICY = CleanUpPolicy.DELETE;

    /** {@link MalformedRecordException#what}. */
    public static final String REASON_HEADER = "nextclick.reason";

    /** {@link MalformedRecordException#where}. */
    public static final String WHERE_HEADER = "nextclick.where";

    /** Topic the record was read from. */
    public static final String TOPIC_HEADER = "nextclick.topic";

    /** Its partition in that topic. */
    public static final String PARTITION_HEADER = "nextclick.partition";

    /** Its offset in that partition. */
    public static final String OFFSET_HEADER = "nextclick.offset";

    /** Its Kafka timestamp, in milliseconds since the epoch. */
    public static final String TIMESTAMP_HEADER = "nextclick.timestamp";

    private RejectedClicks() {}
}
