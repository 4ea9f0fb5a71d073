package io.nextclick.models.ranking;

import java.util.Arrays;
import java.util.List;

/**
 * Where candidates come from, in the order in which {@link Blend} and {@link Candidates} number
 * them. A source's number never changes and new ones come before none of these: sessions remember
 * sources by it.
 */
public enum CandidateSource {

    /** The sequence model's own ranking. */
    MODEL("model"),

    /** The query tower's search over live item vectors. */
    TWO_TOWER("two-tower"),

    /** Neighbours of the session's last items by the model's table of what is visited together. */
    CO_VISITATION("co-visitation"),

    /** What is clicked most now. */
    TRENDING("trending"),

    /** What is clicked most now in the categories of the session's last items. */
    TRENDING_CATEGORY("trending-category"),

    /** Fills up a list that is too short; has no weight. */
    POPULARITY("popularity");

    private static final List<String> LABELS =
            Arrays.stream(values()).map(CandidateSource::label).toList();

    private final String label;

    CandidateSource(String label) {
        this.label = label;
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
        int number = LABELS.indexOf(label);
        if (number < 0) {
            throw new IllegalArgumentException("source is '" + label + "', not one of " + LABELS);
        }
        return values()[number];
    }
}
