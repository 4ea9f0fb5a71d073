package io.nextclick.jobs.retrieve;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.schemas.ModelRelease;
import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the last release of one kind, whatever its name. One that can't be loaded is tried again,
 * less and less often, until it can be or the next one comes. For one thread.
 *
 * @param <T> what is made of a release
 */
final class LastRelease<T> {

    private static final Logger LOG = LoggerFactory.getLogger(LastRelease.class);

    private static final long FIRST_RETRY_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long LONGEST_RETRY_NANOS = Duration.ofMinutes(1).toNanos();

    private final String kind;
    private final TowerLoader loader;
    private final Reader<T> reader;
    private final Runnable refused;

    /** Until it has been loaded; null if there is none to load. */
    private ModelRelease wanted;

    private long retryNanos;
    private long nextTryNanos;

    /** Makes something of a verified folder of the right kind. */
    @FunctionalInterface
    interface Reader<T> {
        T read(ModelRelease release, ModelFolder folder) throws IOException;
    }

    /**
     * @param kind of the releases; all others are somebody else's
     * @param refused is told of each attempt that fails
     */
    LastRelease(String kind, TowerLoader loader, Reader<T> reader, Runnable refused) {
        this.kind = kind;
        this.loader = loader;
        this.reader = reader;
        this.refused = refused;
    }

    void receive(ModelRelease release) {
        if (release.kind().equals(kind)) {
            wanted = release;
            retryNanos = 0;
            nextTryNanos = 0;
        }
    }

    /** Whether a release waits to be loaded. */
    boolean isWanted() {
        return wanted != null;
    }

    /**
     * Loads the release that waits, if it is time to try.
     *
     * @param nowNanos as {@link System#nanoTime}
     * @return null if there is nothing to load, or it can't be loaded now
     */
    T load(long nowNanos) {
        if (wanted == null || (retryNanos != 0 && nowNanos - nextTryNanos < 0)) {
            return null;
        }
        try {
            ModelFolder folder = loader.load(wanted);
            if (!folder.manifest().kind().equals(kind)) {
                throw new ModelFileException(
                        ModelFolder.MANIFEST,
                        "kind is '" + folder.manifest().kind() + "', not " + kind);
            }
            T loaded = reader.read(wanted, folder);
            wanted = null;
            return loaded;
        } catch (IOException | IllegalArgumentException | OutOfMemoryError e) {
            refused.run();
            if (retryNanos == 0) {
                LOG.warn(
                        "The {} {} {} at {} can't be used, what there is goes on: {}",
                        kind,
                        wanted.name(),
                        wanted.version(),
                        wanted.uri(),
                        e.toString());
            }
            // A file system may be away, or late in showing a folder; the next release may come
            // in ten seconds or never.
            retryNanos =
                    retryNanos == 0
                            ? FIRST_RETRY_NANOS
                            : Math.min(2 * retryNanos, LONGEST_RETRY_NANOS);
            nextTryNanos = nowNanos + retryNanos;
            return null;
        }
    }
}
