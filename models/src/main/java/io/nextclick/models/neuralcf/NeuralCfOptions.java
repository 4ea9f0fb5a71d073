package io.nextclick.models.neuralcf;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * How a network of neural collaborative filtering is trained. Of the defaults, factors, negatives,
 * batch and learning rate are settings that the paper tries. Layers and regularisation, which the
 * paper has none of, were chosen on the last item but one of each user of MovieLens 100K:
 * unpenalised rows learn the training part by heart, an MLP's sooner than a GMF's, and a fusion
 * with an MLP that does is little better than its GMF.
 *
 * @param kind what is trained
 * @param factors of a user and an item that are multiplied, and the size of the last layer
 * @param layers of the MLP, each half as large as the one before it
 * @param negatives items drawn evenly from those that the user didn't take, for each that they did
 * @param epochs the most epochs, of each of the trainings that a pre-trained NeuMF consists of
 * @param patience epochs without a better validation NDCG@10 before a training stops
 * @param batch examples, negatives included, that make a batch
 * @param learningRate of Adam
 * @param regularization λ: an example's loss has λ/2 times the squares of its user's and its item's
 *     values added, so that rows read often are held back no less than rare ones
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
        double regularization,
        boolean pretrain,
        double fusionAlpha,
        double fusionRate,
        boolean validation,
        boolean refit,
        long seed) {

    /** The defaults. */
    public static NeuralCfOptions defaults(NeuralCfKind kind) {
        return new NeuralCfOptions(
                kind, 16, 2, 4, 40, 5, 256, 0.001, 0.003, true, 0.5, 0.01, true, true, 42);
    }

    public NeuralCfOptions {
        inRange("factors", factors, 1, 1024);
        inRange("layers", layers, 1, 10);
        inRange("negatives", negatives, 1, 1000);
        inRange("epochs", epochs, 1, 10_000);
        inRange("patience", patience, 1, 10_000);
        inRange("batch", batch, 1, 1 << 20);
        inRange("learning rate", learningRate, 1e-9, 10);
        inRange("regularization", regularization, 0, 10);
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
        map.put("regularization", regularization);
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
        return with(other, seed);
    }

    /** The same options with another seed. */
    public NeuralCfOptions withSeed(long other) {
        return with(kind, other);
    }

    private NeuralCfOptions with(NeuralCfKind otherKind, long otherSeed) {
        return new NeuralCfOptions(
                otherKind,
                factors,
                layers,
                negatives,
                epochs,
                patience,
                batch,
                learningRate,
                regularization,
                pretrain,
                fusionAlpha,
                fusionRate,
                validation,
                refit,
                otherSeed);
    }
}
