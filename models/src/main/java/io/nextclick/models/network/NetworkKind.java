package io.nextclick.models.network;

import java.util.Locale;

/** The networks that can be trained. */
public enum NetworkKind {
    /** {@link Gru4Rec}. */
    GRU4REC,
    /** {@link SasRec}. */
    SASREC;

    /** Its name in a model's manifest and on the command line, such as {@code gru4rec}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return id();
    }
}
