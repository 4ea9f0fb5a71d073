package io.nextclick.jobs.model;

import io.nextclick.jobs.types.Fingerprint;
import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.schemas.Recommendation.ModelReference;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model in the memory of this JVM, shared by all subtasks that serve it on the same device:
 * weights are the largest thing a task manager holds. The first to ask loads it, the last to close
 * it frees it. Scorers belong to their subtask and must be closed before.
 */
public final class LoadedModel implements AutoCloseable {

    /** In place of a {@link #stamp}: made without a model. */
    public static final long NO_STAMP = 0;

    private static final Logger LOG = LoggerFactory.getLogger(LoadedModel.class);

    /** Guarded by itself. */
    private static final Map<Identity, Shared> SHARED = new HashMap<>();

    private final Identity identity;
    private final Shared shared;
    private boolean closed;

    private LoadedModel(Identity identity, Shared shared) {
        this.identity = identity;
        this.shared = shared;
    }

    /**
     * Loads a model or joins those who have it. Waits while another subtask loads it.
     *
     * @param path the model's folder; may be null
     * @param required whether an absent model is an error
     * @return empty if there is no model and none is required
     * @throws IOException if there is a model and it can't be read, or none and one is required
     */
    public static Optional<LoadedModel> acquire(
            String path, boolean required, ModelLoader loader, ComputeDevice device)
            throws IOException {
        if (path == null) {
            if (required) {
                throw new FileNotFoundException("a model is required and no path is set");
            }
            return Optional.empty();
        }
        String fingerprint;
        try {
            fingerprint = loader.fingerprint(path);
        } catch (FileNotFoundException e) {
            if (required) {
                throw e;
            }
            LOG.warn("There is no model at {}: recommending what is popular", path);
            return Optional.empty();
        }
        // From here on there is a model, and one that can't be read is an error.
        return Optional.of(acquire(path, fingerprint, loader, device));
    }

    /**
     * As {@link #acquire(String, boolean, ModelLoader, ComputeDevice)}, for a task that opens. Of a
     * job that is started afresh a model that is missing or damaged is an end: no restart would
     * mend it. A job that goes on from a checkpoint has had its model, and tries again as it is
     * configured to.
     *
     * @param restored whether the task goes on from a checkpoint
     * @throws CannotStartException if there is no use in trying again
     */
    public static Optional<LoadedModel> acquireToStart(
            String path,
            boolean required,
            ModelLoader loader,
            ComputeDevice device,
            boolean restored)
            throws IOException {
        try {
            return acquire(path, required, loader, device);
        } catch (FileNotFoundException | NoSuchFileException | ModelFileException e) {
            throw restored ? e : CannotStartException.withoutModel(path, e);
        }
    }

    /**
     * Loads a certain model or joins those who have it. Waits while another subtask loads it.
     *
     * @param path the model's folder
     * @param fingerprint which model is meant, as {@link ModelLoader#fingerprint} says it
     * @throws IOException if it can't be read, or another model is there
     */
    public static LoadedModel acquire(
            String path, String fingerprint, ModelLoader loader, ComputeDevice device)
            throws IOException {
        Identity identity = new Identity(loader.getClass(), path, fingerprint, device);
        Shared shared;
        synchronized (SHARED) {
            shared = SHARED.computeIfAbsent(identity, unused -> new Shared());
            shared.users++;
        }
        try {
            // Outside of the lock above: nobody waits for a model that isn't theirs.
            shared.load(identity, loader);
        } catch (IOException | RuntimeException | Error e) {
            leave(identity, shared);
            throw e;
        }
        return new LoadedModel(identity, shared);
    }

    /** One user less; the last one frees the model. */
    private static void leave(Identity identity, Shared shared) {
        synchronized (SHARED) {
            if (--shared.users > 0) {
                return;
            }
            SHARED.remove(identity);
        }
        shared.free();
    }

    /** The model; not to be closed by whoever borrows it. */
    public ServableModel model() {
        return shared.model;
    }

    public ItemVocabulary vocabulary() {
        return shared.model.vocabulary();
    }

    public Popularity popularity() {
        return shared.model.popularity();
    }

    public CoVisitation coVisitation() {
        return shared.model.coVisitation();
    }

    public ModelReference reference() {
        return shared.reference;
    }

    /**
     * Name, version and content in 64 bits, never {@link SessionState#NO_MODEL}: marks what the
     * model made.
     */
    public long stamp() {
        return shared.stamp;
    }

    /** The {@link Fingerprint} of each row's item. */
    public long[] fingerprints() {
        return shared.fingerprints;
    }

    /** What the model's loader calls it by. */
    public String fingerprint() {
        return identity.fingerprint();
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        leave(identity, shared);
    }

    /** How many models are loaded in this JVM. */
    public static int count() {
        synchronized (SHARED) {
            return SHARED.size();
        }
    }

    private record Identity(
            Class<?> loader, String path, String fingerprint, ComputeDevice device) {}

    /** A model that is there after {@link #load}. Users are guarded by {@link #SHARED}. */
    private static final class Shared {

        private int users;

        // Written once by whoever loads; who acquires has synchronised with it.
        private ServableModel model;
        private ModelReference reference;
        private long stamp;
        private long[] fingerprints;

        synchronized void load(Identity identity, ModelLoader loader) throws IOException {
            if (model != null) {
                return;
            }
            ServableModel loaded =
                    loader.load(identity.path(), identity.fingerprint(), identity.device());
            reference = new ModelReference(loaded.name(), loaded.version());
            long hash =
                    Fingerprint.of(
                            loaded.name()
                                    + '\n'
                                    + loaded.version()
                                    + '\n'
                                    + identity.fingerprint());
            stamp = hash == NO_STAMP ? 1 : hash;
            ItemVocabulary vocabulary = loaded.vocabulary();
            fingerprints = new long[vocabulary.size()];
            for (int row = 0; row < fingerprints.length; row++) {
                fingerprints[row] = Fingerprint.of(vocabulary.item(row));
            }
            model = loaded;
            LOG.info("Loaded {} from {}", loaded.describe(), identity.path());
        }

        synchronized void free() {
            if (model != null) {
                model.close();
                model = null;
            }
        }
    }
}
