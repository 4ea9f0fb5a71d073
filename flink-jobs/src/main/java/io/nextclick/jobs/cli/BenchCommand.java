package io.nextclick.jobs.cli;

import io.nextclick.jobs.bench.Benchmark;
import io.nextclick.jobs.bench.LiveItemsBenchmark;
import io.nextclick.jobs.bench.LiveSessionsBenchmark;
import io.nextclick.jobs.bench.Scale;
import io.nextclick.jobs.bench.SystemBenchmark;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code nextclick bench}: how fast it is here, in figures that can be compared. */
@Command(
        name = "bench",
        subcommands = {
            BenchTrainingCommand.class,
            BenchClassicsCommand.class,
            BenchTowersCommand.class,
            BenchRankersCommand.class,
            BenchLearningCommand.class,
            BenchRankingCommand.class,
            BenchIndexCommand.class,
            BenchReleaseCommand.class,
            BenchStagesCommand.class,
            BenchSessionsCommand.class,
            BenchCapacityCommand.class,
            BenchExperimentsCommand.class
        },
        description = "Measure throughput and latency of the job, its parts and its limits.",
        footer = {
            "",
            "Everything runs in this process on random models (128 floats, 20 items a list). The"
                    + " figures depend on the machine; their ratios much less. With"
                    + " --live-sessions only that measurement runs."
        })
final class BenchCommand implements Callable<Integer> {

    private static final int LARGEST_CATALOGUE = 10_000_000;

    @Spec private CommandSpec spec;

    @Option(
            names = "--items",
            paramLabel = "N",
            split = ",",
            defaultValue = "3000,20000,100000",
            description = "Sizes of the catalogue.")
    private List<Integer> items;

    @Option(
            names = "--sessions",
            paramLabel = "N",
            defaultValue = "100000",
            description = "Sessions that click in turn.")
    private int sessions;

    @Option(
            names = "--parallelism",
            paramLabel = "N",
            description = "Subtasks, partitions and threads; all cores if not given.")
    private Integer parallelism;

    @Option(
            names = "--scale",
            paramLabel = "FACTOR",
            defaultValue = "1",
            description = "Multiplies the clicks of each measurement.")
    private double scale;

    @Option(
            names = "--live-sessions",
            paramLabel = "N",
            description =
                    "Fill a state of so many live sessions, and report its size, the checkpoint"
                            + " and the heap.")
    private Integer liveSessions;

    @Option(
            names = "--live-items",
            description =
                    "Run the whole job with live item vectors and without them, by turns. Only that"
                            + " measurement runs.")
    private boolean liveItems;

    @Option(
            names = "--clicks-per-session",
            paramLabel = "N",
            defaultValue = "20",
            description = "With --live-sessions: clicks of each.")
    private int clicksPerSession;

    @Override
    public Integer call() throws Exception {
        for (int size : items) {
            require(size >= 1 && size <= LARGEST_CATALOGUE, "--items", size);
        }
        require(sessions >= 1, "--sessions", sessions);
        require(ScaleArguments.isInBounds(scale), "--scale", scale);
        require(clicksPerSession >= 1, "--clicks-per-session", clicksPerSession);
        require(liveSessions == null || liveSessions >= 1, "--live-sessions", liveSessions);
        return TestbedArguments.run(benchmark(), parallelism, spec);
    }

    private Benchmark benchmark() {
        if (liveItems) {
            return new LiveItemsBenchmark(items, sessions, new Scale(scale));
        }
        if (liveSessions != null) {
            return new LiveSessionsBenchmark(items.get(0), liveSessions, clicksPerSession);
        }
        return new SystemBenchmark(items, sessions, new Scale(scale));
    }

    private void require(boolean holds, String option, Object value) {
        OptionBounds.require(spec, holds, option, value);
    }
}
