package io.nextclick.jobs.cli;

import io.nextclick.models.clicklog.ClickLog;
import io.nextclick.models.session.Session;
import io.nextclick.models.tower.ItemAttributes;
import io.nextclick.models.tower.LoggedTowers;
import io.nextclick.models.tower.TwoTowerOptions;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * How two towers learn from a log, beside what they share with other models; what is left out is as
 * {@link TwoTowerOptions#DEFAULTS} says.
 */
final class LoggedTowerArguments {

    /** Items have rows of their own, and attributes where these are named. */
    static final String TWO_TOWER = "two-tower";

    /** Items are their attributes alone. */
    static final String CONTENT = "content-towers";

    static final List<String> KINDS = List.of(TWO_TOWER, CONTENT);

    private static final int EPOCHS = 10;

    private static final Set<String> OPTIONS =
            Set.of(
                    "--item-features",
                    "--tower-history",
                    "--embedding-size",
                    "--hidden-size",
                    "--epochs",
                    "--batch",
                    "--learning-rate",
                    "--negatives",
                    "--seed",
                    "--test-share",
                    "--split-seed",
                    "--leave-last-out");

    @Option(
            names = "--tower-history",
            paramLabel = "N",
            description =
                    "two-tower, content-towers: how many of a session's last items are read."
                            + " Default: 10.")
    private Integer history;

    /** Whether this is an option of the kind. */
    static boolean has(String kind, String option) {
        return KINDS.contains(kind) && OPTIONS.contains(option);
    }

    /**
     * Trains a model of the kind. The caller closes it.
     *
     * @param whole the log with what is not learnt from
     * @param err hears of each epoch
     * @throws ParameterException if an option is out of bounds, or there is nothing to learn
     */
    LoggedTowers train(
            CommandSpec spec,
            String kind,
            ClickLog whole,
            List<Session> learnt,
            TrainingArguments shared,
            RatingArguments rating,
            PrintWriter err) {
        List<String> features = Objects.requireNonNullElse(rating.itemFeatures(), List.of());
        if (kind.equals(CONTENT) && features.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--item-features is needed: " + CONTENT + " know items by nothing else");
        }
        try {
            Map<String, ItemAttributes> catalogue =
                    features.isEmpty()
                            ? Map.of()
                            : LoggedTowers.catalogue(whole.clicks(), features);
            return LoggedTowers.train(
                    learnt,
                    catalogue,
                    options(kind, shared),
                    Objects.requireNonNullElse(shared.epochs(), EPOCHS),
                    epoch -> {
                        err.printf(
                                Locale.ROOT,
                                "epoch %d: loss %.4f, %,.0f examples/s%n",
                                epoch.number(),
                                epoch.loss(),
                                epoch.examplesPerSecond());
                        err.flush();
                    });
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private TwoTowerOptions options(String kind, TrainingArguments shared) {
        TwoTowerOptions usual = TwoTowerOptions.DEFAULTS;
        return usual.toBuilder()
                .ids(!kind.equals(CONTENT))
                .history(Objects.requireNonNullElse(history, usual.history()))
                .dimension(Objects.requireNonNullElse(shared.embeddingSize(), usual.dimension()))
                .hidden(Objects.requireNonNullElse(shared.hiddenSize(), usual.hidden()))
                .batchExamples(Objects.requireNonNullElse(shared.batch(), usual.batchExamples()))
                .rowLearningRate(
                        Objects.requireNonNullElse(shared.learningRate(), usual.rowLearningRate()))
                .negatives(Objects.requireNonNullElse(shared.negatives(), usual.negatives()))
                .seed(Objects.requireNonNullElse(shared.seed(), usual.seed()))
                .build();
    }
}
