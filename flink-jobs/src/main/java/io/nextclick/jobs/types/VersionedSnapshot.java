package io.nextclick.jobs.types;

import java.io.IOException;
import java.util.function.IntFunction;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Remembers in a savepoint which byte layout its state was written in. A later build reads every
 * older layout and rewrites it in its own; a layout it doesn't know is refused by number, before a
 * byte of state is misread.
 *
 * <p>The layout's number is the only thing written. A subclass needs a public constructor without
 * parameters, by which Flink creates it on restore, and its class name must not change.
 *
 * @param <T> the type in state
 */
public abstract class VersionedSnapshot<T> implements TypeSerializerSnapshot<T> {

    private final String typeName;
    private final int currentVersion;
    private final IntFunction<? extends TypeSerializer<T>> serializerOfVersion;
    private int version;

    /**
     * @param type the type in state, for messages
     * @param currentVersion the layout this build writes; it must read [1, currentVersion]
     * @param serializerOfVersion makes a serializer that reads a layout
     */
    protected VersionedSnapshot(
            Class<T> type,
            int currentVersion,
            IntFunction<? extends TypeSerializer<T>> serializerOfVersion) {
        this.typeName = type.getSimpleName();
        this.currentVersion = currentVersion;
        this.serializerOfVersion = serializerOfVersion;
        this.version = currentVersion;
    }

    @Override
    public final int getCurrentVersion() {
        return currentVersion;
    }

    @Override
    public final void writeSnapshot(DataOutputView out) {
        // The version, which Flink writes itself, says it all.
    }

    @Override
    public final void readSnapshot(int readVersion, DataInputView in, ClassLoader classLoader)
            throws IOException {
        if (readVersion < 1 || readVersion > currentVersion) {
            throw new IOException(
                    "Unknown version "
                            + readVersion
                            + " of the byte layout of "
                            + typeName
                            + ": this build reads versions 1 to "
                            + currentVersion);
        }
        version = readVersion;
    }

    @Override
    public final TypeSerializer<T> restoreSerializer() {
        return serializerOfVersion.apply(version);
    }

    @Override
    public final TypeSerializerSchemaCompatibility<T> resolveSchemaCompatibility(
            TypeSerializerSnapshot<T> old) {
        if (!(old instanceof VersionedSnapshot<T> oldSnapshot)
                || old.getClass() != getClass()
                || oldSnapshot.version > version) {
            return TypeSerializerSchemaCompatibility.incompatible();
        }
        return oldSnapshot.version == version
                ? TypeSerializerSchemaCompatibility.compatibleAsIs()
                : TypeSerializerSchemaCompatibility.compatibleAfterMigration();
    }
}
