package io.nextclick.jobs.cli;

import io.nextclick.jobs.bench.Machine;
import io.nextclick.models.serving.IndexBenchmark;
import io.nextclick.models.serving.IndexBenchmark.Move;
import io.nextclick.models.serving.IndexBenchmark.Result;
import io.nextclick.models.serving.IndexBenchmark.Settings;
import io.nextclick.models.serving.IndexBenchmark.Spread;
import io.nextclick.models.serving.LiveItemIndex.Approximation;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code nextclick bench index}: how fast live item vectors are searched while they change. */
@Command(
        name = "index",
        description = "Measure the search of item vectors while they change.",
        footer = {
            "",
            "Every row is an index of its own. Before it is measured, as many vectors are changed as"
                    + " there are items, without a pause; during the measurement they change at the"
                    + " given rate. Changes are small, as training makes them, or put an item"
                    + " anywhere. Times are of single queries by one thread, wall clock, the writer"
                    + " and the thread that renews the cells beside it; bundles are of 64 queries, by"
                    + " all threads. Overlap is the share of the exact 20 best that were found, at"
                    + " the same moment. A million items take about 2 GB of heap: -Xmx4g."
        })
final class BenchIndexCommand implements Callable<Integer> {

    private static final int DIMENSION = 64;
    private static final int LARGEST_CATALOGUE = 5_000_000;

    @Spec private CommandSpec spec;

    @Option(
            names = "--items",
            paramLabel = "N",
            split = ",",
            defaultValue = "20000,100000,1000000",
            description = "Sizes of the catalogue.")
    private List<Integer> items;

    @Option(
            names = "--changes",
            paramLabel = "SHARE",
            defaultValue = "0.01",
            description = "Share of the vectors that changes each second.")
    private double changes;

    @Option(
            names = "--exact-up-to",
            paramLabel = "N",
            description =
                    "Items up to which search is exact; the index's own default if not given.")
    private Integer exactUpTo;

    @Option(
            names = "--overlap",
            paramLabel = "SHARE",
            description =
                    "Overlap with the exact lists asked for; the index's own default if not"
                            + " given.")
    private Double overlap;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that search in bundles; all cores if not given.")
    private Integer threads;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "10",
            description = "Length of each measurement.")
    private double seconds;

    @Override
    public Integer call() throws Exception {
        for (int size : items) {
            require(size >= 100 && size <= LARGEST_CATALOGUE, "--items", size);
        }
        require(changes >= 0 && changes <= 1, "--changes", changes);
        require(exactUpTo == null || exactUpTo >= 1, "--exact-up-to", exactUpTo);
        require(overlap == null || (overlap > 0 && overlap <= 1), "--overlap", overlap);
        require(threads == null || (threads >= 1 && threads <= 1024), "--threads", threads);
        require(seconds > 0 && seconds <= 3600, "--seconds", seconds);
        Approximation approximation =
                new Approximation(
                        exactUpTo == null ? Approximation.DEFAULTS.exactUpTo() : exactUpTo,
                        overlap == null ? Approximation.DEFAULTS.overlap() : overlap);
        int searching = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
        VectorModule.noteIfMissing(spec.commandLine().getErr());
        say(
                "%s; d = %d, lists of 20, %.1f %% of the vectors change each"
                        + " second, %d threads search in bundles; load average %.1f",
                Machine.description(), DIMENSION, 100 * changes, searching, Machine.loadAverage());
        say("");
        say(
                "%10s  %-22s %-9s %9s %8s %8s %10s %12s %8s %8s %7s %10s",
                "items",
                "items lie",
                "changes",
                "queries/s",
                "p50 ms",
                "p99 ms",
                "changes/s",
                "in bundles/s",
                "overlap",
                "build s",
                "builds",
                "bytes/item");
        for (int size : items) {
            for (Spread spread : Spread.values()) {
                for (Move move : Move.values()) {
                    measure(
                            new Settings(
                                    size,
                                    DIMENSION,
                                    spread,
                                    move,
                                    changes,
                                    searching,
                                    Duration.ofNanos((long) (seconds * 1e9)),
                                    approximation));
                }
            }
        }
        say("load average at the end %.1f", Machine.loadAverage());
        return Nextclick.DONE;
    }

    private void measure(Settings settings) throws Exception {
        Result result = IndexBenchmark.run(settings);
        say(
                "%,10d  %-22s %-9s %,9.0f %8.2f %8.2f %,10.0f %,12.0f %8.4f %8.1f %7d %,10.0f",
                settings.items(),
                settings.spread().description(),
                settings.move().description(),
                result.queriesPerSecond(),
                result.medianMillis(),
                result.p99Millis(),
                result.changesPerSecond(),
                result.bundledQueriesPerSecond(),
                result.overlap(),
                result.buildSeconds(),
                result.rebuilds(),
                result.bytesPerItem());
        say("            %s", result.method());
    }

    private void require(boolean holds, String option, Object value) {
        OptionBounds.require(spec, holds, option, value);
    }

    private void say(String format, Object... arguments) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, format + "%n", arguments);
        out.flush();
    }
}
