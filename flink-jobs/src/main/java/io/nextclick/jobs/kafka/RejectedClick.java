package io.nextclick.jobs.kafka;

import io.nextclick.schemas.MalformedRecordException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/**
 * A record that holds no usable click, or whatever else its topic should hold, whole, with what is
 * wrong with it.
 *
 * @param key the original key; may be null
 * @param value the original value; may be null
 * @param headers the original headers in their order
 * @param reason what is wrong, for a person
 * @param where the part of the record at fault: a field, a JSON pointer or a byte offset
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
        String reason,
        String where,
        String topic,
        int partition,
        long offset,
        long timestampMillis)
        implements ClickRecord {

    public RejectedClick {
        headers = List.copyOf(headers);
    }

    /** A record that can't be read as what its topic holds. */
    public static RejectedClick of(
            ConsumerRecord<byte[], byte[]> record, MalformedRecordException fault) {
        List<RecordHeader> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            headers.add(new RecordHeader(header.key(), header.value()));
        }
        return new RejectedClick(
                record.key(),
                record.value(),
                headers,
                fault.what(),
                fault.where(),
                record.topic(),
                record.partition(),
                record.offset(),
                record.timestamp());
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
                && reason.equals(that.reason)
                && where.equals(that.where)
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
        return "RejectedClick["
                + topic
                + "-"
                + partition
                + "-"
                + offset
                + ": "
                + reason
                + " at "
                + where
                + "]";
    }
}
