package io.nextclick.models.tuning;

import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionSplit;
import io.nextclick.models.training.TrainedModel;
import io.nextclick.models.training.Trainer;
import io.nextclick.models.training.TrainingListener;
import io.nextclick.models.training.TrainingListener.Epoch;
import io.nextclick.models.training.TrainingOptions;
import io.nextclick.models.training.TrainingStoppedException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * A search for the options that suit a log: trials one after the other, the first with the options
 * given, the others with settings drawn at random from a {@link SearchSpace} (Bergstra and Bengio,
 * "Random Search for Hyper-Parameter Optimization", 2012), each trained on the earlier sessions and
 * measured on the latest, hopeless ones given up early (see {@link MedianRule}). Test data has no
 * way in: the figures are those by which a training chooses its epoch.
 *
 * <p>The search lives in a folder, where each trial is written as soon as it has ended. What a
 * trial is and how it ends depends on the seed, its number, the data and the trials before it, not
 * on time: a search that was interrupted and continued holds the same trials as one that wasn't,
 * and a larger budget only adds to it. A trial that is interrupted, or that the budget ends, leaves
 * no trace and is run again. In the same folder anything but the same search is refused.
 *
 * <p>Not safe for use by several threads; one process at a time holds the folder.
 */
public final class Tuning implements AutoCloseable {

    /** Why {@link #run} returned. */
    public enum End {
        /** There was no time left for another trial. */
        BUDGET,
        /** As many trials as asked for have ended. */
        TRIALS,
        /** The listener had enough. */
        INTERRUPTED
    }

    /** How this search trains; a seam for tests. */
    interface Training {

        /** Trains and chooses the epoch by validation. */
        void trial(TrainingOptions options, TrainingListener listener);

        /** The model of the best trial, on everything there is to learn from. */
        TrainedModel best(Trial best, TrainingListener listener);
    }

    private final TrialFolder folder;
    private final SearchSpace space;
    private final TrainingOptions given;
    private final Training training;
    private final double refitCost;
    private final Clock clock;
    private final LongSupplier nanos;

    Tuning(
            TrialFolder folder,
            SearchSpace space,
            TrainingOptions given,
            Training training,
            double refitCost,
            Clock clock,
            LongSupplier nanos) {
        this.folder = folder;
        this.space = space;
        this.given = given;
        this.training = training;
        this.refitCost = refitCost;
        this.clock = clock;
        this.nanos = nanos;
    }

    /**
     * A search on sessions of which the latest validate; the best options are in the end trained on
     * all of them, unless they refuse a refit.
     *
     * @param folder new, empty, or with an earlier part of this search
     * @param sessions what may be learnt from
     * @param given options of trial 1, and of all others where the search doesn't change them;
     *     their seed draws the trials and trains each of them
     * @param fixed dimensions that are not searched, by their names; others are ignored
     * @throws TuningException if the folder holds anything else, or another process searches there
     */
    public static Tuning open(
            Path folder, List<Session> sessions, TrainingOptions given, Set<String> fixed)
            throws IOException {
        if (given.validationFraction() == 0) {
            throw new IllegalArgumentException(
                    "validation fraction is 0, a search needs sessions to validate on");
        }
        Training training =
                new Training() {
                    @Override
                    public void trial(TrainingOptions options, TrainingListener listener) {
                        Trainer.train(sessions, options.toBuilder().refit(false).build(), listener);
                    }

                    @Override
                    public TrainedModel best(Trial best, TrainingListener listener) {
                        if (!best.options().refit()) {
                            return Trainer.train(sessions, best.options(), listener);
                        }
                        Epoch epoch = best.best().orElseThrow();
                        return Trainer.refit(
                                sessions,
                                best.options(),
                                epoch.epoch(),
                                epoch.validation(),
                                listener);
                    }
                };
        // In the order that a training sees them: the order in the log doesn't matter to it.
        String data = SessionSplit.fingerprint(SessionSplit.byTime(sessions, 0).training());
        double refitCost = 1 / (1 - given.validationFraction());
        return open(folder, data, items(sessions), given, fixed, training, refitCost);
    }

