package io.nextclick.schemas;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * Keeps one scratch object for the next user. Two threads that meet make a second one, which is
 * then dropped. A {@code ThreadLocal} would pin the class loader of a stopped job to the threads of
 * its task manager.
 */
final class Spare<S> {

    private final AtomicReference<S> kept = new AtomicReference<>();
    private final Supplier<S> maker;

    Spare(Supplier<S> maker) {
        this.maker = maker;
    }

    S take() {
        S scratch = kept.getAndSet(null);
        return scratch == null ? maker.get() : scratch;
    }

    void giveBack(S scratch) {
        kept.setRelease(scratch);
    }
}
