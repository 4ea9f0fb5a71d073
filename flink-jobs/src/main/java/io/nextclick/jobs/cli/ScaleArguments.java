package io.nextclick.jobs.cli;

import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How long measurements take. */
final class ScaleArguments {

    private static final long SHORTEST_TURN_MILLIS = 10;

    @Option(
            names = "--scale",
            paramLabel = "FACTOR",
            defaultValue = "1",
            description = "Multiplies the length of each measurement.")
    private double factor;

    double factor() {
        return factor;
    }

    static boolean isInBounds(double factor) {
        return factor > 0 && factor <= 100;
    }

    void requireInBounds(CommandSpec command) {
        if (!isInBounds(factor)) {
            throw new ParameterException(
                    command.commandLine(), "--scale is " + factor + ", it must be in (0, 100]");
        }
    }

    /** The turn of a method that is compared with others. */
    Duration turn(Duration atScaleOne) {
        return Duration.ofMillis(
                (long) Math.max(SHORTEST_TURN_MILLIS, atScaleOne.toMillis() * factor));
    }
}
