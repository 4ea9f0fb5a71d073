package io.nextclick.jobs.impress;

import io.nextclick.jobs.kafka.ClickTimes;
import io.nextclick.jobs.kafka.KafkaClasses;
import io.nextclick.jobs.kafka.RejectedClick;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.Recommendation;
import io.nextclick.schemas.Topics;
import io.nextclick.schemas.WriterSchemas;
import java.time.Duration;
import java.util.Objects;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Reads impressions, never with an exception: those that pages have published or, where nobody
 * does, the job's own answers as such ({@link Impression#of}).
 */
public final class ImpressionDecoder implements KafkaRecordDeserializationSchema<ImpressionRecord> {

    /** What the topic holds. */
    public enum Content {
        /** {@link Topics#IMPRESSIONS}' records. */
        IMPRESSIONS,
        /** {@link Topics#RECOMMENDATIONS}' records. */
        RECOMMENDATIONS
    }

    private static final long serialVersionUID = 1L;

    static {
        KafkaClasses.load();
    }

    private final Content content;
    private final long futureToleranceMillis;
    private final WriterSchemas writers;

    private transient Codec<Impression> impressions;
    private transient Codec<Recommendation> recommendations;

    /**
     * @param futureTolerance an impression shown later than its record's timestamp by more than
     *     this is rejected, as a single one would make all clicks late; zero for any time
     * @param writers schemas of publishers that this build doesn't know by itself
     */
    public ImpressionDecoder(Content content, Duration futureTolerance, WriterSchemas writers) {
        this.content = Objects.requireNonNull(content, "content");
        this.futureToleranceMillis =
                Objects.requireNonNull(futureTolerance, "futureTolerance").toMillis();
        this.writers = Objects.requireNonNull(writers, "writers");
    }

    /**
     * Event time of what this reads, tracked for each partition by the source.
     *
     * @param outOfOrderness how far times may run backwards within a partition
     * @param idleness silence after which a partition no longer holds back event time; zero: never
     */
    public static WatermarkStrategy<ImpressionRecord> watermarks(
            Duration outOfOrderness, Duration idleness) {
        return ClickTimes.watermarks(
                outOfOrderness,
                idleness,
                record ->
                        record instanceof ImpressionRecord.Shown of
                                ? of.impression().shownAtMillis()
                                : ClickTimes.NO_TIME);
    }

    @Override
    public void open(InitializationContext context) {
        prepare();
    }

    private void prepare() {
        impressions = Topics.IMPRESSIONS.codec(Encoding.JSON, writers);
        recommendations = Topics.RECOMMENDATIONS.codec(Encoding.JSON, writers);
    }

    @Override
    public void deserialize(
            ConsumerRecord<byte[], byte[]> record, Collector<ImpressionRecord> out) {
        if (impressions == null) {
            prepare();
        }
        try {
            Impression impression =
                    content == Content.IMPRESSIONS
                            ? impressions.decode(record.value())
                            : Impression.of(recommendations.decode(record.value()));
            refuseFuture(impression, record.timestamp());
            out.collect(new ImpressionRecord.Shown(impression));
        } catch (MalformedRecordException e) {
            out.collect(new ImpressionRecord.Unreadable(RejectedClick.of(record, e)));
        }
    }

    private void refuseFuture(Impression impression, long timestampMillis)
            throws MalformedRecordException {
        if (futureToleranceMillis > 0
                && timestampMillis >= 0
                && impression.shownAtMillis() - timestampMillis > futureToleranceMillis) {
            throw new MalformedRecordException(
                    "shown_at",
                    impression.shownAtMillis()
                            + " lies more than "
                            + Duration.ofMillis(futureToleranceMillis)
                            + " after the record's timestamp "
                            + timestampMillis);
        }
    }

    @Override
    public TypeInformation<ImpressionRecord> getProducedType() {
        return ImpressionRecordSerializer.TYPE;
    }
}
