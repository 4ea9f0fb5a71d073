package io.nextclick.jobs.impress;

import java.io.Serializable;
import java.time.Duration;
import java.util.Objects;

/**
 * How impressions and clicks are joined.
 *
 * @param window how long after an impression a click may be its doing, in event time; in [1 ms, 30
 *     d]
 * @param lateness how far behind the watermark a record may be and still count, in event time; in
 *     [0, 30 d]. Examples wait for it
 * @param memory how far before an impression a click may lie that leaves with it as known then, in
 *     event time; in [0, 30 d]
 * @param remembered most clicks that leave with an impression, the last ones; in [0, 10000]; 0
 *     leaves {@code memory} without effect
 * @param mostPerSession most impressions, and most clicks, of one session that wait at a time; in
 *     [1, 1000000]. What comes on top is counted and left out: no visitor sees so many, and each
 *     record of a session reads and writes what the session holds
 */
public record JoinSettings(
        Duration window, Duration lateness, Duration memory, int remembered, int mostPerSession)
        implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final Duration LONGEST = Duration.ofDays(30);
    private static final int MOST_REMEMBERED = 10_000;
    private static final int MOST = 1_000_000;

    /**
     * A click counts for ten minutes and a record for one; the last 50 clicks of half an hour leave
     * with an impression; a session holds 500 of each.
     */
    public static final JoinSettings DEFAULTS =
            new JoinSettings(
                    Duration.ofMinutes(10), Duration.ofMinutes(1), Duration.ofMinutes(30), 50, 500);

    public JoinSettings {
        Objects.requireNonNull(window, "window");
        Objects.requireNonNull(lateness, "lateness");
        Objects.requireNonNull(memory, "memory");
        requireWithin(window, Duration.ofMillis(1), "window");
        requireWithin(lateness, Duration.ZERO, "lateness");
        requireWithin(memory, Duration.ZERO, "memory");
        requireWithin(remembered, 0, MOST_REMEMBERED, "remembered");
        requireWithin(mostPerSession, 1, MOST, "most per session");
    }

    private static void requireWithin(Duration value, Duration least, String name) {
        if (value.compareTo(least) < 0 || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    name + " is " + value + ", it must be in [" + least + ", " + LONGEST + "]");
        }
    }

    private static void requireWithin(int value, int least, int most, String name) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    name + " is " + value + ", it must be in [" + least + ", " + most + "]");
        }
    }

    /** The last moment at which a click may be the doing of an impression. */
    long windowEnd(long shownAtMillis) {
        return shownAtMillis + window.toMillis();
    }

    /** The first moment of which a click leaves with an impression. */
    long memoryStart(long shownAtMillis) {
        return shownAtMillis - memoryMillis();
    }

    /** The last moment of an impression that a click before it leaves with. */
    long memoryEnd(long clickMillis) {
        return clickMillis + memoryMillis();
    }

    private long memoryMillis() {
        return remembered == 0 ? 0 : memory.toMillis();
    }

    /** The watermark from which on a record of this time no longer counts. */
    long lateFrom(long timeMillis) {
        return timeMillis + lateness.toMillis();
    }

    /** The watermark at which an impression's examples are complete. */
    long closing(long shownAtMillis) {
        return lateFrom(windowEnd(shownAtMillis));
    }
}
