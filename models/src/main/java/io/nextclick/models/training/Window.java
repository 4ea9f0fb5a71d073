package io.nextclick.models.training;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Clicks that the network reads at once, each but the last an input, and those from {@code
 * firstTarget} on to be predicted.
 *
 * @param items item rows, at least 2
 * @param firstTarget in [1, items.length - 1]
 */
@SuppressWarnings("ArrayRecordComponent")
record Window(int[] items, int firstTarget) {

    /** A window whose every click but the first is predicted. */
    Window(int[] items) {
        this(items, 1);
    }

    int inputs() {
        return items.length - 1;
    }

    int predictions() {
        return items.length - firstTarget;
    }

    /**
     * Windows that predict the same clicks as this one, each from as many of the clicks before it
     * as a network reads, so from what a served model would see.
     *
     * @param most inputs that the network reads
     */
    List<Window> within(int most) {
        if (inputs() <= most) {
            return List.of(this);
        }
        List<Window> windows = new ArrayList<>();
        if (firstTarget <= most) {
            windows.add(new Window(Arrays.copyOf(items, most + 1), firstTarget));
        }
        for (int target = Math.max(firstTarget, most + 1); target < items.length; target++) {
            int[] last = Arrays.copyOfRange(items, target - most, target + 1);
            windows.add(new Window(last, most));
        }
        return windows;
    }

    /**
     * A window for each click that this one predicts, from as many of the clicks before it as a
     * network reads.
     *
     * @param most inputs that the network reads
     */
    List<Window> oneByOne(int most) {
        List<Window> windows = new ArrayList<>(predictions());
        for (int target = firstTarget; target < items.length; target++) {
            int[] read = Arrays.copyOfRange(items, Math.max(0, target - most), target + 1);
            windows.add(new Window(read, read.length - 1));
        }
        return windows;
    }
}
