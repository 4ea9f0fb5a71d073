package io.nextclick.jobs.bench;

import java.lang.management.ManagementFactory;
import java.util.Locale;

/** The machine that figures were taken on: without it they say little. */
public final class Machine {

    private Machine() {}

    /** Its architecture, its cores and its Java. */
    public static String description() {
        return String.format(
                Locale.ROOT,
                "%s, %d cores, Java %s",
                System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("java.version"));
    }

    /** Processes that ran or waited in the last minute; negative where it cannot be told. */
    public static double loadAverage() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }
}
