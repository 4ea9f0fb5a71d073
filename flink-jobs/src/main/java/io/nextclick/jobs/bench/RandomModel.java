package io.nextclick.jobs.bench;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.SessionRules;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A GRU4Rec of random weights. What it recommends is of no use, but it costs as much time as a
 * trained one of its size: neither the step nor the search depends on what the numbers are.
 */
final class RandomModel {

    private RandomModel() {}

    /** Writes one of {@code items} items whose embedding and state have {@code size} floats. */
    static void write(Path folder, int items, int size, long seed) throws IOException {
        Random random = new Random(seed);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("embedding.weight", normal(random, 1 / Math.sqrt(size), items, size));
        tensors.put("gru.weight_ih_l0", normal(random, 1 / Math.sqrt(size), 3 * size, size));
        tensors.put("gru.weight_hh_l0", normal(random, 1 / Math.sqrt(size), 3 * size, size));
        tensors.put("gru.bias_ih_l0", normal(random, 0, 3 * size));
        tensors.put("gru.bias_hh_l0", normal(random, 0, 3 * size));
        tensors.put("output.weight", normal(random, 1 / Math.sqrt(size), items, size));
        tensors.put("output.bias", normal(random, 0.1, items));
        float[] counts = new float[items];
        for (int row = 0; row < items; row++) {
            counts[row] = 1_000_000f / (row + 1);
        }
        tensors.putAll(
                ModelFolder.fallbackTensors(
                        new Popularity(counts),
                        new CoVisitation(neighbours(items), scores(items))));
        ItemVocabulary vocabulary =
                new ItemVocabulary(IntStream.range(0, items).mapToObj(ClickLoad::item).toList());
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("embeddingSize", size);
        parameters.put("hiddenSize", size);
        parameters.put("tied", false);
        ModelManifest manifest =
                new ModelManifest(
                        "gru4rec",
                        "gru4rec",
                        "random-" + items,
                        parameters,
                        SessionRules.DEFAULT,
                        "",
                        Map.of(),
                        Instant.EPOCH);
        new ModelFolder(manifest, vocabulary, tensors).write(folder);
    }

    /** Each item's neighbour is the next one. */
    private static int[][] neighbours(int items) {
        return IntStream.range(0, items)
                .mapToObj(row -> new int[] {(row + 1) % items})
                .toArray(int[][]::new);
    }

    private static float[][] scores(int items) {
        return IntStream.range(0, items).mapToObj(row -> new float[] {1}).toArray(float[][]::new);
    }

    private static Tensor normal(Random random, double deviation, int... shape) {
        float[] values = new float[IntStream.of(shape).reduce(1, Math::multiplyExact)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        return new Tensor.Floats(values, shape);
    }
}
