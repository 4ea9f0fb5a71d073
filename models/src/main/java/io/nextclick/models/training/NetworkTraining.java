package io.nextclick.models.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.core.Embedding;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.network.Dropout;
import io.nextclick.models.network.Parameter;
import io.nextclick.models.network.SessionNetwork;
import io.nextclick.models.training.TrainingListener.Validation;
import io.nextclick.models.training.TrainingOptions.ItemOptimizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * One network in training: a step gathers the item rows its batch touches, uploads them as leaves
 * of the gradient tape, runs forward and backward in the engine, and lets the optimisers change
 * those rows. Everything native belongs to the step's own manager and is gone at its end.
 *
 * <p>Shapes: B = sessions of the batch, T = clicks of its longest session less one, E = embedding
 * size, H = size of a query, N = predictions, C = candidates, V = items, U = touched item rows.
 */
final class NetworkTraining {

    /** Scores at a time in validation, to bound [N, V]. */
    private static final int SCORES_AT_ONCE = 16 << 20;

    /** Predictions ranked at a time in validation, to bound [B, T, H]. */
    private static final int PREDICTIONS_AT_ONCE = 4096;

    private final SessionNetwork network;
    private final TrainingOptions options;
    private final boolean fullSoftmax;
    private final NDManager manager;
    private final UploadBuffer upload = new UploadBuffer();
    private final Map<Parameter, RowOptimizer> optimizers = new LinkedHashMap<>();
    private final CandidateSampler sampler;
    private final RankingLoss loss;
    private SplittableRandom negatives;
    private DropoutMask masks;
    private SplittableRandom hiding;
    private final int[] places;
    private final float itemRateFactor;

    /**
     * @param targetCounts how often each item is a target
     * @param manager parent of each step's manager
     */
    NetworkTraining(
            SessionNetwork network,
            long[] targetCounts,
            TrainingOptions options,
            boolean fullSoftmax,
            NDManager manager,
            SplittableRandom random) {
        this.network = network;
        this.options = options;
        this.fullSoftmax = fullSoftmax;
        this.manager = manager;
        this.loss = RankingLoss.of(options, network.items());
        this.sampler =
                new CandidateSampler(
                        targetCounts,
                        new NegativeSampler(targetCounts, options.alpha(), options.uniform()),
                        options.negatives(),
                        options.inBatchNegatives(),
                        options.logQ());
        this.itemRateFactor =
                options.itemLearningRate() == 0
                        ? 1
                        : (float) (options.itemLearningRate() / options.learningRate());
        this.places = new int[network.items()];
        Arrays.fill(places, -1);
        for (Parameter parameter : network.parameters()) {
            optimizers.put(parameter, optimizer(parameter));
            if (ofItemVectors(parameter)) {
                rescale(parameter, null);
            }
        }
        drawBy(random);
    }

    /** Lets all that the steps to come draw depend on this generator alone. */
    void drawBy(SplittableRandom random) {
        negatives = random.split();
        masks = new DropoutMask(random.split());
        hiding = random.split();
    }

    private RowOptimizer optimizer(Parameter parameter) {
        boolean items = ofItems(parameter);
        if (items && options.itemOptimizer() == ItemOptimizer.ADAGRAD) {
            return new RowAdagrad(parameter, options.momentum());
        }
        boolean vectors = items && parameter.columns() > 1;
        return new RowAdam(parameter, vectors ? (float) options.weightDecay() : 0);
    }

    private boolean ofItemVectors(Parameter parameter) {
        return parameter == network.embedding() || parameter == network.outputWeight();
    }

    /** Puts rows (null: all) back on the sphere that item vectors are kept on, if they are. */
    private void rescale(Parameter parameter, int[] rows) {
        if (options.vectorNorm() == 0) {
            return;
        }
        float[] values = parameter.values();
        int columns = parameter.columns();
        int count = rows == null ? parameter.rows() : rows.length;
        for (int i = 0; i < count; i++) {
            int from = (rows == null ? i : rows[i]) * columns;
            double squares = 1e-12;
            for (int c = from; c < from + columns; c++) {
                squares += (double) values[c] * values[c];
            }
            float factor = (float) (options.vectorNorm() / Math.sqrt(squares));
            for (int c = from; c < from + columns; c++) {
                values[c] *= factor;
            }
        }
    }

    private boolean ofItems(Parameter parameter) {
        return !network.encoder().contains(parameter);
    }

