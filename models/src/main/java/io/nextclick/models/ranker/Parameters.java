package io.nextclick.models.ranker;

import io.nextclick.models.ranker.LearntRows.Rule;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The matrices of a ranker by name, in the order in which its terms asked for them first. Terms
 * that ask for the same name share a matrix; so do the terms of several scorers.
 */
final class Parameters {

    /** Where the values of matrices come from. */
    @FunctionalInterface
    interface Source {

        /**
         * The values of a matrix [rows, width], for it to keep. What a source of limited size can't
         * have it refuses before anything of that size is allocated.
         */
        float[] values(String name, int rows, int width);
    }

    private final Source source;
    private final Map<String, LearntRows> byName = new LinkedHashMap<>();

    /** Matrices begin with zeros. */
    Parameters() {
        this((name, rows, width) -> new float[Math.multiplyExact(rows, width)]);
    }

    /** Matrices begin as a source has them. */
    Parameters(Source source) {
        this.source = source;
    }

    /** The matrix of this name: the one that is there, or a new one. */
    LearntRows rows(String name, Rule rule, int rows, int width) {
        return byName.computeIfAbsent(
                name,
                absent ->
                        new LearntRows(name, rule, rows, width, source.values(name, rows, width)));
    }

    Collection<LearntRows> all() {
        return byName.values();
    }

    /** The same matrices as they are now, without what only learning needs. */
    Parameters copy() {
        Parameters copy = new Parameters();
        byName.forEach((name, rows) -> copy.byName.put(name, rows.copy()));
        return copy;
    }
}