    /**
     * A search where it is decided what validates; see {@link Trainer#train(SessionSplit,
     * TrainingOptions, TrainingListener)}. The best options are trained once more in the same way.
     */
    public static Tuning open(
            Path folder, SessionSplit split, TrainingOptions given, Set<String> fixed)
            throws IOException {
        Training training =
                new Training() {
                    @Override
                    public void trial(TrainingOptions options, TrainingListener listener) {
                        Trainer.train(split, options, listener);
                    }

                    @Override
                    public TrainedModel best(Trial best, TrainingListener listener) {
                        return Trainer.train(split, best.options(), listener);
                    }
                };
        String data =
                SessionSplit.fingerprint(split.training())
                        + "+"
                        + SessionSplit.fingerprint(split.validation());
        return open(folder, data, items(split.training()), given, fixed, training, 1);
    }

    private static Tuning open(
            Path folder,
            String data,
            int items,
            TrainingOptions given,
            Set<String> fixed,
            Training training,
            double refitCost)
            throws IOException {
        SearchSpace space = SearchSpace.of(given, items).without(fixed);
        return new Tuning(
                TrialFolder.open(folder, data, space, given),
                space,
                given,
                training,
                refitCost,
                Clock.systemUTC(),
                System::nanoTime);
    }

    private static int items(List<Session> sessions) {
        Set<String> items = new HashSet<>();
        sessions.forEach(session -> items.addAll(session.items()));
        return items.size();
    }

    /** What is searched. */
    public SearchSpace space() {
        return space;
    }

    /** The trials that have ended, by their numbers. */
    public List<Trial> trials() {
        return folder.trials();
    }

    /**
     * The completed trial with the highest validation MRR@20, the earliest of equals; none if none
     * was completed.
     */
    public Optional<Trial> best() {
        return ranked(trials()).stream().filter(Tuning::canWin).findFirst();
    }

    /** The trials as a table shows them: completed ones first, then by falling MRR@20. */
    public List<Trial> ranked() {
        return ranked(trials());
    }

    /**
     * Whether a model is that of the best trial, trained as {@link #trainBest} does, so that it
     * needn't be trained again.
     */
    public boolean isBest(ModelManifest manifest) {
        return best().map(
                        best -> {
                            Map<String, Object> wanted = new LinkedHashMap<>();
                            wanted.put("trained_epochs", best.best().orElseThrow().epoch());
                            wanted.putAll(best.options().asMap());
                            return wanted.entrySet().stream()
                                    .allMatch(
                                            option ->
                                                    String.valueOf(option.getValue())
                                                            .equals(
                                                                    String.valueOf(
                                                                            manifest.parameters()
                                                                                    .get(
                                                                                            option
                                                                                                    .getKey()))));
                        })
                .orElse(false);
    }

    private static boolean canWin(Trial trial) {
        return trial.outcome() == Trial.Outcome.COMPLETED;
    }

    /** Completed trials before the others, and among each the higher MRR@20 first. */
    static List<Trial> ranked(List<Trial> trials) {
        List<Trial> ranked = new ArrayList<>(trials);
        ranked.sort(
                Comparator.comparing((Trial trial) -> !canWin(trial))
                        .thenComparing(
                                trial ->
                                        trial.best()
                                                .map(best -> -best.validation().mrr20())
                                                .orElse(1.0))
                        .thenComparing(Trial::number));
        return ranked;
    }

    /**
     * Runs trials until there is no time left for another and for training the best in the end, as
     * far as the trials so far tell, or until there are {@code most}.
     *
     * @param budget from now on; training the best included
     * @param most trials in all, those of earlier runs included
     * @throws TuningException if trial 1 fails, or if nothing can be held out to validate on
     */
    public End run(Duration budget, int most, TuningListener listener) throws IOException {
        long deadline = nanos.getAsLong() + budget.toNanos();
        while (true) {
            int number = folder.next();
            if (number > most) {
                return End.TRIALS;
            }
            if (listener.enough()) {
                return End.INTERRUPTED;
            }
            Duration quickest =
                    trials().stream()
                            .map(Trial::elapsed)
                            .min(Comparator.naturalOrder())
                            .orElse(Duration.ZERO);
            long reserve = refitTime().toNanos();
            if (deadline - reserve - quickest.toNanos() < nanos.getAsLong()) {
                return End.BUDGET;
            }
            Running running = new Running(number, deadline - reserve, listener);
            Optional<Trial> ended = running.run();
            if (ended.isEmpty()) {
                return listener.enough() ? End.INTERRUPTED : End.BUDGET;
            }
            folder.add(ended.get());
            listener.trialEnded(ended.get());
        }
    }

