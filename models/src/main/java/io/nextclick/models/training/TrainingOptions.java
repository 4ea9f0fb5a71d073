package io.nextclick.models.training;

import io.nextclick.models.device.DeviceChoice;
import io.nextclick.models.network.NetworkKind;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * How a network is trained. {@link #DEFAULTS} are those of GRU4Rec, {@link #defaults} has those of
 * each network, chosen to be good on small and large logs alike.
 *
 * @param network what is trained
 * @param embeddingSize length of an item's vector
 * @param hiddenSize length of the session's state; equal to the embedding size when tied
 * @param tied whether one item matrix is both input and output
 * @param layers blocks of a SASRec or BERT4Rec; 1 for GRU4Rec
 * @param heads parts of their vectors that attend each by itself; divides the embedding size
 * @param innerSize inner size of their feed-forward networks
 * @param embeddingDropout share of embedding values dropped in training, in [0, 1)
 * @param hiddenDropout share of values within the network dropped in training, in [0, 1): of
 *     GRU4Rec's state before it scores; of the attention's weights, the feed-forward networks and
 *     what each block adds
 * @param epochs the most epochs
 * @param patience epochs without a better validation MRR@20 before training stops
 * @param batchPredictions about how many predictions make a batch
 * @param learningRate peak learning rate of Adam, which trains all but the items' rows
 * @param itemLearningRate peak learning rate of the item vectors and biases, which a sampled
 *     softmax touches rarely; 0 takes {@code learningRate}
 * @param warmUp share of all steps over which the rate rises from 0
 * @param finalRate what the rate falls to over the epochs, as a share of the peak; 1 keeps it
 * @param itemOptimizer how item vectors are learnt
 * @param momentum share of an item vector's last movement that its next one carries on, with
 *     Adagrad, in [0, 1)
 * @param weightDecay decoupled weight decay of the item vectors with Adam
 * @param vectorNorm length that item vectors are kept at, so that what is popular can't win by
 *     length (after NISER, Gupta et al. 2019); 0 leaves them free
 * @param gradientNorm the most the norm of all gradients together may be; 0 doesn't bound it
 * @param negatives sampled negatives shared by a batch
 * @param alpha exponent of the clicks that negatives are drawn by
 * @param uniform share of negatives drawn uniformly
 * @param inBatchNegatives whether the batch's other targets are negatives too. A session's own
 *     later items are then among them far more often than their popularity, which the correction
 *     goes by, tells: on sessions that return to their items this costs much MRR
 * @param logQ whether scores of negatives are corrected for how often they are drawn
 * @param fullSoftmaxUpTo catalogues up to this many items are scored whole instead of sampled
 * @param loss what a step makes smaller
 * @param labelSmoothing with cross-entropy: share of the target's mass spread over the negatives,
 *     in [0, 1)
 * @param scoreRegularization with BPR-max: λ, how strongly scores of negatives are drawn to zero
 * @param calibration with gBCE: t, from 0, plain binary cross-entropy, to 1, calibrated scores; it
 *     presumes negatives drawn uniformly
 * @param maximumLength longer sessions are cut into pieces of this many clicks, each beginning with
 *     the last click of the one before and a zero state, so that every click stays a target
 * @param maskShare share of a session's clicks that a BERT4Rec doesn't see and has to find, in (0,
 *     1); the paper's ρ
 * @param nextShare share of the sessions, drawn anew in each epoch, of which a BERT4Rec reads the
 *     beginning up to a random click and has to find that click alone, as it will be asked to in
 *     serving, in [0, 1]
 * @param validationFraction share of the sessions, the latest ones, held out to choose the epoch; 0
 *     trains all epochs and keeps the last
 * @param validationSessions the most sessions of them that are ranked, evenly picked
 * @param refit whether, once the best number of epochs is known, a model is trained for that many
 *     on all sessions, the latest included
 * @param seed same seed, data, machine and threads: same model, bit for bit
 * @param threads intra-op threads of the engine, for the whole process; 0 leaves them as they are.
 *     Several wait for each other, and lose far more than they gain, when the machine has other
 *     work
 * @param device what forward and backward passes are computed on; rows and optimisers stay on the
 *     heap. A GPU doesn't add up in the same order twice: there, the same seed gives a similar
 *     model
 */
public record TrainingOptions(
        NetworkKind network,
        int embeddingSize,
        int hiddenSize,
        boolean tied,
        int layers,
        int heads,
        int innerSize,
        double embeddingDropout,
        double hiddenDropout,
        int epochs,
        int patience,
        int batchPredictions,
        double learningRate,
        double itemLearningRate,
        double warmUp,
        double finalRate,
        ItemOptimizer itemOptimizer,
        double momentum,
        double weightDecay,
        double vectorNorm,
        double gradientNorm,
        int negatives,
        double alpha,
        double uniform,
        boolean inBatchNegatives,
        boolean logQ,
        int fullSoftmaxUpTo,
        Loss loss,
        double labelSmoothing,
        double scoreRegularization,
        double calibration,
        int maximumLength,
        double maskShare,
        double nextShare,
        double validationFraction,
        int validationSessions,
        boolean refit,
        long seed,
        int threads,
        DeviceChoice device) {

    /** How item vectors are learnt; both change only the rows that a step touches. */
    public enum ItemOptimizer {
        /** Adagrad with one accumulator per row. */
        ADAGRAD,
        /** Adam with per-row step counts. */
        ADAM
    }

    /** What a step makes smaller. */
    public enum Loss {
        /** Cross-entropy over the candidates, corrected for how often they are drawn. */
        CROSS_ENTROPY("cross-entropy"),
        /** BPR-max (Hidasi and Karatzoglou 2018), the loss of GRU4Rec's authors. */
        BPR_MAX("bpr-max"),
        /** Generalised binary cross-entropy (Petrov and Macdonald 2023), that of gSASRec. */
        GBCE("gbce");

        private final String id;

        Loss(String id) {
            this.id = id;
        }

        @Override
        public String toString() {
            return id;
        }
    }

    /** The defaults. */
    public static final TrainingOptions DEFAULTS =
            new TrainingOptions(
                    NetworkKind.GRU4REC,
                    128,
                    128,
                    true,
                    1,
                    1,
                    128,
                    0.4,
                    0.4,
                    6,
                    2,
                    256,
                    0.002,
                    0.15,
                    0.05,
                    0.05,
                    ItemOptimizer.ADAGRAD,
                    0,
                    0,
                    3,
                    5,
                    1536,
                    0.75,
                    0.1,
                    false,
                    true,
                    8_000,
                    Loss.CROSS_ENTROPY,
                    0,
                    1,
                    0.75,
                    50,
                    0.2,
                    0.5,
                    0.1,
                    5_000,
                    true,
                    42,
                    1,
                    DeviceChoice.AUTO);

    /** The defaults of SASRec. */
    private static final TrainingOptions SASREC =
            DEFAULTS.toBuilder()
                    .network(NetworkKind.SASREC)
                    .layers(2)
                    .heads(2)
                    .innerSize(256)
                    .embeddingDropout(0.3)
                    .hiddenDropout(0.2)
                    .batchPredictions(512)
                    .learningRate(0.001)
                    .itemLearningRate(0.05)
                    // A query, being normalised, is some √D long: longer vectors would begin with
                    // scores that no session backs.
                    .vectorNorm(1)
                    .negatives(2048)
                    .maximumLength(51)
                    .build();

    /**
     * The defaults of BERT4Rec: SASRec's, but for more epochs, as an epoch asks for fewer clicks.
     */
    private static final TrainingOptions BERT4REC =
            SASREC.toBuilder().network(NetworkKind.BERT4REC).epochs(30).patience(4).build();

    /** What each network is trained with unless something else is asked for. */
    public static TrainingOptions defaults(NetworkKind network) {
        return switch (network) {
            case GRU4REC -> DEFAULTS;
            case SASREC -> SASREC;
            case BERT4REC -> BERT4REC;
        };
    }

    public TrainingOptions {
        Objects.requireNonNull(network, "network");
        inRange("embedding size", embeddingSize, 1, 4096);
        inRange("hidden size", hiddenSize, 1, 4096);
        if (tied && embeddingSize != hiddenSize) {
            throw new IllegalArgumentException(
                    "tied item vectors need equal sizes: embedding size is "
                            + embeddingSize
                            + ", hidden size "
                            + hiddenSize);
        }
        inRange("layers", layers, 1, 64);
        inRange("heads", heads, 1, embeddingSize);
        inRange("inner size", innerSize, 1, 1 << 16);
        if (network == NetworkKind.GRU4REC && layers != 1) {
            throw new IllegalArgumentException("layers is " + layers + ", a GRU4Rec has 1");
        }
        if (network.attends() && hiddenSize != embeddingSize) {
            throw new IllegalArgumentException(
                    "all vectors of a "
                            + network
                            + " have one size: embedding size is "
                            + embeddingSize
                            + ", hidden size "
                            + hiddenSize);
        }
        if (network.attends() && embeddingSize % heads != 0) {
            throw new IllegalArgumentException(
                    "heads is " + heads + ", it must divide the embedding size " + embeddingSize);
        }
        inRange("embedding dropout", embeddingDropout, 0, 0.95);
        inRange("hidden dropout", hiddenDropout, 0, 0.95);
        inRange("epochs", epochs, 1, 10_000);
        inRange("patience", patience, 1, 10_000);
        inRange("batch predictions", batchPredictions, 1, 1 << 20);
        inRange("learning rate", learningRate, 1e-9, 10);
        inRange("item learning rate", itemLearningRate, 0, 10);
        inRange("warm-up", warmUp, 0, 1);
        inRange("final rate", finalRate, 0, 1);
        inRange("momentum", momentum, 0, 0.999);
        if (momentum > 0 && itemOptimizer != ItemOptimizer.ADAGRAD) {
            throw new IllegalArgumentException(
                    "momentum is " + momentum + ", but only Adagrad takes one: Adam has its own");
        }
        inRange("weight decay", weightDecay, 0, 10);
        inRange("vector norm", vectorNorm, 0, 1000);
        inRange("gradient norm", gradientNorm, 0, 1e9);
        inRange("negatives", negatives, 0, 1 << 20);
        inRange("alpha", alpha, 0, 1);
        inRange("uniform", uniform, 0, 1);
        inRange("full softmax up to", fullSoftmaxUpTo, 0, 1 << 24);
        Objects.requireNonNull(loss, "loss");
        inRange("label smoothing", labelSmoothing, 0, 0.95);
        if (loss != Loss.CROSS_ENTROPY) {
            if (labelSmoothing > 0) {
                throw new IllegalArgumentException(
                        "label smoothing is "
                                + labelSmoothing
                                + ", but only cross-entropy takes it, not "
                                + loss);
            }
            if (negatives == 0 && !inBatchNegatives) {
                throw new IllegalArgumentException(
                        "negatives is 0 and in-batch negatives are off, but "
                                + loss
                                + " has nothing to compare the target with then");
            }
        }
        inRange("score regularization", scoreRegularization, 0, 1000);
        inRange("calibration", calibration, 0, 1);
        // Attention to one click would see no order at all.
        inRange("maximum length", maximumLength, network.attends() ? 3 : 2, 10_000);
        inRange("mask share", maskShare, 0.01, 0.99);
        inRange("next share", nextShare, 0, 1);
        inRange("validation fraction", validationFraction, 0, 0.9);
        inRange("validation sessions", validationSessions, 1, Integer.MAX_VALUE);
        inRange("threads", threads, 0, 1024);
        Objects.requireNonNull(device, "device");
    }

    private static void inRange(String name, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            throw new IllegalArgumentException(
                    String.format(
                            Locale.ROOT,
                            "%s is %s, it must be in [%s, %s]",
                            name,
                            value,
                            least,
                            most));
        }
    }

    /** Every setting by its name in snake case, as a model's manifest records it. */
    public Map<String, Object> asMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        for (RecordComponent component : TrainingOptions.class.getRecordComponents()) {
            if (component.getType() == DeviceChoice.class) {
                // Where it is done says nothing of what is done.
                continue;
            }
            String name = component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
            try {
                Object value = component.getAccessor().invoke(this);
                map.put(name, value instanceof Enum<?> choice ? choice.toString() : value);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("a record's accessors are public", e);
            }
        }
        return map;
    }

    /** A builder that starts with these options. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Sets options by name; each is described at the record's component of the same name. */
    public static final class Builder {

        private NetworkKind network;
        private int embeddingSize;
        private int hiddenSize;
        private boolean tied;
        private int layers;
        private int heads;
        private int innerSize;
        private double embeddingDropout;
        private double hiddenDropout;
        private int epochs;
        private int patience;
        private int batchPredictions;
        private double learningRate;
        private double itemLearningRate;
        private double warmUp;
        private double finalRate;
        private ItemOptimizer itemOptimizer;
        private double momentum;
        private double weightDecay;
        private double vectorNorm;
        private double gradientNorm;
        private int negatives;
        private double alpha;
        private double uniform;
        private boolean inBatchNegatives;
        private boolean logQ;
        private int fullSoftmaxUpTo;
        private Loss loss;
        private double labelSmoothing;
        private double scoreRegularization;
        private double calibration;
        private int maximumLength;
        private double maskShare;
        private double nextShare;
        private double validationFraction;
        private int validationSessions;
        private boolean refit;
        private long seed;
        private int threads;
        private DeviceChoice device;

        private Builder(TrainingOptions from) {
            network = from.network;
            embeddingSize = from.embeddingSize;
            hiddenSize = from.hiddenSize;
            tied = from.tied;
            layers = from.layers;
            heads = from.heads;
            innerSize = from.innerSize;
            embeddingDropout = from.embeddingDropout;
            hiddenDropout = from.hiddenDropout;
            epochs = from.epochs;
            patience = from.patience;
            batchPredictions = from.batchPredictions;
            learningRate = from.learningRate;
            itemLearningRate = from.itemLearningRate;
            warmUp = from.warmUp;
            finalRate = from.finalRate;
            itemOptimizer = from.itemOptimizer;
            momentum = from.momentum;
            weightDecay = from.weightDecay;
            vectorNorm = from.vectorNorm;
            gradientNorm = from.gradientNorm;
            negatives = from.negatives;
            alpha = from.alpha;
            uniform = from.uniform;
            inBatchNegatives = from.inBatchNegatives;
            logQ = from.logQ;
            fullSoftmaxUpTo = from.fullSoftmaxUpTo;
            loss = from.loss;
            labelSmoothing = from.labelSmoothing;
            scoreRegularization = from.scoreRegularization;
            calibration = from.calibration;
            maximumLength = from.maximumLength;
            maskShare = from.maskShare;
            nextShare = from.nextShare;
            validationFraction = from.validationFraction;
            validationSessions = from.validationSessions;
            refit = from.refit;
            seed = from.seed;
            threads = from.threads;
            device = from.device;
        }

        public Builder network(NetworkKind value) {
            network = value;
            return this;
        }

        public Builder embeddingSize(int value) {
            embeddingSize = value;
            return this;
        }

        public Builder hiddenSize(int value) {
            hiddenSize = value;
            return this;
        }

        public Builder tied(boolean value) {
            tied = value;
            return this;
        }

        public Builder layers(int value) {
            layers = value;
            return this;
        }

        public Builder heads(int value) {
            heads = value;
            return this;
        }

        public Builder innerSize(int value) {
            innerSize = value;
            return this;
        }

        public Builder embeddingDropout(double value) {
            embeddingDropout = value;
            return this;
        }

        public Builder hiddenDropout(double value) {
            hiddenDropout = value;
            return this;
        }

        public Builder epochs(int value) {
            epochs = value;
            return this;
        }

        public Builder patience(int value) {
            patience = value;
            return this;
        }

        public Builder batchPredictions(int value) {
            batchPredictions = value;
            return this;
        }

        public Builder learningRate(double value) {
            learningRate = value;
            return this;
        }

        public Builder itemLearningRate(double value) {
            itemLearningRate = value;
            return this;
        }

        public Builder warmUp(double value) {
            warmUp = value;
            return this;
        }

        public Builder finalRate(double value) {
            finalRate = value;
            return this;
        }

        public Builder itemOptimizer(ItemOptimizer value) {
            itemOptimizer = value;
            return this;
        }

        public Builder momentum(double value) {
            momentum = value;
            return this;
        }

        public Builder weightDecay(double value) {
            weightDecay = value;
            return this;
        }

        public Builder vectorNorm(double value) {
            vectorNorm = value;
            return this;
        }

        public Builder gradientNorm(double value) {
            gradientNorm = value;
            return this;
        }

        public Builder negatives(int value) {
            negatives = value;
            return this;
        }

        public Builder alpha(double value) {
            alpha = value;
            return this;
        }

        public Builder uniform(double value) {
            uniform = value;
            return this;
        }

        public Builder inBatchNegatives(boolean value) {
            inBatchNegatives = value;
            return this;
        }

        public Builder logQ(boolean value) {
            logQ = value;
            return this;
        }

        public Builder fullSoftmaxUpTo(int value) {
            fullSoftmaxUpTo = value;
            return this;
        }

        public Builder loss(Loss value) {
            loss = value;
            return this;
        }

        public Builder labelSmoothing(double value) {
            labelSmoothing = value;
            return this;
        }

        public Builder scoreRegularization(double value) {
            scoreRegularization = value;
            return this;
        }

        public Builder calibration(double value) {
            calibration = value;
            return this;
        }

        public Builder maximumLength(int value) {
            maximumLength = value;
            return this;
        }

        public Builder maskShare(double value) {
            maskShare = value;
            return this;
        }

        public Builder nextShare(double value) {
            nextShare = value;
            return this;
        }

        public Builder validationFraction(double value) {
            validationFraction = value;
            return this;
        }

        public Builder validationSessions(int value) {
            validationSessions = value;
            return this;
        }

        public Builder refit(boolean value) {
            refit = value;
            return this;
        }

        public Builder seed(long value) {
            seed = value;
            return this;
        }

        public Builder threads(int value) {
            threads = value;
            return this;
        }

        public Builder device(DeviceChoice value) {
            device = value;
            return this;
        }

        /**
         * @throws IllegalArgumentException that names the option, its bounds and its value
         */
        public TrainingOptions build() {
            return new TrainingOptions(
                    network,
                    embeddingSize,
                    hiddenSize,
                    tied,
                    layers,
                    heads,
                    innerSize,
                    embeddingDropout,
                    hiddenDropout,
                    epochs,
                    patience,
                    batchPredictions,
                    learningRate,
                    itemLearningRate,
                    warmUp,
                    finalRate,
                    itemOptimizer,
                    momentum,
                    weightDecay,
                    vectorNorm,
                    gradientNorm,
                    negatives,
                    alpha,
                    uniform,
                    inBatchNegatives,
                    logQ,
                    fullSoftmaxUpTo,
                    loss,
                    labelSmoothing,
                    scoreRegularization,
                    calibration,
                    maximumLength,
                    maskShare,
                    nextShare,
                    validationFraction,
                    validationSessions,
                    refit,
                    seed,
                    threads,
                    device);
        }
    }
}
