package io.nextclick.jobs.cli;

import io.nextclick.jobs.bench.SessionsBenchmark;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code nextclick bench sessions}: what a session that clicks too much costs the others. */
@Command(
        name = "sessions",
        description = {
            "Measure what a hot session and a bot cost other sessions.",
            "",
            "Stretches of usual traffic, of a session that has half of it and of a bot whose"
                    + " 100,000 clicks come on top of it take turns, and the latency of the other"
                    + " sessions' clicks is measured in each."
        },
        footer = {
            "",
            "The model is a random GRU4Rec (128 floats). Times are from a click's append to its"
                    + " log to its recommendation's, by the broker's clock."
        })
final class BenchSessionsCommand implements Callable<Integer> {

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
            description = "Other sessions, which click in turn.")
    private int sessions;

    @Option(
            names = "--rate",
            paramLabel = "CLICKS",
            defaultValue = "2000",
            description = "Clicks offered a second.")
    private double rate;

    @Option(
            names = "--bot-rate",
            paramLabel = "CLICKS",
            defaultValue = "2000",
            description = "Clicks a second that a bot adds.")
    private double botRate;

    @Option(
            names = "--turns",
            paramLabel = "N",
            defaultValue = "2",
            description = "How often each stretch comes.")
    private int turns;

    @Option(
            names = "--warm-up",
            converter = DurationConverter.class,
            defaultValue = "30s",
            description = "Clicks before anything is measured.")
    private Duration warmUp;

    @Option(
            names = "--stretch",
            converter = DurationConverter.class,
            defaultValue = "15s",
            description = "How long each stretch is; a bot's is as long as its clicks take.")
    private Duration stretch;

    @Mixin private TestbedArguments testbed;

    @Override
    public Integer call() throws Exception {
        require(items >= 1, "--items", items);
        require(sessions >= 1, "--sessions", sessions);
        require(rate > 0, "--rate", rate);
        require(botRate > 0, "--bot-rate", botRate);
        require(turns >= 1, "--turns", turns);
        require(!stretch.isZero(), "--stretch", stretch);
        return testbed.run(
                new SessionsBenchmark(items, sessions, rate, botRate, turns, warmUp, stretch));
    }

    private void require(boolean holds, String option, Object value) {
        OptionBounds.require(spec, holds, option, value);
    }
}
