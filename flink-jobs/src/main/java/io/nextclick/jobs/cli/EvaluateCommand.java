package io.nextclick.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.nextclick.jobs.demo.ExitSignal;
import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.clicklog.ClickLogFormat;
import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.evaluation.Evaluation;
import io.nextclick.models.evaluation.EvaluationReport;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick evaluate}: how good a model or a baseline is on a test log. */
@Command(
        name = "evaluate",
        description = "Rank the whole catalogue at every click of a test log.",
        footer = {
            "",
            "Every click of a session but its first is predicted from those before it; of"
                    + " user-sequences and prefix-target only the last. Ties count against the"
                    + " model, an item it does not know is a miss, and clicks whose session so far"
                    + " holds no known item are ranked by popularity. A model's sessions are cut by"
                    + " the rules it was trained under."
        })
final class EvaluateCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "DIR|KIND",
            description =
                    "Folder of a model, or a baseline that is counted from --train: popularity,"
                            + " markov, item-knn or vmis-knn.")
    private String model;

    @Option(
            names = "--train",
            paramLabel = "FILE",
            description = "Click log that a baseline is counted from.")
    private Path train;

    @Option(
            names = "--train-format",
            paramLabel = "FORMAT",
            converter = FormatConverter.class,
            completionCandidates = FormatConverter.Names.class,
            description = "Its format. Default: that of the test log.")
    private ClickLogFormat trainFormat;

    @Option(
            names = "--until",
            paramLabel = "TIME",
            converter = TimeConverter.class,
            description = "Leave out training clicks at or after this time.")
    private Instant until;

    @Option(
            names = "--test",
            required = true,
            paramLabel = "FILE",
            description = "Click log to predict; may be gzipped, or zipped.")
    private Path test;

    @Option(
            names = "--format",
            required = true,
            paramLabel = "FORMAT",
            converter = FormatConverter.class,
            completionCandidates = FormatConverter.Names.class,
            description = "Its format: ${COMPLETION-CANDIDATES}.")
    private ClickLogFormat format;

    @Option(
            names = "--from",
            paramLabel = "TIME",
            converter = TimeConverter.class,
            description = "Leave out test sessions that begin before this time.")
    private Instant from;

    @Option(
            names = "--cutoffs",
            split = ",",
            defaultValue = "5,10,20",
            paramLabel = "K",
            description = "List lengths to measure at.")
    private int[] cutoffs;

    @Option(
            names = "--mask-seen",
            description = "Leave the items that a session has clicked out of its lists.")
    private boolean maskSeen;

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "Write the figures as one JSON object, too; - is standard output.")
    private String json;

    @Mixin private SessionArguments sessions;

    @Override
    public Integer call() throws Exception {
        ClickLog testLog = wrongUsageOf(() -> ClickLog.of(test, format).from(from));
        EvaluationReport report;
        if (CountedModel.KINDS.contains(model)) {
            report = evaluateBaseline(testLog);
        } else {
            VectorModule.noteIfMissing(spec.commandLine().getErr());
            try (ServableModel loaded = ServableModels.load(ModelFolder.read(folder()));
                    SessionScorer scorer = loaded.newScorer()) {
                report =
                        run(
                                new Evaluation(loaded.vocabulary(), loaded.popularity()),
                                scorer,
                                testLog.testSessions(loaded.sessionRules()));
            }
        }
        write(report);
        return Nextclick.DONE;
    }

    private Path folder() throws CommandException {
        Path folder = Path.of(model);
        if (!Files.isDirectory(folder)) {
            throw new CommandException(
                    "there is no model folder "
                            + folder
                            + "; the baselines are "
                            + String.join(", ", CountedModel.KINDS));
        }
        return folder;
    }

    private EvaluationReport evaluateBaseline(ClickLog testLog) {
        if (train == null) {
            throw new ParameterException(
                    spec.commandLine(), "--train is needed to count " + model + " from");
        }
        ClickLogFormat counted = trainFormat == null ? format : trainFormat;
        SessionRules rules = sessions.rules(spec, counted);
        List<Session> learnt =
                wrongUsageOf(() -> ClickLog.of(train, counted).until(until))
                        .trainingSessions(rules);
        CountedModel baseline = CountedModel.of(model, learnt);
        return run(
                new Evaluation(baseline.vocabulary(), baseline.popularity()),
                baseline.newScorer(),
                testLog.testSessions(rules));
    }

    private EvaluationReport run(
            Evaluation evaluation, SessionScorer scorer, List<Session> tested) {
        Evaluation configured = wrongUsageOf(() -> evaluation.withCutoffs(cutoffs));
        // The engine's threads must be done before the process may end.
        try (ExitSignal exit = new ExitSignal(() -> {});
                TaskProgress progress =
                        new TaskProgress(
                                "evaluate",
                                "predictions",
                                Evaluation.predictions(tested),
                                spec.commandLine().getErr())) {
            return configured
                    .withSeenMasked(maskSeen)
                    .withProgress(
                            done -> {
                                if (exit.requested()) {
                                    throw new CancellationException("ended early");
                                }
                                progress.to(done);
                            })
                    .run(scorer, tested);
        }
    }

    private void write(EvaluationReport report) throws IOException {
        String object =
                new ObjectMapper()
                        .writerWithDefaultPrettyPrinter()
                        .writeValueAsString(report.toJson());
        if ("-".equals(json)) {
            spec.commandLine().getOut().println(object);
            return;
        }
        spec.commandLine().getOut().print(report.toTable());
        if (json != null) {
            Files.writeString(Path.of(json), object + "\n");
        }
    }

    private <T> T wrongUsageOf(Supplier<T> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
