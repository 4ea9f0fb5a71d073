package io.nextclick.jobs.demo;

import io.nextclick.models.clicklog.LoggedClick;
import java.util.concurrent.locks.LockSupport;

/** When each click of a replay is due. */
@FunctionalInterface
public interface Pace {

    /**
     * @param index the click's place in the replay, from 0
     * @return nanoseconds after the start of the replay; nothing waits for a time gone by
     */
    long dueNanos(long index, LoggedClick click);

    /** As fast as it goes. */
    static Pace unlimited() {
        return (index, click) -> 0;
    }

    /** Evenly, so many clicks a second. */
    static Pace clicksPerSecond(double rate) {
        return (index, click) -> (long) (index / rate * 1e9);
    }

    /**
     * By event time, so many times faster than it happened.
     *
     * @param firstMillis event time of the first click
     */
    static Pace multipleOfItsOwn(double speed, long firstMillis) {
        return (index, click) -> (long) ((click.eventTimeMillis() - firstMillis) * 1e6 / speed);
    }

    /**
     * Waits until a click is due.
     *
     * @param startNanos {@link System#nanoTime()} at the start of the replay
     * @throws InterruptedException if the thread is interrupted while it waits
     */
    default void await(long startNanos, long index, LoggedClick click) throws InterruptedException {
        long due = startNanos + dueNanos(index, click);
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
            LockSupport.parkNanos(left);
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted before click " + index);
            }
        }
    }
}
