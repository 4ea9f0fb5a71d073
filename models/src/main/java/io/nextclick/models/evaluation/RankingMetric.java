package io.nextclick.models.evaluation;

import java.util.Locale;

/**
 * How well a ranked list foresaw its target, seen as far as a place k ("cut-off").
 *
 * <p>Every prediction here has exactly <em>one</em> target, the next click. Three of the six
 * therefore say what another one says too; they are printed because papers differ in which name
 * they use:
 *
 * <ul>
 *   <li>Recall@k is HR@k: the one relevant item is found or it isn't.
 *   <li>Precision@k is HR@k / k.
 *   <li>MAP@k is MRR@k: the average of a single precision, that at the target's place.
 * </ul>
 *
 * HR, MRR and NDCG differ in how much a hit is worth further down the list.
 */
public enum RankingMetric {

    /** Hit rate: 1 for a target in the first k. */
    HR("HR") {
        @Override
        double worth(int place, int cutoff) {
            return 1;
        }
    },

    /** Share of the relevant items in the first k: {@link #HR}, since one item is relevant. */
    RECALL("Recall") {
        @Override
        double worth(int place, int cutoff) {
            return 1;
        }
    },

    /** Share of the first k that is relevant: at most 1/k. */
    PRECISION("Precision") {
        @Override
        double worth(int place, int cutoff) {
            return 1.0 / cutoff;
        }
    },

    /** Reciprocal rank: 1/place. */
    MRR("MRR") {
        @Override
        double worth(int place, int cutoff) {
            return 1.0 / place;
        }
    },

    /** Normalised discounted cumulative gain: 1/log2(place + 1); with one target the ideal is 1. */
    NDCG("NDCG") {
        @Override
        double worth(int place, int cutoff) {
            return LOG_2 / Math.log(place + 1.0);
        }
    },

    /** Average precision, the precision at each relevant item's place: {@link #MRR}. */
    MAP("MAP") {
        @Override
        double worth(int place, int cutoff) {
            return 1.0 / place;
        }
    };

    /** The rank of a target that is in no list, such as an item the model does not know. */
    public static final int MISS = Integer.MAX_VALUE;

    private static final double LOG_2 = Math.log(2);

    private final String title;

    RankingMetric(String title) {
        this.title = title;
    }

    /**
     * What a prediction is worth, in [0, 1].
     *
     * @param rank the target's rank from 0, or {@link #MISS}
     * @param cutoff k, at least 1
     */
    public double of(int rank, int cutoff) {
        return rank < cutoff ? worth(rank + 1, cutoff) : 0;
    }

    /** Its name for a person. */
    public String title() {
        return title;
    }

    /** Its name at a cut-off where figures are listed, such as {@code mrr@20}. */
    public String at(int cutoff) {
        return name().toLowerCase(Locale.ROOT) + "@" + cutoff;
    }

    /**
     * @param place the target's place from 1, not beyond the cut-off
     */
    abstract double worth(int place, int cutoff);
}
