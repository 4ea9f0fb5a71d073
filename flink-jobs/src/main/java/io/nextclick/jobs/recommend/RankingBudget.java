package io.nextclick.jobs.recommend;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Says which clicks there is time to rank, by what ranking has cost lately: a bundle's clicks are
 * ranked as long as the next one's cost is foreseen to be within what is left of the bundle's
 * budget, and a click that would become too old by it isn't ranked.
 *
 * <p>A ranker that was too slow for any click would never be measured again. So it is tried even
 * so, as seldom as makes trying take a thousandth of the time.
 */
final class RankingBudget {

    /** The newest measurement's share in what is foreseen: one pause of the JVM isn't a trend. */
    private static final double NEWEST = 1.0 / 8;

    /** How many times what ranking cost last passes before it is tried again. */
    private static final int LEAST_REST = 1_000;

    private final long bundleNanos;
    private final long overrunNanos;
    private final LongSupplier clock;

    private double nanosPerCandidate;
    private long lastNanos;
    private long measuredAt;
    private long spent;

    /**
     * @param bundle longest that a bundle's clicks are ranked for
     * @param overrun how old a click may become by being ranked; zero: any age
     * @param clock as {@link System#nanoTime}
     */
    RankingBudget(Duration bundle, Duration overrun, LongSupplier clock) {
        bundleNanos = bundle.toNanos();
        overrunNanos = overrun.toNanos();
        this.clock = clock;
    }

    /** Another ranker, which costs something else. */
    void reset() {
        nanosPerCandidate = 0;
    }

    void beginBundle() {
        spent = 0;
    }

    /**
     * Whether there is time to rank a click.
     *
     * @param candidates of the click
     * @param ageNanos of the click; 0 if it isn't known
     */
    boolean admits(int candidates, long ageNanos) {
        if (overrunNanos > 0 && ageNanos > overrunNanos) {
            return false;
        }
        double foreseen = nanosPerCandidate * candidates;
        boolean isInTime = overrunNanos == 0 || ageNanos + foreseen <= overrunNanos;
        if (isInTime && spent + foreseen <= bundleNanos) {
            return true;
        }
        return spent == 0 && clock.getAsLong() - measuredAt > LEAST_REST * lastNanos;
    }

    /** The moment at which a click begins to be ranked, for {@link #spend}. */
    long now() {
        return clock.getAsLong();
    }

    /** Books what ranking a click has cost, whether or not it came to anything. */
    void spend(int candidates, long startedNanos) {
        measuredAt = clock.getAsLong();
        lastNanos = measuredAt - startedNanos;
        spent += lastNanos;
        if (candidates > 0) {
            double measured = (double) lastNanos / candidates;
            nanosPerCandidate += (measured - nanosPerCandidate) * NEWEST;
        }
    }

    /** What the clicks of the bundle have cost so far. */
    long spentNanos() {
        return spent;
    }

    /** What a candidate is foreseen to cost. */
    double nanosPerCandidate() {
        return nanosPerCandidate;
    }
}
