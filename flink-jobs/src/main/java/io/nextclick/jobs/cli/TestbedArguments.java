package io.nextclick.jobs.cli;

import io.nextclick.jobs.bench.Benchmark;
import io.nextclick.jobs.bench.Testbed;
import io.nextclick.jobs.demo.Folders;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The broker and cluster in this process that a benchmark runs on, for as long as it runs. */
final class TestbedArguments {

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--parallelism",
            paramLabel = "N",
            description = "Subtasks and partitions; all cores if not given.")
    private Integer parallelism;

    /** Runs a benchmark; it leaves no files. */
    int run(Benchmark benchmark) throws Exception {
        return run(benchmark, parallelism, command);
    }

    /**
     * As above, for a command that says otherwise what its {@code --parallelism} is.
     *
     * @param parallelism null: all cores
     */
    static int run(Benchmark benchmark, Integer parallelism, CommandSpec command) throws Exception {
        OptionBounds.require(
                command, parallelism == null || parallelism >= 1, "--parallelism", parallelism);
        VectorModule.noteIfMissing(command.commandLine().getErr());
        Path directory = Files.createTempDirectory("nextclick-bench-");
        try {
            Testbed.run(
                    benchmark,
                    parallelism == null ? Runtime.getRuntime().availableProcessors() : parallelism,
                    directory,
                    command.commandLine().getOut());
        } finally {
            Folders.delete(directory);
        }
        return Nextclick.DONE;
    }
}
