package io.nextclick.jobs.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Clicks a second once a job runs evenly: a counter is sampled until it reaches its target, and the
 * slope between two shares of the target is the rate. What happens before the first share — start,
 * class loading, compilation — and after the second — the source running dry — is left out.
 */
final class SteadyRate {

    private static final double FROM = 0.5;
    private static final double TO = 0.95;
    private static final long PERIOD_NANOS = Duration.ofMillis(250).toNanos();

    private SteadyRate() {}

    private record Sample(long nanos, long count) {}

    /** Throws when what is measured has failed. */
    interface Check {
        void stillRunning() throws Exception;
    }

    /**
     * @param counter what has been done so far
     * @param target where to stop
     * @return units a second
     * @throws IllegalStateException if the target is not reached in time
     */
    static double of(LongSupplier counter, long target, Duration timeout, Check check)
            throws Exception {
        List<Sample> samples = new ArrayList<>();
        long start = System.nanoTime();
        long count;
        do {
            count = counter.getAsLong();
            samples.add(new Sample(System.nanoTime(), count));
            if (System.nanoTime() - start > timeout.toNanos()) {
                throw new IllegalStateException(
                        "only " + count + " of " + target + " clicks were done within " + timeout);
            }
            check.stillRunning();
            LockSupport.parkNanos(PERIOD_NANOS);
        } while (count < target);
        Sample first = firstFrom(samples, (long) (FROM * target));
        Sample last = firstFrom(samples, (long) (TO * target));
        if (last.nanos() == first.nanos()) {
            throw new IllegalStateException(
                    target + " clicks are too few to be timed: they were done at once");
        }
        return (last.count() - first.count()) / ((last.nanos() - first.nanos()) / 1e9);
    }

    private static Sample firstFrom(List<Sample> samples, long count) {
        return samples.stream().filter(sample -> sample.count() >= count).findFirst().orElseThrow();
    }
}
