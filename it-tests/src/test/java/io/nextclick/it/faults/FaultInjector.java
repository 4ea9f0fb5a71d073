package io.nextclick.it.faults;

import java.util.SplittableRandom;

/** Breaks things. */
public interface FaultInjector {

    /** Whether it can do this to what it holds. */
    boolean supports(FaultKind kind);

    /**
     * Does damage, and returns when it is done.
     *
     * @param random decides what is left open: which of several, how exactly
     */
    Damage inject(FaultKind kind, SplittableRandom random) throws Exception;

    /** Something broken that can be repaired. */
    @FunctionalInterface
    interface Damage {

        /**
         * Repairs it, and returns when that is done: a process is started again, a network
         * connected. What the job makes of it takes longer.
         */
        void repair() throws Exception;
    }
}
