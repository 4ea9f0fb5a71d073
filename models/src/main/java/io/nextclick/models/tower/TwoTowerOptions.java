package io.nextclick.models.tower;

import java.io.Serializable;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;

/**
 * How two towers are learnt from a stream. {@link #DEFAULTS} are good on small and large catalogues
 * alike.
 *
 * @param dimension D, length of an item's vectors
 * @param history N, how many of a session's last items the query tower reads
 * @param hidden H, width of the query tower's hidden layer
 * @param batchExamples examples of a batch
 * @param temperature what cosines are divided by before the softmax
 * @param attributes whether the catalogue's attributes are read; otherwise an item is its id alone
 * @param ids whether an item has a row of its own beside its attributes. Without one it is what its
 *     attributes say and nothing else, clicked or not; an item without attributes isn't known
 * @param users whether a user's own row is added to the query
 * @param contexts whether the rows of a click's context are added to the query
 * @param rowLearningRate learning rate of the rows (row-wise Adagrad)
 * @param accumulatorDecay share of a row's squared gradients that is kept at each of its updates; 1
 *     is Adagrad, less lets rows move as far after a long life as before, which drift asks for
 * @param denseLearningRate learning rate of the query tower's own weights (Adam)
 * @param logQ whether scores are corrected for how often an item is a candidate
 * @param correctedLogQ whether the positive, which is no sample, is left out of the correction
 *     (Khrylchenko et al. 2025); otherwise all scores are corrected as in Yi et al. 2019
 * @param frequencyRate α, weight of the newest interval in the estimate of an item's frequency
 * @param frequencyCells cells of each hash function of that estimate, a power of two
 * @param frequencyHashes its hash functions
 * @param negatives extra negatives of a batch, drawn evenly from the recent items; 0 for the
 *     batch's targets alone
 * @param recentItems different items, the latest clicked, that extra negatives are drawn from
 * @param hardNegatives if not 0, each example keeps only so many of the extra negatives: those it
 *     scores highest
 * @param admission clicks before an item that no catalogue describes gets a row
 * @param sightingCells cells of the sketch that counts these clicks, a power of two; it remembers
 *     an eighth as many clicks
 * @param idleExpiry event time without a click after which a row is given up
 * @param maximumRows the most rows of items, features and profiles together; beyond it those idle
 *     longest go
 * @param maximumFeatures the most features of an item, and of a context
 * @param publishedProfiles the most rows of users and contexts, the latest touched, that travel
 *     with the query tower
 * @param seed same seed, options and examples: same model, bit for bit
 */
