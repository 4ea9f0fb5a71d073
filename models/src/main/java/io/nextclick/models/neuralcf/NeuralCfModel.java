package io.nextclick.models.neuralcf;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.network.Parameter;
import io.nextclick.models.rating.UserKeys;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.session.SessionSplit;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * A finished training of a GMF, MLP or NeuMF.
 *
 * <p>A session is answered by a user's vector that is foretold from its items, {@link
 * SessionVectors}; users of the training are known by the {@link UserKeys} of their sessions' ids
 * and have their own. Tensors beside the fallbacks, with U = users, V = items, F = factors, E =
 * size of a vector that goes into the layers, A_l = values of layer l, D = size of a user's vector,
 * its F factors, if the kind multiplies, followed by its E values, if it has layers:
 *
 * <ul>
 *   <li>{@code item.factors} [V, F], {@code item.vectors} [V, E], as far as the kind has them;
 *   <li>{@code layers.n.weight} [A_n, A_(n-1)] and {@code layers.n.bias} [A_n], n from 1, the
 *       user's values first;
 *   <li>{@code output.weight} [F or 2F], the factors' first, {@code output.bias} [1];
 *   <li>{@code session.mean} [D], {@code session.items} [V, D];
 *   <li>{@value UserKeys#TENSOR} [U] and {@value #USER_VALUES} [U, D], which folders of earlier
 *       versions lack.
 * </ul>
 */
public final class NeuralCfModel {

    /** The tensor of the users' own vectors. */
    public static final String USER_VALUES = "user.values";

    private final NeuralCf network;
    private final Map<String, Integer> users;
    private final ItemVocabulary vocabulary;
    private final TakenItems taken;
    private final NeuralCfOptions options;
    private final Map<NeuralCfKind, Integer> epochs;
    private final NeuralCfTraining.Validation validation;
    private final double loss;
    private final Duration elapsed;

    NeuralCfModel(
            NeuralCf network,
            Map<String, Integer> users,
            ItemVocabulary vocabulary,
            TakenItems taken,
            NeuralCfOptions options,
            Map<NeuralCfKind, Integer> epochs,
            NeuralCfTraining.Validation validation,
            double loss,
            Duration elapsed) {
        this.network = network;
        this.users = users;
        this.vocabulary = vocabulary;
        this.taken = taken;
        this.options = options;
        this.epochs = new LinkedHashMap<>(epochs);
        this.validation = validation;
        this.loss = loss;
        this.elapsed = elapsed;
    }

    /** The kind of model in its manifest. */
    public String kind() {
        return network.kind().id();
    }

    public ItemVocabulary vocabulary() {
        return vocabulary;
    }

    /** Users that it was trained on. */
    public int users() {
        return network.users();
    }

    /** Epochs of each of the trainings that made it. */
    public Map<NeuralCfKind, Integer> epochs() {
        return new LinkedHashMap<>(epochs);
    }

    /** Of the model that chose the epoch; null if none were held out. */
    public NeuralCfTraining.Validation validation() {
        return validation;
    }

    /** How long the training took. */
    public Duration elapsed() {
        return elapsed;
    }

    /** The log-odds that a user of the training takes an item; empty if either is unknown. */
    public OptionalDouble logOdds(String user, String item) {
        Integer userRow = users.get(user);
        int itemRow = vocabulary.row(item);
        return userRow == null || itemRow == ItemVocabulary.UNKNOWN
                ? OptionalDouble.empty()
                : OptionalDouble.of(new NeuralCfPass(network).logOdds(userRow, itemRow));
    }

    /**
     * The model as a folder, ready to be written.
     *
     * @param version its version
     * @param rules the session rules under which it is to be served
     * @param log the sessions it was trained on, for the fallbacks and the fingerprint
     * @param createdAt when it was trained
     */
    public ModelFolder folder(
            String version, SessionRules rules, List<Session> log, Instant createdAt) {
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("items", vocabulary.size());
        parameters.putAll(options.asMap());
        epochs.forEach((kind, count) -> parameters.put("trained_epochs_" + kind, count));
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("training_loss", loss);
        metrics.put("training_seconds", elapsed.toMillis() / 1e3);
        if (validation != null) {
            metrics.put("validation_users", (double) validation.users());
            metrics.put("validation_hr@10_of_100", validation.hr10());
            metrics.put("validation_ndcg@10_of_100", validation.ndcg10());
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        network.ofItems().forEach(parameter -> put(tensors, parameter));
        network.dense().forEach(parameter -> put(tensors, parameter));
        int size = userSize();
        float[] ofUsers = userVectors(size);
        SessionVectors sessions = SessionVectors.of(taken, ofUsers, size);
        tensors.put("session.mean", new Tensor.Floats(sessions.mean(), size));
        tensors.put("session.items", new Tensor.Floats(sessions.items(), network.items(), size));
        tensors.put(UserKeys.TENSOR, UserKeys.of(users.keySet()).tensor());
        tensors.put(USER_VALUES, new Tensor.Floats(ofUsers, network.users(), size));
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
                        SessionSplit.fingerprint(log),
                        metrics,
                        createdAt),
                vocabulary,
                tensors);
    }

    private static void put(Map<String, Tensor> tensors, Parameter parameter) {
        tensors.put(
                parameter.name(),
                parameter.rows() == 1
                        ? new Tensor.Floats(parameter.copy(), parameter.columns())
                        : new Tensor.Floats(
                                parameter.copy(), parameter.rows(), parameter.columns()));
    }

    private int userSize() {
        return network.ofUsers().stream().mapToInt(Parameter::columns).sum();
    }

    /** Factors and vectors of each user side by side [U, D]. */
    private float[] userVectors(int size) {
        float[] vectors = new float[network.users() * size];
        int from = 0;
        for (Parameter parameter : network.ofUsers()) {
            int columns = parameter.columns();
            for (int user = 0; user < network.users(); user++) {
                System.arraycopy(
                        parameter.values(), user * columns, vectors, user * size + from, columns);
            }
            from += columns;
        }
        return vectors;
    }
}
