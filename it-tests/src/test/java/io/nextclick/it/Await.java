package io.nextclick.it;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Waits for something to become true, and no longer than a deadline. */
public final class Await {

    /** Long enough for a machine that is busy with other things. */
    public static final Duration DEADLINE = Duration.ofSeconds(90);

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(20);

    /** What took longer was a machine that stood still, and counts no more than this. */
    private static final Duration LONGEST_LOOK = Duration.ofSeconds(5);

    private Await() {}

    /** Something that may not be true yet. */
    @FunctionalInterface
    public interface Condition {
        boolean holds() throws Exception;
    }

    /**
     * @param what the condition in words, for the message
     * @throws AssertionError if it doesn't hold within {@link #DEADLINE}
     */
    public static void until(String what, Condition condition) throws Exception {
        until(what, DEADLINE, condition);
    }

    /**
     * @param what the condition in words, for the message
     * @param deadline how long at most
     * @throws AssertionError if it doesn't hold within the deadline
     */
    public static void until(String what, Duration deadline, Condition condition) throws Exception {
        long waited = 0;
        long last = System.nanoTime();
        while (!condition.holds()) {
            long now = System.nanoTime();
            waited += Math.min(now - last, LONGEST_LOOK.toNanos());
            last = now;
            if (waited > deadline.toNanos()) {
                throw new AssertionError("not within " + deadline + ": " + what);
            }
            LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
        }
    }
}
