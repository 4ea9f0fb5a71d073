package io.nextclick.models.training;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Clicks that a network reads at once, some of them hidden, which it is to find: Cloze, as Sun et
 * al. 2019 call it.
 *
 * @param items item rows, those of hidden clicks included, at least 2
 * @param hidden the hidden clicks' indexes, ascending; at least one, never all
 */
@SuppressWarnings("ArrayRecordComponent")
record MaskedSession(int[] items, int[] hidden) {

    /** The last click is hidden, as in serving. */
    static MaskedSession last(int[] items) {
        return new MaskedSession(items, new int[] {items.length - 1});
    }

    /**
     * Hides clicks at random.
     *
     * @param items item rows, at least 2
     * @param maskShare probability with which each click is hidden; where that would hide none or
     *     all, one is hidden or shown
     * @param nextShare probability that, instead, the session ends at a click drawn evenly from all
     *     but the first, and that one alone is hidden
     */
    static MaskedSession draw(
            int[] items, double maskShare, double nextShare, SplittableRandom random) {
        if (random.nextDouble() < nextShare) {
            return last(Arrays.copyOf(items, 2 + random.nextInt(items.length - 1)));
        }
        int[] hidden =
                IntStream.range(0, items.length)
                        .filter(click -> random.nextDouble() < maskShare)
                        .toArray();
        int drawn = random.nextInt(items.length);
        if (hidden.length == 0) {
            return new MaskedSession(items, new int[] {drawn});
        }
        if (hidden.length == items.length) {
            return new MaskedSession(
                    items, Arrays.stream(hidden).filter(click -> click != drawn).toArray());
        }
        return new MaskedSession(items, hidden);
    }

    /** The item of the first click that isn't hidden. */
    int firstShown() {
        int first = 0;
        while (first < hidden.length && hidden[first] == first) {
            first++;
        }
        return items[first];
    }
}
