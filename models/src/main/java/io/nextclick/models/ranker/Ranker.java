package io.nextclick.models.ranker;

/**
 * Orders the candidates of a query: gives each the log-odds that it would be clicked, from features
 * of the query, of the candidate and of both. Immutable; for any number of threads, with a scorer
 * each.
 */
public interface Ranker {

    /** Its kind, such as {@code fm}. */
    String kind();

    /** What it reads. */
    FeatureSpace space();

    /** A scorer for the calling thread. */
    CandidateScorer newScorer();

    /** The probability that belongs to log-odds. */
    static double probability(double logOdds) {
        return logOdds >= 0
                ? 1 / (1 + Math.exp(-logOdds))
                : Math.exp(logOdds) / (1 + Math.exp(logOdds));
    }
}
