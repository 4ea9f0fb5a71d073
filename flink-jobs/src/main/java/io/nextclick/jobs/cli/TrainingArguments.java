package io.nextclick.jobs.cli;

import io.nextclick.models.device.DeviceChoice;
import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.training.TrainingOptions;
import io.nextclick.models.training.TrainingOptions.ItemOptimizer;
import io.nextclick.models.training.TrainingOptions.Loss;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How a network is trained; what is left out is as {@link TrainingOptions#defaults} says. */
final class TrainingArguments {

    @Option(names = "--embedding-size", description = "Length of an item's vector.")
    private Integer embeddingSize;

    @Option(
            names = "--hidden-size",
            description =
                    "Length of GRU4Rec's state, by default the embedding size; of two-tower and"
                            + " content-towers, width of the query tower's hidden layer.")
    private Integer hiddenSize;

    @Option(
            names = "--tied",
            negatable = true,
            fallbackValue = "true",
            description = "Use one item matrix for input and output.")
    private Boolean tied;

    @Option(
            names = "--layers",
            description = "Blocks of a SASRec or BERT4Rec, layers of an mlp or neumf.")
    private Integer layers;

    @Option(names = "--heads", description = "Parts of their vectors that attend each by itself.")
    private Integer heads;

    @Option(names = "--inner-size", description = "Inner size of their feed-forward networks.")
    private Integer innerSize;

    @Option(
            names = "--embedding-dropout",
            description = "Share of embedding values dropped in training.")
    private Double embeddingDropout;

    @Option(
            names = "--hidden-dropout",
            description =
                    "Share of values dropped in training: of GRU4Rec's state before it scores, or"
                            + " within the blocks.")
    private Double hiddenDropout;

    @Option(names = "--epochs", description = "The most epochs.")
    private Integer epochs;

    @Option(
            names = "--patience",
            description = "Epochs without a better validation MRR@20 before training stops.")
    private Integer patience;

    @Option(names = "--batch", description = "About how many predictions make a batch.")
    private Integer batchPredictions;

    @Option(names = "--learning-rate", description = "Peak learning rate.")
    private Double learningRate;

    @Option(
            names = "--item-learning-rate",
            description = "Peak learning rate of the item vectors; 0: the learning rate.")
    private Double itemLearningRate;

    @Option(names = "--warm-up", description = "Share of all steps over which the rate rises.")
    private Double warmUp;

    @Option(names = "--final-rate", description = "What the rate falls to, as a share of the peak.")
    private Double finalRate;

    @Option(
            names = "--item-optimizer",
            description = "How item vectors are learnt: ${COMPLETION-CANDIDATES}.")
    private ItemOptimizer itemOptimizer;

    @Option(
            names = "--momentum",
            description =
                    "With Adagrad: share of an item vector's last movement that its next one"
                            + " carries on.")
    private Double momentum;

    @Option(names = "--weight-decay", description = "Decoupled weight decay of the item vectors.")
    private Double weightDecay;

    @Option(names = "--vector-norm", description = "Length that item vectors are kept at; 0: any.")
    private Double vectorNorm;

    @Option(
            names = "--gradient-norm",
            description = "The most the norm of all gradients may be; 0: no bound.")
    private Double gradientNorm;

    @Option(
            names = "--negatives",
            description =
                    "Sampled negatives shared by a batch; of gmf, mlp and neumf, those of each item.")
    private Integer negatives;

    @Option(names = "--alpha", description = "Exponent of the clicks that negatives are drawn by.")
    private Double alpha;

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
            fallbackValue = "true",
            description = "Use the batch's other targets as negatives too.")
    private Boolean inBatchNegatives;

    @Option(
            names = "--log-q",
            negatable = true,
            fallbackValue = "true",
            description = "Correct the scores of negatives for how often they are drawn.")
    private Boolean logQ;

    @Option(
            names = "--full-softmax-up-to",
            paramLabel = "ITEMS",
            description = "Catalogues up to this size are scored whole instead of sampled.")
    private Integer fullSoftmaxUpTo;

    @Option(names = "--loss", description = "What is made smaller: ${COMPLETION-CANDIDATES}.")
    private Loss loss;

    @Option(
            names = "--label-smoothing",
            description =
                    "With cross-entropy: share of the target's mass spread over the negatives.")
    private Double labelSmoothing;

    @Option(
            names = "--score-regularization",
            description = "With bpr-max: how strongly scores of negatives are drawn to zero.")
    private Double scoreRegularization;

    @Option(
            names = "--calibration",
            description = "With gbce: from 0, plain binary cross-entropy, to 1, calibrated scores.")
    private Double calibration;

    @Option(
            names = "--training-length",
            paramLabel = "CLICKS",
            description = "Longer sessions are trained on in pieces of this many clicks.")
    private Integer maximumLength;

    @Option(
            names = "--mask-share",
            paramLabel = "SHARE",
            description = "Share of a session's clicks that a BERT4Rec has to find.")
    private Double maskShare;

    @Option(
            names = "--next-share",
            paramLabel = "SHARE",
            description =
                    "Share of the sessions of which a BERT4Rec reads a beginning and has to find the"
                            + " next click alone.")
    private Double nextShare;

    @Option(
            names = "--validation",
            paramLabel = "SHARE",
            description = "Share of the sessions, the latest ones, held out to choose the epoch.")
    private Double validationFraction;

    @Option(
            names = "--validation-sessions",
            paramLabel = "N",
            description = "The most sessions of them that are ranked.")
    private Integer validationSessions;

    @Option(
            names = "--refit",
            negatable = true,
            fallbackValue = "true",
            description = "Train once more on all sessions for the best number of epochs.")
    private Boolean refit;

    @Option(names = "--seed", description = "Same seed, data and machine: same model.")
    private Long seed;

    @Option(names = "--threads", description = "Threads of the engine; 0: as many as it chooses.")
    private Integer threads;

    @Option(
            names = "--device",
            paramLabel = "auto|cpu|gpu",
            description =
                    "What to compute on: auto takes a GPU where PyTorch sees one; gpu fails without"
                            + " one.")
    private DeviceChoice device;

    /** Null, as of the following, if not given. */
    Integer embeddingSize() {
        return embeddingSize;
    }

    Integer hiddenSize() {
        return hiddenSize;
    }

    Integer layers() {
        return layers;
    }

    Integer epochs() {
        return epochs;
    }

    Integer patience() {
        return patience;
    }

    Integer batch() {
        return batchPredictions;
    }

    Double learningRate() {
        return learningRate;
    }

    Integer negatives() {
        return negatives;
    }

    Double validationFraction() {
        return validationFraction;
    }

    Boolean refit() {
        return refit;
    }

    Long seed() {
        return seed;
    }

    /** The network's defaults, with what was asked for in their place. */
    TrainingOptions options(CommandSpec spec, NetworkKind network) {
        try {
            TrainingOptions.Builder options = TrainingOptions.defaults(network).toBuilder();
            if (embeddingSize != null) {
                options.embeddingSize(embeddingSize).hiddenSize(embeddingSize);
            }
            set(hiddenSize, options::hiddenSize);
            set(tied, options::tied);
            set(layers, options::layers);
            set(heads, options::heads);
            set(innerSize, options::innerSize);
            set(embeddingDropout, options::embeddingDropout);
            set(hiddenDropout, options::hiddenDropout);
            set(epochs, options::epochs);
            set(patience, options::patience);
            set(batchPredictions, options::batchPredictions);
            set(learningRate, options::learningRate);
            set(itemLearningRate, options::itemLearningRate);
            set(warmUp, options::warmUp);
            set(finalRate, options::finalRate);
            set(itemOptimizer, options::itemOptimizer);
            set(momentum, options::momentum);
            set(weightDecay, options::weightDecay);
            set(vectorNorm, options::vectorNorm);
            set(gradientNorm, options::gradientNorm);
            set(negatives, options::negatives);
            set(alpha, options::alpha);
            set(
                    uniform == null && loss == Loss.GBCE ? Double.valueOf(1) : uniform,
                    options::uniform);
            set(inBatchNegatives, options::inBatchNegatives);
            set(logQ, options::logQ);
            set(fullSoftmaxUpTo, options::fullSoftmaxUpTo);
            set(loss, options::loss);
            set(labelSmoothing, options::labelSmoothing);
            set(scoreRegularization, options::scoreRegularization);
            set(calibration, options::calibration);
            set(maximumLength, options::maximumLength);
            set(maskShare, options::maskShare);
            set(nextShare, options::nextShare);
            set(validationFraction, options::validationFraction);
            set(validationSessions, options::validationSessions);
            set(refit, options::refit);
            set(seed, options::seed);
            set(threads, options::threads);
            set(device, options::device);
            TrainingOptions built = options.build();
            built.device().require();
            return built;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private static <V> void set(V value, Consumer<V> option) {
        if (value != null) {
            option.accept(value);
        }
    }
}
