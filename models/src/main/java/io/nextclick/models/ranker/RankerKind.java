package io.nextclick.models.ranker;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The rankers there are, from the simplest on. The label is their name on a command line. */
public enum RankerKind {

    /** Log-odds linear in the features, learnt by FTRL-proximal (McMahan et al., KDD 2013). */
    LOGISTIC_REGRESSION("logistic-regression"),

    /** A factorisation machine (Rendle, ICDM 2010). */
    FM("fm"),

    /** A field-aware factorisation machine (Juan et al., RecSys 2016). */
    FFM("ffm"),

    /** A factorisation machine and a network over the same vectors (Guo et al., IJCAI 2017). */
    DEEPFM("deepfm"),

    /** A linear part with crossed features beside a network (Cheng et al., DLRS 2016). */
    WIDE_AND_DEEP("wide-and-deep"),

    /**
     * Neural matrix factorisation (He et al., WWW 2017) of the fields {@code user} and {@code item}
     * alone, learnt from the examples' labels.
     */
    NEUMF("neumf-ranker");

    private final String label;

    RankerKind(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }

    /** Whether it has a network. */
    public boolean isDeep() {
        return this == DEEPFM || this == WIDE_AND_DEEP || this == NEUMF;
    }

    /** The labels of all kinds. */
    public static List<String> labels() {
        return Arrays.stream(values()).map(RankerKind::label).toList();
    }

    /**
     * @throws IllegalArgumentException if there is no such kind
     */
    public static RankerKind labelled(String label) {
        for (RankerKind kind : values()) {
            if (kind.label.equals(label)) {
                return kind;
            }
        }
        throw new IllegalArgumentException(
                "no ranker '"
                        + label
                        + "', there are "
                        + labels().stream().collect(Collectors.joining(", ")));
    }

    @Override
    public String toString() {
        return label;
    }
}
