package io.nextclick.jobs.demo;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C (or any request to end the process) turned into an orderly end: it only raises a flag, and
 * the process stays until {@link #close} says that everything is put away, for a while at most.
 */
public final class ExitSignal implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final CountDownLatch away = new CountDownLatch(1);
    private final Thread hook;
    private volatile boolean requested;

    /**
     * @param onRequest what wakes the threads that wait for something; run once, on another thread
     */
    public ExitSignal(Runnable onRequest) {
        hook =
                new Thread(
                        () -> {
                            requested = true;
                            onRequest.run();
                            try {
                                away.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        },
                        "nextclick-exit");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Whether the process was asked to end. */
    public boolean requested() {
        return requested;
    }

    /** Everything is put away. */
    @Override
    public void close() {
        away.countDown();
        if (!requested) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException alreadyEnding) {
                // The hook runs and finds the latch open.
                return;
            }
        }
    }
}
