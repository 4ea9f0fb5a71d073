package io.nextclick.schemas;

import java.util.function.Function;

/**
 * A Kafka topic of the contract.
 *
 * @param <T> the records it holds
 */
public final class Topic<T> {

    /** What Kafka does with old records of a topic. */
    public enum CleanUpPolicy {
        /** Old records go after the retention time. */
        DELETE("delete"),
        /** The last record of each key stays. */
        COMPACT("compact");

        private final String configValue;

        CleanUpPolicy(String configValue) {
            this.configValue = configValue;
        }

        /** The value of Kafka's topic option {@code cleanup.policy}. */
        public String configValue() {
            return configValue;
        }
    }

    private final String name;
    private final String keyField;
    private final Function<T, String> key;
    private final CleanUpPolicy cleanUpPolicy;
    private final RecordFormat<T> format;

    Topic(
            String name,
            String keyField,
            Function<T, String> key,
            CleanUpPolicy cleanUpPolicy,
            RecordFormat<T> format) {
        this.name = name;
        this.keyField = keyField;
        this.key = key;
        this.cleanUpPolicy = cleanUpPolicy;
        this.format = format;
    }

    /** The topic's name unless configured otherwise. */
    public String name() {
        return name;
    }

    /** The field that is the key of each record, as UTF-8 text. */
    public String keyField() {
        return keyField;
    }

    /** The key of a record. */
    public String key(T value) {
        return key.apply(value);
    }

    public CleanUpPolicy cleanUpPolicy() {
        return cleanUpPolicy;
    }

    /** A codec that reads every encoding and writes the one given. */
    public Codec<T> codec(Encoding written) {
        return codec(written, WriterSchemas.NONE);
    }

    /** As {@link #codec(Encoding)}, reading what further writers write too. */
    public Codec<T> codec(Encoding written, WriterSchemas writers) {
        return DetectingCodec.of(this, written, RecordLimits.DEFAULT, writers);
    }

    RecordFormat<T> format() {
        return format;
    }

    @Override
    public String toString() {
        return name;
    }
}
