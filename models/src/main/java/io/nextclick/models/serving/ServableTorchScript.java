package io.nextclick.models.serving;

import ai.djl.engine.EngineException;
import io.nextclick.models.device.ComputeDevice;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A network that PyTorch trained, kind {@code torchscript}: {@link TorchScriptModule} says what a
 * module has to be, and what trust it takes.
 *
 * <p>Beside the module, in the weights, with V = items and d = dimension: {@value #ITEM_WEIGHT} [V,
 * d] and, optionally, {@value #ITEM_BIAS} [V], both F32. The session rules' maximum length is the
 * most items that the module gets to read.
 *
 * <p>Whether module and item matrix go together is found out when the model is loaded, by trial:
 * sessions of all lengths are encoded alone, and together in padded batches. This also warms the
 * module up.
 */
final class ServableTorchScript extends FolderModel {

    static final String ITEM_WEIGHT = "item.weight";
    static final String ITEM_BIAS = "item.bias";

    /** How far two encodings of a session may be apart, relative to the largest value in one. */
    private static final float TOLERANCE = 1e-3f;

    private final ItemIndex index;
    private final TorchScriptModule module;

    ServableTorchScript(ModelFolder folder, Placement placement) throws ModelFileException {
        super(folder);
        int items = vocabulary().size();
        if (items == 0) {
            throw new ModelFileException(ModelFolder.ITEMS, "is empty");
        }
        float[] vectors = folder.floats(ITEM_WEIGHT, items, -1);
        float[] biases = folder.has(ITEM_BIAS) ? folder.floats(ITEM_BIAS, items) : null;
        try {
            index = placement.index(vectors, biases, vectors.length / items);
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(
                    ModelFolder.WEIGHTS, ITEM_WEIGHT + ": " + e.getMessage(), e);
        }
        try {
            module =
                    new TorchScriptModule(
                            folder.module(),
                            placement.torch() == null ? ComputeDevice.CPU : placement.torch());
        } catch (ModelFileException | RuntimeException | Error e) {
            index.close();
            throw e;
        }
        try {
            tryOut();
        } catch (ModelFileException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private void tryOut() throws ModelFileException {
        List<int[]> sessions = trialSessions();
        float[][] alone = new float[sessions.size()][];
        for (int i = 0; i < alone.length; i++) {
            alone[i] = encodeAlone(sessions.get(i));
            for (float value : alone[i]) {
                if (!Float.isFinite(value)) {
                    throw new ModelFileException(
                            ModelFolder.MODULE,
                            "returns "
                                    + value
                                    + " for "
                                    + named(sessions.get(i))
                                    + " a number is needed");
                }
            }
            requireClose(
                    alone[i],
                    encodeAlone(sessions.get(i)),
                    sessions.get(i),
                    "two calls return different vectors: it has to be exported after eval(), and"
                            + " must not write attributes of its own");
        }
        float[][] together;
        try {
            together = newScorer().encode(sessions.toArray(int[][]::new), alone.length);
        } catch (EngineException | IllegalStateException e) {
            throw failed("several sessions in padded batches", e);
        }
        for (int i = 0; i < alone.length; i++) {
            requireClose(
                    alone[i],
                    together[i],
                    sessions.get(i),
                    "in a padded batch another vector is returned than without padding: it may"
                            + " depend on items[b, :lengths[b]] only");
        }
    }

    /** Sessions whose lengths are the widths of batches and in between, the first and last item. */
    private List<int[]> trialSessions() {
        int longest = sessionRules().maximumLength();
        int items = vocabulary().size();
        List<int[]> sessions = new ArrayList<>();
        sessions.add(new int[] {items - 1});
        sessions.add(new int[] {0});
        for (int columns = 2; columns / 2 < longest; columns *= 2) {
            for (int length : new int[] {columns / 2 + 1, Math.min(columns, longest)}) {
                int[] session = new int[length];
                // Any rows will do, if they differ.
                Arrays.setAll(session, i -> (int) ((items - 1L + length + i * 7_919L) % items));
                sessions.add(session);
            }
        }
        return sessions;
    }

    /** A session as it is, in a batch of its own width. */
    private float[] encodeAlone(int[] session) throws ModelFileException {
        try {
            return new TorchScriptScorer(module, index, session.length)
                    .encode(new int[][] {session}, 1)[0];
        } catch (EngineException | IllegalStateException e) {
            throw failed(named(session), e);
        }
    }

    private static String named(int[] session) {
        return "one session of " + session.length + " items, row " + session[0] + " first,";
    }

    private static ModelFileException failed(String what, RuntimeException failure) {
        return new ModelFileException(
                ModelFolder.MODULE,
                "a trial with " + what + " fails: " + TorchScriptModule.problemOf(failure),
                failure);
    }

    private static void requireClose(float[] one, float[] other, int[] session, String otherwise)
            throws ModelFileException {
        float largest = 0;
        float furthest = 0;
        for (int i = 0; i < one.length; i++) {
            largest = Math.max(largest, Math.abs(one[i]));
            furthest = Math.max(furthest, Math.abs(one[i] - other[i]));
        }
        if (!(furthest <= TOLERANCE * largest)) {
            throw new ModelFileException(
                    ModelFolder.MODULE,
                    "a trial with a session of " + session.length + " items fails: " + otherwise);
        }
    }

    @Override
    public TorchScriptScorer newScorer() {
        requireOpen();
        return new TorchScriptScorer(module, index, sessionRules().maximumLength());
    }

    @Override
    public String describe() {
        return name()
                + " "
                + version()
                + ": "
                + index.describe()
                + "; TorchScript module on "
                + module.device()
                + ", reads the last "
                + sessionRules().maximumLength()
                + " items";
    }

    @Override
    void free() {
        module.close();
        index.close();
    }
}
