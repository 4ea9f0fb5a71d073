package io.nextclick.jobs.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick experiment}: variants compared on live traffic. */
@Command(
        name = "experiment",
        subcommands = {
            ExperimentStartCommand.class,
            ExperimentStopCommand.class,
            ExperimentListCommand.class,
            ExperimentReportCommand.class
        },
        description = "Compare variants on live traffic: start, stop, list and report experiments.")
final class ExperimentCommand implements Runnable {

    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }
}
