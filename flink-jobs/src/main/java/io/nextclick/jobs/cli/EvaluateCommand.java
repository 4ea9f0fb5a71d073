package io.nextclick.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nextclick.jobs.demo.ExitSignal;
import io.nextclick.jobs.report.Contestant;
import io.nextclick.jobs.report.EvaluationPage;
import io.nextclick.jobs.report.EvaluationPage.Subject;
import io.nextclick.jobs.report.SampleSessions;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.clicklog.ClickLogFormat;
import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.device.DeviceChoice;
import io.nextclick.models.evaluation.Comparison;
import io.nextclick.models.evaluation.Evaluation;
import io.nextclick.models.evaluation.Outcomes;
import io.nextclick.models.evaluation.Resampling;
import io.nextclick.models.files.FileSource;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.rating.HeldOutItems;
import io.nextclick.models.rating.RatingSplit;
import io.nextclick.models.scoring.SessionScorer;
import io.nextclick.models.scoring.UserScorer;
import io.nextclick.models.serving.ServableModel;
import io.nextclick.models.serving.ServableModels;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
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
                    + " user-sequences, prefix-target and movielens only the last. Ties count against the"
                    + " model, an item it does not know is a miss, and clicks whose session so far"
                    + " holds no known item are ranked by popularity. A model's sessions are cut by"
                    + " the rules it was trained under. With --test-share, --leave-last-out or --from,"
                    + " models of users are measured on the ratings that train left out with the same"
                    + " options, or with --until."
        })
final class EvaluateCommand implements Callable<Integer> {

