package io.nextclick.it;

import io.nextclick.models.clicklog.LoggedClick;
import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.network.NetworkKind;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.Sessioniser;
import io.nextclick.models.simulation.ShopOptions;
import io.nextclick.models.simulation.ShopSimulator;
import io.nextclick.models.training.Trainer;
import io.nextclick.models.training.TrainingListener;
import io.nextclick.models.training.TrainingOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * A simulated shop with a GRU4Rec trained on its earlier clicks. New items come on sale all the
 * time, so the later clicks hold some that the model doesn't know.
 *
 * @param folder the model's folder
 * @param model what stands in it
 * @param learnt the sessions it was trained on
 * @param clicks the clicks after those trained on
 */
public record TrainedShop(
        Path folder, ModelFolder model, List<Session> learnt, List<LoggedClick> clicks) {

    public static final SessionRules RULES = SessionRules.DEFAULT;

    private static final String VERSION = "it-1";
    private static final long SEED = 20_261_122;
    private static final int TRAINED_CLICKS = 12_000;
    private static final int LATER_CLICKS = 20_000;

    /** Trains for seconds: the lists need to differ from session to session, not to be the best. */
    public static TrainedShop train(Path folder) throws IOException {
        System.out.println("shop and model: seed " + SEED);
        ShopSimulator simulator =
                new ShopSimulator(
                        ShopOptions.DEFAULT
                                .withCatalogue(400, 10)
                                .withTastes(6)
                                .withTraffic(200, 10)
                                .withMeanSessionLength(6)
                                .withChange(0.1, 120, Duration.ofMinutes(2))
                                .withStart(Instant.parse("2024-01-01T00:00:00Z"))
                                .withSeed(SEED));
        List<Session> sessions = sessions(simulator.clicks(TRAINED_CLICKS).toList());
        train(NetworkKind.GRU4REC, sessions).write(folder);
        return new TrainedShop(
                folder,
                ModelFolder.read(folder),
                sessions,
                simulator.clicks(LATER_CLICKS).toList());
    }

    /** A model of another kind, from the same clicks. */
    public ModelFolder train(String kind) {
        for (NetworkKind network : NetworkKind.values()) {
            if (network.id().equals(kind)) {
                return train(network, learnt);
            }
        }
        return CountedModel.of(kind, learnt).folder(VERSION, RULES, learnt, Instant.EPOCH);
    }

    private static ModelFolder train(NetworkKind network, List<Session> sessions) {
        return Trainer.train(
                        sessions,
                        TrainingOptions.DEFAULTS.toBuilder()
                                .network(network)
                                .embeddingSize(32)
                                .hiddenSize(32)
                                .embeddingDropout(0)
                                .hiddenDropout(0)
                                .learningRate(0.01)
                                .batchPredictions(512)
                                .epochs(2)
                                .validationFraction(0)
                                .refit(false)
                                .seed(SEED)
                                .threads(1)
                                .build(),
                        TrainingListener.SILENT)
                .folder(VERSION, RULES, sessions, Instant.EPOCH);
    }

    /** Clicks cut into sessions by the rules that the model is served under. */
    public static List<Session> sessions(List<LoggedClick> clicks) {
        Sessioniser sessioniser = new Sessioniser(RULES);
        for (LoggedClick click : clicks) {
            sessioniser.add(
                    click.sessionId(), click.eventId(), click.itemId(), click.eventTimeMillis());
        }
        return sessioniser.sessions();
    }
}
