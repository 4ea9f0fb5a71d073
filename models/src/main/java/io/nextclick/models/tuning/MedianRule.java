package io.nextclick.models.tuning;

import io.nextclick.models.training.TrainingListener.Epoch;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * When a trial is hopeless: the median rule (Golovin et al., "Google Vizier: A Service for
 * Black-Box Optimization", KDD 2017). After an epoch, a trial whose best validation MRR@20 so far
 * is below the median of what the trials before it had reached by then is given up.
 *
 * <p>"By then" is the same <em>share</em> of the training, not the same epoch: the learning rate
 * falls over the epochs, so that a trial of twelve epochs is no better after its third than one of
 * four after its first. A trial that ended by itself before that share counts with what it reached;
 * one that was stopped or failed before it doesn't count. Nothing is judged in the first {@value
 * #GRACE_PERCENT} % of a training, when a low learning rate has had no chance yet, nor before
 * {@value #FEWEST} others can be compared with.
 *
 * <p>The verdict depends on figures only, never on time: the same trials before it give the same
 * verdict on any machine and after any interruption.
 */
final class MedianRule {

    /** Trials to compare with before anything is given up. */
    static final int FEWEST = 3;

    /** The part of a training in which nothing is given up. */
    static final int GRACE_PERCENT = 25;

    private MedianRule() {}

    /**
     * Judges a trial after an epoch.
     *
     * @param before the trials before it, ended
     * @param epochs its epochs so far, at least one
     * @param planned how many it would run
     * @return why it is given up; empty if it isn't
     */
    static Optional<String> verdict(List<Trial> before, List<Epoch> epochs, int planned) {
        int done = epochs.size();
        if (done >= planned || 100 * done < GRACE_PERCENT * planned) {
            return Optional.empty();
        }
        List<Double> others = new ArrayList<>();
        for (Trial trial : before) {
            reached(trial, done, planned).ifPresent(others::add);
        }
        if (others.size() < FEWEST) {
            return Optional.empty();
        }
        others.sort(null);
        double median = (others.get((others.size() - 1) / 2) + others.get(others.size() / 2)) / 2;
        double own = Trial.best(epochs).orElseThrow().validation().mrr20();
        return own < median
                ? Optional.of(
                        String.format(
                                Locale.ROOT,
                                "MRR@20 %.4f after %d of %d epochs, the median of %d trials by then"
                                        + " is %.4f",
                                own,
                                done,
                                planned,
                                others.size(),
                                median))
                : Optional.empty();
    }

    /** The best MRR@20 of a trial in the first {@code done / planned} of its training. */
    private static Optional<Double> reached(Trial trial, int done, int planned) {
        int by = (int) ((long) done * trial.options().epochs() / planned);
        if (by > trial.epochs().size() && trial.outcome() != Trial.Outcome.COMPLETED) {
            return Optional.empty();
        }
        return Trial.best(trial.epochs().subList(0, Math.min(by, trial.epochs().size())))
                .map(epoch -> epoch.validation().mrr20());
    }
}
