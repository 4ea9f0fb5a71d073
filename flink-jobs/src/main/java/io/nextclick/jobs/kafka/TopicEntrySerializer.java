package io.nextclick.jobs.kafka;

import io.nextclick.jobs.types.Bytes;
import io.nextclick.jobs.types.OwnType;
import io.nextclick.schemas.AvroCodec;
import io.nextclick.schemas.CatalogItem;
import io.nextclick.schemas.Codec;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.ItemEmbedding;
import io.nextclick.schemas.MalformedRecordException;
import io.nextclick.schemas.ModelRelease;
import io.nextclick.schemas.RelatedItems;
import io.nextclick.schemas.Topic;
import io.nextclick.schemas.Topics;
import java.io.IOException;
import java.util.Objects;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Layout 1: the key as text ({@link Bytes}), then the value as a byte array in Avro's single-object
 * encoding, none for a withdrawal. Avro knows the schemas of earlier versions, so a record's change
 * is no change of this layout.
 *
 * @param <T> the topic's values
 */
public final class TopicEntrySerializer<T> extends TypeSerializer<TopicEntry<T>> {

    /** Flink's name for an entry of {@code item-catalog}. */
    public static final TypeInformation<TopicEntry<CatalogItem>> CATALOG_ITEM =
            type(Topics.ITEM_CATALOG);

    /** Flink's name for an entry of {@code item-embeddings}. */
    public static final TypeInformation<TopicEntry<ItemEmbedding>> ITEM_EMBEDDING =
            type(Topics.ITEM_EMBEDDINGS);

    /** Flink's name for an entry of {@code model-releases}. */
    public static final TypeInformation<TopicEntry<ModelRelease>> MODEL_RELEASE =
            type(Topics.MODEL_RELEASES);

    /** Flink's name for an entry of {@code related-items}. */
    public static final TypeInformation<TopicEntry<RelatedItems>> RELATED_ITEMS =
            type(Topics.RELATED_ITEMS);

    /** Flink's name for an entry of {@code experiments}. */
    public static final TypeInformation<TopicEntry<Experiment>> EXPERIMENT =
            type(Topics.EXPERIMENTS);

    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;

    /** A topic holds functions, which don't travel; its name stands for it. */
    private final String topic;

    private transient Codec<T> codec;

    private TopicEntrySerializer(String topic) {
        this.topic = Objects.requireNonNull(topic, "topic");
    }

    /** Flink's name for the entries of a topic of {@link Topics#ALL}. */
    @SuppressWarnings("unchecked") // A class object of a generic type is that of the raw type.
    public static <T> TypeInformation<TopicEntry<T>> type(Topic<T> topic) {
        return new OwnType<>(
                (Class<TopicEntry<T>>) (Class<?>) TopicEntry.class,
                new TopicEntrySerializer<>(topic.name()));
    }

    @SuppressWarnings("unchecked") // A topic's name is its own: its values are T.
    static <T> Topic<T> topic(String name) {
        for (Topic<?> topic : Topics.ALL) {
            if (topic.name().equals(name)) {
                return (Topic<T>) topic;
            }
        }
        throw new IllegalStateException("there is no topic " + name);
    }

    @Override
    public void serialize(TopicEntry<T> entry, DataOutputView out) throws IOException {
        Bytes.writeText(entry.key(), out);
        Bytes.writeBytes(entry.isWithdrawal() ? null : codec().encode(entry.value()), out);
    }

    @Override
    public TopicEntry<T> deserialize(DataInputView in) throws IOException {
        String key = Bytes.readText(in);
        byte[] value = Bytes.readBytes(in);
        try {
            return new TopicEntry<>(key, value == null ? null : codec().decode(value));
        } catch (MalformedRecordException e) {
            throw new IOException("an entry of " + topic + " with the key " + key, e);
        }
    }

    private Codec<T> codec() {
        if (codec == null) {
            Topic<T> known = topic(topic);
            codec = AvroCodec.of(known);
        }
        return codec;
    }

    @Override
    public boolean isImmutableType() {
        return true;
    }

    @Override
    public TypeSerializer<TopicEntry<T>> duplicate() {
        return this;
    }

    /** Null: an immutable record cannot be made before its fields are known. */
    @Override
    public TopicEntry<T> createInstance() {
        return null;
    }

    @Override
    public TopicEntry<T> copy(TopicEntry<T> from) {
        return from;
    }

    @Override
    public TopicEntry<T> copy(TopicEntry<T> from, TopicEntry<T> reuse) {
        return from;
    }

    @Override
    public int getLength() {
        return -1;
    }

    @Override
    public TopicEntry<T> deserialize(TopicEntry<T> reuse, DataInputView in) throws IOException {
        return deserialize(in);
    }

    @Override
    public void copy(DataInputView in, DataOutputView out) throws IOException {
        Bytes.writeText(Bytes.readText(in), out);
        Bytes.writeBytes(Bytes.readBytes(in), out);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TopicEntrySerializer<?> that && topic.equals(that.topic);
    }

    @Override
    public int hashCode() {
        return topic.hashCode();
    }

    @Override
    public TypeSerializerSnapshot<TopicEntry<T>> snapshotConfiguration() {
        return new Snapshot<>(topic);
    }

    /**
     * The layout's version and the topic's name in a savepoint.
     *
     * @param <T> the topic's values
     */
    public static final class Snapshot<T> implements TypeSerializerSnapshot<TopicEntry<T>> {

        private String topic;

        /** For Flink, which then has it read. */
        public Snapshot() {}

        Snapshot(String topic) {
            this.topic = topic;
        }

        @Override
        public int getCurrentVersion() {
            return VERSION;
        }

        @Override
        public void writeSnapshot(DataOutputView out) throws IOException {
            Bytes.writeText(topic, out);
        }

        @Override
        public void readSnapshot(int readVersion, DataInputView in, ClassLoader classLoader)
                throws IOException {
            if (readVersion != VERSION) {
                throw new IOException(
                        "Unknown version "
                                + readVersion
                                + " of the byte layout of TopicEntry: this build reads version "
                                + VERSION);
            }
            topic = Bytes.readText(in);
        }

        @Override
        public TypeSerializer<TopicEntry<T>> restoreSerializer() {
            return new TopicEntrySerializer<>(topic);
        }

        @Override
        public TypeSerializerSchemaCompatibility<TopicEntry<T>> resolveSchemaCompatibility(
                TypeSerializerSnapshot<TopicEntry<T>> old) {
            return old instanceof Snapshot<T> oldSnapshot && topic.equals(oldSnapshot.topic)
                    ? TypeSerializerSchemaCompatibility.compatibleAsIs()
                    : TypeSerializerSchemaCompatibility.incompatible();
        }
    }
}
