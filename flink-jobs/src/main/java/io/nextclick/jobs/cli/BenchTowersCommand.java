package io.nextclick.jobs.cli;

import io.nextclick.jobs.bench.Machine;
import io.nextclick.models.tower.TowerBenchmark;
import io.nextclick.models.tower.TowerBenchmark.Method;
import io.nextclick.models.tower.TowerBenchmark.Result;
import io.nextclick.models.tower.TwoTowerOptions;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code nextclick bench towers}: how fast two towers learn here. */
@Command(
        name = "towers",
        description = "Measure how fast two towers learn, beside DJL's dense optimiser.",
        footer = {
            "",
            "Two towers with the default options, on random sessions. A pair is a session and the"
                    + " item clicked next. Times are processor time of the training thread. The"
                    + " methods take turns. Whole tables of 500,000 items need 2 GB outside the"
                    + " heap."
        })
final class BenchTowersCommand implements Callable<Integer> {

    private static final int LARGEST_CATALOGUE = 5_000_000;
    private static final int ROUNDS = 5;
    private static final Duration TURN = Duration.ofSeconds(3);

    @Spec private CommandSpec spec;

    @Option(
            names = "--items",
            paramLabel = "N",
            split = ",",
            defaultValue = "20000,500000",
            description = "Sizes of the catalogue.")
    private List<Integer> items;

    @Mixin private ScaleArguments scale;

    @Override
    public Integer call() {
        for (int size : items) {
            OptionBounds.requireWithin(spec, "--items", size, 100, LARGEST_CATALOGUE);
        }
        scale.requireInBounds(spec);
        TwoTowerOptions options = TwoTowerOptions.DEFAULTS;
        say(
                "%s, 1 thread of the engine; load average %.1f",
                Machine.description(), Machine.loadAverage());
        say(
                "two towers, %d floats, %d pairs a batch, %,d extra negatives",
                options.dimension(), options.batchExamples(), options.negatives());
        items.forEach(this::compare);
        say("");
        say("load average at the end %.1f", Machine.loadAverage());
        return Nextclick.DONE;
    }

    private void compare(int size) {
        Result result = TowerBenchmark.measure(size, scale.turn(TURN), ROUNDS);
        double dense = result.speeds().get(Method.DENSE_ADAM).pairsPerSecond();
        say("");
        say("%,d items; %.0f bytes an item beside its id", size, result.bytesPerItem());
        result.speeds()
                .forEach(
                        (method, speed) ->
                                say(
                                        "  %-28s %,10.0f pairs/s %8.2f steps/s %8.2f x dense;"
                                                + " loss %.3f, after %,d steps %.3f",
                                        method.description(),
                                        speed.pairsPerSecond(),
                                        speed.stepsPerSecond(),
                                        speed.pairsPerSecond() / dense,
                                        speed.firstLoss(),
                                        speed.steps(),
                                        speed.lastLoss()));
    }

    private void say(String format, Object... arguments) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, format + "%n", arguments);
        out.flush();
    }
}
