package io.nextclick.jobs.cli;

import io.nextclick.models.clicklog.ClickLogFormat;
import io.nextclick.models.session.SessionRules;
import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * What a session is. Unless told otherwise, our own clicks are cut as the streaming job cuts them,
 * and published logs keep the sessions that they were published with.
 */
final class SessionArguments {

    @Option(
            names = "--inactivity-gap",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description =
                    "A click later than this begins a new session; 0: the session id alone decides."
                            + " Default: 30 min for jsonl, 0 for the other formats.")
    private Duration inactivityGap;

    @Option(
            names = "--collapse-repeats",
            negatable = true,
            fallbackValue = "true",
            description =
                    "Whether a click on the item just clicked is left out. Default: yes for jsonl,"
                            + " no for the other formats.")
    private Boolean collapseRepeats;

    @Option(
            names = "--session-length",
            paramLabel = "ITEMS",
            defaultValue = "50",
            description = "How many of its last items a session remembers.")
    private int maximumLength;

    SessionRules rules(CommandSpec spec, ClickLogFormat format) {
        SessionRules usual =
                format == ClickLogFormat.JSONL ? SessionRules.DEFAULT : SessionRules.AS_LOGGED;
        try {
            return new SessionRules(
                    inactivityGap == null ? usual.inactivityGap() : inactivityGap,
                    maximumLength,
                    collapseRepeats == null ? usual.collapseRepeats() : collapseRepeats);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