public record TwoTowerOptions(
        int dimension,
        int history,
        int hidden,
        int batchExamples,
        double temperature,
        boolean attributes,
        boolean ids,
        boolean users,
        boolean contexts,
        double rowLearningRate,
        double accumulatorDecay,
        double denseLearningRate,
        boolean logQ,
        boolean correctedLogQ,
        double frequencyRate,
        int frequencyCells,
        int frequencyHashes,
        int negatives,
        int recentItems,
        int hardNegatives,
        int admission,
        int sightingCells,
        Duration idleExpiry,
        int maximumRows,
        int maximumFeatures,
        int publishedProfiles,
        long seed)
        implements Serializable {

    private static final long serialVersionUID = 1L;

    /** The defaults. */
    public static final TwoTowerOptions DEFAULTS =
            new TwoTowerOptions(
                    64,
                    10,
                    128,
                    128,
                    0.1,
                    true,
                    true,
                    false,
                    false,
                    0.15,
                    0.9,
                    0.001,
                    true,
                    true,
                    0.02,
                    1 << 18,
                    2,
                    256,
                    20_000,
                    0,
                    2,
                    1 << 21,
                    Duration.ofDays(30),
                    1_000_000,
                    32,
                    20_000,
                    42L);

    public TwoTowerOptions {
        inRange("dimension", dimension, 1, 4096);
        inRange("history", history, 1, 1000);
        inRange("hidden", hidden, 1, 4096);
        inRange("batch examples", batchExamples, 2, 1 << 16);
        inRange("temperature", temperature, 1e-3, 100);
        if (!ids && !attributes) {
            throw new IllegalArgumentException(
                    "items without ids and attributes would all be the same");
        }
        inRange("row learning rate", rowLearningRate, 1e-9, 10);
        inRange("accumulator decay", accumulatorDecay, 0.5, 1);
        inRange("dense learning rate", denseLearningRate, 1e-9, 1);
        inRange("frequency rate", frequencyRate, 1e-6, 1);
        powerOfTwo("frequency cells", frequencyCells, 1 << 10, 1 << 28);
        inRange("frequency hashes", frequencyHashes, 1, 16);
        inRange("negatives", negatives, 0, 1 << 20);
        inRange("recent items", recentItems, 1, 1 << 24);
        inRange("hard negatives", hardNegatives, 0, negatives);
        inRange("admission", admission, 1, 255);
        powerOfTwo("sighting cells", sightingCells, 1 << 10, 1 << 28);
        Objects.requireNonNull(idleExpiry, "idleExpiry");
        if (idleExpiry.isNegative() || idleExpiry.isZero()) {
            throw new IllegalArgumentException(
                    "idle expiry is " + idleExpiry + ", it must be positive");
        }
        inRange("maximum rows", maximumRows, 1_000, 1 << 28);
        inRange("maximum features", maximumFeatures, 0, 256);
        inRange("published profiles", publishedProfiles, 0, 1 << 20);
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

    private static void powerOfTwo(String name, int value, int least, int most) {
        inRange(name, value, least, most);
        if (Integer.bitCount(value) != 1) {
            throw new IllegalArgumentException(
                    name + " is " + value + ", it must be a power of two");
        }
    }

    /** Whether a query depends on a user or a context. */
    public boolean profiles() {
        return users || contexts;
    }

    /** A builder that starts with these options. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Sets options by name; each is described at the record's component of the same name. */
    public static final class Builder {

        private int dimension;
        private int history;
        private int hidden;
        private int batchExamples;
        private double temperature;
        private boolean attributes;
        private boolean ids;
        private boolean users;
        private boolean contexts;
        private double rowLearningRate;
        private double accumulatorDecay;
        private double denseLearningRate;
        private boolean logQ;
        private boolean correctedLogQ;
        private double frequencyRate;
        private int frequencyCells;
        private int frequencyHashes;
        private int negatives;
        private int recentItems;
        private int hardNegatives;
        private int admission;
        private int sightingCells;
        private Duration idleExpiry;
        private int maximumRows;
        private int maximumFeatures;
        private int publishedProfiles;
        private long seed;

        private Builder(TwoTowerOptions from) {
            dimension = from.dimension;
            history = from.history;
            hidden = from.hidden;
            batchExamples = from.batchExamples;
            temperature = from.temperature;
            attributes = from.attributes;
            ids = from.ids;
            users = from.users;
            contexts = from.contexts;
            rowLearningRate = from.rowLearningRate;
            accumulatorDecay = from.accumulatorDecay;
            denseLearningRate = from.denseLearningRate;
            logQ = from.logQ;
            correctedLogQ = from.correctedLogQ;
            frequencyRate = from.frequencyRate;
            frequencyCells = from.frequencyCells;
            frequencyHashes = from.frequencyHashes;
            negatives = from.negatives;
            recentItems = from.recentItems;
            hardNegatives = from.hardNegatives;
            admission = from.admission;
            sightingCells = from.sightingCells;
            idleExpiry = from.idleExpiry;
            maximumRows = from.maximumRows;
            maximumFeatures = from.maximumFeatures;
            publishedProfiles = from.publishedProfiles;
            seed = from.seed;
        }

        public Builder dimension(int value) {
            dimension = value;
            return this;
        }

        public Builder history(int value) {
            history = value;
            return this;
        }

        public Builder hidden(int value) {
            hidden = value;
            return this;
        }

        public Builder batchExamples(int value) {
            batchExamples = value;
            return this;
        }

        public Builder temperature(double value) {
            temperature = value;
            return this;
        }

        public Builder attributes(boolean value) {
            attributes = value;
            return this;
        }

        public Builder ids(boolean value) {
            ids = value;
            return this;
        }

        public Builder users(boolean value) {
            users = value;
            return this;
        }

        public Builder contexts(boolean value) {
            contexts = value;
            return this;
        }

        public Builder rowLearningRate(double value) {
            rowLearningRate = value;
            return this;
        }

        public Builder accumulatorDecay(double value) {
            accumulatorDecay = value;
            return this;
        }

        public Builder denseLearningRate(double value) {
            denseLearningRate = value;
            return this;
        }

        public Builder logQ(boolean value) {
            logQ = value;
            return this;
        }

        public Builder correctedLogQ(boolean value) {
            correctedLogQ = value;
            return this;
        }

        public Builder frequencyRate(double value) {
            frequencyRate = value;
            return this;
        }

        public Builder frequencyCells(int value) {
            frequencyCells = value;
            return this;
        }

        public Builder frequencyHashes(int value) {
            frequencyHashes = value;
            return this;
        }

        public Builder negatives(int value) {
            negatives = value;
            return this;
        }

        public Builder recentItems(int value) {
            recentItems = value;
            return this;
        }

        public Builder hardNegatives(int value) {
            hardNegatives = value;
            return this;
        }

        public Builder admission(int value) {
            admission = value;
            return this;
        }

        public Builder sightingCells(int value) {
            sightingCells = value;
            return this;
        }

        public Builder idleExpiry(Duration value) {
            idleExpiry = value;
            return this;
        }

        public Builder maximumRows(int value) {
            maximumRows = value;
            return this;
        }

        public Builder maximumFeatures(int value) {
            maximumFeatures = value;
            return this;
        }

        public Builder publishedProfiles(int value) {
            publishedProfiles = value;
            return this;
        }

        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /**
         * @throws IllegalArgumentException if an option is out of its bounds
         */
        public TwoTowerOptions build() {
            return new TwoTowerOptions(
                    dimension,
                    history,
                    hidden,
                    batchExamples,
                    temperature,
                    attributes,
                    ids,
                    users,
                    contexts,
                    rowLearningRate,
                    accumulatorDecay,
                    denseLearningRate,
                    logQ,
                    correctedLogQ,
                    frequencyRate,
                    frequencyCells,
                    frequencyHashes,
                    negatives,
                    recentItems,
                    hardNegatives,
                    admission,
                    sightingCells,
                    idleExpiry,
                    maximumRows,
                    maximumFeatures,
                    publishedProfiles,
                    seed);
        }
    }
}
