package io.nextclick.jobs.ranker;

import io.nextclick.jobs.impress.LabelledImpression;
import io.nextclick.jobs.kafka.TopicEntry;
import io.nextclick.schemas.CatalogItem;
import java.util.Objects;

/** What a ranker's trainer is given. */
public sealed interface RankerInput {

    /** A list that was shown, and what became of it. */
    record Labelled(LabelledImpression impression) implements RankerInput {

        public Labelled {
            Objects.requireNonNull(impression, "impression");
        }
    }

    /** What the catalogue says of an item from now on. */
    record Described(TopicEntry<CatalogItem> entry) implements RankerInput {

        public Described {
            Objects.requireNonNull(entry, "entry");
        }
    }
}
