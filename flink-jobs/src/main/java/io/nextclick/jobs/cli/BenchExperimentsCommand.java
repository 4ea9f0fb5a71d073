package io.nextclick.jobs.cli;

import io.nextclick.jobs.bench.Machine;
import io.nextclick.models.evaluation.Interval;
import io.nextclick.models.experiment.SequentialTest;
import io.nextclick.models.experiment.SimulatedExperiments;
import io.nextclick.models.experiment.SimulatedExperiments.Calibration;
import io.nextclick.models.experiment.SimulatedExperiments.Check;
import io.nextclick.models.experiment.SimulatedExperiments.Detection;
import io.nextclick.models.experiment.SimulatedExperiments.Needed;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick bench experiments}: whether the statistics of experiments keep their word. */
@Command(
        name = "experiments",
        description = "Run experiments in simulated shops, where it is known what is to be found.",
        footer = {
            "",
            "First A/A experiments, whose variants are the same: each test may find a difference in"
                    + " no more than one in twenty. Then A/B experiments in which a share of the"
                    + " control's lists is spoilt: how many sessions a split and interleaved lists"
                    + " need to find it. Every experiment has visitors and an assignment of its"
                    + " own; equal seeds give equal figures."
        })
final class BenchExperimentsCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--experiments",
            paramLabel = "N",
            defaultValue = "1000",
            description = "A/A experiments.")
    private int experiments;

    @Option(
            names = "--sessions",
            paramLabel = "N",
            defaultValue = "20000",
            description = "Sessions of each experiment.")
    private int sessions;

    @Option(
            names = "--look-every",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Sessions between two looks at an A/A experiment.")
    private int lookEvery;

    @Option(
            names = "--spoilt",
            paramLabel = "SHARE",
            split = ",",
            defaultValue = "0.05,0.1,0.2",
            description = "Shares of the control's lists that are spoilt in the A/B experiments.")
    private List<Double> spoilt;

    @Option(
            names = "--ab-experiments",
            paramLabel = "N",
            defaultValue = "200",
            description = "A/B experiments of each share.")
    private int abExperiments;

    @Option(
            names = "--ab-look-every",
            paramLabel = "N",
            defaultValue = "100",
            description = "Sessions between two looks at an A/B experiment.")
    private int abLookEvery;

    @Option(
            names = "--shops",
            paramLabel = "N",
            defaultValue = "8",
            description = "Shops that the experiments are spread over.")
    private int shops;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of the shops.")
    private long seed;

    @Override
    public Integer call() {
        OptionBounds.requireAtLeast(spec, "--experiments", experiments, 1);
        OptionBounds.requireAtLeast(spec, "--ab-experiments", abExperiments, 1);
        for (double share : spoilt) {
            OptionBounds.require(spec, share > 0 && share <= 1, "--spoilt", share);
        }
        SequentialTest test = SequentialTest.DEFAULT;
        SimulatedExperiments same =
                wrongUsageOf(
                        () -> new SimulatedExperiments(sessions, lookEvery, shops, seed, test));
        SimulatedExperiments different =
                wrongUsageOf(
                        () -> new SimulatedExperiments(sessions, abLookEvery, shops, seed, test));
        say("%s; load average %.1f", Machine.description(), Machine.loadAverage());
        say(
                "%,d A/A experiments of %,d sessions in %d shops, a look every %,d; level %.2f",
                experiments, sessions, shops, lookEvery, 1 - test.confidence());
        calibrate(same);
        say("");
        say(
                "%,d A/B experiments of up to %,d sessions each, a look every %,d",
                abExperiments, sessions, abLookEvery);
        say(
                "%7s %9s %11s %23s %23s %8s",
                "", "control's", "variant's", "sessions, 80 % power", "sessions, any time", "");
        say(
                "%7s %9s %11s %11s %11s %11s %11s %8s",
                "spoilt",
                "rate",
                "difference",
                "split",
                "interleaved",
                "split",
                "interleaved",
                "found");
        for (double share : spoilt) {
            detect(different, share);
        }
        return Nextclick.DONE;
    }

    private void calibrate(SimulatedExperiments simulated) {
        Calibration calibration =
                withProgress(
                        "A/A experiments",
                        experiments,
                        done -> simulated.calibrate(experiments, done));
        say("%-55s %8s %19s", "", "found in", "95 % between");
        for (Check check : Check.values()) {
            Interval interval = calibration.interval(check);
            say(
                    "%-55s %6.2f %% %8.2f – %5.2f %%",
                    check.description(),
                    100 * calibration.rate(check),
                    100 * interval.low(),
                    100 * interval.high());
        }
    }

    private void detect(SimulatedExperiments simulated, double share) {
        Detection detection =
                withProgress(
                        "A/B experiments",
                        abExperiments,
                        done -> simulated.detect(share, abExperiments, done));
        Needed split = detection.split();
        Needed interleaved = detection.interleaved();
        say(
                "%5.0f %% %9.4f %+11.4f %11s %11s %11s %11s %3.0f / %3.0f %%",
                100 * share,
                detection.controlRate(),
                detection.difference(),
                sessions(split.fixed()),
                sessions(interleaved.fixed()),
                sessions(split.median()),
                sessions(interleaved.median()),
                100 * split.found(),
                100 * interleaved.found());
    }

    private String sessions(int needed) {
        return needed < 0
                ? String.format(Locale.ROOT, "> %,d", sessions)
                : String.format(Locale.ROOT, "%,d", needed);
    }

    /** Something that says how far it is. */
    private interface Measured<T> {
        T run(LongConsumer done);
    }

    private <T> T withProgress(String task, int count, Measured<T> measured) {
        try (TaskProgress progress =
                new TaskProgress(task, "experiments", count, spec.commandLine().getErr())) {
            return measured.run(
                    done -> {
                        synchronized (progress) {
                            progress.to(done);
                        }
                    });
        }
    }

    private <T> T wrongUsageOf(Supplier<T> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private void say(String format, Object... arguments) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, format + "%n", arguments);
        out.flush();
    }
}