    /** How long training the best so far is going to take; zero if there is none. */
    private Duration refitTime() {
        return best().map(
                        trial -> {
                            double epochs = trial.best().orElseThrow().epoch();
                            double share = epochs / trial.epochs().size();
                            return Duration.ofMillis(
                                    Math.round(trial.elapsed().toMillis() * share * refitCost));
                        })
                .orElse(Duration.ZERO);
    }

    /**
     * The model of the best trial, trained on all there is.
     *
     * @throws IllegalStateException if no trial was completed
     */
    public TrainedModel trainBest(TrainingListener listener) {
        Trial best = best().orElseThrow(() -> new IllegalStateException("no trial was completed"));
        return training.best(best, listener);
    }

    @Override
    public void close() throws IOException {
        folder.close();
    }

    /** A trial as it runs. */
    private final class Running implements TrainingListener {

        private final int number;
        private final Map<String, Object> settings;
        private final TrainingOptions options;
        private final List<Trial> before;
        private final long deadline;
        private final TuningListener listener;
        private final List<Epoch> epochs = new ArrayList<>();
        private final Instant startedAt = clock.instant();
        private final long startedNanos = nanos.getAsLong();
        private Optional<String> hopeless = Optional.empty();
        private boolean interrupted;

        Running(int number, long deadline, TuningListener listener) {
            this.number = number;
            this.settings = space.settings(given.seed(), number);
            this.options = space.options(given, settings);
            // Those behind it, if its own file was lost, have no say.
            this.before = trials().stream().filter(trial -> trial.number() < number).toList();
            this.deadline = deadline;
            this.listener = listener;
        }

        /** The trial; empty if it was interrupted. */
        Optional<Trial> run() throws TuningException {
            listener.trialStarted(number, settings);
            try {
                training.trial(options, this);
            } catch (TrainingStoppedException e) {
                return failed(e);
            }
            if (interrupted) {
                return Optional.empty();
            }
            return Optional.of(
                    hopeless.isPresent()
                            ? ended(Trial.Outcome.STOPPED, hopeless.get())
                            : ended(Trial.Outcome.COMPLETED, ""));
        }

        private Optional<Trial> failed(Exception e) throws TuningException {
            if (number == 1) {
                throw new TuningException("the options to begin with fail: " + e.getMessage(), e);
            }
            return Optional.of(ended(Trial.Outcome.FAILED, e.getMessage()));
        }

        private Trial ended(Trial.Outcome outcome, String reason) {
            Duration elapsed = Duration.ofNanos(nanos.getAsLong() - startedNanos);
            return new Trial(
                    number, settings, options, outcome, reason, epochs, startedAt, elapsed);
        }

        @Override
        public void started(TrainingPlan plan) {
            listener.started(plan);
        }

        @Override
        public void stepped(Progress progress) {
            listener.stepped(progress);
        }

        @Override
        public void epochEnded(Epoch epoch) {
            if (interrupted) {
                // Part of an epoch only.
                return;
            }
            if (epoch.validation() == null) {
                throw new IllegalArgumentException(
                        "there are too few sessions to hold any out to validate on");
            }
            epochs.add(epoch);
            listener.epochEnded(epoch);
            hopeless = MedianRule.verdict(before, epochs, options.epochs());
        }

        @Override
        public boolean enough() {
            interrupted |=
                    hopeless.isEmpty()
                            && epochs.size() < options.epochs()
                            && (listener.enough() || nanos.getAsLong() > deadline);
            return interrupted || hopeless.isPresent();
        }
    }
}
