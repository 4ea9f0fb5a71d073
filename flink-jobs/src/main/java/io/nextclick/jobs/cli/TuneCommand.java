package io.nextclick.jobs.cli;

import io.nextclick.jobs.demo.ExitSignal;
import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.files.FileSource;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.training.TrainedModel;
import io.nextclick.models.training.TrainingOptions;
import io.nextclick.models.tuning.Trial;
import io.nextclick.models.tuning.Tuning;
import io.nextclick.models.tuning.TuningListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick tune}: searches for the options of training that suit a click log. */
@Command(
        name = "tune",
        description = "Search for the training options that suit a click log, and train with them.",
        footer = {
            "",
            "Trial 1 trains with the options given, the others with random settings of those that"
                    + " are searched; any option given here is the same in every trial. A trial is"
                    + " given up when, a quarter of its epochs done, its MRR@20 is below the median"
                    + " of the trials before it by then. The last sessions by time validate (of"
                    + " user-sequences and movielens, each user's last item but one); nothing else is measured,"
                    + " so keep the clicks you mean to test on out with --until.",
            "",
            "The folder holds a file per trial, trials.csv and, in the end, the best options'"
                    + " model in best. The same command goes on where an earlier one ended or was"
                    + " interrupted: the seed decides the trials, the budget only how many."
        })
final class TuneCommand implements Callable<Integer> {

    private static final DateTimeFormatter VERSION =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final String BEST = "best";
    private static final int SHOWN = 10;

