package io.nextclick.jobs.cli;

import io.nextclick.jobs.cli.LearningVariation.Variant;
import io.nextclick.jobs.demo.ExitSignal;
import io.nextclick.models.prequential.Course;
import io.nextclick.models.prequential.LearningSystem;
import io.nextclick.models.prequential.TestThenTrain;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.tower.TwoTowerOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.function.LongConsumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code nextclick bench learning}: what learning from the stream is worth. */
@Command(
        name = "learning",
        description = "Foresee each click of a stream, then learn from it; beside frozen copies.",
        footer = {
            "",
            "The first clicks train a sequence model and warm the towers up. Of the rest, each click"
                    + " is first to be foreseen, then learnt from; what is learnt is published every"
                    + " --sync-clicks only, as in production. The same clicks are put to the system"
                    + " that learns, to a copy whose towers stop learning where the test begins, to"
                    + " the sequence model alone and, in a synthetic shop, to the oracle. With a"
                    + " catalogue of its own the shop drifts, brings new items on sale and changes"
                    + " at one moment. A log's last third is compared with intervals by visit."
        })
final class BenchLearningCommand implements Callable<Integer> {

    private static final int CUTOFF = 20;
    private static final String LEARNING = "learning";
    private static final SessionRules RULES =
            new SessionRules(Duration.ofMinutes(30), 50, /* collapseRepeats= */ false);

    @Spec private CommandSpec spec;
    @Mixin private ShopArguments shop;
    @Mixin private TowerArguments tower;
    @Mixin private LearningStreamArguments clicks;
    @Mixin private SequenceModelArguments model;

    @Option(
            names = "--sync-clicks",
            paramLabel = "N",
            defaultValue = "500",
            description = "Clicks between two publications: 10 s at 50 clicks a second.")
    private int syncClicks;

    @Option(
            names = "--windows",
            paramLabel = "N",
            defaultValue = "20",
            description = "Stretches of time that recall is shown for.")
    private int windows;

    @Option(
            names = "--sample",
            paramLabel = "SHARE",
            defaultValue = "1",
            description = "Share of the sessions whose clicks are to be foreseen.")
    private double sample;

    @Option(
            names = "--candidates",
            paramLabel = "N",
            defaultValue = "100",
            description = "Items that each source proposes to a blend.")
    private int candidates;

    @Option(
            names = "--trainers",
            paramLabel = "N",
            defaultValue = "1",
            description = "Trainers that share the clicks and are averaged at each publication.")
    private int trainers;

    @Option(
            names = "--vary",
            paramLabel = "WHAT",
            description = "Compare settings of one thing: ${COMPLETION-CANDIDATES}.")
    private LearningVariation variation;

    @Option(
            names = "--report",
            paramLabel = "FILE.html",
            description = "Write a page with a chart, too.")
    private Path page;

    @Override
    public Integer call() throws Exception {
        OptionBounds.requireAtLeast(spec, "--windows", windows, 1);
        TwoTowerOptions options = shop.wrongUsageOf(spec, tower::options);
        TestThenTrain.Settings settings =
                shop.wrongUsageOf(
                        spec,
                        () ->
                                new TestThenTrain.Settings(
                                        RULES, CUTOFF, candidates, syncClicks, sample));
        LearningStream stream = clicks.stream(shop, windows, CUTOFF);
        VectorModule.noteIfMissing(spec.commandLine().getErr());
        say("%s", stream.description());
        try (ExitSignal exit = new ExitSignal(() -> {});
                ServableModel sequence = model.model(stream.first(), clicks.isLog(), RULES, exit)) {
            say("%s", sequence.describe());
            List<LearningSystem> systems = new ArrayList<>();
            try {
                for (Variant variant : variants(options)) {
                    systems.add(variant.system());
                }
                run(settings, sequence, systems, stream, exit);
            } finally {
                systems.forEach(LearningSystem::close);
            }
        }
        return Nextclick.DONE;
    }

    private List<Variant> variants(TwoTowerOptions options) {
        return variation == null
                ? List.of(new Variant(LEARNING, options, trainers))
                : variation.of(options, trainers);
    }

    private void run(
            TestThenTrain.Settings settings,
            ServableModel sequence,
            List<LearningSystem> systems,
            LearningStream stream,
            ExitSignal exit)
            throws IOException {
        long start = System.nanoTime();
        try (TestThenTrain run = new TestThenTrain(settings, sequence, systems, stream.oracle())) {
            try (TaskProgress progress = progress("warm up", stream.first().size())) {
                run.warmUp(stream.events(), stream.first().size(), unlessEnded(progress, exit));
            }
            Course course;
            try (TaskProgress progress = progress("foresee", stream.tested())) {
                course = run.test(stream.events(), stream.tested(), unlessEnded(progress, exit));
            }
            say(
                    "%,d predictions, %.1f s for warm-up and test",
                    course.size(), (System.nanoTime() - start) / 1e9);
            LearningReport report =
                    new LearningReport(
                            stream, course, systems, run.arrivals(), spec.commandLine().getOut());
            report.print();
            if (page != null) {
                Files.writeString(page, report.html(clicks.title()));
            }
        }
    }

    private TaskProgress progress(String task, long most) {
        return new TaskProgress(task, "clicks", most, spec.commandLine().getErr());
    }

    private static LongConsumer unlessEnded(TaskProgress progress, ExitSignal exit) {
        return done -> {
            if (exit.requested()) {
                throw new CancellationException("ended early");
            }
            if (done % 1_000 == 0) {
                progress.to(done);
            }
        };
    }

    private void say(String pattern, Object... arguments) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, pattern + "%n", arguments);
        out.flush();
    }
}
