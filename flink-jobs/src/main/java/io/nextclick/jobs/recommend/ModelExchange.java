package io.nextclick.jobs.recommend;

import io.nextclick.jobs.model.ApprovedRelease;
import io.nextclick.jobs.model.BackgroundWork;
import io.nextclick.jobs.model.LoadedModel;
import io.nextclick.jobs.model.ModelLoader;
import io.nextclick.models.device.ComputeDevice;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.metrics.Counter;
import org.apache.flink.util.function.ThrowingRunnable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes released models ready beside the one that answers, and closes those that have been
 * replaced, both in the background: the task's thread only ever changes a reference.
 *
 * <p>A model that can't be loaded is tried again, each time after twice as long; a release that
 * follows takes its place.
 */
final class ModelExchange implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ModelExchange.class);

    private static final int MOST_ATTEMPTS = 6;
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

    private final ModelLoader loader;
    private final ComputeDevice device;
    private final RecommendSettings settings;
    private final BackgroundWork background;
    private final ThrowingRunnable<Exception> whenReady;
    private final Counter failures;

    /** Ready and not yet taken. */
    private final AtomicReference<ActiveModel> ready = new AtomicReference<>();

    /** The release that counts; any other one's loading is given up. Null: none does. */
    private volatile ApprovedRelease wanted;

    /**
     * @param device what its models compute on
     * @param background becomes this object's
     * @param whenReady is run by the task when a model can be taken
     * @param failures counts loadings that failed; safe for several threads
     */
    ModelExchange(
            ModelLoader loader,
            ComputeDevice device,
            RecommendSettings settings,
            BackgroundWork background,
            ThrowingRunnable<Exception> whenReady,
            Counter failures) {
        this.loader = loader;
        this.device = device;
        this.settings = settings;
        this.background = background;
        this.whenReady = whenReady;
        this.failures = failures;
    }

    /** Begins to load a release; one that was begun before is given up. */
    void prepare(ApprovedRelease release) {
        wanted = release;
        background.run(() -> prepareNow(release));
    }

    /** Gives up what is being loaded, and closes what is ready and not taken. */
    void giveUp() {
        wanted = null;
        // Behind the loading, which may be about to hand over.
        background.run(
                () -> {
                    ActiveModel left = wanted == null ? take() : null;
                    if (left != null) {
                        left.close();
                    }
                });
    }

    /**
     * Loads a release while the caller waits, where no clicks are being answered yet.
     *
     * @return the model, which becomes the caller's
     */
    ActiveModel load(ApprovedRelease release) throws IOException {
        return warmedUp(release, /* isBesideClicks= */ false);
    }

    /** The model that is ready, which becomes the caller's; null if there is none. */
    ActiveModel take() {
        return ready.getAndSet(null);
    }

    /** Closes a model that no click is answered with any more. */
    void retire(ActiveModel model) {
        background.run(model::close);
    }

    private void prepareNow(ApprovedRelease release) {
        Duration pause = FIRST_PAUSE;
        for (int attempt = 1; attempt <= MOST_ATTEMPTS && isWanted(release); attempt++) {
            try {
                handOver(release, warmedUp(release, /* isBesideClicks= */ true));
                return;
            } catch (IOException | RuntimeException | OutOfMemoryError e) {
                failures.inc();
                LOG.warn(
                        "Attempt {} of {} to load the release {} failed, the model before it goes"
                                + " on answering: {}",
                        attempt,
                        MOST_ATTEMPTS,
                        release.describe(),
                        e.toString());
            }
            if (attempt < MOST_ATTEMPTS && background.pause(pause)) {
                return;
            }
            pause = pause.multipliedBy(2);
        }
    }

    private ActiveModel warmedUp(ApprovedRelease release, boolean isBesideClicks)
            throws IOException {
        ActiveModel model =
                ActiveModel.warmedUp(
                        LoadedModel.acquire(release.uri(), release.sha256(), loader, device),
                        settings,
                        isBesideClicks);
        if (!model.hasScoredWithNumbers()) {
            model.close();
            throw new IllegalStateException("it scores items with what is no number");
        }
        return model;
    }

    private void handOver(ApprovedRelease release, ActiveModel model) {
        if (!isWanted(release)) {
            model.close();
            return;
        }
        ActiveModel overtaken = ready.getAndSet(model);
        if (overtaken != null) {
            overtaken.close();
        }
        if (!background.tell(whenReady, "change to a released model")) {
            LOG.debug("The task ended before it could change to {}", release.describe());
        }
    }

    private boolean isWanted(ApprovedRelease release) {
        return release.equals(wanted) && !background.isClosing();
    }

    /** Waits for what is being loaded, and closes what is ready. */
    @Override
    public void close() {
        try {
            background.close();
        } finally {
            ActiveModel left = take();
            if (left != null) {
                left.close();
            }
        }
    }
}
