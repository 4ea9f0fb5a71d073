package io.nextclick.jobs.impress;

import io.nextclick.jobs.kafka.RejectedClick;
import io.nextclick.schemas.Impression;
import java.util.Objects;

/** A record of a topic of impressions after decoding. */
public sealed interface ImpressionRecord {

    /** It can be read. */
    record Shown(Impression impression) implements ImpressionRecord {

        public Shown {
            Objects.requireNonNull(impression, "impression");
        }
    }

    /** It can't. */
    record Unreadable(RejectedClick record) implements ImpressionRecord {

        public Unreadable {
            Objects.requireNonNull(record, "record");
        }
    }
}
