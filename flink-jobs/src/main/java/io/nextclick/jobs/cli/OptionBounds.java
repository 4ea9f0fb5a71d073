package io.nextclick.jobs.cli;

import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What the value of an option must keep to; a command that it doesn't keep to was used wrongly. */
final class OptionBounds {

    private OptionBounds() {}

    static void require(CommandSpec command, boolean holds, String option, Object value) {
        if (!holds) {
            throw new ParameterException(
                    command.commandLine(), option + " is " + value + ", which is out of bounds");
        }
    }

    static void requireAtLeast(CommandSpec command, String option, long value, long least) {
        if (value < least) {
            throw new ParameterException(
                    command.commandLine(),
                    option + " is " + value + ", it must be " + least + " or more");
        }
    }

    static void requireWithin(CommandSpec command, String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ParameterException(
                    command.commandLine(),
                    String.format(
                            Locale.ROOT,
                            "%s is %d, it must be in [%d, %d]",
                            option,
                            value,
                            least,
                            most));
        }
    }
}
