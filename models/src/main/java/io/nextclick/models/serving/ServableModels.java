package io.nextclick.models.serving;

import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.neuralcf.NeuralCfKind;
import io.nextclick.models.rating.Factorization;
import io.nextclick.models.rating.Neighbourhood;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The registry of models that can be served: a line a kind.
 *
 * <p>The system property {@code nextclick.cell} chooses what a recurrent model's cell runs on:
 * {@code packed}, the default, uses the vector instructions of the item search; {@code torch} uses
 * the operation that training runs.
 */
public final class ServableModels {

    private static final String CELL = "nextclick.cell";

    private static final Map<String, Loader> KINDS = new TreeMap<>();

    static {
        KINDS.put("gru4rec", (folder, placement) -> new ServableGru4Rec(folder, cell(), placement));
        KINDS.put("sasrec", ServableAttention::sasRec);
        KINDS.put("bert4rec", ServableAttention::bert4Rec);
        KINDS.put("two-tower", ServableTwoTower::new);
        KINDS.put("torchscript", ServableTorchScript::new);
        Factorization.KINDS.forEach(kind -> KINDS.put(kind, ServableFactorization::new));
        Neighbourhood.KINDS.forEach(
                kind -> KINDS.put(kind, (folder, placement) -> new ServableNeighbourhood(folder)));
        for (NeuralCfKind kind : NeuralCfKind.values()) {
            KINDS.put(
                    kind.id(),
                    (folder, placement) -> new ServableNeuralCf(folder, kind, placement));
        }
        // What was counted is looked up and added up on the heap, whatever the device.
        CountedModel.KINDS.forEach(
                kind -> KINDS.put(kind, (folder, placement) -> new ServableCounted(folder)));
    }

    private ServableModels() {}

    @FunctionalInterface
    private interface Loader {
        ServableModel load(ModelFolder folder, Placement placement) throws ModelFileException;
    }

    /**
     * Makes a model ready to answer on the machine's own processor. The caller closes it.
     *
     * @throws ModelFileException if its kind is unknown, or a tensor is missing or doesn't fit
     */
    public static ServableModel load(ModelFolder folder) throws ModelFileException {
        return load(folder, ComputeDevice.CPU);
    }

    /**
     * Makes a model ready to answer. The caller closes it.
     *
     * @param device where items are searched, and what torch runs is run
     * @throws ModelFileException if its kind is unknown, or a tensor is missing or doesn't fit
     */
    public static ServableModel load(ModelFolder folder, ComputeDevice device)
            throws ModelFileException {
        String kind = folder.manifest().kind();
        Loader loader = KINDS.get(kind);
        if (loader == null) {
            throw new ModelFileException(
                    ModelFileException.Fault.UNKNOWN_KIND,
                    ModelFolder.MANIFEST,
                    "kind is '" + kind + "', known are " + KINDS.keySet(),
                    null);
        }
        return loader.load(folder, Placement.on(device));
    }

    /** The kinds of model that can be served. */
    public static Set<String> kinds() {
        return Collections.unmodifiableSet(KINDS.keySet());
    }

    private static ServableGru4Rec.CellKind cell() {
        String name = System.getProperty(CELL, "packed").toUpperCase(Locale.ROOT);
        for (ServableGru4Rec.CellKind kind : ServableGru4Rec.CellKind.values()) {
            if (kind.name().equals(name)) {
                return kind;
            }
        }
        throw new IllegalArgumentException(
                CELL + " is '" + System.getProperty(CELL) + "', it must be packed or torch");
    }
}
