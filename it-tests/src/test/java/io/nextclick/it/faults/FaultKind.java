package io.nextclick.it.faults;

import java.time.Duration;

/** What a campaign breaks, one thing at a time. */
public enum FaultKind {
    /** Nothing at all: what the others are compared with. */
    NOTHING("nothing, to compare with", Where.WORKLOAD, 2_000, 3_000),
    TASK_MANAGER_KILLED("TaskManager killed", Where.SYSTEM, 0, 1_500),
    JOB_MANAGER_KILLED("JobManager killed", Where.SYSTEM, 0, 1_500),
    BROKER_PAUSED("broker paused", Where.SYSTEM, 500, 4_000),
    BROKER_KILLED("broker killed", Where.SYSTEM, 0, 2_000),
    BROKER_RESTARTED("broker stopped and started", Where.SYSTEM, 0, 1_000),
    NETWORK_CUT("network to the broker cut", Where.SYSTEM, 500, 4_000),
    /** What checkpoints are written to has no room left. */
    CHECKPOINT_DISK_FULL("disk of checkpoints full", Where.SYSTEM, 1_000, 4_000),
    /** Checkpoints fail for another reason: what they are written to can't be reached. */
    CHECKPOINT_FAILING("checkpoints fail", Where.SYSTEM, 1_000, 4_000),
    /** A task fails, and the model it needs to start again can't be read. */
    MODEL_STORE_UNREACHABLE("model store unreachable", Where.SYSTEM, 500, 3_000),
    /** The job gets its clicks much more slowly than they come. */
    SLOW_CONSUMER("slow consumer", Where.SYSTEM, 1_000, 4_000),
    /** Records that hold no click, among those that do. */
    POISONED_RECORDS("poisoned records", Where.WORKLOAD, 500, 2_000),
    /** Clicks that the producer sends again. */
    PRODUCER_DUPLICATES("producer repeats clicks", Where.WORKLOAD, 500, 2_000),
    /** Clicks that overtake earlier ones. */
    PRODUCER_REORDERING("producer reorders clicks", Where.WORKLOAD, 500, 2_000),
    /** Event times hours before and after the others, some further ahead than is tolerated. */
    CLOCK_SKEW("clocks are wrong", Where.WORKLOAD, 500, 2_000),
    /** One session has half of the traffic. */
    HOT_SESSION("hot session", Where.WORKLOAD, 2_000, 4_000),
    /** One session clicks 100,000 times, as fast as the broker takes it. */
    BOT_SESSION("bot session of 100,000 clicks", Where.WORKLOAD, 0, 0);

    /** Who does it. */
    private enum Where {
        SYSTEM,
        WORKLOAD
    }

    private final String title;
    private final Where where;
    private final Duration shortest;
    private final Duration longest;

    FaultKind(String title, Where where, int shortestMillis, int longestMillis) {
        this.title = title;
        this.where = where;
        this.shortest = Duration.ofMillis(shortestMillis);
        this.longest = Duration.ofMillis(longestMillis);
    }

    /** As it stands in the table. */
    public String title() {
        return title;
    }

    /** Whether the clicks are out of the ordinary, rather than the system they go through. */
    public boolean isOfWorkload() {
        return where == Where.WORKLOAD;
    }

    /** Least time from the fault to its repair. */
    public Duration shortest() {
        return shortest;
    }

    /** Most time from the fault to its repair. */
    public Duration longest() {
        return longest;
    }
}
