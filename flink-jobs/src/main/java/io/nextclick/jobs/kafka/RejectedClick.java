package io.nextclick.jobs.kafka;

import java.util.Arrays;
import java.util.List;

/**
 * A record that holds no usable click, whole, with what is wrong with it.
 *
 * @param key the original key; may be null
 * @param value the original value; may be null
 * @param headers the original headers in their order
 * @param field the part of the record at fault where that is one of a click's fields, else {@code
 *     record}: a small set, fit for a metric's name
 * @param reason what is wrong and where, for a person
 * @param topic where the record lay
 * @param partition where the record lay
 * @param offset where the record lay
 * @param timestampMillis Kafka's timestamp of the record, in milliseconds since the epoch; -1 if it
 *     has none
 */
@SuppressWarnings("ArrayRecordComponent") // equals, hashCode and toString read the arrays' contents
public record RejectedClick(
        byte[] key,
        byte[] value,
        List<RecordHeader> headers,
        String field,
        String reason,
        String topic,
        int partition,
        long offset,
        long timestampMillis)
        implements ClickRecord {

    public RejectedClick {
        headers = List.copyOf(headers);
    }

    /**
     * A header of a Kafka record.
     *
     * @param name its name
     * @param value its bytes; may be null
     */
    @SuppressWarnings("ArrayRecordComponent") // equals and hashCode read the array's contents
    public record RecordHeader(String name, byte[] value) {

        @Override
        public boolean equals(Object other) {
            return other instanceof RecordHeader that
                    && name.equals(that.name)
                    && Arrays.equals(value, that.value);
        }

        @Override
        public int hashCode() {
            return 31 * name.hashCode() + Arrays.hashCode(value);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RejectedClick that
                && Arrays.equals(key, that.key)
                && Arrays.equals(value, that.value)
                && headers.equals(that.headers)
                && field.equals(that.field)
                && reason.equals(that.reason)
                && topic.equals(that.topic)
                && partition == that.partition
                && offset == that.offset
                && timestampMillis == that.timestampMillis;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(offset) * 31 + partition;
    }

    /** Leaves the bytes out: a dead letter may hold anything, a log line must not. */
    @Override
    public String toString() {
        return "RejectedClick[" + topic + "-" + partition + "-" + offset + ": " + reason + "]";
    }
}
