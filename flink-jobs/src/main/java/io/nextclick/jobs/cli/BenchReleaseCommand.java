package io.nextclick.jobs.cli;

import io.nextclick.jobs.bench.ReleaseBenchmark;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code nextclick bench release}: what a release costs the clicks that come meanwhile. */
@Command(
        name = "release",
        description = "Measure how long clicks wait while a released model takes another's place.",
        footer = {
            "",
            "Models are random: two GRU4Rec (128 floats) and a VMIS-kNN, released in turn. Times"
                    + " are from a click's append to its log to its recommendation's, by the"
                    + " broker's clock."
        })
final class BenchReleaseCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--items",
            paramLabel = "N",
            defaultValue = "20000",
            description = "Size of the catalogue.")
    private int items;

    @Option(
            names = "--sessions",
            paramLabel = "N",
            defaultValue = "20000",
            description = "Sessions that click in turn.")
    private int sessions;

    @Option(
            names = "--rate",
            paramLabel = "CLICKS",
            defaultValue = "2000",
            description = "Clicks offered a second.")
    private double rate;

    @Option(
            names = "--releases",
            paramLabel = "N",
            defaultValue = "3",
            description = "How many models are released.")
    private int releases;

    @Option(
            names = "--warm-up",
            converter = DurationConverter.class,
            defaultValue = "20s",
            description = "Clicks before anything is measured.")
    private Duration warmUp;

    @Option(
            names = "--stretch",
            converter = DurationConverter.class,
            defaultValue = "12s",
            description = "How long each stretch with a release is, and each without.")
    private Duration stretch;

    @Mixin private TestbedArguments testbed;

    @Override
    public Integer call() throws Exception {
        require(items >= 1, "--items", items);
        require(sessions >= 1, "--sessions", sessions);
        require(rate > 0, "--rate", rate);
        require(releases >= 1, "--releases", releases);
        require(!stretch.isZero(), "--stretch", stretch);
        return testbed.run(new ReleaseBenchmark(items, sessions, rate, releases, warmUp, stretch));
    }

    private void require(boolean holds, String option, Object value) {
        OptionBounds.require(spec, holds, option, value);
    }
}
