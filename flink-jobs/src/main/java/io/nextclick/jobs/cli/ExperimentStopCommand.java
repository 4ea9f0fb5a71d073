package io.nextclick.jobs.cli;

import io.nextclick.schemas.Encoding;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.Experiment.State;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code nextclick experiment stop}: all traffic is answered as the job's options say again. */
@Command(
        name = "stop",
        description = "Stop an experiment; it remains listed, and its outcomes can be reported.")
final class ExperimentStopCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;
    @Mixin private ExperimentTopic experiments;

    @Parameters(paramLabel = "NAME", description = "The experiment's name.")
    private String name;

    @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for a person.")
    private String reason;

    @Option(
            names = "--encoding",
            defaultValue = "json",
            description = "How the record is written: json, or avro (single-object encoding).")
    private Encoding encoding;

    @Override
    public Integer call() throws Exception {
        Experiment experiment = experiments.latest().get(name);
        if (experiment == null || experiment.state() == State.STOPPED) {
            throw new CommandException("no experiment " + name + " is running");
        }
        Experiment stopped = experiment.with(State.STOPPED, System.currentTimeMillis(), reason);
        experiments.publish(stopped, encoding);
        spec.commandLine().getOut().print(ExperimentTopic.describe(stopped));
        return Nextclick.DONE;
    }
}
