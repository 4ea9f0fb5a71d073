package io.nextclick.jobs.kafka;

import io.nextclick.jobs.kafka.RejectedClick.RecordHeader;
import io.nextclick.schemas.RejectedClicks;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/**
 * Dead letters as records: the original key, value and headers, and {@link RejectedClicks}' headers
 * behind them.
 *
 * <p>A record that fills its topic's limit to the last bytes has no room for our headers, and one
 * that can't be written would stop the job for ever. Its value is cut to fit, and a header says how
 * long it was.
 */
final class RejectedRecords implements KafkaRecordSerializationSchema<RejectedClick> {

    /** The value's length before it was cut; absent on letters that are whole. */
    static final String CUT_HEADER = "nextclick.cut-from-bytes";

    /** What a record takes beside key, value and headers, generously. */
    private static final int OVERHEAD_BYTES = 512;

    /** What a header takes beside name and value, at most. */
    private static final int HEADER_OVERHEAD_BYTES = 10;

    private static final int LONGEST_REASON = 1_000;

    private static final long serialVersionUID = 1L;

    private final String topic;
    private final int maxRequestBytes;

    /**
     * @param topic the dead letters' topic
     * @param maxRequestBytes the producer's {@code max.request.size}
     */
    RejectedRecords(String topic, int maxRequestBytes) {
        this.topic = Objects.requireNonNull(topic, "topic");
        this.maxRequestBytes = maxRequestBytes;
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
            RejectedClick reject, KafkaSinkContext context, Long timestamp) {
        int room = maxRequestBytes - OVERHEAD_BYTES - length(reject.key());
        for (RecordHeader header : reject.headers()) {
            room -= header.name().length() * 3 + length(header.value()) + HEADER_OVERHEAD_BYTES;
        }
        room -= 3 * (Math.min(reject.reason().length(), LONGEST_REASON) + reject.where().length());
        byte[] value = reject.value();
        boolean cut = value != null && value.length > Math.max(0, room);
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(
                        topic, reject.key(), cut ? Arrays.copyOf(value, Math.max(0, room)) : value);
        Headers headers = record.headers();
        for (RecordHeader header : reject.headers()) {
            headers.add(header.name(), header.value());
        }
        add(headers, RejectedClicks.REASON_HEADER, shortened(reject.reason()));
        add(headers, RejectedClicks.WHERE_HEADER, shortened(reject.where()));
        add(headers, RejectedClicks.TOPIC_HEADER, reject.topic());
        add(headers, RejectedClicks.PARTITION_HEADER, Integer.toString(reject.partition()));
        add(headers, RejectedClicks.OFFSET_HEADER, Long.toString(reject.offset()));
        add(headers, RejectedClicks.TIMESTAMP_HEADER, Long.toString(reject.timestampMillis()));
        if (cut) {
            add(headers, CUT_HEADER, Integer.toString(value.length));
        }
        return record;
    }

    private static int length(byte[] bytes) {
        return bytes == null ? 0 : bytes.length;
    }

    private static String shortened(String text) {
        return text.length() <= LONGEST_REASON ? text : text.substring(0, LONGEST_REASON);
    }

    private static void add(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
