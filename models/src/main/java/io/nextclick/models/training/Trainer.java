package io.nextclick.models.training;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.nextclick.models.files.CheckpointFolder;
import io.nextclick.models.network.AttentionSizes;
import io.nextclick.models.network.Bert4Rec;
import io.nextclick.models.network.Gru4Rec;
import io.nextclick.models.network.Parameter;
import io.nextclick.models.network.SasRec;
import io.nextclick.models.network.SessionNetwork;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionSplit;
import io.nextclick.models.training.TrainingListener.Epoch;
import io.nextclick.models.training.TrainingListener.Progress;
import io.nextclick.models.training.TrainingListener.TrainingPlan;
import io.nextclick.models.training.TrainingListener.Validation;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
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
    private final CheckpointFolder folder;
    private TrainingCheckpoint checkpoint;
    private int readSessions;
    private long startedNanos = System.nanoTime();

    private Trainer(
            TrainingOptions options,
            TrainingListener listener,
            CheckpointFolder folder,
            NDManager manager) {
        this.options = options;
        this.listener = listener;
        this.folder = folder;
        this.manager = manager;
    }

    /**
     * Trains a model and keeps nothing on the way.
     *
     * @see #train(List, TrainingOptions, TrainingListener, CheckpointFolder)
     */
    public static TrainedModel train(
            List<Session> sessions, TrainingOptions options, TrainingListener listener) {
        return train(sessions, options, listener, null);
    }

    /**
     * Trains a model.
     *
     * @param sessions in any order; they are put in the order of their start
     * @param checkpoint where to keep the place after each epoch; if one is kept there already, the
     *     training goes on from it and gives the model, bit for bit, that it would have given
     *     uninterrupted. It is left there at the end, for who writes the model to delete. Null
     *     keeps nothing
     * @throws IllegalArgumentException if no session has two clicks, or the checkpoint is of other
     *     options or sessions
     * @throws IllegalStateException if another training is running in this process
     * @throws TrainingStoppedException if the loss stops being a number or memory doesn't suffice;
     *     it carries the best model so far
     * @throws UncheckedIOException if the checkpoint can't be read or written
     */
    public static TrainedModel train(
            List<Session> sessions,
            TrainingOptions options,
            TrainingListener listener,
            CheckpointFolder checkpoint) {
        return alone(options, listener, checkpoint, trainer -> trainer.run(sessions));
    }

    /**
     * Trains a model where it is decided what validates: sessions of the same people, for instance,
     * up to a later click than the training knows. Of a validating session the clicks from its
     * {@link Session#firstTarget()} on are predicted; items that only they have are misses, as they
     * would be in serving. The validation fraction of the options is passed over, and there is no
     * refit. Checkpoint and errors are those of {@link #train(List, TrainingOptions,
     * TrainingListener, CheckpointFolder)}.
     */
    public static TrainedModel train(
            SessionSplit split,
            TrainingOptions options,
            TrainingListener listener,
            CheckpointFolder checkpoint) {
        return alone(options, listener, checkpoint, trainer -> trainer.run(split));
    }

    /** The same without a checkpoint. */
    public static TrainedModel train(
            SessionSplit split, TrainingOptions options, TrainingListener listener) {
        return train(split, options, listener, null);
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
     * @throws TrainingStoppedException if the loss stops being a number or memory doesn't suffice
     */
    public static TrainedModel refit(
            List<Session> sessions,
            TrainingOptions options,
            int epochs,
            Validation validation,
            TrainingListener listener) {
        return alone(
                options, listener, null, trainer -> trainer.again(sessions, epochs, validation));
    }

    private static TrainedModel alone(
            TrainingOptions options,
            TrainingListener listener,
            CheckpointFolder checkpoint,
            Function<Trainer, TrainedModel> training) {
        if (!ONE_TRAINING.tryLock()) {
            throw new IllegalStateException(
                    "another training is running in this process, and the engine has one gradient"
                            + " tape: train one model after the other, or in two processes");
        }
        try (NDManager manager =
                NDManager.newBaseManager(options.device().choose(0).engineDevice(), ENGINE)) {
            if (options.threads() > 0) {
                JniUtils.setNumThreads(options.threads());
            }
            return training.apply(new Trainer(options, listener, checkpoint, manager));
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
        return train(fitted, validation, options.epochs(), options.refit() ? encoded : List.of());
    }

    private TrainedModel again(List<Session> sessions, int epochs, Validation validation) {
        TrainedModel fitted = train(encode(sessions), HeldOut.NOTHING, epochs, List.of());
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
        return train(fitted, new HeldOut(windows, misses), options.epochs(), List.of());
    }

    /**
     * Finds the best number of epochs, then, if asked to, trains for as many on all sessions.
     *
     * @param epochs the most
     * @param all empty for no second training
     */
    private TrainedModel train(
            List<int[]> fitted, HeldOut validation, int epochs, List<int[]> all) {
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
        TrainingCheckpoint.Place place = null;
        if (folder != null) {
            checkpoint =
                    new TrainingCheckpoint(folder, options, fingerprint(fitted, validation, all));
            place = checkpoint.read().orElse(null);
        }
        if (place != null) {
            startedNanos -= place.elapsed().toNanos();
            listener.resumed(place.epoch(), place.refitting());
        }
        TrainedModel chosen;
        if (place != null && place.refitting()) {
            chosen = trained(newNetwork(new SplittableRandom()), place.chosen());
            assign(chosen.network(), place.chosen().values());
        } else {
            chosen = new Fitting(fitted, validation, epochs, null).run(place);
            place = null;
            if (all.isEmpty() || validation.isEmpty() || listener.enough()) {
                return chosen;
            }
            listener.refitting(chosen.epochs());
        }
        return new Fitting(all, HeldOut.NOTHING, chosen.epochs(), chosen).run(place);
    }

    private TrainedModel trained(SessionNetwork network, TrainingCheckpoint.Model kept) {
        return new TrainedModel(
                network,
                vocabulary,
                options,
                kept.epochs(),
                kept.validation(),
                kept.loss(),
                kept.sessions(),
                kept.elapsed());
    }

    /** SHA-256 over all that is learnt from and validated on, as item rows, and the items. */
    private String fingerprint(List<int[]> fitted, HeldOut validation, List<int[]> all) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
        for (String item : vocabulary.items()) {
            digest.update(item.getBytes(StandardCharsets.UTF_8));
            digest.update((byte) '\n');
        }
        fitted.forEach(session -> update(digest, session));
        update(digest, all.size(), validation.misses());
        for (Window window : validation.windows()) {
            update(digest, window.firstTarget());
            update(digest, window.items());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void update(MessageDigest digest, int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (values.length + 1));
        bytes.putInt(values.length);
        bytes.asIntBuffer().put(values);
        digest.update(bytes.array());
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
            case SASREC -> new SasRec(attention(options.maximumLength() - 1), random);
            case BERT4REC -> new Bert4Rec(attention(options.maximumLength()), random);
        };
    }

    private AttentionSizes attention(int positions) {
        return new AttentionSizes(
                vocabulary.size(),
                options.embeddingSize(),
                positions,
                options.layers(),
                options.heads(),
                options.innerSize(),
                options.tied());
    }

    private static void assign(SessionNetwork network, List<float[]> values) {
        for (int i = 0; i < values.size(); i++) {
            network.parameters().get(i).assign(values.get(i));
        }
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

    /** One network's way from new weights through the epochs. */
    private final class Fitting {

        private final List<int[]> pieces;
        private final int sessions;
        private final HeldOut validation;
        private final int epochs;
        private final TrainedModel chosen;
        private final SplittableRandom random = new SplittableRandom(options.seed());
        private SessionNetwork network;
        private NetworkTraining training;

        /** Complete epochs. */
        private int epoch;

        /** Epochs since the best one. */
        private int withoutGain;

        /** Figures of the best epoch; its network is the one in training. */
        private TrainedModel best;

        private List<float[]> bestValues;
        private long beganNanos;
        private long stepsDone;

        /**
         * @param epochs the most epochs; the learning rate falls as if they were all of the
         *     options'
         * @param chosen what to fall back on if this stops early, and whose validation it inherits;
         *     may be null
         */
        Fitting(List<int[]> sessions, HeldOut validation, int epochs, TrainedModel chosen) {
            this.pieces = pieces(sessions);
            this.sessions = sessions.size();
            this.validation = validation;
            this.epochs = epochs;
            this.chosen = chosen;
        }

        /**
         * @param place where to go on; null to begin
         * @return the best epoch's model; without validation the last one's
         */
        TrainedModel run(TrainingCheckpoint.Place place) {
            try {
                network = newNetwork(random.split());
                training =
                        new NetworkTraining(
                                network,
                                targetCounts(pieces),
                                options,
                                fullSoftmax(),
                                manager,
                                random.split());
                if (place != null) {
                    goOn(place);
                }
                SplittableRandom ofEpochs = random.split();
                for (int skipped = 0; skipped < epoch; skipped++) {
                    ofEpochs.split();
                }
                beganNanos = System.nanoTime();
                boolean whole = true;
                while (whole && epoch < epochs && withoutGain < options.patience()) {
                    whole = runEpoch(ofEpochs.split());
                }
            } catch (OutOfMemoryError e) {
                throw TrainingOutOfMemoryException.of(e, where(), lastGood());
            } catch (EngineException e) {
                if (TrainingOutOfMemoryException.isMeantBy(e)) {
                    throw TrainingOutOfMemoryException.of(e, where(), lastGood());
                }
                throw e;
            }
            return lastGood();
        }

        private String where() {
            return "in epoch " + (epoch + 1) + (chosen == null ? "" : " on all sessions");
        }

        private TrainedModel lastGood() {
            if (best == null) {
                return chosen;
            }
            assign(network, bestValues);
            return best;
        }

        /**
         * Draws depend on the epoch, not on what was drawn before it, so that there is no generator
         * whose state would have to be kept between epochs.
         *
         * @return whether there may be a next epoch
         */
        private boolean runEpoch(SplittableRandom ofEpoch) {
            List<int[][]> batches =
                    TrainingBatches.shuffled(pieces, options.batchPredictions(), ofEpoch.split());
            training.drawBy(ofEpoch.split());
            double lossSum = 0;
            long seen = 0;
            boolean enough = false;
            long epochBegan = System.nanoTime();
            for (int step = 0; step < batches.size() && !enough; step++) {
                int[][] batch = batches.get(step);
                double done = (epoch + (double) step / batches.size()) / options.epochs();
                int predictions = (int) predictions(List.of(batch));
                float loss = training.step(batch, learningRate(done));
                if (!Float.isFinite(loss)) {
                    throw diverged("the loss is " + loss + " at step " + (step + 1));
                }
                lossSum += (double) loss * predictions;
                seen += predictions;
                stepsDone++;
                long now = System.nanoTime();
                long stepsLeft = (long) (epochs - epoch) * batches.size() - step - 1;
                listener.stepped(
                        new Progress(
                                epoch + 1,
                                epochs,
                                step + 1,
                                batches.size(),
                                lossSum / seen,
                                seen * 1e9 / (now - epochBegan),
                                Duration.ofNanos((now - beganNanos) / stepsDone * stepsLeft)));
                enough = listener.enough();
            }
            double clicksPerSecond = seen * 1e9 / (System.nanoTime() - epochBegan);
            if (enough && best != null) {
                return false; // in mid-epoch: what it changed is given up
            }
            endEpoch(lossSum / seen, clicksPerSecond, enough);
            return !enough && !listener.enough();
        }

        private void endEpoch(double loss, double clicksPerSecond, boolean unfinished) {
            training.settle();
            training.notFinite()
                    .ifPresent(
                            name -> {
                                throw diverged("a value of " + name + " is no finite number");
                            });
            Validation metrics = validation.isEmpty() ? null : validation.measure(training);
            epoch++;
            boolean better =
                    metrics == null || best == null || metrics.mrr20() > best.validation().mrr20();
            if (better) {
                withoutGain = 0;
                // Copied before anything else changes: memory may run out here.
                bestValues = network.parameters().stream().map(Parameter::copy).toList();
                best =
                        new TrainedModel(
                                network,
                                vocabulary,
                                options,
                                epoch,
                                metrics == null && chosen != null ? chosen.validation() : metrics,
                                loss,
                                sessions,
                                elapsed());
            } else {
                withoutGain++;
            }
            if (checkpoint != null && !unfinished) {
                keep();
            }
            listener.epochEnded(
                    new Epoch(epoch, loss, metrics, better, clicksPerSecond, elapsed()));
        }

        private TrainingDivergedException diverged(String what) {
            return new TrainingDivergedException(
                    String.format(
                            Locale.ROOT,
                            "%s %s (learning rate %s, seed %d); a smaller learning rate usually"
                                    + " helps",
                            what,
                            where(),
                            options.learningRate(),
                            options.seed()),
                    lastGood());
        }

        private void keep() {
            checkpoint.write(
                    new TrainingCheckpoint.Place(
                            chosen != null,
                            epoch,
                            withoutGain,
                            elapsed(),
                            kept(best, withoutGain == 0 ? null : bestValues),
                            chosen == null
                                    ? null
                                    : kept(
                                            chosen,
                                            chosen.network().parameters().stream()
                                                    .map(Parameter::values)
                                                    .toList()),
                            training.state()));
        }

        private static TrainingCheckpoint.Model kept(TrainedModel model, List<float[]> values) {
            return new TrainingCheckpoint.Model(
                    model.epochs(),
                    model.validation(),
                    model.loss(),
                    model.sessions(),
                    model.elapsed(),
                    values);
        }

        private void goOn(TrainingCheckpoint.Place place) {
            training.resume(place.now());
            epoch = place.epoch();
            withoutGain = place.withoutGain();
            bestValues =
                    place.best().values() == null
                            ? network.parameters().stream().map(Parameter::copy).toList()
                            : place.best().values();
            best = trained(network, place.best());
        }
    }
}
