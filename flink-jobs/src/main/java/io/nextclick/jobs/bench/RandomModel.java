package io.nextclick.jobs.bench;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.network.AttentionSizes;
import io.nextclick.models.network.SasRec;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.training.TrainedModel;
import io.nextclick.models.training.TrainingOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Models of random weights or of random sessions. What they recommend is of no use, but they cost
 * as much time as those of real ones: neither the step nor the search of a GRU4Rec depends on what
 * the numbers are.
 */
final class RandomModel {

    /** Floats of an embedding and of a session's state. */
    static final int DIMENSION = 128;

    /** Items that a model reads which reads a session's last items at every click. */
    static final int SESSION_ITEMS = 10;

    private static final SessionRules ENCODED =
            new SessionRules(SessionRules.DEFAULT.inactivityGap(), SESSION_ITEMS, true);
    private static final int POSITIONS = 50;
    private static final int TRAINING_SESSIONS = 100_000;

    /** About what sessions of a shop have. */
    private static final int CLICKS_PER_SESSION = 6;

    private RandomModel() {}

    /**
     * Writes a VMIS-kNN with its usual options. Items that occur in none of its sessions, a few of
     * the rarest, are unknown to it.
     */
    static void writeVmisKnn(Path folder, int items, long seed) throws IOException {
        List<Session> log = log(items, seed);
        CountedModel.of(CountedModel.VMIS_KNN, log)
                .folder("random-" + items, ENCODED, log, Instant.EPOCH)
                .write(folder);
    }

    /** Writes a SASRec of two blocks with vectors of {@code size} floats. */
    static void writeSasRec(Path folder, int items, int size, long seed) throws IOException {
        SasRec network =
                new SasRec(
                        new AttentionSizes(items, size, POSITIONS, 2, 2, size, /* tied= */ true),
                        new SplittableRandom(seed));
        new TrainedModel(
                        network,
                        vocabulary(items),
                        TrainingOptions.DEFAULTS,
                        /* epochs= */ 0,
                        /* validation= */ null,
                        /* loss= */ 0,
                        /* sessions= */ 0,
                        Duration.ZERO)
                .folder("random-" + items, ENCODED, log(items, seed), Instant.EPOCH)
                .write(folder);
    }

    /** Sessions of clicks like those of {@link ClickLoad}. */
    private static List<Session> log(int items, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Session> log = new ArrayList<>(TRAINING_SESSIONS);
        for (int session = 0; session < TRAINING_SESSIONS; session++) {
            List<String> clicks = new ArrayList<>(CLICKS_PER_SESSION);
            for (int click = 0; click < CLICKS_PER_SESSION; click++) {
                clicks.add(ClickLoad.item((int) (Math.pow(random.nextDouble(), 3) * items)));
            }
            log.add(new Session("session-" + session, session, clicks));
        }
        return log;
    }

    private static ItemVocabulary vocabulary(int items) {
        return new ItemVocabulary(IntStream.range(0, items).mapToObj(ClickLoad::item).toList());
    }

    /**
     * Writes a GRU4Rec of {@code items} items whose embedding and state have {@code size} floats.
     */
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
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("embeddingSize", size);
        parameters.put("hiddenSize", size);
        parameters.put("tied", false);
        ModelManifest manifest =
                new ModelManifest(
                        "gru4rec",
                        "gru4rec",
                        "random-" + items + '-' + seed,
                        parameters,
                        SessionRules.DEFAULT,
                        "",
                        Map.of(),
                        Instant.EPOCH);
        new ModelFolder(manifest, vocabulary(items), tensors).write(folder);
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