    @Spec private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            description = "What to train: ${COMPLETION-CANDIDATES}.")
    private NetworkKind network;

    @Mixin private ClickLogArguments clicks;

    @Option(
            names = "--from",
            paramLabel = "TIME",
            converter = TimeConverter.class,
            description = "Leave out sessions that begin before this time.")
    private Instant from;

    @Option(
            names = "--until",
            paramLabel = "TIME",
            converter = TimeConverter.class,
            description = "Leave out clicks at or after this time, such as 2008-08-01.")
    private Instant until;

    @Option(
            names = "--budget",
            paramLabel = "TIME",
            defaultValue = "30 min",
            converter = DurationConverter.class,
            description =
                    "How long to search, training the best included; from now on, whatever was"
                            + " spent before.")
    private Duration budget;

    @Option(
            names = "--trials",
            paramLabel = "N",
            description = "The most trials, earlier ones included. Default: any number.")
    private Integer trials;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "Folder of the search: new, empty, or an earlier part of it.")
    private Path out;

    @Option(
            names = "--model-version",
            paramLabel = "VERSION",
            description = "Version that recommendations carry. Default: the time, in UTC.")
    private String version;

    @Mixin private SessionArguments sessions;
    @Mixin private TrainingArguments training;

    @Override
    public Integer call() throws Exception {
        if (trials != null && trials < 1) {
            throw new ParameterException(
                    spec.commandLine(), "--trials is " + trials + ", it must be 1 or more");
        }
        TrainingOptions given = training.options(spec, network);
        if (given.validationFraction() == 0) {
            throw new ParameterException(
                    spec.commandLine(), "--validation is 0, a search has to validate");
        }
        ClickLog log = cut(clicks.log());
        SessionRules rules = sessions.rules(spec, log.format());
        List<Session> learnt = log.trainingSessions(rules);
        // The engine's threads must be done before the process may end.
        try (ExitSignal exit = new ExitSignal(() -> {});
                Tuning tuning = open(log, rules, learnt, given);
                Listener listener = new Listener(spec.commandLine().getErr(), exit, tuning)) {
            listener.begin();
            Tuning.End end =
                    tuning.run(budget, trials == null ? Integer.MAX_VALUE : trials, listener);
            listener.endBar();
            if (end == Tuning.End.INTERRUPTED) {
                return ended(tuning, "ended early");
            }
            if (tuning.best().isEmpty()) {
                return ended(tuning, "the budget was too small for a trial");
            }
            summary(tuning);
            return trainBest(tuning, rules, learnt, listener);
        }
    }

    private ClickLog cut(ClickLog log) {
        try {
            return log.from(from).until(until);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private Tuning open(
            ClickLog log, SessionRules rules, List<Session> learnt, TrainingOptions given)
            throws IOException {
        return log.leavesLastOut()
                ? Tuning.open(out, log.split(rules, given.validationFraction()), given, fixed())
                : Tuning.open(out, learnt, given, fixed());
    }

    /** Names of the options on the command line; the dimensions of a search are named like them. */
    private Set<String> fixed() {
        Set<String> fixed = new HashSet<>();
        for (var option : spec.commandLine().getParseResult().matchedOptions()) {
            fixed.add(option.longestName().replaceFirst("^--", ""));
        }
        if (fixed.contains("hidden-size")) {
            // Tied vectors let neither change alone.
            fixed.add("embedding-size");
        }
        return fixed;
    }

    /**
     * Says that the search isn't through. At once: when the process was asked to end, it may do so
     * before an exception is printed.
     */
    private int ended(Tuning tuning, String how) {
        PrintWriter err = spec.commandLine().getErr();
        err.printf(
                Locale.ROOT,
                "%s: %s; %s kept, the same command goes on%n",
                spec.qualifiedName(),
                how,
                trials(tuning));
        err.flush();
        return Nextclick.FAILED;
    }

    private static String trials(Tuning tuning) {
        int ended = tuning.trials().size();
        return ended == 1 ? "1 trial is" : ended + " trials are";
    }

    private int trainBest(
            Tuning tuning, SessionRules rules, List<Session> learnt, Listener listener)
            throws IOException {
        Path folder = out.resolve(BEST);
        PrintWriter results = spec.commandLine().getOut();
        if (Files.isDirectory(folder)) {
            ModelManifest there = ModelFolder.readManifest(FileSource.of(folder));
            if (tuning.isBest(there) && there.sessionRules().equals(rules)) {
                results.printf(Locale.ROOT, "%s: as it was%n", folder);
                return Nextclick.DONE;
            }
        }
        Instant now = Instant.now();
        listener.bestBegins();
        TrainedModel trained = tuning.trainBest(listener);
        if (listener.enough()) {
            return ended(tuning, "ended early, before the best was trained");
        }
        String named = version == null ? VERSION.format(now) : version;
        trained.folder(named, rules, learnt, now).write(folder);
        listener.endBar();
        results.printf(
                Locale.ROOT,
                "%s: %s %s, %,d items, %,d sessions, %d epochs, in %s%n",
                folder,
                network.id(),
                named,
                trained.vocabulary().size(),
                trained.sessions(),
                trained.epochs(),
                TaskProgress.clock(trained.elapsed()));
        return Nextclick.DONE;
    }

    private void summary(Tuning tuning) {
        PrintWriter results = spec.commandLine().getOut();
        List<Trial> ranked = tuning.ranked();
        results.println("trial  outcome    epochs  recall@20  MRR@20     time  settings");
        ranked.stream()
                .filter(trial -> ranked.indexOf(trial) < SHOWN || trial.number() == 1)
                .forEach(trial -> results.println(row(trial)));
        if (ranked.size() > SHOWN) {
            results.printf(
                    Locale.ROOT, "%s has all %d.%n", out.resolve("trials.csv"), ranked.size());
        }
        Trial best = tuning.best().orElseThrow();
        Trial first = tuning.trials().get(0);
        results.printf(
                Locale.ROOT,
                "best: trial %d, MRR@20 %+.4f against trial 1: nextclick train --model %s %s%n",
                best.number(),
                mrr20(best) - mrr20(first),
                network.id(),
                arguments(best.settings()));
        results.flush();
    }

    private static double mrr20(Trial trial) {
        return trial.best().orElseThrow().validation().mrr20();
    }

    private static String row(Trial trial) {
        String figures =
                trial.best()
                        .map(
                                best ->
                                        String.format(
                                                Locale.ROOT,
                                                "%9.4f  %6.4f",
                                                best.validation().recall20(),
                                                best.validation().mrr20()))
                        .orElse(" ".repeat(17));
        return String.format(
                Locale.ROOT,
                "%5d  %-9s  %6s  %s  %7s  %s",
                trial.number(),
                trial.outcome().name().toLowerCase(Locale.ROOT),
                trial.epochs().size() + "/" + trial.options().epochs(),
                figures,
                TaskProgress.clock(trial.elapsed()),
                trial.settings().isEmpty() ? "as given" : arguments(trial.settings()));
    }

    /** Settings as {@code train} takes them. */
    private static String arguments(Map<String, Object> settings) {
        return settings.entrySet().stream()
                .map(
                        setting ->
                                "--"
                                        + setting.getKey()
                                        + " "
                                        + (setting.getValue() instanceof Double number
                                                ? BigDecimal.valueOf(number).toPlainString()
                                                : setting.getValue()))
                .collect(Collectors.joining(" "));
    }

    /** Shows a search on standard error. */
    private static final class Listener implements TuningListener, AutoCloseable {

        private final PrintWriter err;
        private final ExitSignal exit;
        private final Tuning tuning;
        private String task = "";
        private TaskProgress bar;

        Listener(PrintWriter err, ExitSignal exit, Tuning tuning) {
            this.err = err;
            this.exit = exit;
            this.tuning = tuning;
        }

        @Override
        public boolean enough() {
            return exit.requested();
        }

        void begin() {
            tuning.space()
                    .ranges()
                    .forEach((name, range) -> err.println("--" + name + ": " + range));
            if (!tuning.trials().isEmpty()) {
                err.println(trials(tuning) + " there");
            }
            err.flush();
        }

        @Override
        public void trialStarted(int number, Map<String, Object> settings) {
            task = "trial " + number;
            say(task + ": " + (settings.isEmpty() ? "as given" : arguments(settings)));
        }

        @Override
        public void stepped(Progress progress) {
            long steps = (long) progress.epochs() * progress.steps();
            if (bar == null) {
                bar = new TaskProgress(task, "steps", steps, err);
            }
            bar.maximum(steps);
            bar.remark(
                    String.format(
                            Locale.ROOT,
                            "epoch %d, loss %.3f, %,.0f clicks/s",
                            progress.epoch(),
                            progress.loss(),
                            progress.clicksPerSecond()));
            bar.to((long) (progress.epoch() - 1) * progress.steps() + progress.step());
        }

        @Override
        public void trialEnded(Trial trial) {
            endBar();
            say(
                    String.format(
                            Locale.ROOT,
                            "trial %d: %s after %d epochs in %s%s%s%s",
                            trial.number(),
                            trial.outcome().name().toLowerCase(Locale.ROOT),
                            trial.epochs().size(),
                            TaskProgress.clock(trial.elapsed()),
                            trial.best()
                                    .map(
                                            best ->
                                                    String.format(
                                                            Locale.ROOT,
                                                            ", MRR@20 %.4f, recall@20 %.4f",
                                                            best.validation().mrr20(),
                                                            best.validation().recall20()))
                                    .orElse(""),
                            trial.reason().isEmpty() ? "" : ": " + trial.reason(),
                            tuning.best()
                                    .map(
                                            best ->
                                                    String.format(
                                                            Locale.ROOT,
                                                            "; best: trial %d, %.4f",
                                                            best.number(),
                                                            mrr20(best)))
                                    .orElse("")));
        }

        void bestBegins() {
            task = "the best";
            say(
                    "trial "
                            + tuning.best().orElseThrow().number()
                            + " once more, on all there is to learn from");
        }

        private void say(String line) {
            if (bar == null) {
                err.println(line);
                err.flush();
            } else {
                bar.say(line);
            }
        }

        @Override
        public void close() {
            endBar();
        }

        void endBar() {
            if (bar != null) {
                bar.close();
                bar = null;
            }
        }
    }
}
