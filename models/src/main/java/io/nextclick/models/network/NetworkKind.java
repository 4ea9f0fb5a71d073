package io.nextclick.models.network;

import java.util.Locale;

/** The networks that can be trained. */
public enum NetworkKind {
    /** {@link Gru4Rec}. */
    GRU4REC,
    /** {@link SasRec}. */
    SASREC,
    /** {@link Bert4Rec}. */
    BERT4REC;

    /** Its name in a model's manifest and on the command line, such as {@code gru4rec}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether it is made of {@link AttentionBlocks}, so has layers, heads and an inner size. */
    public boolean attends() {
        return this != GRU4REC;
    }

    @Override
    public String toString() {
        return id();
    }
}
