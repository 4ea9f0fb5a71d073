package io.nextclick.jobs.impress;

import io.nextclick.jobs.types.Fingerprint;
import io.nextclick.models.ranker.NegativeSampling;
import io.nextclick.schemas.Impression;
import io.nextclick.schemas.Impression.ShownItem;
import java.util.ArrayList;
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
 * @param sampling what share of the items that weren't clicked is still there; {@link
 *     NegativeSampling#NONE} if all are
 */
public record LabelledImpression(
        Impression impression,
        List<SessionClick> before,
        List<Outcome> outcomes,
        NegativeSampling sampling) {

    public LabelledImpression {
        Objects.requireNonNull(impression, "impression");
        Objects.requireNonNull(sampling, "sampling");
        before = List.copyOf(before);
        outcomes = List.copyOf(outcomes);
        if (outcomes.size() != impression.items().size()) {
            throw new IllegalArgumentException(
                    outcomes.size() + " outcomes of " + impression.items().size() + " items");
        }
    }

    /** With all of its items. */
    public LabelledImpression(
            Impression impression, List<SessionClick> before, List<Outcome> outcomes) {
        this(impression, before, outcomes, NegativeSampling.NONE);
    }

    /**
     * All clicked items and a share of the others, at their positions. What is chosen depends on
     * the impression's id and the position alone, so an impression that leaves again after a
     * failure is sampled alike.
     *
     * @throws IllegalStateException if this is a sample itself
     */
    public LabelledImpression sampled(NegativeSampling sample) {
        if (!sampling.equals(NegativeSampling.NONE)) {
            throw new IllegalStateException(
                    "impression " + impression.id() + " is a sample of rate " + sampling.rate());
        }
        long id = Fingerprint.of(impression.id());
        List<ShownItem> items = new ArrayList<>();
        List<Outcome> left = new ArrayList<>();
        for (int i = 0; i < outcomes.size(); i++) {
            ShownItem item = impression.items().get(i);
            // The sampling mixes its keys; they only have to differ.
            if (sample.keeps(outcomes.get(i).clicked(), id + item.position())) {
                items.add(item);
                left.add(outcomes.get(i));
            }
        }
        return new LabelledImpression(impression.withItems(items), before, left, sample);
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
