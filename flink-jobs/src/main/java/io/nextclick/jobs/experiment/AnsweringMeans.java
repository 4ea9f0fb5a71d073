package io.nextclick.jobs.experiment;

import java.util.Set;

/**
 * What a job has to answer clicks with, and so what a variant can set. An experiment that sets
 * anything else is refused as a whole: its variants would be alike, and the report would say so.
 *
 * @param sources names of the sources of candidates whose weights can be set; none where lists
 *     aren't blended
 * @param catalog whether the job knows the items' categories
 * @param vectors whether the job knows the items' vectors
 * @param ranker whether the job has a ranker put candidates in order
 * @param models whether the job can answer with other models than its own
 */
public record AnsweringMeans(
        Set<String> sources, boolean catalog, boolean vectors, boolean ranker, boolean models) {

    /** Of a job whose lists are the model's, with nothing to set. */
    public static final AnsweringMeans NONE =
            new AnsweringMeans(Set.of(), false, false, false, false);

    public AnsweringMeans {
        sources = Set.copyOf(sources);
    }

    /** The same, where the job can answer with other models too. */
    public AnsweringMeans withModels() {
        return new AnsweringMeans(sources, catalog, vectors, ranker, true);
    }
}
