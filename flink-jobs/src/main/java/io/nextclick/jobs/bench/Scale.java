package io.nextclick.jobs.bench;

import java.time.Duration;

/**
 * How long measurements take, as a multiple of what makes their figures steady.
 *
 * @param factor 1: as long as that
 */
public record Scale(double factor) {

    private static final long FEWEST_CLICKS = 1_000;
    private static final long SHORTEST_MILLIS = 100;

    long clicks(double atScaleOne) {
        return Math.max(FEWEST_CLICKS, (long) (atScaleOne * factor));
    }

    Duration lasting(Duration atScaleOne) {
        return Duration.ofMillis((long) Math.max(SHORTEST_MILLIS, atScaleOne.toMillis() * factor));
    }
}
