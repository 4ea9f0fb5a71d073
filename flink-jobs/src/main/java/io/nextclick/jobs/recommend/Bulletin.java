package io.nextclick.jobs.recommend;

import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.model.ApprovedRelease;
import io.nextclick.models.ranking.TrendingCounts;
import io.nextclick.schemas.Experiment;
import java.util.Objects;

/** What every subtask that answers is told, all of them the same and in the same order. */
public sealed interface Bulletin {

    /** A model is to answer from now on. */
    record Released(ApprovedRelease release) implements Bulletin {

        public Released {
            Objects.requireNonNull(release, "release");
        }
    }

    /**
     * What is clicked now has changed.
     *
     * @param counts of the items that have changed; 0 for those that are counted no more
     */
    record Trending(TrendingCounts counts) implements Bulletin {

        public Trending {
            Objects.requireNonNull(counts, "counts");
        }
    }

    /**
     * An experiment has begun, changed or ended.
     *
     * @param entry what the topic of experiments says
     */
    record Experimenting(TopicEntry<Experiment> entry) implements Bulletin {

        public Experimenting {
            Objects.requireNonNull(entry, "entry");
        }
    }
}
