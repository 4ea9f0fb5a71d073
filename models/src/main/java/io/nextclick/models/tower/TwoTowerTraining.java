package io.nextclick.models.tower;

import io.nextclick.models.tower.TowerEngine.Batch;
import io.nextclick.models.tower.TowerEngine.Gradients;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * One step on a batch: composes what the engine reads from the rows that the batch touches, and
 * spreads the gradients that come back over those rows. Works in arrays that it keeps from step to
 * step.
 *
 * <p>Shapes: B = examples, C = candidates, U = different items of the sessions, D = dimension, N =
 * history, H = hidden, I = inputs of the hidden layer.
 */
final class TwoTowerTraining implements AutoCloseable {

    private static final float EPSILON = 1e-10f;

    private final TwoTowerOptions options;
    private final TowerState state;
    private final RowTable table;
    private final TowerEngine engine;
    private final int dimension;
    private final int history;

    // The batch. Slots of the U items of its sessions; each example's items as places among them,
    // the latest first, [B, N], and how many they are, [B]; candidates' slots, [C].
    private int[] inputSlots = new int[1024];
    private int inputCount;
    private final int[] places;
    private final int[] lengths;
    private int[] candidateSlots = new int[1024];
    private int candidateCount;
    private final int[] targets;
    private final int[][] profiles;

    private float[] inputs = new float[0]; // [U, D]
    private float[] candidates = new float[0]; // [C, D]
    private float[] corrections = new float[0]; // [C]
    private final float[] joined; // [B, I]
    private final float[] residual; // [B, D]
    private final float[] hiddenBias; // [B, H]

    // Rows in turn to be changed and their gradients.
    private int[] rowSlots = new int[1024];
    private int rowCount;
    private float[] rowGradients = new float[0];

    TwoTowerTraining(TowerState state) {
        this.options = state.options;
        this.state = state;
        this.table = state.table;
        this.engine = new TowerEngine(options);
        this.dimension = options.dimension();
        this.history = options.history();
        int most = options.batchExamples();
        places = new int[most * history];
        lengths = new int[most];
        targets = new int[most];
        profiles = new int[most][];
        joined = new float[most * state.query.inputs];
        residual = new float[most * dimension];
        hiddenBias = new float[most * options.hidden()];
    }

    /**
     * Trains the examples whose rows are still there. If the loss or a gradient isn't finite, no
     * row and no weight is changed.
     */
    TowerStep step(List<TowerExample> examples) {
        int count = gather(examples);
        state.steps++;
        if (count == 0) {
            return new TowerStep(state.steps, 0, 0, 0, 0);
        }
        int poolFrom = addNegatives();
        compose(count);
        Gradients gradients =
                engine.step(
                        new Batch(
                                count,
                                candidateCount,
                                joined,
                                residual,
                                hiddenBias,
                                candidates,
                                corrections,
                                targets,
                                poolFrom),
                        state.query);
        if (gradients.finite()) {
            apply(count, gradients);
        }
        state.examples += count;
        return new TowerStep(
                state.steps,
                count,
                candidateCount,
                gradients.loss(),
                (double) gradients.found() / count);
    }

    /** Finds the rows; what has none is left out. Returns B. */
    private int gather(List<TowerExample> examples) {
        int count = 0;
        inputCount = 0;
        candidateCount = 0;
        int[] exampleSlots = new int[options.batchExamples()];
        for (TowerExample example : examples) {
            int target = table.item(example.target());
            if (target == RowTable.NONE) {
                state.notAdmitted++;
                continue;
            }
            int read = 0;
            List<String> items = example.items();
            for (int i = items.size() - 1; i >= 0 && read < history; i--) {
                int slot = table.item(items.get(i));
                if (slot == RowTable.NONE) {
                    continue;
                }
                int place = table.scratch[slot];
                if (place == RowTable.NONE) {
                    place = inputCount++;
                    table.scratch[slot] = place;
                    if (place == inputSlots.length) {
                        inputSlots = Arrays.copyOf(inputSlots, 2 * place);
                    }
                    inputSlots[place] = slot;
                }
                places[count * history + read++] = place;
            }
            if (read == 0) {
                state.notAdmitted++;
                continue;
            }
            lengths[count] = read;
            exampleSlots[count] = target;
            profiles[count] = profile(example);
            count++;
        }
        forget(inputSlots, inputCount);
        for (int i = 0; i < count; i++) {
            targets[i] = candidate(exampleSlots[i]);
        }
        return count;
    }

