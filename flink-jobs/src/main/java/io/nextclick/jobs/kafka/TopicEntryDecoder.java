package io.nextclick.jobs.kafka;

import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.RecordLimits;
import io.nextclick.schemas.Topic;
import io.nextclick.schemas.WriterSchemas;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the records of a compacted topic. What can't be read leaves its key as it was: it is
 * counted and logged with its place, and stays in the topic for whoever looks into it.
 *
 * @param <T> the topic's values
 */
final class TopicEntryDecoder<T> implements KafkaRecordDeserializationSchema<TopicEntry<T>> {

    private static final Logger LOG = LoggerFactory.getLogger(TopicEntryDecoder.class);

    private static final long serialVersionUID = 1L;

    /** In bytes; keys are ids, of three bytes a character at most. */
    private static final int LARGEST_KEY = 3 * RecordLimits.DEFAULT.idChars();

    static {
        KafkaClasses.load();
    }

    private final String topic;
    private final WriterSchemas writers;

    private transient Codec<T> codec;
    private transient Counter malformed;

    /**
     * @param writers schemas of writers that this build doesn't know by itself
     */
    TopicEntryDecoder(Topic<T> topic, WriterSchemas writers) {
        this.topic = topic.name();
        this.writers = writers;
    }

    @Override
    public void open(InitializationContext context) {
        malformed = context.getMetricGroup().counter("malformed");
    }

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<TopicEntry<T>> out) {
        try {
            out.collect(read(record));
        } catch (MalformedRecordException e) {
            malformed().inc();
            LOG.warn(
                    "{}-{}@{} is left out: {}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e.getMessage());
        }
    }

    private TopicEntry<T> read(ConsumerRecord<byte[], byte[]> record)
            throws MalformedRecordException {
        Topic<T> known = TopicEntrySerializer.topic(topic);
        if (record.value() == null) {
            if (record.key() == null || record.key().length == 0) {
                throw new MalformedRecordException("key", "a record without key and value");
            }
            if (record.key().length > LARGEST_KEY) {
                throw new MalformedRecordException(
                        "key",
                        "a key of " + record.key().length + " bytes, the most are " + LARGEST_KEY);
            }
            return TopicEntry.withdrawal(new String(record.key(), StandardCharsets.UTF_8));
        }
        if (codec == null) {
            codec = known.codec(Encoding.AVRO, writers);
        }
        return TopicEntry.of(known, codec.decode(record.value()));
    }

    private Counter malformed() {
        if (malformed == null) {
            malformed = new SimpleCounter();
        }
        return malformed;
    }

    @Override
    public TypeInformation<TopicEntry<T>> getProducedType() {
        return TopicEntrySerializer.type(TopicEntrySerializer.topic(topic));
    }
}
