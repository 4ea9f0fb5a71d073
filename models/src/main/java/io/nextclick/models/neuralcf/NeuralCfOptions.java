package io.nextclick.models.neuralcf;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * How a network of neural collaborative filtering is trained. The defaults are settings that the
 * paper tries; no log was searched for better ones.
 *
 * @param kind what is trained
 * @param factors of a user and an item that are multiplied, and the size of the last layer
 * @param layers of the MLP, each half as large as the one before it
 * @param negatives items drawn evenly from those that the user didn't take, for each that they did
 * @param epochs the most epochs, of each of the trainings that a pre-trained NeuMF consists of
 * @param patience epochs without a better validation NDCG@10 before a training stops
 * @param batch examples, negatives included, that make a batch
 * @param learningRate of Adam
 * @param pretrain whether a NeuMF begins with a GMF and an MLP that are trained alone first
 * @param fusionAlpha α, the share of the GMF in a pre-trained NeuMF's first scores, in [0, 1]
 * @param fusionRate learning rate of plain gradient descent, which a pre-trained NeuMF goes on by:
 *     Adam would need the moments of the trainings before
 * @param validation whether the last item of each user is held out to choose the epoch; else all
 *     epochs are trained and the last is kept
 * @param refit whether, once the best numbers of epochs are known, a model is trained for these on
 *     all items
 * @param seed same seed and data: same model, bit for bit
 */
public record NeuralCfOptions(
        NeuralCfKind kind,
        int factors,
        int layers,
        int negatives,
        int epochs,
        int patience,
        int batch,
        double learningRate,
        boolean pretrain,
        double fusionAlpha,
        double fusionRate,
        boolean validation,
        boolean refit,
        long seed) {

    /** The defaults. */
    public static NeuralCfOptions defaults(NeuralCfKind kind) {
        return new NeuralCfOptions(
                kind, 16, 3, 4, 20, 3, 256, 0.001, true, 0.5, 0.01, true, true, 42);
    }

    public NeuralCfOptions {
        inRange("factors", factors, 1, 1024);
        inRange("layers", layers, 1, 10);
        inRange("negatives", negatives, 1, 1000);
        inRange("epochs", epochs, 1, 10_000);
        inRange("patience", patience, 1, 10_000);
        inRange("batch", batch, 1, 1 << 20);
        inRange("learning rate", learningRate, 1e-9, 10);
        inRange("fusion alpha", fusionAlpha, 0, 1);
        inRange("fusion rate", fusionRate, 0, 10);
        if (refit && !validation) {
            throw new IllegalArgumentException(
                    "a refit is for the number of epochs that validation found, and there is none");
        }
    }

    private static void inRange(String name, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            throw new IllegalArgumentException(
                    String.format(
                            Locale.ROOT,
                            "%s is %s, it must be in [%s, %s]",
                            name,
                            value,
                            least,
                            most));
        }
    }

    /** Every setting that the kind has, by its name in a model's manifest. */
    Map<String, Object> asMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("factors", factors);
        if (kind.layered()) {
            map.put("layers", layers);
        }
        map.put("negatives", negatives);
        map.put("epochs", epochs);
        map.put("patience", patience);
        map.put("batch", batch);
        map.put("learning_rate", learningRate);
        if (kind == NeuralCfKind.NEUMF) {
            map.put("pretrain", pretrain);
            if (pretrain) {
                map.put("fusion_alpha", fusionAlpha);
                map.put("fusion_rate", fusionRate);
            }
        }
        map.put("validation", validation);
        map.put("refit", refit);
        map.put("seed", seed);
        return map;
    }

    /** The same options of another kind. */
    NeuralCfOptions ofKind(NeuralCfKind other) {
        return new NeuralCfOptions(
                other,
                factors,
                layers,
                negatives,
                epochs,
                patience,
                batch,
                learningRate,
                pretrain,
                fusionAlpha,
                fusionRate,
                validation,
                refit,
                seed);
    }
}
