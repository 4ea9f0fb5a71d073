package io.nextclick.jobs.kafka;

import io.nextclick.schemas.Click;
import io.nextclick.schemas.ClickMapping;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.DetectingCodec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.RecordLimits;
import io.nextclick.schemas.Topics;
import io.nextclick.schemas.WriterSchemas;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Reads a record of the clicks topic: one {@link ReceivedClick} or one {@link RejectedClick}, never
 * an exception.
 *
 * <p>This happens in the source and not behind it, as event time must be known per partition: a
 * watermark taken after partitions are mixed would call the slower partition's clicks late.
 */
public final class ClickDecoder implements KafkaRecordDeserializationSchema<ClickRecord> {

    private static final long serialVersionUID = 1L;

    static {
        KafkaClasses.load();
    }

    private final ClickMapping mapping;
    private final int maxRecordBytes;
    private final long futureToleranceMillis;
    private final ArrayList<String> contextAttributes;
    private final WriterSchemas writers;

    private transient Codec<Click> codec;

    /**
     * @param mapping where a foreign event holds a click's fields; null for our own formats
     * @param maxRecordBytes longer records are rejected unread
     * @param futureTolerance an event time later than the record's timestamp by more than this is
     *     rejected; zero for any time
     * @param contextAttributes names of the attributes that go along with a click
     * @param writers schemas of publishers that this build doesn't know by itself
     */
    public ClickDecoder(
            ClickMapping mapping,
            int maxRecordBytes,
            Duration futureTolerance,
            List<String> contextAttributes,
            WriterSchemas writers) {
        this.mapping = mapping;
        this.maxRecordBytes = maxRecordBytes;
        this.futureToleranceMillis =
                Objects.requireNonNull(futureTolerance, "futureTolerance").toMillis();
        this.contextAttributes = new ArrayList<>(contextAttributes);
        this.writers = Objects.requireNonNull(writers, "writers");
    }

    @Override
    public void open(InitializationContext context) {
        codec = codec();
    }

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<ClickRecord> out) {
        if (codec == null) {
            codec = codec();
        }
        try {
            Click click = codec.decode(record.value());
            refuseFuture(click, record.timestamp());
            out.collect(
                    new ReceivedClick(
                            click.eventId(),
                            click.sessionId(),
                            click.userId(),
                            click.itemId(),
                            click.eventTimeMillis(),
                            record.topic(),
                            record.partition(),
                            record.offset(),
                            record.timestamp(),
                            ReceivedClick.context(click.attributes(), contextAttributes)));
        } catch (MalformedRecordException e) {
            out.collect(RejectedClick.of(record, e));
        }
    }

    @Override
    public TypeInformation<ClickRecord> getProducedType() {
        return ClickRecordSerializer.TYPE;
    }

    private Codec<Click> codec() {
        RecordLimits limits = RecordLimits.DEFAULT.withRecordBytes(maxRecordBytes);
        return mapping == null
                ? DetectingCodec.of(Topics.CLICKS, Encoding.JSON, limits, writers)
                : mapping.codec(Encoding.JSON, limits, writers);
    }

    private void refuseFuture(Click click, long timestampMillis) throws MalformedRecordException {
        if (futureToleranceMillis > 0
                && timestampMillis >= 0
                && click.eventTimeMillis() - timestampMillis > futureToleranceMillis) {
            throw new MalformedRecordException(
                    "event_time",
                    click.eventTimeMillis()
                            + " lies more than "
                            + Duration.ofMillis(futureToleranceMillis)
                            + " after the record's timestamp "
                            + timestampMillis);
        }
    }
}
