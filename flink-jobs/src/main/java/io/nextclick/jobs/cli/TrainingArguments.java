package io.nextclick.jobs.cli;

import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.training.TrainingOptions;
import io.nextclick.models.training.TrainingOptions.ItemOptimizer;
import io.nextclick.models.training.TrainingOptions.Loss;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How a model is trained; the defaults are those of {@link TrainingOptions}. */
final class TrainingArguments {

    private static final TrainingOptions USUAL = TrainingOptions.DEFAULTS;

    @Option(names = "--embedding-size", description = "Length of an item's vector.")
    private int embeddingSize = USUAL.embeddingSize();

    @Option(
            names = "--hidden-size",
            description = "Length of the session's state. Default: the embedding size.")
    private Integer hiddenSize;

    @Option(
            names = "--tied",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Use one item matrix for input and output.")
    private boolean tied;

    @Option(
            names = "--embedding-dropout",
            description = "Share of embedding values dropped in training.")
    private double embeddingDropout = USUAL.embeddingDropout();

    @Option(
            names = "--hidden-dropout",
            description = "Share of state values dropped before scoring in training.")
    private double hiddenDropout = USUAL.hiddenDropout();

    @Option(names = "--epochs", description = "The most epochs.")
    private int epochs = USUAL.epochs();

    @Option(
            names = "--patience",
            description = "Epochs without a better validation MRR@20 before training stops.")
    private int patience = USUAL.patience();

    @Option(names = "--batch", description = "About how many predictions make a batch.")
    private int batchPredictions = USUAL.batchPredictions();

    @Option(names = "--learning-rate", description = "Peak learning rate.")
    private double learningRate = USUAL.learningRate();

    @Option(
            names = "--item-learning-rate",
            description = "Peak learning rate of the item vectors; 0: the learning rate.")
    private double itemLearningRate = USUAL.itemLearningRate();

    @Option(names = "--warm-up", description = "Share of all steps over which the rate rises.")
    private double warmUp = USUAL.warmUp();

    @Option(names = "--final-rate", description = "What the rate falls to, as a share of the peak.")
    private double finalRate = USUAL.finalRate();

    @Option(
            names = "--item-optimizer",
            description = "How item vectors are learnt: ${COMPLETION-CANDIDATES}.")
    private ItemOptimizer itemOptimizer = USUAL.itemOptimizer();

    @Option(
            names = "--momentum",
            description =
                    "With Adagrad: share of an item vector's last movement that its next one"
                            + " carries on.")
    private double momentum = USUAL.momentum();

    @Option(names = "--weight-decay", description = "Decoupled weight decay of the item vectors.")
    private double weightDecay = USUAL.weightDecay();

    @Option(names = "--vector-norm", description = "Length that item vectors are kept at; 0: any.")
    private double vectorNorm = USUAL.vectorNorm();

    @Option(
            names = "--gradient-norm",
            description = "The most the norm of all gradients may be; 0: no bound.")
    private double gradientNorm = USUAL.gradientNorm();

    @Option(names = "--negatives", description = "Sampled negatives shared by a batch.")
    private int negatives = USUAL.negatives();

    @Option(names = "--alpha", description = "Exponent of the clicks that negatives are drawn by.")
    private double alpha = USUAL.alpha();

    @Option(
            names = "--uniform",
            paramLabel = "SHARE",
            description =
                    "Share of negatives drawn uniformly. Default: 0.1; with gbce, whose calibration"
                            + " presumes it, 1.")
    private Double uniform;

    @Option(
            names = "--in-batch-negatives",
            negatable = true,
            defaultValue = "false",
            fallbackValue = "true",
            description = "Use the batch's other targets as negatives too.")
    private boolean inBatchNegatives;

    @Option(
            names = "--log-q",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Correct the scores of negatives for how often they are drawn.")
    private boolean logQ;

    @Option(
            names = "--full-softmax-up-to",
            paramLabel = "ITEMS",
            description = "Catalogues up to this size are scored whole instead of sampled.")
    private int fullSoftmaxUpTo = USUAL.fullSoftmaxUpTo();

    @Option(names = "--loss", description = "What is made smaller: ${COMPLETION-CANDIDATES}.")
    private Loss loss = USUAL.loss();

    @Option(
            names = "--label-smoothing",
            description =
                    "With cross-entropy: share of the target's mass spread over the negatives.")
    private double labelSmoothing = USUAL.labelSmoothing();

    @Option(
            names = "--score-regularization",
            description = "With bpr-max: how strongly scores of negatives are drawn to zero.")
    private double scoreRegularization = USUAL.scoreRegularization();

    @Option(
            names = "--calibration",
            description = "With gbce: from 0, plain binary cross-entropy, to 1, calibrated scores.")
    private double calibration = USUAL.calibration();

    @Option(
            names = "--training-length",
            paramLabel = "CLICKS",
            description = "Longer sessions are trained on in pieces of this many clicks.")
    private int maximumLength = USUAL.maximumLength();

    @Option(
            names = "--validation",
            paramLabel = "SHARE",
            description = "Share of the sessions, the latest ones, held out to choose the epoch.")
    private double validationFraction = USUAL.validationFraction();

    @Option(
            names = "--validation-sessions",
            paramLabel = "N",
            description = "The most sessions of them that are ranked.")
    private int validationSessions = USUAL.validationSessions();

    @Option(
            names = "--refit",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Train once more on all sessions for the best number of epochs.")
    private boolean refit;

    @Option(names = "--seed", description = "Same seed, data and machine: same model.")
    private long seed = USUAL.seed();

    @Option(names = "--threads", description = "Threads of the engine; 0: as many as it chooses.")
    private int threads = USUAL.threads();

    TrainingOptions options(CommandSpec spec, NetworkKind network) {
        try {
            return USUAL.toBuilder()
                    .network(network)
                    .embeddingSize(embeddingSize)
                    .hiddenSize(hiddenSize == null ? embeddingSize : hiddenSize)
                    .tied(tied)
                    .embeddingDropout(embeddingDropout)
                    .hiddenDropout(hiddenDropout)
                    .epochs(epochs)
                    .patience(patience)
                    .batchPredictions(batchPredictions)
                    .learningRate(learningRate)
                    .itemLearningRate(itemLearningRate)
                    .warmUp(warmUp)
                    .finalRate(finalRate)
                    .itemOptimizer(itemOptimizer)
                    .momentum(momentum)
                    .weightDecay(weightDecay)
                    .vectorNorm(vectorNorm)
                    .gradientNorm(gradientNorm)
                    .negatives(negatives)
                    .alpha(alpha)
                    .uniform(uniform())
                    .inBatchNegatives(inBatchNegatives)
                    .logQ(logQ)
                    .fullSoftmaxUpTo(fullSoftmaxUpTo)
                    .loss(loss)
                    .labelSmoothing(labelSmoothing)
                    .scoreRegularization(scoreRegularization)
                    .calibration(calibration)
                    .maximumLength(maximumLength)
                    .validationFraction(validationFraction)
                    .validationSessions(validationSessions)
                    .refit(refit)
                    .seed(seed)
                    .threads(threads)
                    .build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private double uniform() {
        if (uniform != null) {
            return uniform;
        }
        return loss == Loss.GBCE ? 1 : USUAL.uniform();
    }
}
