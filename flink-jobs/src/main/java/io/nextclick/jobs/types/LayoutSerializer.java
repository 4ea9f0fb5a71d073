package io.nextclick.jobs.types;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * What our serializers have in common, so that each holds only its byte layout: values have no
 * fixed length and are copied as a whole, and a serializer is its own duplicate.
 *
 * @param <T> a type that is changed in place, unless {@link ImmutableSerializer} says otherwise
 */
public abstract class LayoutSerializer<T> extends TypeSerializer<T> {

    private static final long serialVersionUID = 1L;

    private final Class<T> type;

    protected LayoutSerializer(Class<T> type) {
        this.type = type;
    }

    @Override
    public boolean isImmutableType() {
        return false;
    }

    @Override
    public TypeSerializer<T> duplicate() {
        return this;
    }

    @Override
    public final T copy(T from, T reuse) {
        return copy(from);
    }

    @Override
    public final int getLength() {
        return -1;
    }

    @Override
    public final T deserialize(T reuse, DataInputView source) throws IOException {
        return deserialize(source);
    }

    @Override
    public final void copy(DataInputView source, DataOutputView target) throws IOException {
        serialize(deserialize(source), target);
    }

    /** By type alone: serializers that read different layouts write the same one. */
    @Override
    public final boolean equals(Object other) {
        return other instanceof LayoutSerializer<?> that && type == that.type;
    }

    @Override
    public final int hashCode() {
        return type.hashCode();
    }
}
