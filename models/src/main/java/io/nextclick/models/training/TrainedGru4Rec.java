package io.nextclick.models.training;

import io.nextclick.models.network.Gru4Rec;
import io.nextclick.models.session.ItemVocabulary;
import java.time.Duration;

/**
 * A finished training.
 *
 * @param network the weights of the chosen epoch
 * @param vocabulary the items; row n of the item matrices is item n
 * @param options as trained
 * @param epochs epochs that the weights have seen
 * @param validation metrics on the held-out sessions of the model that chose the epoch; null if
 *     none were held out
 * @param loss mean training loss of the last of these epochs
 * @param sessions sessions of 2 clicks or more that the weights have seen
 * @param elapsed how long it took, choosing the epoch included
 */
public record TrainedGru4Rec(
        Gru4Rec network,
        ItemVocabulary vocabulary,
        TrainingOptions options,
        int epochs,
        TrainingListener.Validation validation,
        double loss,
        int sessions,
        Duration elapsed) {}
