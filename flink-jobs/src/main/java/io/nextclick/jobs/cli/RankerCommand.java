package io.nextclick.jobs.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick ranker}: the second stage, which orders what retrieval has found. */
@Command(
        name = "ranker",
        description = "Train rankers, which order candidates by their features, and measure them.",
        subcommands = {RankerTrainCommand.class, RankerEvaluateCommand.class})
final class RankerCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "train or evaluate?");
    }
}