    /** The slot of the user's row, or {@link RowTable#NONE}, then those of the context's rows. */
    private int[] profile(TowerExample example) {
        if (!options.profiles()) {
            return null;
        }
        long[] keys =
                options.contexts()
                        ? TowerWeights.contextKeys(example.context(), options.maximumFeatures())
                        : new long[0];
        int[] slots = new int[1 + keys.length];
        boolean known = options.users() && example.userId() != null;
        slots[0] =
                known
                        ? table.find(RowKeys.of(RowKeys.USER, example.userId()), null)
                        : RowTable.NONE;
        for (int i = 0; i < keys.length; i++) {
            slots[1 + i] = table.find(keys[i], null);
        }
        return slots;
    }

    /** The item's place among the candidates, where it is put if it isn't there. */
    private int candidate(int slot) {
        int place = table.scratch[slot];
        if (place == RowTable.NONE) {
            place = candidateCount++;
            table.scratch[slot] = place;
            if (place == candidateSlots.length) {
                candidateSlots = Arrays.copyOf(candidateSlots, 2 * place);
            }
            candidateSlots[place] = slot;
        }
        return place;
    }

    private void forget(int[] slots, int count) {
        for (int i = 0; i < count; i++) {
            table.scratch[slots[i]] = RowTable.NONE;
        }
    }

    /** Puts extra negatives behind the targets. Returns where the pool of hard ones begins. */
    private int addNegatives() {
        int inBatch = candidateCount;
        int size = state.recent.size();
        if (options.negatives() >= size) {
            for (int i = 0; i < size; i++) {
                candidate(state.recent.slot(i));
            }
        } else {
            for (int i = 0; i < options.negatives(); i++) {
                candidate(state.recent.slot(state.recent.draw(size)));
            }
        }
        forget(candidateSlots, candidateCount);
        correct(inBatch);
        return options.hardNegatives() > 0 ? inBatch : candidateCount;
    }

    /**
     * Works out − log π: an item is a candidate unless it is neither among the batch's targets, by
     * the estimate of its frequency, nor drawn from the recent items, whose chance is known. Hard
     * negatives are chosen, not drawn: each stands for itself alone.
     */
    private void correct(int inBatch) {
        if (corrections.length < candidateCount) {
            corrections = new float[candidateCount * 5 / 4];
        }
        int batch = (int) Math.min(Integer.MAX_VALUE, state.steps);
        for (int c = 0; c < inBatch; c++) {
            state.frequency.occurred(table.keys[candidateSlots[c]], batch);
        }
        // An item of which nothing is known yet is taken for an average one.
        double average = Math.min(1, (double) inBatch / table.rows(RowTable.ITEM));
        boolean pool = options.hardNegatives() > 0;
        double missed = pool ? 1 : missedByDraws();
        for (int c = 0; c < candidateCount; c++) {
            int slot = candidateSlots[c];
            if (pool && c >= inBatch) {
                corrections[c] = 0;
                continue;
            }
            double absent = 1 - state.frequency.probability(table.keys[slot], average);
            if (state.recent.contains(slot)) {
                absent *= missed;
            }
            corrections[c] = (float) -Math.log1p(-absent);
        }
    }

    /** The chance that one of the recent items is in none of the draws. */
    private double missedByDraws() {
        int size = state.recent.size();
        int draws = options.negatives();
        return draws >= size ? 0 : Math.pow(1 - 1.0 / size, draws);
    }

