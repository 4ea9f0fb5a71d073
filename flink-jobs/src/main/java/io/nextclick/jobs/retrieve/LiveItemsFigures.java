package io.nextclick.jobs.retrieve;

import java.util.concurrent.atomic.AtomicLong;

/** Counts of what went wrong, over the life of a process's live items. */
final class LiveItemsFigures {

    private final AtomicLong broken = new AtomicLong();
    private final AtomicLong refusedTowers = new AtomicLong();
    private final AtomicLong refusedRankers = new AtomicLong();
    private final AtomicLong interruptions = new AtomicLong();

    /** Counts a record that can't be read. Returns how many there were. */
    long broken() {
        return broken.incrementAndGet();
    }

    /** Counts an attempt to use a query tower that failed. */
    void refusedTower() {
        refusedTowers.incrementAndGet();
    }

    /** Counts an attempt to use a ranker that failed. */
    void refusedRanker() {
        refusedRankers.incrementAndGet();
    }

    /** Counts a feed that failed. Returns how many there were. */
    long interruption() {
        return interruptions.incrementAndGet();
    }

    long brokenCount() {
        return broken.get();
    }

    long refusedTowerCount() {
        return refusedTowers.get();
    }

    long refusedRankerCount() {
        return refusedRankers.get();
    }

    long interruptionCount() {
        return interruptions.get();
    }
}