    /** Sessions that a page shows with their lists. */
    private static final int SAMPLES = 8;

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
            names = "--against",
            paramLabel = "DIR|KIND",
            description =
                    "Another model or baseline to compare with, on the same clicks: differences"
                            + " with intervals and p-values.")
    private String against;

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

    @Option(
            names = "--report",
            paramLabel = "FILE.html",
            description =
                    "Write a page to look at, too: tables, charts and sample sessions with their"
                            + " lists.")
    private Path page;

    @Option(
            names = "--resamples",
            defaultValue = "1000",
            paramLabel = "N",
            description = "Logs that the bootstrap draws for the 95 %% intervals. Default: 1000.")
    private int resamples;

    @Option(
            names = "--seed",
            defaultValue = "1",
            paramLabel = "N",
            description =
                    "Seed of the intervals, of the p-values and of the choice of sample sessions."
                            + " Default: 1.")
    private long seed;

    @Option(
            names = "--device",
            paramLabel = "auto|cpu|gpu",
            defaultValue = "auto",
            description =
                    "What models compute on: auto takes a GPU where PyTorch sees one; gpu fails"
                            + " without one. Default: auto.")
    private DeviceChoice device;

    @Option(
            names = "--liked",
            defaultValue = "4",
            paramLabel = "RATING",
            description =
                    "Models of users: AUC and log-loss tell ratings of so much or more from the"
                            + " others. Default: 4.")
    private double liked;

    @Option(
            names = "--sampled-negatives",
            paramLabel = "N",
            description =
                    "With --leave-last-out: rank each held-out item also among N that its user has"
                            + " not clicked, drawn by --seed. Default: 99.")
    private Integer sampledNegatives;

    @Mixin private RatingSplitArguments split;
    @Mixin private SessionArguments sessions;

    @Override
    public Integer call() throws Exception {
        if (split.isGiven() || (from != null && knowsUsers())) {
            return evaluateUsers();
        }
        if (sampledNegatives != null) {
            throw new ParameterException(
                    spec.commandLine(), "--sampled-negatives goes with --leave-last-out only");
        }
        ClickLog testLog = wrongUsageOf(() -> ClickLog.of(test, format).from(from));
        Resampling resampling = wrongUsageOf(this::resampling);
        // Not after minutes of ranking.
        refuseMissingFolder(page);
        refuseMissingFolder(json == null || json.equals("-") ? null : Path.of(json));
        device.require();
        try (ServableModel loaded = load(model);
                ServableModel other = load(against)) {
            SessionRules rules = rules(loaded, other);
            Supplier<List<Session>> training = trainingSessions(rules);
            List<Session> tested = testLog.testSessions(rules);
            SampleSessions samples = SampleSessions.draw(tested, page == null ? 0 : SAMPLES, seed);
            // The engine's threads must be done before the process may end.
            try (ExitSignal exit = new ExitSignal(() -> {})) {
                boolean alike =
                        loaded != null && other != null && loaded.name().equals(other.name());
                Measuring measuring = new Measuring(tested, samples, resampling, alike, exit);
                Contestant one = measuring.measure(model, loaded, training);
                Contestant two =
                        against == null ? null : measuring.measure(against, other, training);
                Comparison comparison =
                        two == null ? null : one.outcomes().against(two.outcomes(), resampling);
                write(one, two, comparison);
                if (page != null) {
                    Subject subject =
                            new Subject(
                                    test.getFileName() + " (" + format + ")",
                                    maskSeen,
                                    Instant.now());
                    Files.writeString(
                            page, EvaluationPage.html(subject, one, two, comparison, samples));
                }
            }
        }
        return Nextclick.DONE;
    }

    /** Measures on the part of the log that {@code train} left out with the same options. */
    private int evaluateUsers() throws Exception {
        if (against != null || page != null || maskSeen) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--against, --report and --mask-seen compare sessions: they don't go with"
                            + " --test-share and --leave-last-out");
        }
        if (sampledNegatives != null && !split.leavesLastOut()) {
            throw new ParameterException(
                    spec.commandLine(), "--sampled-negatives goes with --leave-last-out only");
        }
        int sample = sampledNegatives == null ? 99 : sampledNegatives;
        ClickLog log = wrongUsageOf(() -> ClickLog.of(test, format).from(from));
        RatingSplit parts =
                split.isGiven() ? split.split(spec, log) : new RatingSplit(List.of(), log.clicks());
        refuseMissingFolder(json == null || json.equals("-") ? null : Path.of(json));
        device.require();
        try (ServableModel loaded = load(model)) {
            if (loaded == null) {
                throw new CommandException(
                        "a folder is needed; train --model " + model + " makes one");
            }
            UserEvaluation evaluation =
                    wrongUsageOf(() -> new UserEvaluation(resampling(), cutoffs, liked));
            Optional<UserScorer> users = loaded.userScorer();
            boolean rated = parts.test().stream().anyMatch(UserEvaluation::isRated);
            if (users.isPresent() && rated) {
                evaluation.judge(users.get(), loaded.vocabulary(), parts.test());
            } else if (!split.leavesLastOut()) {
                throw new CommandException(
                        rated
                                ? loaded.name() + " knows sessions, not users: it rates nothing"
                                : "no click of " + test + " has a rating");
            }
            if (split.leavesLastOut()) {
                HeldOutItems heldOut = wrongUsageOf(() -> new HeldOutItems(parts, sample, seed));
                evaluation.rank(loaded, heldOut, sample);
            }
            String object =
                    new ObjectMapper()
                            .writerWithDefaultPrettyPrinter()
                            .writeValueAsString(evaluation.toJson());
            if ("-".equals(json)) {
                spec.commandLine().getOut().println(object);
            } else {
                spec.commandLine().getOut().print(evaluation.toTable());
                if (json != null) {
                    Files.writeString(Path.of(json), object + "\n");
                }
            }
        }
        return Nextclick.DONE;
    }

    private boolean knowsUsers() throws IOException {
        Path folder = Path.of(model);
        return Files.isDirectory(folder)
                && RatingArguments.KINDS.contains(
                        ModelFolder.readManifest(FileSource.of(folder)).kind());
    }

    private Resampling resampling() {
        return new Resampling(
                resamples,
                Resampling.DEFAULT.permutations(),
                Resampling.DEFAULT.confidence(),
                seed);
    }

    private static void refuseMissingFolder(Path file) throws CommandException {
        Path folder = file == null ? null : file.toAbsolutePath().getParent();
        if (folder != null && !Files.isDirectory(folder)) {
            throw new CommandException("there is no folder " + folder + " to write to");
        }
    }

    /** The model in a folder; null for a baseline, or if none is asked for. */
    private ServableModel load(String named) throws IOException, CommandException {
        if (named == null || CountedModel.KINDS.contains(named)) {
            return null;
        }
        Path folder = Path.of(named);
        if (!Files.isDirectory(folder)) {
            throw new CommandException(
                    "there is no model folder "
                            + folder
                            + "; the baselines are "
                            + String.join(", ", CountedModel.KINDS));
        }
        VectorModule.noteIfMissing(spec.commandLine().getErr());
        return ServableModels.load(ModelFolder.read(folder), device.choose(0));
    }

    /**
     * The rules that cut the sessions: those of the model that was trained, since baselines are
     * counted under any.
     */
    private SessionRules rules(ServableModel loaded, ServableModel other) {
        if (loaded == null && other == null) {
            return sessions.rules(spec, trainFormat == null ? format : trainFormat);
        }
        SessionRules rules = (loaded == null ? other : loaded).sessionRules();
        if (loaded != null && other != null && !rules.equals(other.sessionRules())) {
            spec.commandLine()
                    .getErr()
                    .printf(
                            "%s was trained under other session rules; both are measured on the"
                                    + " sessions of %s%n",
                            against, model);
        }
        return rules;
    }

    /** What baselines are counted from, read when the first one needs it. */
    private Supplier<List<Session>> trainingSessions(SessionRules rules) {
        return new Supplier<>() {
            private List<Session> learnt;

            @Override
            public List<Session> get() {
                if (train == null) {
                    throw new ParameterException(
                            spec.commandLine(), "--train is needed to count a baseline from");
                }
                if (learnt == null) {
                    ClickLogFormat counted = trainFormat == null ? format : trainFormat;
                    learnt =
                            wrongUsageOf(() -> ClickLog.of(train, counted).until(until))
                                    .trainingSessions(rules);
                }
                return learnt;
            }
        };
    }

    /** Asks models about the same sessions, one after the other. */
    private final class Measuring {

        private final List<Session> tested;
        private final SampleSessions samples;
        private final Resampling resampling;

        /** Whether only their versions tell the models apart. */
        private final boolean alike;

        private final ExitSignal exit;

        Measuring(
                List<Session> tested,
                SampleSessions samples,
                Resampling resampling,
                boolean alike,
                ExitSignal exit) {
            this.tested = tested;
            this.samples = samples;
            this.resampling = resampling;
            this.alike = alike;
            this.exit = exit;
        }

        /**
         * @param loaded null if a baseline is named
         */
        Contestant measure(String named, ServableModel loaded, Supplier<List<Session>> training) {
            if (loaded != null) {
                try (SessionScorer scorer = loaded.newScorer()) {
                    return measure(
                            alike ? loaded.name() + " " + loaded.version() : loaded.name(),
                            loaded.describe(),
                            loaded.vocabulary(),
                            loaded.popularity(),
                            scorer);
                }
            }
            CountedModel baseline = CountedModel.of(named, training.get());
            try (SessionScorer scorer = baseline.newScorer()) {
                return measure(
                        named,
                        "counted from " + train.getFileName(),
                        baseline.vocabulary(),
                        baseline.popularity(),
                        scorer);
            }
        }

        private Contestant measure(
                String name,
                String description,
                ItemVocabulary vocabulary,
                Popularity popularity,
                SessionScorer scorer) {
            Evaluation evaluation =
                    wrongUsageOf(
                            () ->
                                    new Evaluation(vocabulary, popularity)
                                            .withCutoffs(cutoffs)
                                            .withSeenMasked(maskSeen));
            Outcomes outcomes;
            try (TaskProgress progress =
                    new TaskProgress(
                            "evaluate",
                            "predictions",
                            Evaluation.predictions(tested),
                            spec.commandLine().getErr())) {
                outcomes =
                        evaluation
                                .withProgress(
                                        done -> {
                                            if (exit.requested()) {
                                                throw new CancellationException("ended early");
                                            }
                                            progress.to(done);
                                        })
                                .outcomes(scorer, tested);
            }
            return new Contestant(
                    name,
                    description,
                    outcomes,
                    outcomes.report(resampling),
                    samples.answers(evaluation, scorer, vocabulary, outcomes));
        }
    }

    private void write(Contestant one, Contestant two, Comparison comparison) throws IOException {
        ObjectNode figures = one.report().toJson();
        if (two != null) {
            figures.set("against", two.report().toJson());
            figures.set("comparison", comparison.toJson());
        }
        String object =
                new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(figures);
        PrintWriter out = spec.commandLine().getOut();
        if ("-".equals(json)) {
            out.println(object);
            return;
        }
        if (two == null) {
            out.print(one.report().toTable());
        } else {
            out.printf("%s%n%s%n", one.name(), one.report().toTable());
            out.printf("%s%n%s%n", two.name(), two.report().toTable());
            out.printf("%s against %s%n%s", one.name(), two.name(), comparison.toTable());
        }
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
