package io.nextclick.jobs.cli;

import io.nextclick.jobs.demo.ExitSignal;
import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.files.CheckpointFolder;
import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.neuralcf.NeuralCfKind;
import io.nextclick.models.neuralcf.NeuralCfModel;
import io.nextclick.models.neuralcf.NeuralCfOptions;
import io.nextclick.models.neuralcf.NeuralCfTraining;
import io.nextclick.models.rating.RatingModel;
import io.nextclick.models.rating.RatingSplit;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.SessionSplit;
import io.nextclick.models.tower.LoggedTowers;
import io.nextclick.models.training.TrainedModel;
import io.nextclick.models.training.Trainer;
import io.nextclick.models.training.TrainingOptions;
import io.nextclick.models.training.TrainingOutOfMemoryException;
import io.nextclick.models.training.TrainingStoppedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nextclick train}: a model folder from a click log. */
@Command(
        name = "train",
        description =
                "Train a model on a click log, or on a topic's history; write it as a folder.",
        footer = {
            "",
            "The last sessions by time validate: they choose the epoch and stop the training early."
                    + " Of user-sequences, and of movielens unless cut by time, the last item of each"
                    + " user is never trained on, and the one before it validates. Clicks are read from Kafka up to where the topic ends"
                    + " when the command begins, outside any consumer group."
        })
