package io.nextclick.models.ranker;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.session.SessionRules;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;

/**
 * Learns a ranker from examples one by one, as they come from a log or a stream: logistic loss,
 * AdaGrad for vectors and networks, FTRL-proximal for weights. The gradients of {@link
 * RankerOptions#batch()} examples make a step. Deterministic: the same examples in the same order
 * give the same parameters, also if it is stored and read back anywhere in between.
 *
 * <p>Not for several threads.
 */
public final class RankerLearner {

    private final FeatureSpace space;
    private final RankerOptions options;
    private final RankerTerms terms;
    private final double correction;
    private final ActiveFeatures features = new ActiveFeatures();
    private long examples;

    /** Examples of the batch that hasn't made a step yet. */
    private int pending;

    /**
     * A learner that knows nothing yet.
     *
     * @throws IllegalArgumentException if the space lacks a field that the options need
     */
    public RankerLearner(FeatureSpace space, RankerOptions options) {
        this(space, options, 0, 0, new Parameters());
        terms.randomise();
    }

    /** A learner whose parameters are still to be filled in. */
    RankerLearner(FeatureSpace space, RankerOptions options, long examples, int pending) {
        this(space, options, examples, pending, new Parameters());
    }

    /** A learner of these parameters. */
    RankerLearner(
            FeatureSpace space,
            RankerOptions options,
            long examples,
            int pending,
            Parameters parameters) {
        this.space = Objects.requireNonNull(space, "space");
        this.options = Objects.requireNonNull(options, "options");
        this.examples = examples;
        this.pending = pending;
        terms = new RankerTerms(space, options, parameters);
        correction = new NegativeSampling(options.negativeRate()).correction();
    }

    public FeatureSpace space() {
        return space;
    }

    public RankerOptions options() {
        return options;
    }

    /** How many examples it has learnt from. */
    public long examples() {
        return examples;
    }

    int pending() {
        return pending;
    }

    RankerTerms terms() {
        return terms;
    }

    /** The log-odds of an example, corrected for negatives that were left out of learning. */
    public double logOdds(RankingExample example) {
        space.encode(example, features);
        return terms.forward(features) + correction;
    }

    /**
     * Learns from an example.
     *
     * @return its log-odds by what was known before, corrected
     */
    public double learn(RankingExample example) {
        space.encode(example, features);
        return learn(features, example.positive());
    }

    /** Learns from an example that has been encoded in this space. */
    double learn(ActiveFeatures example, boolean positive) {
        float logOdds = terms.forward(example);
        double slope = Ranker.probability(logOdds) - (positive ? 1 : 0);
        terms.backward(example, (float) slope);
        examples++;
        if (++pending == options.batch()) {
            endBatch();
        }
        return logOdds + correction;
    }

    /** Makes a step of what there is of a batch. */
    public void endBatch() {
        terms.step();
        pending = 0;
    }

    /** A ranker that knows what this one has learnt so far, the batch in the making left out. */
    public Ranker ranker() {
        return new TrainedRanker(space, options, terms.parameters().copy());
    }

    /** All of its state, to go on from; {@link #fromBytes} reads it. */
    public byte[] toBytes() {
        return RankerState.write(this);
    }

    /**
     * @throws IllegalArgumentException if the bytes are of an unknown version, or damaged
     */
    public static RankerLearner fromBytes(byte[] bytes) {
        return RankerState.read(bytes);
    }

    /**
     * The ranker as a model folder of the kind {@value RankerFolder#KIND}, to serve from and to
     * learn on from; the batch in the making becomes a step first.
     *
     * @param name the model's name
     * @param rules the session rules that the examples' sessions were cut by
     * @param fingerprint SHA-256 of what it learnt from, in hexadecimal; may be empty
     * @param metrics what it reached in validation, by name
     */
    public ModelFolder folder(
            String name,
            String version,
            SessionRules rules,
            String fingerprint,
            Map<String, Double> metrics,
            Instant createdAt) {
        if (pending > 0) {
            endBatch();
        }
        return RankerFolder.write(this, name, version, rules, fingerprint, metrics, createdAt);
    }

    /**
     * A learner that goes on from a folder.
     *
     * @throws ModelFileException if the folder is of another kind, or something is missing or
     *     doesn't fit
     */
    public static RankerLearner read(ModelFolder folder) throws ModelFileException {
        return RankerFolder.read(folder);
    }
}
