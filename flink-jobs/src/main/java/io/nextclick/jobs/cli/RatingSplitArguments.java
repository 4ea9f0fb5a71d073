package io.nextclick.jobs.cli;

import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.rating.RatingSplit;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * Which of a log's ratings are for testing: {@code train} leaves them out, {@code evaluate} with
 * the same options measures on them.
 */
final class RatingSplitArguments {

    private static final String TEST_SHARE = "--test-share";
    private static final String SPLIT_SEED = "--split-seed";
    private static final String LEAVE_LAST_OUT = "--leave-last-out";

    @Option(
            names = TEST_SHARE,
            paramLabel = "SHARE",
            description =
                    "Models of users: a share of the ratings, drawn by chance, is for testing, such"
                            + " as 0.2.")
    private Double testShare;

    @Option(
            names = SPLIT_SEED,
            paramLabel = "N",
            description = "With --test-share: seed of the draw. Default: 1.")
    private Long splitSeed;

    @Option(
            names = LEAVE_LAST_OUT,
            description = "Models of users: the last click of each user is for testing.")
    private boolean leaveLastOut;

    /** Whether some ratings are for testing. */
    boolean isGiven() {
        return testShare != null || leaveLastOut;
    }

    boolean leavesLastOut() {
        return leaveLastOut;
    }

    /**
     * The two parts of a log; all of it trains if nothing is for testing.
     *
     * @throws ParameterException if the options contradict each other
     */
    RatingSplit split(CommandSpec spec, ClickLog log) {
        if (testShare != null && leaveLastOut) {
            throw new ParameterException(
                    spec.commandLine(),
                    TEST_SHARE + " and " + LEAVE_LAST_OUT + " exclude each other");
        }
        if (splitSeed != null && testShare == null) {
            throw new ParameterException(
                    spec.commandLine(), SPLIT_SEED + " goes with " + TEST_SHARE + " only");
        }
        List<LoggedClick> clicks = log.clicks();
        if (leaveLastOut) {
            return RatingSplit.leaveLastOut(clicks);
        }
        if (testShare == null) {
            return new RatingSplit(clicks, List.of());
        }
        try {
            return RatingSplit.random(clicks, testShare, splitSeed == null ? 1 : splitSeed);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