final class TrainCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "KIND",
            converter = TrainableConverter.class,
            completionCandidates = TrainableConverter.Names.class,
            description = "What to train: ${COMPLETION-CANDIDATES}.")
    private String kind;

    @Mixin private TrainingLogArguments clicks;

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

    @Mixin private ModelFolderArguments written;
    @Mixin private SessionArguments sessions;
    @Mixin private TrainingArguments training;
    @Mixin private NeuralCfArguments neuralCf;
    @Mixin private CheckpointArguments checkpoints;
    @Mixin private CountingArguments counting;
    @Mixin private RatingArguments rating;
    @Mixin private RatingSplitArguments split;
    @Mixin private LoggedTowerArguments towers;

    @Override
    public Integer call() throws Exception {
        NetworkKind network = TrainableConverter.network(kind);
        refuseForeignOptions(network != null);
        // Before a long history is read: whether it can be used.
        TrainingOptions options = network == null ? null : training.options(spec, network);
        NeuralCfOptions optionsOfUsers =
                NeuralCfKind.named(kind)
                        .map(named -> neuralCf.options(spec, named, training, rating))
                        .orElse(null);
        var unused = written.folder();
        try (TrainingLogArguments.Opened opened = clicks.open(spec)) {
            ClickLog log = cut(opened.log());
            if (network != null) {
                return train(options, log);
            }
            if (optionsOfUsers != null) {
                return train(optionsOfUsers, log);
            }
            if (LoggedTowerArguments.KINDS.contains(kind)) {
                return towers(opened.log(), log);
            }
            return RatingArguments.KINDS.contains(kind) ? rate(log) : count(log);
        }
    }

    /** An option that changes nothing has been misunderstood. */
    private void refuseForeignOptions(boolean isNetwork) {
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            String name = option.longestName();
            boolean ofNetworks = isIn(name, "training", "checkpoints");
            boolean isSpecial =
                    ofNetworks || isIn(name, "counting", "rating", "split", "neuralCf", "towers");
            boolean isOwn =
                    isNetwork
                            ? ofNetworks
                            : CountingArguments.has(kind, name)
                                    || RatingArguments.has(kind, name)
                                    || NeuralCfArguments.has(kind, name)
                                    || LoggedTowerArguments.has(kind, name);
            if (isSpecial && !isOwn) {
                throw new ParameterException(spec.commandLine(), name + " is no option of " + kind);
            }
        }
    }

    private boolean isIn(String option, String... mixins) {
        return Arrays.stream(mixins)
                .anyMatch(mixin -> spec.mixins().get(mixin).optionsMap().containsKey(option));
    }

    private int rate(ClickLog log) throws Exception {
        SessionRules rules = sessions.rules(spec, log.format());
        Path out = written.folder();
        Instant now = Instant.now();
        RatingSplit parts = split.split(spec, log);
        if (parts.training().isEmpty()) {
            throw new CommandException("there is nothing to learn from in " + log);
        }
        RatingModel model = rating.train(spec, kind, parts, training, counting);
        String named = written.version(now);
        model.folder(named, rules, ClickLog.sessions(parts.training(), rules), now).write(out);
        spec.commandLine()
                .getOut()
                .printf(
                        Locale.ROOT,
                        "%s: %s %s, %,d items, %,d ratings or clicks, %,d left out, in %s%n",
                        out,
                        kind,
                        named,
                        model.vocabulary().size(),
                        parts.training().size(),
                        parts.test().size(),
                        TaskProgress.clock(Duration.between(now, Instant.now())));
        return Nextclick.DONE;
    }

    private int count(ClickLog log) throws Exception {
        SessionRules rules = sessions.rules(spec, log.format());
        Path out = written.folder();
        List<Session> learnt = log.trainingSessions(rules);
        if (learnt.isEmpty()) {
            throw new CommandException("there is nothing to count in " + log);
        }
        Instant now = Instant.now();
        CountedModel counted = counting.count(spec, kind, log.format(), learnt);
        String named = written.version(now);
        counted.folder(named, rules, learnt, now).write(out);
        spec.commandLine()
                .getOut()
                .printf(
                        Locale.ROOT,
                        "%s: %s %s, %,d items, %,d sessions, in %s%n",
                        out,
                        kind,
                        named,
                        counted.vocabulary().size(),
                        learnt.size(),
                        TaskProgress.clock(Duration.between(now, Instant.now())));
        return Nextclick.DONE;
    }

    /**
     * @param whole with what isn't learnt from: the catalogue has its items, too
     */
    private int towers(ClickLog whole, ClickLog log) throws Exception {
        SessionRules rules = sessions.rules(spec, log.format());
        Path out = written.folder();
        List<Session> learnt =
                split.isGiven()
                        ? ClickLog.sessions(split.split(spec, log).training(), rules)
                        : log.trainingSessions(rules);
        Instant now = Instant.now();
        PrintWriter err = spec.commandLine().getErr();
        String named = written.version(now);
        try (LoggedTowers trained =
                towers.train(spec, kind, whole, learnt, training, rating, err)) {
            trained.folder(kind, named, rules, now).write(out);
            spec.commandLine()
                    .getOut()
                    .printf(
                            Locale.ROOT,
                            "%s: %s %s, %,d items, %,d sessions, loss %.4f, in %s%n",
                            out,
                            kind,
                            named,
                            trained.items(),
                            learnt.size(),
                            trained.loss(),
                            TaskProgress.clock(trained.elapsed()));
        }
        return Nextclick.DONE;
    }

    private int train(NeuralCfOptions options, ClickLog log) throws Exception {
        SessionRules rules = sessions.rules(spec, log.format());
        Path out = written.folder();
        List<Session> learnt =
                split.isGiven()
                        ? ClickLog.sessions(split.split(spec, log).training(), rules)
                        : allButTested(log, rules);
        Instant now = Instant.now();
        PrintWriter err = spec.commandLine().getErr();
        NeuralCfModel trained =
                NeuralCfTraining.train(
                        learnt,
                        options,
                        epoch -> {
                            err.println(line(epoch));
                            err.flush();
                        });
        String named = written.version(now);
        trained.folder(named, rules, learnt, now).write(out);
        PrintWriter results = spec.commandLine().getOut();
        results.printf(
                Locale.ROOT,
                "%s: %s %s, %,d items, %,d users, epochs %s, in %s%n",
                out,
                kind,
                named,
                trained.vocabulary().size(),
                trained.users(),
                trained.epochs(),
                TaskProgress.clock(trained.elapsed()));
        if (trained.validation() != null) {
            results.printf(
                    Locale.ROOT,
                    "validation, the last item of %,d users among up to 99 others:"
                            + " HR@10 %.4f, NDCG@10 %.4f%n",
                    trained.validation().users(),
                    trained.validation().hr10(),
                    trained.validation().ndcg10());
        }
        return Nextclick.DONE;
    }

    /** What each user took, without the item that is for testing where the log sets one apart. */
    private static List<Session> allButTested(ClickLog log, SessionRules rules) {
        if (!log.leavesLastOut()) {
            return log.trainingSessions(rules);
        }
        // A validating session has all that training has of its user, and the item that validates.
        SessionSplit split = log.split(rules, 0.5);
        Map<String, Session> ofUsers = new LinkedHashMap<>();
        split.training().forEach(session -> ofUsers.put(session.id(), session));
        split.validation().forEach(session -> ofUsers.put(session.id(), session));
        return List.copyOf(ofUsers.values());
    }

    private static String line(NeuralCfTraining.Epoch epoch) {
        String validation =
                epoch.validation() == null
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                ", validation HR@10 %.4f, NDCG@10 %.4f%s",
                                epoch.validation().hr10(),
                                epoch.validation().ndcg10(),
                                epoch.best() ? ", the best so far" : "");
        return epoch.epoch() == 0
                ? epoch.network() + ", as joined" + validation
                : String.format(
                        Locale.ROOT,
                        "%s%s, epoch %d: loss %.4f%s, %,.0f examples/s",
                        epoch.network(),
                        epoch.refit() ? " on all items" : "",
                        epoch.epoch(),
                        epoch.loss(),
                        validation,
                        epoch.examplesPerSecond());
    }

    private int train(TrainingOptions options, ClickLog log) throws Exception {
        SessionRules rules = sessions.rules(spec, log.format());
        Path out = written.folder();
        CheckpointFolder checkpoint = checkpoints.folder(out, written.force());
        List<Session> learnt = log.trainingSessions(rules);
        Instant now = Instant.now();
        String named = written.version(now);
        TrainedModel trained;
        // The engine's threads must be done before the process may end.
        try (ExitSignal exit = new ExitSignal(() -> {});
                TrainingDisplay listener = new TrainingDisplay(spec.commandLine().getErr(), exit)) {
            trained =
                    log.leavesLastOut()
                            ? Trainer.train(
                                    log.split(rules, options.validationFraction()),
                                    options,
                                    listener,
                                    checkpoint)
                            : Trainer.train(learnt, options, listener, checkpoint);
            if (exit.requested()) {
                listener.endBar();
                return Nextclick.fail(
                        spec,
                        checkpoint.exists()
                                ? "ended early; the complete epochs are kept in "
                                        + checkpoint.path()
                                        + ", the same command with --resume goes on"
                                : "ended early, before an epoch was complete: nothing is kept");
            }
        } catch (TrainingStoppedException e) {
            throw salvaged(
                    e, checkpoint, good -> good.folder(named, rules, learnt, now).write(out));
        }
        trained.folder(named, rules, learnt, now).write(out);
        checkpoint.delete();
        report(trained, out, named);
        return Nextclick.DONE;
    }

    private interface ModelWriter {
        void write(TrainedModel model) throws IOException;
    }

    /** Writes what a training that can't go on had reached, and says all that. */
    private CommandException salvaged(
            TrainingStoppedException stopped, CheckpointFolder checkpoint, ModelWriter writer)
            throws IOException {
        StringBuilder said = new StringBuilder(stopped.getMessage());
        if (stopped instanceof TrainingOutOfMemoryException) {
            // With more memory it could go on. The other way to stop would come again.
            if (checkpoint.exists()) {
                said.append("; the complete epochs are kept in ")
                        .append(checkpoint.path())
                        .append(", the same command with --resume --force goes on");
            }
        } else {
            checkpoint.delete();
        }
        if (stopped.lastGood().isPresent()) {
            TrainedModel good = stopped.lastGood().get();
            writer.write(good);
            said.append("; the last good model, of epoch ")
                    .append(good.epochs())
                    .append(", is written");
        }
        CommandException failure = new CommandException(said.toString());
        failure.initCause(stopped);
        return failure;
    }

    private ClickLog cut(ClickLog log) {
        try {
            return log.from(from).until(until);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private void report(TrainedModel trained, Path out, String named) {
        PrintWriter results = spec.commandLine().getOut();
        results.printf(
                Locale.ROOT,
                "%s: %s %s, %,d items, %,d sessions, %d epochs, in %s%n",
                out,
                kind,
                named,
                trained.vocabulary().size(),
                trained.sessions(),
                trained.epochs(),
                TaskProgress.clock(trained.elapsed()));
        if (trained.validation() != null) {
            results.printf(
                    Locale.ROOT,
                    "validation, %,d predictions: recall@20 %.4f, MRR@20 %.4f%n",
                    trained.validation().predictions(),
                    trained.validation().recall20(),
                    trained.validation().mrr20());
        }
    }
}