    /** A leaf of the tape: rows of a parameter (null: all) and the array that stands for them. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Leaf(Parameter parameter, int[] rows, NDArray array) {}

    /**
     * A batch as the engine reads it.
     *
     * @param inputs item rows [B, T]
     * @param lengths inputs of each session, B
     * @param targets item rows that are to be found, N
     * @param positions where among the inputs each is asked for, N
     */
    @SuppressWarnings("ArrayRecordComponent")
    record PaddedBatch(
            int sessions,
            int longest,
            int[] inputs,
            int[] lengths,
            int[] targets,
            int[] positions) {

        static PaddedBatch of(List<Window> batch) {
            int longest = 0;
            int predictions = 0;
            for (Window window : batch) {
                longest = Math.max(longest, window.inputs());
                predictions += window.predictions();
            }
            int[] inputs = new int[batch.size() * longest];
            int[] lengths = new int[batch.size()];
            int[] targets = new int[predictions];
            int[] positions = new int[predictions];
            int n = 0;
            for (int b = 0; b < batch.size(); b++) {
                int[] items = batch.get(b).items();
                lengths[b] = items.length - 1;
                for (int t = 0; t < longest; t++) {
                    // Behind its end a session repeats its last input; no prediction reads it.
                    inputs[b * longest + t] = items[Math.min(t, items.length - 2)];
                    if (t + 1 < items.length && t + 1 >= batch.get(b).firstTarget()) {
                        positions[n] = b * longest + t;
                        targets[n++] = items[t + 1];
                    }
                }
            }
            return new PaddedBatch(batch.size(), longest, inputs, lengths, targets, positions);
        }

        /** A batch in which the network has to find what is hidden. */
        static PaddedBatch ofMasked(List<MaskedSession> batch) {
            int longest = 0;
            int predictions = 0;
            for (MaskedSession session : batch) {
                longest = Math.max(longest, session.items().length);
                predictions += session.hidden().length;
            }
            int[] inputs = new int[batch.size() * longest];
            int[] lengths = new int[batch.size()];
            int[] targets = new int[predictions];
            int[] positions = new int[predictions];
            int n = 0;
            for (int b = 0; b < batch.size(); b++) {
                MaskedSession session = batch.get(b);
                int[] items = session.items();
                lengths[b] = items.length;
                // What the network doesn't read is one of the items that it does read, so that no
                // other row is touched, and none that is hidden can leak.
                Arrays.fill(inputs, b * longest, (b + 1) * longest, session.firstShown());
                System.arraycopy(items, 0, inputs, b * longest, items.length);
                for (int hidden : session.hidden()) {
                    inputs[b * longest + hidden] = session.firstShown();
                    positions[n] = b * longest + hidden;
                    targets[n++] = items[hidden];
                }
            }
            return new PaddedBatch(batch.size(), longest, inputs, lengths, targets, positions);
        }
    }

    /**
     * One step on a batch.
     *
     * @param sessions item rows, at least 2 each
     * @return the loss before the step; if it, or a gradient, is not finite, nothing is changed
     */
    float step(int[][] sessions, float learningRate) {
        PaddedBatch batch = batch(sessions);
        Candidates candidates =
                fullSoftmax
                        ? Candidates.wholeCatalogue(batch.targets())
                        : sampler.draw(batch.targets(), negatives);
        upload.clear();
        try (NDManager step = manager.newSubManager();
                GradientTape tape = GradientTape.open(step)) {
            List<Leaf> leaves = new ArrayList<>();
            NDArray mean = forward(step, batch, candidates, leaves);
            tape.backward(mean);
            float value = mean.getFloat();
            return apply(leaves, value, learningRate) ? value : Float.NaN;
        }
    }

    private PaddedBatch batch(int[][] sessions) {
        if (!network.hidesTargets()) {
            return PaddedBatch.of(Arrays.stream(sessions).map(Window::new).toList());
        }
        List<MaskedSession> masked = new ArrayList<>(sessions.length);
        for (int[] session : sessions) {
            masked.add(
                    MaskedSession.draw(session, options.maskShare(), options.nextShare(), hiding));
        }
        return PaddedBatch.ofMasked(masked);
    }

    private NDArray forward(
            NDManager step, PaddedBatch batch, Candidates candidates, List<Leaf> leaves) {
        int[] inputPlaces = new int[batch.inputs().length];
        NDArray inputRows; // [U, E]
        NDArray outputRows; // [C, H]
        if (network.tied()) {
            int[] rows = touched(candidates.items(), batch.inputs(), inputPlaces);
            inputRows = leaf(step, network.outputWeight(), rows, leaves);
            outputRows =
                    rows == null
                            ? inputRows
                            : inputRows.get(
                                    new NDIndex().addSliceDim(0, candidates.items().length));
        } else {
            int[] rows = touched(new int[0], batch.inputs(), inputPlaces);
            inputRows = leaf(step, network.embedding(), rows, leaves);
            outputRows = leaf(step, network.outputWeight(), candidates.items(), leaves);
        }
        NDArray bias = leaf(step, network.outputBias(), candidates.items(), leaves); // [C, 1]
        NDList encoder = new NDList();
        for (Parameter parameter : network.encoder()) {
            NDArray weights = leaf(step, parameter, null, leaves);
            encoder.add(parameter.rows() == 1 ? weights.reshape(-1) : weights);
        }
        NDArray embedded = // [B, T, E]
                rows(
                        inputRows,
                        upload.indexes(step, inputPlaces, batch.sessions(), batch.longest()));
        NDArray places = upload.indexes(step, batch.positions(), batch.positions().length); // [N]
        NDArray queries =
                network.queries( // [N, H]
                        embedded,
                        upload.indexes(step, batch.lengths(), batch.sessions()),
                        places,
                        encoder,
                        dropout(step, upload, masks, options));
        NDArray scores = queries.matMul(outputRows.transpose()).add(bias.reshape(1, -1)); // [N, C]
        return loss.of(step, upload, scores, candidates);
    }

