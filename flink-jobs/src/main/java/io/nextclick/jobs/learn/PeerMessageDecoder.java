package io.nextclick.jobs.learn;

import io.nextclick.jobs.kafka.KafkaClasses;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads what {@link PeerMessageRecords} writes. What isn't that is logged and left out. */
public final class PeerMessageDecoder implements KafkaRecordDeserializationSchema<PeerMessage> {

    private static final Logger LOG = LoggerFactory.getLogger(PeerMessageDecoder.class);

    private static final long serialVersionUID = 1L;

    /** In bytes; trainers send pieces of half of it. */
    private static final int LARGEST_MESSAGE = 1 << 20;

    static {
        KafkaClasses.load();
    }

    private final PeerMessageSerializer serializer = new PeerMessageSerializer();

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<PeerMessage> out) {
        try {
            if (record.value() == null) {
                throw new IOException("the record has no value");
            }
            if (record.value().length > LARGEST_MESSAGE) {
                throw new IOException(
                        "it has "
                                + record.value().length
                                + " bytes, "
                                + LARGEST_MESSAGE
                                + " are the most");
            }
            DataInputDeserializer in = new DataInputDeserializer(record.value());
            byte version = in.readByte();
            if (version != PeerMessageSerializer.VERSION) {
                throw new IOException(
                        "Unknown version "
                                + version
                                + ": this build reads version "
                                + PeerMessageSerializer.VERSION);
            }
            out.collect(serializer.deserialize(in));
        } catch (IOException | RuntimeException e) {
            LOG.warn(
                    "{}-{}@{} is no message of a trainer and is left out: {}",
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    e.toString());
        }
    }

    @Override
    public TypeInformation<PeerMessage> getProducedType() {
        return PeerMessageSerializer.TYPE;
    }
}
