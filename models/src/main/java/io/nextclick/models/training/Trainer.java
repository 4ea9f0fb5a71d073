package io.nextclick.models.training;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.nextclick.models.network.Gru4Rec;
import io.nextclick.models.network.SessionNetwork;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionSplit;
import io.nextclick.models.training.TrainingListener.Epoch;
import io.nextclick.models.training.TrainingListener.Progress;
import io.nextclick.models.training.TrainingListener.TrainingPlan;
import io.nextclick.models.training.TrainingListener.Validation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * Trains a network on a log of sessions: epochs of shuffled batches of about equal length, the
 * latest sessions held out, early stopping on their MRR@20 by full ranking, the best epoch kept;
 * then, if asked to, once more on all sessions for that many epochs, because the newest clicks are
 * the ones that tell most about tomorrow's.
 *
 * <p>Sessions of one click teach nothing and only enter the vocabulary. Each session is read from
 * its own beginning. One training runs per process at a time, as the engine has one gradient tape.
 */
public final class Trainer {

    private static final String ENGINE = "PyTorch";

    /** The engine refuses a second gradient tape; better to say so before an hour of work. */
    private static final ReentrantLock ONE_TRAINING = new ReentrantLock();

    private final TrainingOptions options;
    private final TrainingListener listener;
    private final NDManager manager;
    private final ItemVocabulary vocabulary = new ItemVocabulary();
    private int readSessions;
    private final long startedNanos = System.nanoTime();

    private Trainer(TrainingOptions options, TrainingListener listener, NDManager manager) {
        this.options = options;
        this.listener = listener;
        this.manager = manager;
    }

    /**
     * Trains a model.
     *
     * @param sessions in any order; they are put in the order of their start
     * @throws IllegalArgumentException if no session has two clicks
     * @throws IllegalStateException if another training is running in this process
     * @throws TrainingDivergedException if the loss stops being a number; it carries the best model
     *     so far
     */
    public static TrainedModel train(
            List<Session> sessions, TrainingOptions options, TrainingListener listener) {
        return alone(options, listener, trainer -> trainer.run(sessions));
    }

    /**
     * Trains a model where it is decided what validates: sessions of the same people, for instance,
     * up to a later click than the training knows. Of a validating session the clicks from its
     * {@link Session#firstTarget()} on are predicted; items that only they have are misses, as they
     * would be in serving. The validation fraction of the options is passed over, and there is no
     * refit.
     *
     * @throws IllegalArgumentException if no session to learn from has two clicks
     * @throws IllegalStateException if another training is running in this process
     * @throws TrainingDivergedException if the loss stops being a number; it carries the best model
     *     so far
     */
    public static TrainedModel train(
            SessionSplit split, TrainingOptions options, TrainingListener listener) {
        return alone(options, listener, trainer -> trainer.run(split));
    }

    /**
     * Trains a model on all sessions for as many epochs as an earlier training with these options
     * found best: what {@link #train(List, TrainingOptions, TrainingListener)} ends with, to the
     * same weights.
     *
     * @param epochs how many
     * @param validation what the earlier training reached on the sessions it held out
     * @throws IllegalArgumentException if no session has two clicks
     * @throws IllegalStateException if another training is running in this process
     * @throws TrainingDivergedException if the loss stops being a number
     */
    public static TrainedModel refit(
            List<Session> sessions,
            TrainingOptions options,
            int epochs,
            Validation validation,
            TrainingListener listener) {
        return alone(options, listener, trainer -> trainer.again(sessions, epochs, validation));
    }

    private static TrainedModel alone(
            TrainingOptions options,
            TrainingListener listener,
            Function<Trainer, TrainedModel> training) {
        if (!ONE_TRAINING.tryLock()) {
            throw new IllegalStateException(
                    "another training is running in this process, and the engine has one gradient"
                            + " tape: train one model after the other, or in two processes");
        }
        try (NDManager manager = NDManager.newBaseManager(null, ENGINE)) {
            if (options.threads() > 0) {
                JniUtils.setNumThreads(options.threads());
            }
            return training.apply(new Trainer(options, listener, manager));
        } finally {
            ONE_TRAINING.unlock();
        }
    }

    private TrainedModel run(List<Session> sessions) {
        List<int[]> encoded = encode(sessions);
        int heldOut =
                Math.max(
                        0,
                        Math.min(
                                (int) Math.round(encoded.size() * options.validationFraction()),
                                encoded.size() - 1));
        List<int[]> fitted = encoded.subList(0, encoded.size() - heldOut);
        List<Window> windows =
                encoded.subList(encoded.size() - heldOut, encoded.size()).stream()
                        .map(Window::new)
                        .toList();
        HeldOut validation = new HeldOut(evenly(windows, options.validationSessions()), 0);
        TrainedModel chosen = start(fitted, validation, options.epochs());
        if (!options.refit() || validation.isEmpty() || listener.enough()) {
            return chosen;
        }
        listener.refitting(chosen.epochs());
        return fit(encoded, HeldOut.NOTHING, chosen.epochs(), chosen);
    }

