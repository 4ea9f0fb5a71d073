package io.nextclick.models.scoring;

/**
 * Ranks the whole catalogue for a bundle of sessions at once. A scorer belongs to one thread;
 * scorers of one {@link io.nextclick.models.serving.ServableModel} share its weights.
 */
public sealed interface SessionScorer extends AutoCloseable
        permits RecurrentScorer, EncodingScorer {

    @Override
    void close();
}
