package io.nextclick.jobs.cli;

import io.nextclick.schemas.Experiment;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code nextclick experiment list}: what is running, and what was. */
@Command(name = "list", description = "Show the experiments that run, and those that were stopped.")
final class ExperimentListCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;
    @Mixin private ExperimentTopic experiments;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        Map<String, Experiment> latest = experiments.latest();
        latest.values().forEach(each -> out.print(ExperimentTopic.describe(each)));
        if (latest.isEmpty()) {
            out.println("there are no experiments");
        }
        return Nextclick.DONE;
    }
}
