package io.nextclick.models.neuralcf;

import io.nextclick.models.network.Parameter;
import io.nextclick.models.neuralcf.TakenItems.LastItem;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.training.RowAdam;
import io.nextclick.models.training.RowDescent;
import io.nextclick.models.training.RowOptimizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Trains GMF, MLP and NeuMF (He et al. 2017) on which users took which items: binary cross-entropy
 * of each item taken and of some drawn from the others, by Adam. A pre-trained NeuMF begins with a
 * GMF and an MLP that are trained alone first, and goes on by gradient descent.
 *
 * <p>An item taken and those drawn against it are in one batch; batches are drawn anew in each
 * epoch. If there is validation, the last item of each user of three or more is held out; ranked
 * among 99 that the user didn't take, it chooses the epoch. One thread, on the heap: the same seed
 * gives the same model, bit for bit, on any machine.
 */
public final class NeuralCfTraining {

    private static final int VALIDATED_AGAINST = 99;

    /**
     * One epoch of one of the trainings that make a model.
     *
     * @param network what is trained: a pre-trained NeuMF's training is of a GMF, of an MLP, and of
     *     a NeuMF, whose epoch 0 is what the two make together
     * @param refit whether on all items
     * @param epoch from 1
     * @param loss mean binary cross-entropy of the examples; NaN of epoch 0
     * @param validation null without one
     * @param best whether this is the best epoch so far
     * @param examplesPerSecond trained on
     */
    public record Epoch(
            NeuralCfKind network,
            boolean refit,
            int epoch,
            double loss,
            Validation validation,
            boolean best,
            double examplesPerSecond) {}

    /**
     * The held-out items, each ranked among items that its user didn't take, ties against it.
     *
     * @param users who had one held out
     * @param hr10 share among the first 10
     * @param ndcg10 mean of 1 / log2(rank + 1), 0 beyond 10
     */
    public record Validation(int users, double hr10, double ndcg10) {}

    private final NeuralCfOptions options;
    private final Consumer<Epoch> listener;
    private final TakenItems taken;
    private final List<LastItem> heldOut;
    private final boolean refit;

    /** Epochs to train each network for; empty where validation will say. */
    private final Map<NeuralCfKind, Integer> epochs = new LinkedHashMap<>();

    private Validation validation;
    private double loss;

    private NeuralCfTraining(
            NeuralCfOptions options,
            Consumer<Epoch> listener,
            TakenItems taken,
            List<LastItem> heldOut,
            boolean refit) {
        this.options = options;
        this.listener = listener;
        this.taken = taken;
        this.heldOut = heldOut;
        this.refit = refit;
    }

    /**
     * Trains a model.
     *
     * @param sessions each a user with all they took, in order; several of one id are one user's
     * @param listener hears of every epoch, on this thread
     * @throws IllegalArgumentException if there are no two items
     */
    public static NeuralCfModel train(
            List<Session> sessions, NeuralCfOptions options, Consumer<Epoch> listener) {
        long began = System.nanoTime();
        Map<String, Integer> users = new LinkedHashMap<>();
        ItemVocabulary vocabulary = new ItemVocabulary();
        TakenItems all = TakenItems.of(sessions, users, vocabulary);
        if (vocabulary.size() < 2) {
            throw new IllegalArgumentException(
                    "there are " + vocabulary.size() + " items, at least 2 are needed");
        }
        List<LastItem> heldOut =
                options.validation()
                        ? all.lastAmong(VALIDATED_AGAINST, new SplittableRandom(~options.seed()))
                        : List.of();
        TakenItems learnt = heldOut.isEmpty() ? all : all.withoutLast();
        NeuralCfTraining training = new NeuralCfTraining(options, listener, learnt, heldOut, false);
        NeuralCf network = training.run();
        if (options.refit() && !heldOut.isEmpty()) {
            NeuralCfTraining again = new NeuralCfTraining(options, listener, all, List.of(), true);
            again.epochs.putAll(training.epochs);
            network = again.run();
            training.loss = again.loss;
        }
        return new NeuralCfModel(
                network,
                users,
                vocabulary,
                all,
                options,
                training.epochs,
                training.validation,
                training.loss,
                Duration.ofNanos(System.nanoTime() - began));
    }

    private NeuralCf run() {
        NeuralCfKind kind = options.kind();
        if (kind != NeuralCfKind.NEUMF || !options.pretrain()) {
            return alone(kind);
        }
        NeuralCf gmf = alone(NeuralCfKind.GMF);
        NeuralCf mlp = alone(NeuralCfKind.MLP);
        NeuralCf fused = NeuralCf.fused(gmf, mlp, options.fusionAlpha());
        fit(fused, RowDescent::new, options.fusionRate(), randomOf(kind));
        return fused;
    }

    /**
     * A kind's own, so that what a NeuMF joins are the GMF and the MLP that its seed gives alone.
     */
    private SplittableRandom randomOf(NeuralCfKind kind) {
        SplittableRandom random = new SplittableRandom(options.seed());
        int others =
                switch (kind) {
                    case GMF -> 0;
                    case MLP -> 1;
                    case NEUMF -> 2;
                };
        for (int i = 0; i < others; i++) {
            random.split();
        }
        return random.split();
    }

