package io.nextclick.models.evaluation;

import java.util.List;
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
    HR("HR", null),

    /** Share of the relevant items in the first k: {@link #HR}, since one item is relevant. */
    RECALL("Recall", HR),

    /** Share of the first k that is relevant: {@link #HR} / k. */
    PRECISION("Precision", HR),

    /** Reciprocal rank: 1/place. */
    MRR("MRR", null),

    /** Normalised discounted cumulative gain: 1/log2(place + 1); with one target the ideal is 1. */
    NDCG("NDCG", null),

    /** Average precision, the precision at each relevant item's place: {@link #MRR}. */
    MAP("MAP", MRR);

    /** The rank of a target that is in no list, such as an item the model does not know. */
    public static final int MISS = Integer.MAX_VALUE;

    private static final double LOG_2 = Math.log(2);

    /** Those that say different things: the others are multiples of them. */
    static final List<RankingMetric> BASES = List.of(HR, MRR, NDCG);

    private final String title;
    private final RankingMetric base;

    RankingMetric(String title, RankingMetric base) {
        this.title = title;
        this.base = base == null ? this : base;
    }

    /**
     * What a prediction is worth, in [0, 1].
     *
     * @param rank the target's rank from 0, or {@link #MISS}
     * @param cutoff k, at least 1
     */
    public double of(int rank, int cutoff) {
        return rank < cutoff ? base.worth(rank + 1) * multiple(cutoff) : 0;
    }

    /** Its name for a person. */
    public String title() {
        return title;
    }

    /** Its name at a cut-off where figures are listed, such as {@code mrr@20}. */
    public String at(int cutoff) {
        return name().toLowerCase(Locale.ROOT) + "@" + cutoff;
    }

    /** The metric of {@link #BASES} that this is a multiple of. */
    RankingMetric base() {
        return base;
    }

    /** How many times its base it is at a cut-off. */
    double multiple(int cutoff) {
        return this == PRECISION ? 1.0 / cutoff : 1;
    }

    private double worth(int place) {
        return switch (this) {
            case HR -> 1;
            case MRR -> 1.0 / place;
            case NDCG -> LOG_2 / Math.log(place + 1.0);
            case RECALL, PRECISION, MAP -> throw new IllegalStateException(this + " has a base");
        };
    }
}
