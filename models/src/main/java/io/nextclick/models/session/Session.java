package io.nextclick.models.session;

import java.util.List;

/**
 * The clicks of one visit in order, as training and evaluation see them.
 *
 * @param id session or user id
 * @param startMillis time of the first click, in milliseconds since the epoch; the line number
 *     where a log has no times
 * @param items item ids in order of their clicks, at least one
 * @param firstTarget the first position that evaluation predicts, from its prefix; 1 predicts every
 *     click but the first, {@code items.size() - 1} only the last
 */
public record Session(String id, long startMillis, List<String> items, int firstTarget) {

    public Session {
        items = List.copyOf(items);
        if (items.isEmpty()) {
            throw new IllegalArgumentException("session " + id + " has no items");
        }
        if (firstTarget < 1) {
            throw new IllegalArgumentException(
                    "first target of session "
                            + id
                            + " is "
                            + firstTarget
                            + ", at least 1 is needed");
        }
    }

    /** A session whose every click but the first is predicted. */
    public Session(String id, long startMillis, List<String> items) {
        this(id, startMillis, items, 1);
    }
}