    private NeuralCf alone(NeuralCfKind kind) {
        SplittableRandom random = randomOf(kind);
        NeuralCf network =
                new NeuralCf(
                        kind,
                        taken.users(),
                        taken.items(),
                        options.factors(),
                        options.layers(),
                        random.split());
        fit(network, parameter -> new RowAdam(parameter, 0), options.learningRate(), random);
        return network;
    }

    @FunctionalInterface
    private interface OptimizerOf {
        RowOptimizer of(Parameter parameter);
    }

    /** Trains a network and leaves it with the values of its best epoch. */
    private void fit(
            NeuralCf network, OptimizerOf optimizer, double rate, SplittableRandom random) {
        Steps steps = new Steps(network, optimizer, (float) rate);
        int most = epochs.getOrDefault(network.kind(), options.epochs());
        List<float[]> best = null;
        int bestEpoch = most;
        Validation bestValidation = null;
        if (!heldOut.isEmpty() && optimizerDescends(network)) {
            // What was joined may be as good as it gets.
            bestValidation = steps.validate();
            best = copies(network);
            bestEpoch = 0;
            listener.accept(
                    new Epoch(network.kind(), refit, 0, Double.NaN, bestValidation, true, 0));
        }
        for (int epoch = 1; epoch <= most; epoch++) {
            if (best != null && epoch - bestEpoch > options.patience()) {
                break;
            }
            long began = System.nanoTime();
            loss = steps.epoch(random.split());
            double perSecond =
                    (1.0 + options.negatives()) * taken.size() * 1e9 / (System.nanoTime() - began);
            Validation now = heldOut.isEmpty() ? null : steps.validate();
            boolean better =
                    now != null
                            && (bestValidation == null || now.ndcg10() > bestValidation.ndcg10());
            if (better) {
                bestValidation = now;
                bestEpoch = epoch;
                best = copies(network);
            }
            listener.accept(new Epoch(network.kind(), refit, epoch, loss, now, better, perSecond));
        }
        steps.settle();
        if (best != null) {
            for (int i = 0; i < best.size(); i++) {
                network.parameters().get(i).assign(best.get(i));
            }
        }
        epochs.put(network.kind(), bestEpoch);
        validation = bestValidation;
    }

    private boolean optimizerDescends(NeuralCf network) {
        return network.kind() == NeuralCfKind.NEUMF && options.pretrain();
    }

    private static List<float[]> copies(NeuralCf network) {
        return network.parameters().stream().map(Parameter::copy).toList();
    }

    /** One network's steps. */
    private final class Steps {

        private final NeuralCf network;
        private final NeuralCfPass pass;
        private final Map<Parameter, RowOptimizer> optimizers = new LinkedHashMap<>();
        private final float rate;
        private final TouchedRows users;
        private final TouchedRows items;

        Steps(NeuralCf network, OptimizerOf optimizer, float rate) {
            this.network = network;
            this.rate = rate;
            pass = new NeuralCfPass(network);
            for (Parameter parameter : network.parameters()) {
                optimizers.put(parameter, optimizer.of(parameter));
            }
            users = new TouchedRows(network.userFactors(), network.userVectors(), network.users());
            items = new TouchedRows(network.itemFactors(), network.itemVectors(), network.items());
        }

        /**
         * @return the mean loss of its examples, each before its step
         */
        double epoch(SplittableRandom random) {
            int[][] positives = shuffled(random);
            int perPositive = 1 + options.negatives();
            int atOnce = Math.max(1, options.batch() / perPositive);
            int[] exampleUsers = new int[atOnce * perPositive];
            int[] exampleItems = new int[exampleUsers.length];
            double sum = 0;
            for (int from = 0; from < positives.length; from += atOnce) {
                int to = Math.min(positives.length, from + atOnce);
                int examples = 0;
                for (int i = from; i < to; i++) {
                    int user = positives[i][0];
                    for (int n = 0; n < perPositive; n++) {
                        exampleUsers[examples] = user;
                        exampleItems[examples++] =
                                n == 0 ? positives[i][1] : taken.other(user, random);
                    }
                }
                sum += step(exampleUsers, exampleItems, examples, perPositive);
            }
            return sum / ((double) positives.length * perPositive);
        }

        private int[][] shuffled(SplittableRandom random) {
            int[][] positives = new int[taken.size()][];
            int size = 0;
            for (int user = 0; user < taken.users(); user++) {
                for (int item : taken.of(user)) {
                    int other = random.nextInt(size + 1);
                    positives[size] = positives[other];
                    positives[other] = new int[] {user, item};
                    size++;
                }
            }
            return positives;
        }

