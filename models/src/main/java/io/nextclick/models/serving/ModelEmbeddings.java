package io.nextclick.models.serving;

import io.nextclick.models.embedding.Embeddings;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.neuralcf.NeuralCfKind;
import io.nextclick.models.neuralcf.NeuralCfModel;
import io.nextclick.models.rating.Factorization;
import io.nextclick.models.rating.UserKeys;
import io.nextclick.models.scoring.UserScorer;
import io.nextclick.models.tower.TowerWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The vectors by which a model folder knows items and users, to look at: nothing is made ready to
 * answer, and no native memory is taken.
 */
public final class ModelEmbeddings {

    private static final String TWO_TOWER = "two-tower";

    /** By kind the tensor [V, D] whose rows score the items, V = items, D = dimension. */
    private static final Map<String, String> ITEM_VECTORS = new TreeMap<>();

    static {
        ITEM_VECTORS.put("gru4rec", Gru4RecWeights.OUTPUT_WEIGHT);
        // Session networks name it alike.
        ITEM_VECTORS.put("sasrec", Gru4RecWeights.OUTPUT_WEIGHT);
        ITEM_VECTORS.put("bert4rec", Gru4RecWeights.OUTPUT_WEIGHT);
        ITEM_VECTORS.put(TWO_TOWER, ServableTwoTower.OUTPUT_VECTORS);
        ITEM_VECTORS.put("torchscript", ServableTorchScript.ITEM_WEIGHT);
        Factorization.KINDS.forEach(kind -> ITEM_VECTORS.put(kind, Factorization.ITEM_VECTORS));
        // Of what a NeuMF has of an item, the factors score it by themselves.
        for (NeuralCfKind kind : NeuralCfKind.values()) {
            ITEM_VECTORS.put(kind.id(), kind.multiplies() ? "item.factors" : "item.vectors");
        }
    }

    private ModelEmbeddings() {}

    /** The kinds of model that know items by vectors. */
    public static Set<String> kindsWithItems() {
        return new TreeSet<>(ITEM_VECTORS.keySet());
    }

    /** The kinds of model that may know users by vectors. */
    public static Set<String> kindsWithUsers() {
        Set<String> kinds = new TreeSet<>(Factorization.KINDS);
        kinds.add(TWO_TOWER);
        Arrays.stream(NeuralCfKind.values()).map(NeuralCfKind::id).forEach(kinds::add);
        return kinds;
    }

    /**
     * The vectors that score the items, in the order of the vocabulary. A bias beside them, which
     * says how popular an item is, is no part of them.
     *
     * @return empty for a kind that knows none
     * @throws ModelFileException if the tensor is missing or doesn't fit
     */
    public static Optional<Embeddings> ofItems(ModelFolder folder) throws ModelFileException {
        String tensor = ITEM_VECTORS.get(folder.manifest().kind());
        if (tensor == null) {
            return Optional.empty();
        }
        float[] vectors = folder.floats(tensor, folder.vocabulary().size(), -1);
        int dimension = folder.tensors().get(tensor).shape()[1];
        return Optional.of(new Embeddings(folder.vocabulary().items(), vectors, dimension));
    }

    /**
     * The vectors of users. Models have them under digests of the users' ids, so users are found by
     * asking for them; a two-tower model keeps those who clicked last.
     *
     * @param users ids to look for
     * @return of those that the model knows, in the order of {@code users}; empty for a kind that
     *     knows none
     * @throws ModelFileException if a tensor is missing or doesn't fit
     */
    public static Optional<Embeddings> ofUsers(ModelFolder folder, Collection<String> users)
            throws ModelFileException {
        String kind = folder.manifest().kind();
        if (kind.equals(TWO_TOWER)) {
            TowerWeights tower = TowerWeights.read(folder);
            return Optional.of(
                    known(users, tower.dimension(), user -> tower.profile(user, Map.of())));
        }
        if (Factorization.KINDS.contains(kind)) {
            return Optional.of(known(users, folder, Factorization.USER_VECTORS));
        }
        boolean hasUsers = folder.tensors().containsKey(NeuralCfModel.USER_VALUES);
        if (hasUsers && NeuralCfKind.named(kind).isPresent()) {
            return Optional.of(known(users, folder, NeuralCfModel.USER_VALUES));
        }
        return Optional.empty();
    }

    /**
     * @param tensor [U, D or more]: the first D values of a user are of the space of the items
     */
    private static Embeddings known(Collection<String> users, ModelFolder folder, String tensor)
            throws ModelFileException {
        UserKeys keys;
        try {
            keys = UserKeys.read(folder);
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(ModelFolder.WEIGHTS, e.getMessage(), e);
        }
        float[] vectors = folder.floats(tensor, keys.size(), -1);
        int columns = folder.tensors().get(tensor).shape()[1];
        int dimension = ofItems(folder).orElseThrow().dimension();
        if (columns < dimension) {
            throw new ModelFileException(
                    ModelFolder.WEIGHTS,
                    tensor + " has " + columns + " columns, items have " + dimension);
        }
        return known(
                users,
                dimension,
                user -> {
                    int row = keys.row(user);
                    return row == UserScorer.UNKNOWN
                            ? null
                            : Arrays.copyOfRange(vectors, row * columns, row * columns + dimension);
                });
    }

    /**
     * @param vectorOf a user's vector; null of one that the model doesn't know
     */
    private static Embeddings known(
            Collection<String> users, int dimension, Function<String, float[]> vectorOf) {
        List<String> known = new ArrayList<>();
        List<float[]> vectors = new ArrayList<>();
        for (String user : new LinkedHashSet<>(users)) {
            float[] vector = vectorOf.apply(user);
            if (vector != null) {
                known.add(user);
                vectors.add(vector);
            }
        }
        float[] flat = new float[Math.multiplyExact(known.size(), dimension)];
        for (int i = 0; i < vectors.size(); i++) {
            System.arraycopy(vectors.get(i), 0, flat, i * dimension, dimension);
        }
        return new Embeddings(known, flat, dimension);
    }
}
