package io.nextclick.models.training;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.network.Parameter;
import io.nextclick.models.network.SessionNetwork;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
public record TrainedModel(
        SessionNetwork network,
        ItemVocabulary vocabulary,
        TrainingOptions options,
        int epochs,
        TrainingListener.Validation validation,
        double loss,
        int sessions,
        Duration elapsed) {

    /** The kind of model in its manifest. */
    public String kind() {
        return network.kind().id();
    }

    /**
     * The model as a folder, ready to be written.
     *
     * @param version its version
     * @param rules the session rules that {@code log} was cut by, under which it is to be served
     * @param log the sessions it was trained on, for the fallbacks and the fingerprint
     * @param createdAt when it was trained
     */
    public ModelFolder folder(
            String version, SessionRules rules, List<Session> log, Instant createdAt) {
        Map<String, Object> parameters = new LinkedHashMap<>(network.sizes());
        parameters.put("trained_epochs", epochs);
        parameters.put("trained_sessions", sessions);
        options.asMap().forEach(parameters::putIfAbsent);
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("training_loss", loss);
        metrics.put("training_seconds", elapsed.toMillis() / 1e3);
        if (validation != null) {
            metrics.put("validation_predictions", (double) validation.predictions());
            metrics.put("validation_recall@20", validation.recall20());
            metrics.put("validation_mrr@20", validation.mrr20());
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Parameter parameter : network.parameters()) {
            boolean vector = parameter.rows() == 1 || parameter.columns() == 1;
            tensors.put(
                    parameter.name(),
                    vector
                            ? new Tensor.Floats(parameter.copy(), parameter.values().length)
                            : new Tensor.Floats(
                                    parameter.copy(), parameter.rows(), parameter.columns()));
        }
        tensors.putAll(
                ModelFolder.fallbackTensors(
                        Popularity.of(log, vocabulary), CoVisitation.of(log, vocabulary)));
        return new ModelFolder(
                new ModelManifest(
                        kind(),
                        kind(),
                        version,
                        parameters,
                        rules,
                        fingerprint(log),
                        metrics,
                        createdAt),
                vocabulary,
                tensors);
    }

    /** SHA-256 over each session's id, start and items, in the order given. */
    private static String fingerprint(List<Session> log) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Session session : log) {
                String line =
                        session.id()
                                + '\t'
                                + session.startMillis()
                                + '\t'
                                + String.join("\t", session.items())
                                + '\n';
                digest.update(line.getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }
}
