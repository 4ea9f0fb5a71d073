package io.nextclick.jobs.cli;

import io.nextclick.jobs.bench.Bench;
import io.nextclick.jobs.demo.Folders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick bench capacity}: a table to size a cluster by. */
@Command(
        name = "capacity",
        description =
                "Measure what a core answers, how soon, and what memory models and sessions take.",
        footer = {
            "",
            "Of each kind of model and size of catalogue the whole job is given more clicks than it"
                    + " can answer, then half of what it answered, then a checkpoint is weighed."
                    + " Models are random (128 floats). Broker and load take part of the same cores,"
                    + " so a cluster's cores answer more; half a minute a line."
        })
final class BenchCapacityCommand implements Callable<Integer> {

    private static final int LARGEST_CATALOGUE = 10_000_000;

    @Spec private CommandSpec spec;

    @Option(
            names = "--items",
            paramLabel = "N",
            split = ",",
            defaultValue = "20000,100000",
            description = "Sizes of the catalogue.")
    private List<Integer> items;

    @Option(
            names = "--scale",
            paramLabel = "FACTOR",
            defaultValue = "1",
            description = "Multiplies the length of each measurement.")
    private double scale;

    @Option(
            names = "--parallelism",
            paramLabel = "N",
            description = "Subtasks and partitions; all cores if not given.")
    private Integer parallelism;

    @Override
    public Integer call() throws Exception {
        for (int size : items) {
            require(size >= 1 && size <= LARGEST_CATALOGUE, "--items", size);
        }
        require(scale > 0 && scale <= 100, "--scale", scale);
        require(parallelism == null || parallelism >= 1, "--parallelism", parallelism);
        int subtasks =
                parallelism == null ? Runtime.getRuntime().availableProcessors() : parallelism;
        VectorModule.noteIfMissing(spec.commandLine().getErr());
        Path directory = Files.createTempDirectory("nextclick-bench-");
        try {
            Bench.runCapacity(
                    new Bench.Options(items, 1, subtasks, scale),
                    directory,
                    spec.commandLine().getOut());
        } finally {
            Folders.delete(directory);
        }
        return Nextclick.DONE;
    }

    private void require(boolean holds, String option, Object value) {
        if (!holds) {
            throw new ParameterException(
                    spec.commandLine(), option + " is " + value + ", which is out of bounds");
        }
    }
}
