package io.nextclick.models.ranking;

import java.util.Arrays;
import java.util.List;

/**
 * Where candidates come from, in the order of their numbers, by which {@link Blend} and {@link
 * Candidates} know them. A number never changes: sessions remember sources by it.
 */
public enum CandidateSource {

    /** The sequence model's own ranking. */
    MODEL(0, "model"),

    /** The query tower's search over live item vectors. */
    TWO_TOWER(1, "two-tower"),

    /** Neighbours of the session's last items by the model's table of what is visited together. */
    CO_VISITATION(2, "co-visitation"),

    /** What is clicked most now. */
    TRENDING(3, "trending"),

    /** What is clicked most now in the categories of the session's last items. */
    TRENDING_CATEGORY(4, "trending-category"),

    /** Fills up a list that is too short; has no weight. */
    POPULARITY(5, "popularity");

    private static final List<String> LABELS =
            Arrays.stream(values()).map(CandidateSource::label).toList();

    private final int number;
    private final String label;

    CandidateSource(int number, String label) {
        this.number = number;
        this.label = label;
    }

    /** The source's place among the lists of a {@link Blend}, from 0. */
    public int number() {
        return number;
    }

    /** As options, recommendations and fields of rankers call it. */
    public String label() {
        return label;
    }

    /** Of all sources, in their order. */
    public static List<String> labels() {
        return LABELS;
    }

    /**
     * The source that is called so.
     *
     * @throws IllegalArgumentException if none is
     */
    public static CandidateSource of(String label) {
        for (CandidateSource source : values()) {
            if (source.label.equals(label)) {
                return source;
            }
        }
        throw new IllegalArgumentException("source is '" + label + "', not one of " + LABELS);
    }
}
