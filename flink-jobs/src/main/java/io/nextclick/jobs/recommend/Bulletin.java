package io.nextclick.jobs.recommend;

import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.jobs.model.ApprovedRelease;
import io.nextclick.models.ranking.TrendingCounts;
import io.nextclick.schemas.Experiment;
import io.nextclick.schemas.ModelRelease;
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
     * A model has been released, by which a variant of an experiment may answer.
     *
     * @param release as the topic has it, examined by nobody yet
     */
    record Offered(ModelRelease release) implements Bulletin {

        public Offered {
            Objects.requireNonNull(release, "release");
        }

        /**
         * @param entry of the topic of releases, no withdrawal
         */
        public static Offered of(TopicEntry<ModelRelease> entry) {
            return new Offered(entry.value());
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