        /**
         * @param perPositive the first of every so many examples is positive
         * @return the sum of the examples' losses before the step
         */
        private double step(int[] userRows, int[] itemRows, int examples, int perPositive) {
            users.begin(userRows, examples);
            items.begin(itemRows, examples);
            network.ofUsers().forEach(parameter -> prepare(parameter, users.rows()));
            network.ofItems().forEach(parameter -> prepare(parameter, items.rows()));
            pass.refresh();
            double sum = 0;
            for (int i = 0; i < examples; i++) {
                boolean positive = i % perPositive == 0;
                float z = pass.logOdds(userRows[i], itemRows[i]);
                double wrong = positive ? -z : z;
                double odds = Math.exp(-Math.abs(wrong));
                sum += Math.max(wrong, 0) + Math.log1p(odds);
                double probability = wrong > 0 ? 1 / (1 + odds) : odds / (1 + odds);
                float slope = (float) ((positive ? -probability : probability) / examples);
                pass.backward(
                        userRows[i],
                        itemRows[i],
                        slope,
                        users.factorGradients(),
                        users.vectorGradients(),
                        users.place(userRows[i]),
                        items.factorGradients(),
                        items.vectorGradients(),
                        items.place(itemRows[i]));
            }
            float penalty = (float) (options.regularization() / examples);
            users.penalise(penalty, network.userFactors(), users.factorGradients());
            users.penalise(penalty, network.userVectors(), users.vectorGradients());
            items.penalise(penalty, network.itemFactors(), items.factorGradients());
            items.penalise(penalty, network.itemVectors(), items.vectorGradients());
            update(network.userFactors(), users.rows(), users.factorGradients());
            update(network.userVectors(), users.rows(), users.vectorGradients());
            update(network.itemFactors(), items.rows(), items.factorGradients());
            update(network.itemVectors(), items.rows(), items.vectorGradients());
            for (Parameter dense : network.dense()) {
                update(dense, null, pass.gradient(dense));
            }
            return sum;
        }

        private void prepare(Parameter parameter, int[] rows) {
            optimizers.get(parameter).prepare(rows);
        }

        private void update(Parameter parameter, int[] rows, float[] gradients) {
            if (parameter != null) {
                optimizers.get(parameter).update(rows, gradients, 1, rate);
            }
        }

        /** Brings every row up to date. */
        void settle() {
            optimizers.values().forEach(optimizer -> optimizer.prepare(null));
        }

        Validation validate() {
            settle();
            pass.refresh();
            int hits = 0;
            double gains = 0;
            for (LastItem last : heldOut) {
                float wanted = pass.logOdds(last.user(), last.item());
                int rank = 1;
                for (int other : last.others()) {
                    rank += pass.logOdds(last.user(), other) >= wanted ? 1 : 0;
                }
                if (rank <= 10) {
                    hits++;
                    gains += Math.log(2) / Math.log(rank + 1.0);
                }
            }
            double size = heldOut.size();
            return new Validation(heldOut.size(), hits / size, gains / size);
        }
    }

    /** The users or the items of a batch, each once, and room for their gradients. */
    private static final class TouchedRows {

        private final int factors;
        private final int vectors;
        private final int[] places;
        private int[] rows = new int[0];

        /** In how many examples each row is. */
        private int[] counts = new int[0];

        private float[] factorGradients = new float[0];
        private float[] vectorGradients = new float[0];

        TouchedRows(Parameter factors, Parameter vectors, int all) {
            this.factors = factors == null ? 0 : factors.columns();
            this.vectors = vectors == null ? 0 : vectors.columns();
            places = new int[all];
            Arrays.fill(places, -1);
        }

        void begin(int[] examples, int count) {
            for (int row : rows) {
                places[row] = -1;
            }
            List<Integer> touched = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                if (places[examples[i]] < 0) {
                    places[examples[i]] = touched.size();
                    touched.add(examples[i]);
                }
            }
            rows = touched.stream().mapToInt(Integer::intValue).toArray();
            counts = new int[rows.length];
            for (int i = 0; i < count; i++) {
                counts[places[examples[i]]]++;
            }
            factorGradients = cleared(factorGradients, rows.length * factors);
            vectorGradients = cleared(vectorGradients, rows.length * vectors);
        }

        private static float[] cleared(float[] room, int size) {
            if (room.length < size) {
                return new float[size];
            }
            Arrays.fill(room, 0, size, 0);
            return room;
        }

        /** Adds the gradients of a penalty of half a row's squares for each of its examples. */
        void penalise(float penalty, Parameter parameter, float[] gradients) {
            if (parameter == null || penalty == 0) {
                return;
            }
            int columns = parameter.columns();
            float[] values = parameter.values();
            for (int i = 0; i < rows.length; i++) {
                float share = penalty * counts[i];
                for (int c = 0; c < columns; c++) {
                    gradients[i * columns + c] += share * values[rows[i] * columns + c];
                }
            }
        }

        int place(int row) {
            return places[row];
        }

        int[] rows() {
            return rows;
        }

        float[] factorGradients() {
            return factorGradients;
        }

        float[] vectorGradients() {
            return vectorGradients;
        }
    }
}
