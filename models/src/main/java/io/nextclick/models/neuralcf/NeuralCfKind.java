package io.nextclick.models.neuralcf;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The networks of neural collaborative filtering (He et al. 2017). */
public enum NeuralCfKind {
    /** Generalised matrix factorisation: products of user's and item's factors, weighted. */
    GMF,
    /** A user's and an item's vector side by side, through layers. */
    MLP,
    /** Both, each with vectors of its own, joined in the last layer. */
    NEUMF;

    /** Its name in a model's manifest and on the command line, such as {@code neumf}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The kind of this name, if there is one. */
    public static Optional<NeuralCfKind> named(String id) {
        return Arrays.stream(values()).filter(kind -> kind.id().equals(id)).findAny();
    }

    /** Whether it has factors that are multiplied. */
    public boolean multiplies() {
        return this != MLP;
    }

    /** Whether it has layers. */
    public boolean layered() {
        return this != GMF;
    }

    @Override
    public String toString() {
        return id();
    }
}
