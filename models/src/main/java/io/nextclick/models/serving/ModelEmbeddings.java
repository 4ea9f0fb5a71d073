package io.nextclick.models.serving;

import io.nextclick.models.embedding.Embeddings;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.tower.TowerWeights;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The vectors by which a model folder knows items and users, to look at: nothing is made ready to
 * answer, and no native memory is taken.
 */
public final class ModelEmbeddings {

    /** By kind the tensor [V, D] whose rows score the items, V = items, D = dimension. */
    private static final Map<String, String> ITEM_VECTORS = new TreeMap<>();

    static {
        ITEM_VECTORS.put("gru4rec", Gru4RecWeights.OUTPUT_WEIGHT);
        ITEM_VECTORS.put("sasrec", SasRecWeights.OUTPUT_WEIGHT);
        ITEM_VECTORS.put("two-tower", ServableTwoTower.OUTPUT_VECTORS);
        ITEM_VECTORS.put("torchscript", ServableTorchScript.ITEM_WEIGHT);
    }

    private ModelEmbeddings() {}

    /** The kinds of model that know items by vectors. */
    public static Set<String> kindsWithItems() {
        return new TreeSet<>(ITEM_VECTORS.keySet());
    }

    /** The kinds of model that may know users by vectors. */
    public static Set<String> kindsWithUsers() {
        return new TreeSet<>(List.of("two-tower"));
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
     * The vectors of users. A two-tower model has them under a digest of the user's id, so users
     * are found by asking for them; it keeps those who clicked last.
     *
     * @param users ids to look for
     * @return of those that the model knows, in the order of {@code users}; empty for a kind that
     *     knows none
     * @throws ModelFileException if a tensor is missing or doesn't fit
     */
    public static Optional<Embeddings> ofUsers(ModelFolder folder, Collection<String> users)
            throws ModelFileException {
        if (!kindsWithUsers().contains(folder.manifest().kind())) {
            return Optional.empty();
        }
        TowerWeights tower = TowerWeights.read(folder);
        List<String> known = new ArrayList<>();
        List<float[]> vectors = new ArrayList<>();
        for (String user : new LinkedHashSet<>(users)) {
            float[] vector = tower.profile(user, Map.of());
            if (vector != null) {
                known.add(user);
                vectors.add(vector);
            }
        }
        float[] flat = new float[Math.multiplyExact(known.size(), tower.dimension())];
        for (int i = 0; i < vectors.size(); i++) {
            System.arraycopy(vectors.get(i), 0, flat, i * tower.dimension(), tower.dimension());
        }
        return Optional.of(new Embeddings(known, flat, tower.dimension()));
    }
}
