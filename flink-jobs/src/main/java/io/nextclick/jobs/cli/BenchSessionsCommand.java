package io.nextclick.jobs.cli;

import io.nextclick.jobs.bench.SessionsBenchmark;
import io.nextclick.jobs.demo.Folders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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

    @Option(
            names = "--parallelism",
            paramLabel = "N",
            description = "Subtasks and partitions; all cores if not given.")
    private Integer parallelism;

    @Override
    public Integer call() throws Exception {
        require(items >= 1, "--items", items);
        require(sessions >= 1, "--sessions", sessions);
        require(rate > 0, "--rate", rate);
        require(botRate > 0, "--bot-rate", botRate);
        require(turns >= 1, "--turns", turns);
        require(!stretch.isZero(), "--stretch", stretch);
        require(parallelism == null || parallelism >= 1, "--parallelism", parallelism);
        VectorModule.noteIfMissing(spec.commandLine().getErr());
        Path directory = Files.createTempDirectory("nextclick-bench-");
        try {
            SessionsBenchmark.run(
                    new SessionsBenchmark.Options(
                            items,
                            sessions,
                            parallelism == null
                                    ? Runtime.getRuntime().availableProcessors()
                                    : parallelism,
                            rate,
                            botRate,
                            turns,
                            warmUp,
                            stretch),
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