    /** Vectors of the batch's items, and what the query tower makes of its sessions without it. */
    private void compose(int count) {
        inputs = room(inputs, inputCount * dimension);
        for (int u = 0; u < inputCount; u++) {
            table.compose(inputSlots[u], dimension, inputs, u * dimension);
        }
        candidates = room(candidates, candidateCount * dimension);
        for (int c = 0; c < candidateCount; c++) {
            table.compose(candidateSlots[c], 0, candidates, c * dimension);
        }
        QueryParameters query = state.query;
        int hidden = options.hidden();
        for (int b = 0; b < count; b++) {
            int first = b * query.inputs;
            System.arraycopy(inputs, places[b * history] * dimension, joined, first, dimension);
            Arrays.fill(joined, first + dimension, first + query.inputs, 0);
            for (int k = 0; k < lengths[b]; k++) {
                int from = places[b * history + k] * dimension;
                int weights = k * dimension;
                for (int c = 0; c < dimension; c++) {
                    joined[first + dimension + c] +=
                            query.positions[weights + c] * inputs[from + c];
                }
            }
            addProfile(profiles[b], first + 2 * dimension);
            for (int c = 0; c < dimension; c++) {
                residual[b * dimension + c] = joined[first + dimension + c];
            }
            if (options.profiles()) {
                for (int c = 0; c < dimension; c++) {
                    residual[b * dimension + c] += joined[first + 2 * dimension + c];
                }
            }
            System.arraycopy(
                    query.hiddenBias, (lengths[b] - 1) * hidden, hiddenBias, b * hidden, hidden);
        }
    }

    private void addProfile(int[] slots, int at) {
        for (int i = 0; slots != null && i < slots.length; i++) {
            if (slots[i] == RowTable.NONE) {
                continue;
            }
            float share = share(slots, i);
            float[] values = table.values(slots[i]);
            int from = table.at(slots[i]) + dimension;
            for (int c = 0; c < dimension; c++) {
                joined[at + c] += share * values[from + c];
            }
        }
    }

    /** The weight of the i-th row of a profile: the user counts whole, a context as a mean. */
    private static float share(int[] slots, int i) {
        return i == 0 ? 1 : 1f / (slots.length - 1);
    }

    private static float[] room(float[] array, int size) {
        return array.length >= size ? array : new float[size + size / 4];
    }

    private void apply(int count, Gradients gradients) {
        float[] positions = new float[state.query.positions.length];
        float[] bias = new float[state.query.hiddenBias.length];
        gatherInputGradients(count, gradients, positions, bias);
        updateRows(1);
        gatherCandidateGradients(gradients.items());
        updateRows(0);
        Map<String, float[]> weights = gradients.weights();
        weights.put(TowerWeights.POSITIONS, positions);
        weights.put(TowerWeights.HIDDEN_BIAS, bias);
        state.query.update(weights, 1f / count, options.denseLearningRate());
    }

    /** From the gradients of joined, residual and bias to those of rows, positions and biases. */
    private void gatherInputGradients(
            int count, Gradients gradients, float[] positions, float[] bias) {
        QueryParameters query = state.query;
        int hidden = options.hidden();
        float[] weighted = new float[dimension];
        beginRows(inputSlots, inputCount);
        Arrays.fill(rowGradients, 0, inputCount * dimension, 0);
        for (int b = 0; b < count; b++) {
            int first = b * query.inputs;
            for (int c = 0; c < dimension; c++) {
                weighted[c] =
                        gradients.joined()[first + dimension + c]
                                + gradients.residual()[b * dimension + c];
            }
            int last = places[b * history] * dimension;
            for (int c = 0; c < dimension; c++) {
                rowGradients[last + c] += gradients.joined()[first + c];
            }
            for (int k = 0; k < lengths[b]; k++) {
                int row = places[b * history + k] * dimension;
                int weights = k * dimension;
                for (int c = 0; c < dimension; c++) {
                    positions[weights + c] += weighted[c] * inputs[row + c];
                    rowGradients[row + c] += weighted[c] * query.positions[weights + c];
                }
            }
            int biases = (lengths[b] - 1) * hidden;
            for (int h = 0; h < hidden; h++) {
                bias[biases + h] += gradients.hiddenBias()[b * hidden + h];
            }
        }
        spreadOverFeatures(inputCount);
        for (int b = 0; b < count; b++) {
            spreadOverProfile(b, gradients);
        }
        forget(rowSlots, rowCount);
    }

