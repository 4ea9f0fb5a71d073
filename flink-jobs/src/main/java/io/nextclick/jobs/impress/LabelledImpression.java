package io.nextclick.jobs.impress;

import io.nextclick.schemas.Impression;
import java.util.List;
import java.util.Objects;

/**
 * An impression, what was known when it was shown and what became of it: as many examples for a
 * ranker as it has items.
 *
 * @param impression what was shown
 * @param before the session's last clicks until then, that moment's among them, oldest first; as
 *     many and as far back as {@link JoinSettings} says
 * @param outcomes what became of each of its items, in the order of {@link Impression#items}; an
 *     item that stands in it twice has the same outcome twice
 */
public record LabelledImpression(
        Impression impression, List<SessionClick> before, List<Outcome> outcomes) {

    public LabelledImpression {
        Objects.requireNonNull(impression, "impression");
        before = List.copyOf(before);
        outcomes = List.copyOf(outcomes);
        if (outcomes.size() != impression.items().size()) {
            throw new IllegalArgumentException(
                    outcomes.size() + " outcomes of " + impression.items().size() + " items");
        }
    }

    /**
     * What became of one item.
     *
     * @param clickedAfterMillis from being shown until the first click on it that is this
     *     impression's doing, at least 1; {@value #NONE} if there was none within the window
     * @param dwellMillis from that click until the session's next click at a later moment within
     *     the window, whatever its item; {@value #NONE} if there was none
     */
    public record Outcome(long clickedAfterMillis, long dwellMillis) {

        /** In place of a time: what would have been timed didn't happen within the window. */
        public static final long NONE = -1;

        /** Shown and not clicked. */
        public static final Outcome NOT_CLICKED = new Outcome(NONE, NONE);

        public Outcome {
            requireTime(clickedAfterMillis, "clicked after");
            requireTime(dwellMillis, "dwell");
            if (clickedAfterMillis == NONE && dwellMillis != NONE) {
                throw new IllegalArgumentException("a dwell of what wasn't clicked");
            }
        }

        private static void requireTime(long millis, String name) {
            if (millis < 1 && millis != NONE) {
                throw new IllegalArgumentException(
                        name + " is " + millis + " ms, it must be at least 1 or " + NONE);
            }
        }

        /** The label. */
        public boolean clicked() {
            return clickedAfterMillis != NONE;
        }
    }
}