    private TrainedModel again(List<Session> sessions, int epochs, Validation validation) {
        TrainedModel fitted = start(encode(sessions), HeldOut.NOTHING, epochs);
        return new TrainedModel(
                fitted.network(),
                fitted.vocabulary(),
                fitted.options(),
                fitted.epochs(),
                validation,
                fitted.loss(),
                fitted.sessions(),
                fitted.elapsed());
    }

    private TrainedModel run(SessionSplit split) {
        List<int[]> fitted = encode(split.training());
        List<Session> picked = evenly(split.validation(), options.validationSessions());
        List<Window> windows = new ArrayList<>(picked.size());
        int misses = 0;
        for (Session session : picked) {
            int[] known = new int[session.items().size()];
            int size = 0;
            int firstTarget = -1;
            for (int i = 0; i < session.items().size(); i++) {
                int row = vocabulary.row(session.items().get(i));
                boolean target = i >= session.firstTarget();
                if (target && (row == ItemVocabulary.UNKNOWN || size == 0)) {
                    misses++;
                } else if (target && firstTarget < 0) {
                    firstTarget = size;
                }
                if (row != ItemVocabulary.UNKNOWN) {
                    known[size++] = row;
                }
            }
            if (firstTarget > 0) {
                windows.add(new Window(Arrays.copyOf(known, size), firstTarget));
            }
        }
        return start(fitted, new HeldOut(windows, misses), options.epochs());
    }

    private TrainedModel start(List<int[]> fitted, HeldOut validation, int epochs) {
        if (fitted.isEmpty()) {
            throw new IllegalArgumentException(
                    "none of the " + readSessions + " sessions has two clicks to learn from");
        }
        listener.started(
                new TrainingPlan(
                        fitted.size(),
                        validation.windows().size(),
                        predictions(fitted),
                        vocabulary.size(),
                        fullSoftmax(),
                        options.seed()));
        return fit(fitted, validation, epochs, null);
    }

    /**
     * What validates.
     *
     * @param misses targets beside those of the windows that no model can find
     */
    private record HeldOut(List<Window> windows, int misses) {

        static final HeldOut NOTHING = new HeldOut(List.of(), 0);

        boolean isEmpty() {
            return windows.isEmpty();
        }

        Validation measure(NetworkTraining training) {
            Validation found = training.validate(windows);
            int all = found.predictions() + misses;
            double share = (double) found.predictions() / all;
            return misses == 0
                    ? found
                    : new Validation(all, found.recall20() * share, found.mrr20() * share);
        }
    }

    private boolean fullSoftmax() {
        return vocabulary.size() <= options.fullSoftmaxUpTo();
    }

    /** Item rows of sessions of two clicks or more, in the order of their start. */
    private List<int[]> encode(List<Session> sessions) {
        readSessions = sessions.size();
        List<Session> ordered = new ArrayList<>(sessions);
        ordered.sort(Comparator.comparingLong(Session::startMillis));
        List<int[]> encoded = new ArrayList<>();
        for (Session session : ordered) {
            int[] rows = session.items().stream().mapToInt(vocabulary::rowOrAdd).toArray();
            if (rows.length >= 2) {
                encoded.add(rows);
            }
        }
        return encoded;
    }

    private static <E> List<E> evenly(List<E> sessions, int most) {
        if (sessions.size() <= most) {
            return sessions;
        }
        List<E> picked = new ArrayList<>(most);
        for (int i = 0; i < most; i++) {
            picked.add(sessions.get((int) ((long) i * sessions.size() / most)));
        }
        return picked;
    }

    private static long predictions(List<int[]> sessions) {
        return sessions.stream().mapToLong(session -> session.length - 1).sum();
    }

    /** Pieces of at most the maximum length that overlap by one click. */
    private List<int[]> pieces(List<int[]> sessions) {
        int most = options.maximumLength();
        List<int[]> pieces = new ArrayList<>(sessions.size());
        for (int[] session : sessions) {
            for (int from = 0; from < session.length - 1; from += most - 1) {
                int to = Math.min(from + most, session.length);
                pieces.add(Arrays.copyOfRange(session, from, to));
            }
        }
        return pieces;
    }

