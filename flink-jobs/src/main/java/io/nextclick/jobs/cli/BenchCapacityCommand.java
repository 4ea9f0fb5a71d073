package io.nextclick.jobs.cli;

import io.nextclick.jobs.bench.CapacityBenchmark;
import io.nextclick.jobs.bench.Scale;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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

    @Mixin private ScaleArguments scale;

    @Mixin private TestbedArguments testbed;

    @Override
    public Integer call() throws Exception {
        for (int size : items) {
            OptionBounds.require(spec, size >= 1 && size <= LARGEST_CATALOGUE, "--items", size);
        }
        OptionBounds.require(
                spec, ScaleArguments.isInBounds(scale.factor()), "--scale", scale.factor());
        return testbed.run(new CapacityBenchmark(items, new Scale(scale.factor())));
    }
}