    /** Dropout of one step, by masks that the step owns. */
    static Dropout dropout(
            NDManager step, UploadBuffer upload, DropoutMask masks, TrainingOptions options) {
        return new Dropout() {
            @Override
            public NDArray ofEmbedded(NDArray values) {
                return masks.apply(step, upload, values, options.embeddingDropout());
            }

            @Override
            public NDArray ofHidden(NDArray values) {
                return masks.apply(step, upload, values, options.hiddenDropout());
            }
        };
    }

    /**
     * The item rows to upload: {@code first} in order, then inputs that aren't among them.
     *
     * @param first null for the whole catalogue
     * @param inputPlaces receives each input's place among the result
     * @return null for the whole catalogue
     */
    private int[] touched(int[] first, int[] inputs, int[] inputPlaces) {
        if (first == null) {
            System.arraycopy(inputs, 0, inputPlaces, 0, inputs.length);
            return null;
        }
        int[] rows = Arrays.copyOf(first, first.length + inputs.length);
        int size = 0;
        for (; size < first.length; size++) {
            places[first[size]] = size;
        }
        for (int i = 0; i < inputs.length; i++) {
            int item = inputs[i];
            if (places[item] < 0) {
                places[item] = size;
                rows[size++] = item;
            }
            inputPlaces[i] = places[item];
        }
        for (int i = 0; i < size; i++) {
            places[rows[i]] = -1;
        }
        return Arrays.copyOf(rows, size);
    }

    private NDArray leaf(NDManager step, Parameter parameter, int[] rows, List<Leaf> leaves) {
        optimizers.get(parameter).prepare(rows);
        NDArray array =
                rows == null
                        ? upload.floats(
                                step, parameter.values(), parameter.rows(), parameter.columns())
                        : upload.rows(
                                step, parameter.values(), parameter.columns(), rows, rows.length);
        array.setRequiresGradient(true);
        leaves.add(new Leaf(parameter, rows, array));
        return array;
    }

    /** The rows of a matrix that the indexes name. */
    static NDArray rows(NDArray matrix, NDArray indexes) {
        return Embedding.embedding(indexes, matrix, SparseFormat.DENSE).singletonOrThrow();
    }

    private boolean apply(List<Leaf> leaves, float mean, float learningRate) {
        List<float[]> gradients = new ArrayList<>(leaves.size());
        double squares = 0;
        for (Leaf leaf : leaves) {
            try (NDArray gradient = leaf.array().getGradient()) {
                float[] values = gradient.toFloatArray();
                gradients.add(values);
                for (float value : values) {
                    squares += (double) value * value;
                }
            }
        }
        double norm = Math.sqrt(squares);
        if (!Float.isFinite(mean) || !Double.isFinite(norm)) {
            return false;
        }
        double most = options.gradientNorm();
        float scale = most > 0 && norm > most ? (float) (most / norm) : 1;
        for (int i = 0; i < leaves.size(); i++) {
            Leaf leaf = leaves.get(i);
            float rate = ofItems(leaf.parameter()) ? learningRate * itemRateFactor : learningRate;
            optimizers.get(leaf.parameter()).update(leaf.rows(), gradients.get(i), scale, rate);
            if (ofItemVectors(leaf.parameter())) {
                rescale(leaf.parameter(), leaf.rows());
            }
        }
        return true;
    }

    /** Brings every row up to date; needed before the network is used for anything but steps. */
    void settle() {
        optimizers.values().forEach(optimizer -> optimizer.prepare(null));
    }

    /** The name of a parameter that holds a value that is no finite number, if there is one. */
    Optional<String> notFinite() {
        for (Parameter parameter : network.parameters()) {
            for (float value : parameter.values()) {
                if (!Float.isFinite(value)) {
                    return Optional.of(parameter.name());
                }
            }
        }
        return Optional.empty();
    }

