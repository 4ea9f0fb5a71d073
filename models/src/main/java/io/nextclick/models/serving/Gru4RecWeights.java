package io.nextclick.models.serving;

import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;

/**
 * The weights of a GRU4Rec as its model folder holds them.
 *
 * <p>Shapes: V = items, E = embedding size, H = hidden size; gates in the order r, z, n.
 *
 * @param embedding [V, E]; the same array as {@code outputWeight} if the two are tied
 * @param inputWeight [3H, E]
 * @param hiddenWeight [3H, H]
 * @param inputBias [3H]
 * @param hiddenBias [3H]
 * @param outputWeight [V, H]
 * @param outputBias [V]
 */
@SuppressWarnings("ArrayRecordComponent")
record Gru4RecWeights(
        int items,
        int embeddingSize,
        int hiddenSize,
        float[] embedding,
        float[] inputWeight,
        float[] hiddenWeight,
        float[] inputBias,
        float[] hiddenBias,
        float[] outputWeight,
        float[] outputBias) {

    private static final String EMBEDDING = "embedding.weight";
    static final String OUTPUT_WEIGHT = "output.weight";
    private static final String HIDDEN_WEIGHT = "gru.weight_hh_l0";

    /**
     * @throws ModelFileException if a tensor is missing, or its shape doesn't fit the others and
     *     the vocabulary
     */
    static Gru4RecWeights of(ModelFolder folder) throws ModelFileException {
        int items = folder.vocabulary().size();
        float[] hiddenWeight = folder.floats(HIDDEN_WEIGHT, -1, -1);
        int hiddenSize = folder.tensors().get(HIDDEN_WEIGHT).shape()[1];
        if (hiddenSize > Integer.MAX_VALUE / 3) {
            throw new ModelFileException(
                    ModelFolder.WEIGHTS,
                    "tensor "
                            + HIDDEN_WEIGHT
                            + " has "
                            + hiddenSize
                            + " columns, too many for three gates");
        }
        folder.floats(HIDDEN_WEIGHT, 3 * hiddenSize, hiddenSize);
        float[] outputWeight = folder.floats(OUTPUT_WEIGHT, items, hiddenSize);
        int embeddingSize = hiddenSize;
        float[] embedding = outputWeight;
        if (folder.has(EMBEDDING)) {
            embedding = folder.floats(EMBEDDING, items, -1);
            embeddingSize = folder.tensors().get(EMBEDDING).shape()[1];
        }
        return new Gru4RecWeights(
                items,
                embeddingSize,
                hiddenSize,
                embedding,
                folder.floats("gru.weight_ih_l0", 3 * hiddenSize, embeddingSize),
                hiddenWeight,
                folder.floats("gru.bias_ih_l0", 3 * hiddenSize),
                folder.floats("gru.bias_hh_l0", 3 * hiddenSize),
                outputWeight,
                folder.floats("output.bias", items));
    }

    boolean tied() {
        return embedding == outputWeight;
    }
}
