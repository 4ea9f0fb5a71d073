package io.nextclick.models.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import io.nextclick.models.network.Parameter;
import io.nextclick.models.network.SessionNetwork;
import io.nextclick.models.training.NetworkTraining.PaddedBatch;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What {@link NetworkTraining} is measured against: the same network, candidates and loss as DJL
 * trains them, with whole matrices as parameters in the engine and its Adam over all their rows at
 * every step. For networks that hide no targets. Not used to train anything.
 */
final class DenseTraining implements AutoCloseable {

    private final SessionNetwork network;
    private final TrainingOptions options;
    private final NDManager manager;
    private final UploadBuffer upload = new UploadBuffer();
    private final Map<Parameter, NDArray> weights = new LinkedHashMap<>();
    private final Optimizer adam;
    private final CandidateSampler sampler;
    private final RankingLoss loss;
    private final SplittableRandom negatives;
    private final DropoutMask masks;

    /**
     * @param targetCounts how often each item is a target
     */
    DenseTraining(
            SessionNetwork network,
            long[] targetCounts,
            TrainingOptions options,
            NDManager parent,
            SplittableRandom random) {
        this.network = network;
        this.options = options;
        this.manager = parent.newSubManager();
        this.adam =
                Optimizer.adam()
                        .optLearningRateTracker(Tracker.fixed((float) options.learningRate()))
                        .build();
        this.sampler =
                new CandidateSampler(
                        targetCounts,
                        new NegativeSampler(targetCounts, options.alpha(), options.uniform()),
                        options.negatives(),
                        options.inBatchNegatives(),
                        options.logQ());
        this.loss = RankingLoss.of(options, network.items());
        this.negatives = random.split();
        this.masks = new DropoutMask(random.split());
        for (Parameter parameter : network.parameters()) {
            NDArray array =
                    manager.create(
                            parameter.values(), new Shape(parameter.rows(), parameter.columns()));
            array.setRequiresGradient(true);
            weights.put(parameter, array);
        }
    }

    /** One step; returns the loss before it. */
    float step(int[][] sessions) {
        PaddedBatch batch = PaddedBatch.of(Arrays.stream(sessions).map(Window::new).toList());
        Candidates candidates = sampler.draw(batch.targets(), negatives);
        upload.clear();
        float value;
        try (NDManager step = manager.newSubManager();
                GradientTape tape = GradientTape.open(step)) {
            // What is computed from the weights then belongs to the step.
            weights.values().forEach(array -> array.tempAttach(step));
            NDArray mean = forward(step, batch, candidates);
            tape.backward(mean);
            value = mean.getFloat();
        }
        weights.forEach(
                (parameter, array) -> {
                    try (NDArray gradient = array.getGradient()) {
                        adam.update(parameter.name(), array, gradient);
                        gradient.subi(gradient); // as DJL's gradient collector does
                    }
                });
        return value;
    }

    private NDArray forward(NDManager step, PaddedBatch batch, Candidates candidates) {
        NDArray indexes = upload.indexes(step, batch.inputs(), batch.sessions(), batch.longest());
        NDArray embedded = NetworkTraining.rows(weights.get(network.embedding()), indexes);
        NDArray drawn = upload.indexes(step, candidates.items(), candidates.items().length);
        NDArray outputs = NetworkTraining.rows(weights.get(network.outputWeight()), drawn);
        NDArray biases = NetworkTraining.rows(weights.get(network.outputBias()), drawn);
        NDList encoder = new NDList();
        for (Parameter parameter : network.encoder()) {
            NDArray array = weights.get(parameter);
            encoder.add(parameter.rows() == 1 ? array.reshape(-1) : array);
        }
        NDArray places = upload.indexes(step, batch.positions(), batch.positions().length);
        NDArray queries =
                network.queries(
                        embedded,
                        upload.indexes(step, batch.lengths(), batch.sessions()),
                        places,
                        encoder,
                        NetworkTraining.dropout(step, upload, masks, options));
        NDArray scores = queries.matMul(outputs.transpose()).add(biases.reshape(1, -1)); // [N, C]
        return loss.of(step, upload, scores, candidates);
    }

    @Override
    public void close() {
        manager.close();
    }
}
