package io.nextclick.jobs.cli;

import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.clicklog.ClickLogFormat;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The click log that a command reads. */
final class ClickLogArguments {

    @Option(
            names = "--clicks",
            required = true,
            paramLabel = "FILE",
            description = "Click log to read; may be gzipped, or zipped.")
    private Path file;

    @Option(
            names = "--format",
            required = true,
            paramLabel = "FORMAT",
            converter = FormatConverter.class,
            completionCandidates = FormatConverter.Names.class,
            description = "Its format: ${COMPLETION-CANDIDATES}.")
    private ClickLogFormat format;

    ClickLog log() {
        return ClickLog.of(file, format);
    }
}
