package io.nextclick.jobs.cli;

import io.nextclick.models.prequential.LearningSystem;
import io.nextclick.models.tower.TwoTowerOptions;
import java.util.List;

/** What can be varied about learning from a stream, and the settings that are then compared. */
enum LearningVariation {
    LOGQ,
    FIX,
    ATTRIBUTES,
    NEGATIVES,
    TRAINERS;

    /** Settings under a name. */
    record Variant(String name, TwoTowerOptions options, int trainers) {

        LearningSystem system() {
            return new LearningSystem(name, options, trainers, LearningSystem::weightsThatLearn);
        }
    }

    /**
     * What is compared.
     *
     * @param options of whatever isn't varied
     * @param trainers if they aren't varied
     */
    List<Variant> of(TwoTowerOptions options, int trainers) {
        TwoTowerOptions.Builder changed = options.toBuilder();
        return switch (this) {
            case LOGQ ->
                    List.of(
                            new Variant("logQ on", options, trainers),
                            new Variant("logQ off", changed.logQ(false).build(), trainers));
            case FIX ->
                    List.of(
                            new Variant("fix on", options, trainers),
                            new Variant("fix off", changed.correctedLogQ(false).build(), trainers));
            case ATTRIBUTES ->
                    List.of(
                            new Variant("attributes on", options, trainers),
                            new Variant(
                                    "attributes off", changed.attributes(false).build(), trainers));
            case NEGATIVES ->
                    List.of(64, 256, 1_024).stream()
                            .map(
                                    count ->
                                            new Variant(
                                                    count + " negatives",
                                                    options.toBuilder().negatives(count).build(),
                                                    trainers))
                            .toList();
            case TRAINERS ->
                    List.of(1, 2, 4).stream()
                            .map(
                                    count ->
                                            new Variant(
                                                    count == 1 ? "1 trainer" : count + " trainers",
                                                    options,
                                                    count))
                            .toList();
        };
    }
}
