package io.nextclick.jobs.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** Where a command writes a model, and under which version. */
final class ModelFolderArguments {

    private static final DateTimeFormatter VERSION =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "Folder to write the model to.")
    private Path folder;

    @Option(names = "--force", description = "Replace the model that is in the folder.")
    private boolean force;

    @Option(
            names = "--model-version",
            paramLabel = "VERSION",
            description = "Version that recommendations carry. Default: the time, in UTC.")
    private String version;

    /**
     * The folder, which may be written to.
     *
     * @throws CommandException if something is there and {@code --force} isn't given
     */
    Path folder() throws IOException, CommandException {
        if (force) {
            return folder;
        }
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                if (files.findAny().isPresent()) {
                    throw new CommandException(folder + " is not empty; --force replaces a model");
                }
            }
        } else if (Files.exists(folder)) {
            throw new CommandException(folder + " is a file, a folder is needed");
        }
        return folder;
    }

    /** Whether what is there may be replaced. */
    boolean force() {
        return force;
    }

    /** The version of a model that was made at a time. */
    String version(Instant createdAt) {
        return version == null ? VERSION.format(createdAt) : version;
    }
}
