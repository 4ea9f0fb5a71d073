package io.nextclick.jobs.retrieve;

import io.nextclick.models.ranker.Ranker;
import java.util.Objects;

/**
 * A released ranker.
 *
 * @param name the release's
 * @param version the release's
 * @param ranker what was released
 */
public record LiveRanker(String name, String version, Ranker ranker) {

    public LiveRanker {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(version, "version");
        Objects.requireNonNull(ranker, "ranker");
    }

    @Override
    public String toString() {
        return name + ' ' + version + " (" + ranker.kind() + ", " + ranker.space() + ')';
    }
}