    /**
     * All that the steps to come depend on besides options, data and generator: the parameters and
     * what the optimisers remember, by name. The arrays themselves, not copies.
     */
    Map<String, Tensor> state() {
        settle();
        Map<String, Tensor> state = new LinkedHashMap<>();
        for (Parameter parameter : network.parameters()) {
            float[] values = parameter.values();
            state.put(parameter.name(), new Tensor.Floats(values, values.length));
            optimizers
                    .get(parameter)
                    .state()
                    .forEach((name, tensor) -> state.put(parameter.name() + "/" + name, tensor));
        }
        return state;
    }

    /**
     * Goes on from where a training of the same network, options and data was.
     *
     * @param state its {@link #state()}
     * @throws IllegalArgumentException if it is that of another network or other optimisers
     */
    void resume(Map<String, Tensor> state) {
        Map<String, Tensor> own = state();
        if (!own.keySet().equals(state.keySet())) {
            throw new IllegalArgumentException(
                    "a training of " + own.keySet() + " can't go on from " + state.keySet());
        }
        own.forEach(
                (name, tensor) -> {
                    Tensor kept = state.get(name);
                    if (!kept.type().equals(tensor.type()) || kept.size() != tensor.size()) {
                        throw new IllegalArgumentException(
                                String.format(
                                        "%s has %d values of %s, %d of %s are needed",
                                        name,
                                        kept.size(),
                                        kept.type(),
                                        tensor.size(),
                                        tensor.type()));
                    }
                    System.arraycopy(array(kept), 0, array(tensor), 0, tensor.size());
                });
    }

    private static Object array(Tensor tensor) {
        if (tensor instanceof Tensor.Floats floats) {
            return floats.values();
        }
        if (tensor instanceof Tensor.Ints ints) {
            return ints.values();
        }
        return ((Tensor.Longs) tensor).values();
    }

    /** Ranks the targets of the windows among all items. */
    Validation validate(List<Window> windows) {
        settle();
        int atOnce = Math.max(1, Math.min(PREDICTIONS_AT_ONCE, SCORES_AT_ONCE / network.items()));
        List<Window> read = new ArrayList<>(windows.size());
        int most = network.maximumLength();
        windows.forEach(
                window ->
                        read.addAll(
                                network.hidesTargets()
                                        ? window.oneByOne(most)
                                        : window.within(most)));
        int predictions = 0;
        double hits = 0;
        double reciprocals = 0;
        try (NDManager weights = manager.newSubManager()) {
            NDArray output = matrix(weights, network.outputWeight()).transpose(); // [H, V]
            NDArray bias = matrix(weights, network.outputBias()).reshape(1, -1); // [1, V]
            NDList encoder = new NDList();
            for (Parameter parameter : network.encoder()) {
                NDArray array = matrix(weights, parameter);
                encoder.add(parameter.rows() == 1 ? array.reshape(-1) : array);
            }
            for (List<Window> together : TrainingBatches.inOrder(read, atOnce)) {
                PaddedBatch batch =
                        network.hidesTargets()
                                ? PaddedBatch.ofMasked(
                                        together.stream()
                                                .map(window -> MaskedSession.last(window.items()))
                                                .toList())
                                : PaddedBatch.of(together);
                upload.clear();
                try (NDManager step = weights.newSubManager()) {
                    NDArray queries = validationQueries(step, batch, encoder); // [N, H]
                    NDArray scores = queries.matMul(output).add(bias); // [N, V]
                    NDArray targets =
                            upload.indexes(step, batch.targets(), batch.targets().length, 1);
                    NDArray atLeast = scores.gte(scores.gather(targets, 1));
                    float[] counts =
                            atLeast.toType(DataType.FLOAT32, false)
                                    .sum(new int[] {1})
                                    .toFloatArray();
                    for (float count : counts) {
                        predictions++;
                        if (count <= 20) { // the target itself is counted: a rank from 1
                            hits++;
                            reciprocals += 1.0 / count;
                        }
                    }
                }
            }
        }
        return new Validation(predictions, hits / predictions, reciprocals / predictions);
    }

    private NDArray validationQueries(NDManager step, PaddedBatch batch, NDList encoder) {
        int[] inputPlaces = new int[batch.inputs().length];
        int[] touched = touched(new int[0], batch.inputs(), inputPlaces);
        Parameter vectors = network.embedding();
        NDArray rows =
                upload.rows(step, vectors.values(), vectors.columns(), touched, touched.length);
        NDArray embedded =
                rows(rows, upload.indexes(step, inputPlaces, batch.sessions(), batch.longest()));
        NDArray places = upload.indexes(step, batch.positions(), batch.positions().length);
        NDArray lengths = upload.indexes(step, batch.lengths(), batch.sessions());
        return network.queries(embedded, lengths, places, encoder, Dropout.NONE);
    }

    private static NDArray matrix(NDManager manager, Parameter parameter) {
        return manager.create(parameter.values(), new Shape(parameter.rows(), parameter.columns()));
    }
}
