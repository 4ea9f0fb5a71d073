package io.nextclick.jobs.cli;

import io.nextclick.jobs.bench.Machine;
import io.nextclick.models.training.TrainingBenchmark;
import io.nextclick.models.training.TrainingBenchmark.Method;
import io.nextclick.models.training.TrainingBenchmark.Speed;
import io.nextclick.models.training.TrainingOptions;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code nextclick bench training}: how fast a network is trained here. */
@Command(
        name = "training",
        description = "Measure the speed of training, beside DJL's dense optimiser.",
        footer = {
            "",
            "GRU4Rec with the default options and sampled negatives, on random sessions. Times are"
                    + " processor time of the training thread. The methods take turns; an epoch is the trainer's, without validation, whose"
                    + " full ranking grows with the catalogue. Whole matrices of 500,000 items need"
                    + " -Xmx3g and 2 GB outside the heap."
        })
final class BenchTrainingCommand implements Callable<Integer> {

    private static final int LARGEST_CATALOGUE = 5_000_000;
    private static final int ROUNDS = 5;
    private static final Duration TURN = Duration.ofSeconds(3);
    private static final int CLICKS = 50_000;

    @Spec private CommandSpec spec;

    @Option(
            names = "--items",
            paramLabel = "N",
            split = ",",
            defaultValue = "20000,500000",
            description = "Sizes of the catalogue at which the methods are compared.")
    private List<Integer> items;

    @Option(
            names = "--epoch-items",
            paramLabel = "N",
            split = ",",
            defaultValue = "5000,20000,100000,500000",
            description = "Sizes of the catalogue at which an epoch is timed.")
    private List<Integer> epochItems;

    @Mixin private ScaleArguments scale;

    @Override
    public Integer call() {
        requireCatalogues("--items", items);
        requireCatalogues("--epoch-items", epochItems);
        scale.requireInBounds(spec);
        TrainingOptions options = TrainingBenchmark.options();
        say(
                "%s, %d thread of the engine; load average %.1f",
                Machine.description(), options.threads(), Machine.loadAverage());
        say(
                "gru4rec, %d floats, %d predictions a batch, %,d negatives",
                options.embeddingSize(), options.batchPredictions(), options.negatives());
        items.forEach(this::compare);
        epochs();
        say("load average at the end %.1f", Machine.loadAverage());
        return Nextclick.DONE;
    }

    private void requireCatalogues(String option, List<Integer> sizes) {
        for (int size : sizes) {
            OptionBounds.requireWithin(spec, option, size, 100, LARGEST_CATALOGUE);
        }
    }

    private void compare(int size) {
        Map<Method, Speed> speeds = TrainingBenchmark.speeds(size, scale.turn(TURN), ROUNDS);
        double dense = speeds.get(Method.DENSE_ADAM).clicksPerSecond();
        say("");
        say("%,d items", size);
        speeds.forEach(
                (method, speed) ->
                        say(
                                "  %-28s %,10.0f clicks/s %8.2f steps/s %8.2f x dense",
                                method.description(),
                                speed.clicksPerSecond(),
                                speed.stepsPerSecond(),
                                speed.clicksPerSecond() / dense));
    }

    private void epochs() {
        int clicks = (int) Math.max(500, CLICKS * scale.factor());
        int usual = epochItems.get(Math.min(1, epochItems.size() - 1));
        say("");
        say("one epoch        items       clicks   seconds   µs a click");
        for (int factor : new int[] {1, 2, 4}) {
            epoch(usual, clicks * factor);
        }
        for (int size : epochItems) {
            epoch(size, clicks);
        }
    }

    private void epoch(int size, int clicks) {
        double seconds = TrainingBenchmark.epochSeconds(size, clicks);
        say("          %,12d %,12d %9.2f %12.1f", size, clicks, seconds, seconds / clicks * 1e6);
    }

    private void say(String format, Object... arguments) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, format + "%n", arguments);
        out.flush();
    }
}
