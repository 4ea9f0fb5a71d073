package io.nextclick.models.tuning;

import io.nextclick.models.training.TrainingListener.Epoch;
import io.nextclick.models.training.TrainingOptions;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One training of a search, ended.
 *
 * @param number from 1
 * @param settings what it changed of the options given, by name; empty for trial 1
 * @param options all of its options
 * @param outcome how it ended
 * @param reason why, in words, if it was stopped or failed; otherwise empty
 * @param epochs the epochs it ran, in order, each with its validation
 * @param startedAt when it began
 * @param elapsed how long it took
 */
public record Trial(
        int number,
        Map<String, Object> settings,
        TrainingOptions options,
        Outcome outcome,
        String reason,
        List<Epoch> epochs,
        Instant startedAt,
        Duration elapsed) {

    /** How a trial ended. */
    public enum Outcome {
        /** All its epochs, or as many as improved anything. */
        COMPLETED,
        /** Given up, since trials before it did better in the same part of their training. */
        STOPPED,
        /** The loss was no number, or the memory was not enough. */
        FAILED
    }

    public Trial {
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        epochs = List.copyOf(epochs);
    }

    /** The epoch with the highest validation MRR@20, the earliest of equals; none if none ended. */
    public Optional<Epoch> best() {
        return best(epochs);
    }

    static Optional<Epoch> best(List<Epoch> epochs) {
        Epoch best = null;
        for (Epoch epoch : epochs) {
            if (best == null || epoch.validation().mrr20() > best.validation().mrr20()) {
                best = epoch;
            }
        }
        return Optional.ofNullable(best);
    }
}
