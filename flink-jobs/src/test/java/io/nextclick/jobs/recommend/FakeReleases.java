package io.nextclick.jobs.recommend;

import io.nextclick.jobs.model.ModelLoader;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFileException.Fault;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.schemas.ModelRelease;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/** Models by path, which can be exchanged, taken away, and held back while they are loaded. */
public record FakeReleases(String name) implements ModelLoader {

    private static final long serialVersionUID = 1L;

    /** What lies at the paths, by name of the loader: an operator may get a copy of it. */
    private static final Map<String, Map<String, FakeModels>> PATHS = new ConcurrentHashMap<>();

    /** One permit a loading. */
    private static final Map<String, Semaphore> PERMITS = new ConcurrentHashMap<>();

    public FakeReleases {
        PATHS.put(name, new ConcurrentHashMap<>());
        PERMITS.put(name, new Semaphore(1_000_000));
    }

    public FakeReleases with(String path, FakeModels model) {
        PATHS.get(name).put(path, model);
        return this;
    }

    public void remove(String path) {
        PATHS.get(name).remove(path);
    }

    /** Holds back all that is loaded from now on. */
    public void hold() {
        PERMITS.get(name).drainPermits();
    }

    /** Lets so many be loaded. */
    public void letGo(int loadings) {
        PERMITS.get(name).release(loadings);
    }

    /** The release of what lies at a path now. */
    public ModelRelease release(String releaseName, String path) {
        FakeModels model = PATHS.get(name).get(path);
        return new ModelRelease(
                releaseName, model.version(), path, sha256(model), "fake", Map.of(), 1);
    }

    private static String sha256(FakeModels model) {
        return String.format("%064x", model.toString().hashCode() & 0xffffffffL);
    }

    @Override
    public String fingerprint(String path) throws IOException {
        FakeModels model = PATHS.get(name).get(path);
        if (model == null) {
            throw new FileNotFoundException(path);
        }
        return sha256(model);
    }

    @Override
    public ServableModel load(String path, String fingerprint, ComputeDevice device)
            throws IOException {
        PERMITS.get(name).acquireUninterruptibly();
        FakeModels model = PATHS.get(name).get(path);
        if (model == null) {
            throw new ModelFileException(Fault.MISSING, "manifest", "is missing", null);
        }
        if (!sha256(model).equals(fingerprint)) {
            throw new ModelFileException(Fault.CHANGED, "manifest", "another SHA-256", null);
        }
        if (model.version().equals("odd")) {
            throw new ModelFileException("weights", "tensor w has shape [2] where [3] is needed");
        }
        return model.load(path, fingerprint, device);
    }

    @Override
    public boolean serves(String kind) {
        return kind.equals("fake");
    }
}
