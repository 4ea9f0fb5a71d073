package io.nextclick.models.serving;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import java.util.ArrayList;
import java.util.List;

/**
 * The weights of a SASRec or a BERT4Rec as its model folder holds them, under the names of torch's
 * {@code TransformerEncoder}; see {@link io.nextclick.models.network.SasRec} and {@link
 * io.nextclick.models.network.Bert4Rec}.
 *
 * <p>Shapes: V = items, D = size of all vectors, P = positions, F = inner size of the feed-forward
 * networks.
 *
 * @param heads parts of the vectors that attend each by itself
 * @param embedding [V, D]; the same array as {@code outputWeight} if the two are tied
 * @param positionVectors [P, D]
 * @param hidden what a BERT4Rec has beside a SASRec; null for a SASRec
 * @param outputWeight [V, D]
 * @param outputBias [V]; null if the folder has none
 */
@SuppressWarnings("ArrayRecordComponent")
record AttentionWeights(
        int items,
        int size,
        int positions,
        int heads,
        float[] embedding,
        float[] positionVectors,
        List<Block> blocks,
        Norm norm,
        Hidden hidden,
        float[] outputWeight,
        float[] outputBias) {

    private static final String EMBEDDING = "embedding.weight";
    private static final String POSITIONS = "positions.weight";
    private static final String BIAS = "output.bias";
    private static final int MOST_POSITIONS = 10_000;

    /** Weight and bias [D] of a layer normalisation. */
    @SuppressWarnings("ArrayRecordComponent")
    record Norm(float[] weight, float[] bias) {}

    /** A linear map: weight [rows, columns] and bias [rows]. */
    @SuppressWarnings("ArrayRecordComponent")
    record Linear(int rows, int columns, float[] weight, float[] bias) {}

    /**
     * What asks for a hidden click.
     *
     * @param mask what stands in place of its item [D]
     * @param head from there to the query [D, D]
     * @param norm of the query
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Hidden(float[] mask, Linear head, Norm norm) {}

    /**
     * @param projection queries, keys and values stacked [3D, D]
     * @param output of the attention [D, D]
     * @param inner [F, D]
     * @param outer [D, F]
     */
    record Block(
            Norm attentionNorm,
            Linear projection,
            Linear output,
            Norm forwardNorm,
            Linear inner,
            Linear outer) {}

    /**
     * The weights of a SASRec.
     *
     * @throws ModelFileException if a tensor is missing, or its shape doesn't fit the others, the
     *     vocabulary and the manifest
     */
    static AttentionWeights ofSasRec(ModelFolder folder) throws ModelFileException {
        return of(folder, false);
    }

    /**
     * The weights of a BERT4Rec.
     *
     * @throws ModelFileException as {@link #ofSasRec}
     */
    static AttentionWeights ofBert4Rec(ModelFolder folder) throws ModelFileException {
        return of(folder, true);
    }

    private static AttentionWeights of(ModelFolder folder, boolean hides)
            throws ModelFileException {
        int least = hides ? 2 : 1;
        int items = folder.vocabulary().size();
        float[] positionVectors = folder.floats(POSITIONS, -1, -1);
        int positions = folder.tensors().get(POSITIONS).shape()[0];
        int size = folder.tensors().get(POSITIONS).shape()[1];
        int layers = folder.manifest().integer("layers");
        int heads = folder.manifest().integer("heads");
        if (positions < least || positions > MOST_POSITIONS) {
            throw new ModelFileException(
                    ModelFolder.WEIGHTS,
                    POSITIONS
                            + " has "
                            + positions
                            + " rows, "
                            + least
                            + " to "
                            + MOST_POSITIONS
                            + " are read");
        }
        if (layers < 1) {
            throw new ModelFileException(
                    ModelFolder.MANIFEST, "layers is " + layers + ", at least 1 is needed");
        }
        if (heads < 1 || size % heads != 0) {
            throw new ModelFileException(
                    ModelFolder.MANIFEST,
                    "heads is " + heads + ", it must divide the vectors of " + size + " values");
        }
        List<Block> blocks = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            blocks.add(block(folder, "encoder.layers." + layer + ".", size));
        }
        float[] outputWeight = folder.floats("output.weight", items, size);
        return new AttentionWeights(
                items,
                size,
                positions,
                heads,
                folder.has(EMBEDDING) ? folder.floats(EMBEDDING, items, size) : outputWeight,
                positionVectors,
                blocks,
                norm(folder, "encoder.norm.", size),
                hides ? hidden(folder, size) : null,
                outputWeight,
                folder.has(BIAS) ? folder.floats(BIAS, items) : null);
    }

    private static Hidden hidden(ModelFolder folder, int size) throws ModelFileException {
        return new Hidden(
                folder.floats("mask.weight", size),
                linear(folder, "head.", size, size),
                norm(folder, "head.norm.", size));
    }

    private static Block block(ModelFolder folder, String name, int size)
            throws ModelFileException {
        String inner = name + "linear1.weight";
        folder.floats(inner, -1, size);
        int innerSize = folder.tensors().get(inner).shape()[0];
        return new Block(
                norm(folder, name + "norm1.", size),
                linear(folder, name + "self_attn.in_proj_", 3 * size, size),
                linear(folder, name + "self_attn.out_proj.", size, size),
                norm(folder, name + "norm2.", size),
                linear(folder, name + "linear1.", innerSize, size),
                linear(folder, name + "linear2.", size, innerSize));
    }

    private static Norm norm(ModelFolder folder, String name, int size) throws ModelFileException {
        return new Norm(folder.floats(name + "weight", size), folder.floats(name + "bias", size));
    }

    private static Linear linear(ModelFolder folder, String name, int rows, int columns)
            throws ModelFileException {
        return new Linear(
                rows,
                columns,
                folder.floats(name + "weight", rows, columns),
                folder.floats(name + "bias", rows));
    }

    /** How many items of a session are read: a hidden click takes a position of its own. */
    int readable() {
        return hidden == null ? positions : positions - 1;
    }

    boolean tied() {
        return embedding == outputWeight;
    }
}
