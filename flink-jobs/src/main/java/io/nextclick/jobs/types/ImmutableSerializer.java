package io.nextclick.jobs.types;

/**
 * What the serializers of our immutable records have in common besides: nothing is ever copied.
 *
 * @param <T> an immutable type
 */
public abstract class ImmutableSerializer<T> extends LayoutSerializer<T> {

    private static final long serialVersionUID = 1L;

    protected ImmutableSerializer(Class<T> type) {
        super(type);
    }

    @Override
    public final boolean isImmutableType() {
        return true;
    }

    /** Null: an immutable record cannot be made before its fields are known. */
    @Override
    public final T createInstance() {
        return null;
    }

    @Override
    public final T copy(T from) {
        return from;
    }
}