    /**
     * Trains from new weights.
     *
     * @param epochs the most epochs; the learning rate falls as if they were all of the options'
     * @param chosen what to fall back on if this diverges, and whose validation it inherits; may be
     *     null
     */
    private TrainedModel fit(
            List<int[]> sessions, HeldOut validation, int epochs, TrainedModel chosen) {
        List<int[]> pieces = pieces(sessions);
        SplittableRandom random = new SplittableRandom(options.seed());
        SessionNetwork network = newNetwork(random.split());
        NetworkTraining training =
                new NetworkTraining(
                        network,
                        targetCounts(pieces),
                        options,
                        fullSoftmax(),
                        manager,
                        random.split());
        SplittableRandom shuffling = random.split();
        TrainedModel best = null;
        List<float[]> bestValues = null;
        int withoutGain = 0;
        long began = System.nanoTime();
        double stepsDone = 0;
        double stepsPlanned = 0;
        for (int epoch = 1; epoch <= epochs; epoch++) {
            List<int[][]> batches =
                    TrainingBatches.shuffled(pieces, options.batchPredictions(), shuffling);
            stepsPlanned = stepsPlanned == 0 ? (double) batches.size() * epochs : stepsPlanned;
            double lossSum = 0;
            long seen = 0;
            long epochBegan = System.nanoTime();
            for (int step = 0; step < batches.size(); step++) {
                int[][] batch = batches.get(step);
                double done = (epoch - 1 + (double) step / batches.size()) / options.epochs();
                int predictions = (int) predictions(List.of(batch));
                float loss = training.step(batch, learningRate(done));
                if (!Float.isFinite(loss)) {
                    TrainedModel good = best == null ? chosen : restore(best, bestValues);
                    throw new TrainingDivergedException(
                            String.format(
                                    "the loss is %s at step %d of epoch %d (learning rate %s, seed"
                                            + " %d); a smaller learning rate usually helps",
                                    loss, step + 1, epoch, options.learningRate(), options.seed()),
                            good);
                }
                lossSum += (double) loss * predictions;
                seen += predictions;
                stepsDone++;
                long now = System.nanoTime();
                listener.stepped(
                        new Progress(
                                epoch,
                                epochs,
                                step + 1,
                                batches.size(),
                                lossSum / seen,
                                seen * 1e9 / (now - epochBegan),
                                Duration.ofNanos(
                                        (long)
                                                ((now - began)
                                                        / stepsDone
                                                        * Math.max(0, stepsPlanned - stepsDone)))));
                if (listener.enough()) {
                    break;
                }
            }
            double clicksPerSecond = seen * 1e9 / (System.nanoTime() - epochBegan);
            Validation metrics = validation.isEmpty() ? null : validation.measure(training);
            training.settle();
            boolean better =
                    metrics == null || best == null || metrics.mrr20() > best.validation().mrr20();
            if (better) {
                withoutGain = 0;
                best =
                        new TrainedModel(
                                network,
                                vocabulary,
                                options,
                                epoch,
                                metrics == null && chosen != null ? chosen.validation() : metrics,
                                lossSum / seen,
                                sessions.size(),
                                elapsed());
                bestValues = metrics == null ? null : training.snapshot();
            } else {
                withoutGain++;
            }
            listener.epochEnded(
                    new Epoch(epoch, lossSum / seen, metrics, better, clicksPerSecond, elapsed()));
            if (withoutGain >= options.patience() || listener.enough()) {
                break;
            }
        }
        return restore(best, bestValues);
    }

    private SessionNetwork newNetwork(SplittableRandom random) {
        return switch (options.network()) {
            case GRU4REC ->
                    new Gru4Rec(
                            new Gru4Rec.HyperParameters(
                                    vocabulary.size(),
                                    options.embeddingSize(),
                                    options.hiddenSize(),
                                    options.tied()),
                            random);
        };
    }

    private static TrainedModel restore(TrainedModel trained, List<float[]> values) {
        if (values != null) {
            for (int i = 0; i < values.size(); i++) {
                trained.network().parameters().get(i).assign(values.get(i));
            }
        }
        return trained;
    }

    private Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - startedNanos);
    }

    /**
     * @param done share of all steps that are done, in [0, 1)
     */
    private float learningRate(double done) {
        double peak = options.learningRate();
        if (done < options.warmUp()) {
            return (float) (peak * (done / options.warmUp() * 0.99 + 0.01));
        }
        double fall = (done - options.warmUp()) / Math.max(1e-9, 1 - options.warmUp());
        double cosine = (1 + Math.cos(Math.PI * fall)) / 2;
        return (float) (peak * (options.finalRate() + (1 - options.finalRate()) * cosine));
    }

    private long[] targetCounts(List<int[]> sessions) {
        long[] counts = new long[vocabulary.size()];
        for (int[] session : sessions) {
            for (int t = 1; t < session.length; t++) {
                counts[session[t]]++;
            }
        }
        return counts;
    }
}