    private void spreadOverProfile(int b, Gradients gradients) {
        int[] slots = profiles[b];
        int from = b * state.query.inputs + 2 * dimension;
        for (int i = 0; slots != null && i < slots.length; i++) {
            if (slots[i] == RowTable.NONE) {
                continue;
            }
            float share = share(slots, i);
            int to = row(slots[i]) * dimension;
            for (int c = 0; c < dimension; c++) {
                rowGradients[to + c] +=
                        share
                                * (gradients.joined()[from + c]
                                        + gradients.residual()[b * dimension + c]);
            }
        }
    }

    private void gatherCandidateGradients(float[] gradients) {
        beginRows(candidateSlots, candidateCount);
        System.arraycopy(gradients, 0, rowGradients, 0, candidateCount * dimension);
        spreadOverFeatures(candidateCount);
        forget(rowSlots, rowCount);
    }

    /** The first rows to change, each once; others are found by {@link #row}. */
    private void beginRows(int[] slots, int count) {
        rowSlots = rowSlots.length >= count ? rowSlots : new int[2 * count];
        System.arraycopy(slots, 0, rowSlots, 0, count);
        rowCount = count;
        for (int i = 0; i < count; i++) {
            table.scratch[slots[i]] = i;
        }
        rowGradients = room(rowGradients, count * dimension);
    }

    /** The place of a row among those to be changed, with a gradient of zero if it is new. */
    private int row(int slot) {
        int place = table.scratch[slot];
        if (place == RowTable.NONE) {
            place = rowCount++;
            table.scratch[slot] = place;
            if (place == rowSlots.length) {
                rowSlots = Arrays.copyOf(rowSlots, 2 * place);
            }
            rowSlots[place] = slot;
            int end = rowCount * dimension;
            if (rowGradients.length < end) {
                rowGradients = Arrays.copyOf(rowGradients, 2 * end);
            }
            Arrays.fill(rowGradients, place * dimension, end, 0);
        }
        return place;
    }

    /** An item's vector is its row plus the mean of its features': so is the gradient spread. */
    private void spreadOverFeatures(int items) {
        for (int i = 0; i < items; i++) {
            int[] features = table.features[rowSlots[i]];
            if (features == null) {
                continue;
            }
            float share = 1f / features.length;
            int from = i * dimension;
            for (int feature : features) {
                int to = row(feature) * dimension;
                for (int c = 0; c < dimension; c++) {
                    rowGradients[to + c] += share * rowGradients[from + c];
                }
            }
        }
    }

    /**
     * Row-wise Adagrad on the rows that were gathered: {@code a ← keep · a + mean(g²)}, {@code w ←
     * w − rate · g / √a}.
     *
     * @param part 0 for output parts, 1 for input parts
     */
    private void updateRows(int part) {
        float keep = (float) options.accumulatorDecay();
        for (int i = 0; i < rowCount; i++) {
            int from = i * dimension;
            float squares = 0;
            for (int c = from; c < from + dimension; c++) {
                squares += rowGradients[c] * rowGradients[c];
            }
            if (squares == 0) {
                continue;
            }
            int slot = rowSlots[i];
            if (!options.ids() && table.kinds[slot] == RowTable.ITEM) {
                continue; // stays zero, so that the item's vectors are its features' alone
            }
            state.mark(slot);
            int cell = 2 * slot + part;
            float before = table.accumulators[cell];
            float after = keep * before + squares / dimension;
            table.accumulators[cell] = after;
            table.growth[cell] += after - before;
            float step = (float) options.rowLearningRate() / ((float) Math.sqrt(after) + EPSILON);
            float[] values = table.values(slot);
            int to = table.at(slot) + part * dimension;
            for (int c = 0; c < dimension; c++) {
                values[to + c] -= step * rowGradients[from + c];
            }
        }
    }

    @Override
    public void close() {
        engine.close();
    }
}
