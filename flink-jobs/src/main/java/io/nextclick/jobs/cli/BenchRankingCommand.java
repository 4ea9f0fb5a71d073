package io.nextclick.jobs.cli;

import io.nextclick.jobs.demo.ExitSignal;
import io.nextclick.models.prequential.Course;
import io.nextclick.models.prequential.LearningRanker;
import io.nextclick.models.prequential.LearningSystem;
import io.nextclick.models.prequential.RankingTrial;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.models.ranking.CandidateSource;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.tower.TwoTowerOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.function.LongConsumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code nextclick bench ranking}: what a second stage is worth on a stream. */
@Command(
        name = "ranking",
        description = "Foresee each click of a stream by one stage and by two, then learn from it.",
        footer = {
            "",
            "The first clicks train a sequence model and warm the towers up. Of the rest, each click"
                    + " is first to be foreseen, then learnt from; what is learnt is published every"
                    + " --sync-clicks only, as in production. The same clicks are put to each source"
                    + " of candidates alone, to their blend (one stage) and to rankers of all"
                    + " candidates (two stages), which learn from the lists that they showed and"
                    + " from what was clicked behind them. Weights and rankers know nothing when the"
                    + " test begins, and all of its clicks count. Differences are paired by visit.",
            "",
            "A field is FACT[.NAME][/hash:N|/bins:N|/values:N|/offset:N], as in ranker train; scores"
                    + " and ranks are of a source or of the blend."
        })
final class BenchRankingCommand implements Callable<Integer> {

    private static final int CUTOFF = 20;
    private static final String TWO_STAGES = "two stages";
    private static final Duration HALF_LIFE_OF_SHOP = Duration.ofMinutes(10);
    private static final Duration HALF_LIFE_OF_LOG = Duration.ofDays(3);
    private static final SessionRules RULES =
            new SessionRules(Duration.ofMinutes(30), 50, /* collapseRepeats= */ false);

    @Spec private CommandSpec spec;
    @Mixin private ShopArguments shop;
    @Mixin private TowerArguments tower;
    @Mixin private LearningStreamArguments clicks;
    @Mixin private SequenceModelArguments model;

    @Option(
            names = "--item-attributes",
            paramLabel = "NAME",
            split = ",",
            defaultValue = "colour,location,photo,price2,page",
            description =
                    "Attributes of a log's clicks that a catalogue would say of their items, besides"
                            + " category and price. Default: ${DEFAULT-VALUE}.")
    private List<String> itemAttributes;

    @Option(
            names = "--quota",
            paramLabel = "SOURCE=N",
            split = ",",
            defaultValue =
                    "model=100,two-tower=100,co-visitation=50,trending=50,trending-category=50",
            description =
                    "Items that each source proposes; one that isn't named, none. Default:"
                            + " ${DEFAULT-VALUE}.")
    private Map<String, Integer> quotas;

    @Option(
            names = "--half-life",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "Of what is trending. Default: 10min, of a log 3d.")
    private Duration halfLife;

    @Option(
            names = "--ranker",
            paramLabel = "KIND",
            defaultValue = "fm",
            description =
                    "logistic-regression, fm, ffm, deepfm or wide-and-deep. Default:"
                            + " ${DEFAULT-VALUE}.")
    private String ranker;

    @Option(
            names = "--fields",
            paramLabel = "FIELD",
            split = ",",
            description = "What it reads. Default: what the ranker trainer has by default.")
    private List<String> fields;

    @Option(
            names = "--bin-examples",
            paramLabel = "N",
            defaultValue = "10000",
            description = "Examples whose quantiles become bins. Default: ${DEFAULT-VALUE}.")
    private int binExamples;

    @Option(
            names = "--beyond",
            paramLabel = "N",
            defaultValue = "20",
            description =
                    "Candidates behind each list that are learnt from, too. Default:"
                            + " ${DEFAULT-VALUE}.")
    private int beyond;

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
            names = "--vary",
            paramLabel = "WHAT",
            description = "Compare settings of one thing: ${COMPLETION-CANDIDATES}.")
    private RankingVariation variation;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the figures here, too.")
    private Path json;

    @Option(
            names = "--report",
            paramLabel = "FILE.html",
            description = "Write a page with a chart, too.")
    private Path page;

    @Override
    public Integer call() throws Exception {
        OptionBounds.requireAtLeast(spec, "--windows", windows, 1);
        TwoTowerOptions options = shop.wrongUsageOf(spec, tower::options);
        RankingTrial.Settings settings = shop.wrongUsageOf(spec, this::settings);
        List<LearningRanker> rankers = shop.wrongUsageOf(spec, this::rankers);
        LearningStream stream = clicks.stream(shop, windows, CUTOFF, itemAttributes);
        VectorModule.noteIfMissing(spec.commandLine().getErr());
        say("%s", stream.description());
        try (ExitSignal exit = new ExitSignal(() -> {});
                ServableModel sequence = model.model(stream.first(), clicks.isLog(), RULES, exit);
                LearningSystem towers =
                        new LearningSystem(
                                CandidateSource.TWO_TOWER.label(),
                                options,
                                1,
                                LearningSystem::weightsThatLearn)) {
            say("%s", sequence.describe());
            run(settings, sequence, towers, rankers, stream, exit);
        }
        return Nextclick.DONE;
    }

    private RankingTrial.Settings settings() {
        Map<CandidateSource, Integer> bySource = new EnumMap<>(CandidateSource.class);
        quotas.forEach((label, quota) -> bySource.put(CandidateSource.of(label), quota));
        Duration usual = clicks.isLog() ? HALF_LIFE_OF_LOG : HALF_LIFE_OF_SHOP;
        return new RankingTrial.Settings(
                RULES, CUTOFF, bySource, halfLife == null ? usual : halfLife, syncClicks, sample);
    }

    private List<LearningRanker> rankers() {
        RankerKind kind = RankerKind.labelled(ranker);
        LearningRanker.Settings asked =
                new LearningRanker.Settings(
                        RankerOptions.of(kind),
                        fields == null ? Field.usual() : fields.stream().map(Field::parse).toList(),
                        binExamples,
                        beyond);
        return variation == null
                ? List.of(new LearningRanker(TWO_STAGES, asked))
                : variation.of(kind, asked);
    }

    private void run(
            RankingTrial.Settings settings,
            ServableModel sequence,
            LearningSystem towers,
            List<LearningRanker> rankers,
            LearningStream stream,
            ExitSignal exit)
            throws IOException {
        long start = System.nanoTime();
        try (RankingTrial run =
                new RankingTrial(settings, sequence, towers, rankers, stream.oracle())) {
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
            RankingReport report = new RankingReport(stream, course, rankers, run.weights());
            report.print(spec.commandLine().getOut());
            if (json != null) {
                Files.writeString(json, report.json().toPrettyString() + "\n");
            }
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
