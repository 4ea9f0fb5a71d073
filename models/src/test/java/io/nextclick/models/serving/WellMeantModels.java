package io.nextclick.models.serving;

import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Safetensors;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.neuralcf.NeuralCfKind;
import io.nextclick.models.neuralcf.NeuralCfOptions;
import io.nextclick.models.neuralcf.NeuralCfTraining;
import io.nextclick.models.ranker.FeatureSpace;
import io.nextclick.models.ranker.Field;
import io.nextclick.models.ranker.ItemFacts;
import io.nextclick.models.ranker.QueryFacts;
import io.nextclick.models.ranker.RankerKind;
import io.nextclick.models.ranker.RankerLearner;
import io.nextclick.models.ranker.RankerOptions;
import io.nextclick.models.ranker.RankingExample;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.tower.TowerExample;
import io.nextclick.models.tower.TwoTowerLearner;
import io.nextclick.models.tower.TwoTowerOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** One small model of each kind, of the same {@value #ITEMS} items, for {@link Attack}s. */
final class WellMeantModels {

    static final long SEED = 5_20;
    static final int ITEMS = 12;

    /** Values of a vector of the GRU and of SASRec. */
    static final int HIDDEN = 8;

    private WellMeantModels() {}

    /** By kind. */
    static Map<String, ModelFolder> all() throws Exception {
        Map<String, ModelFolder> models = new LinkedHashMap<>();
        for (ModelFolder model :
                List.of(
                        gru4Rec(),
                        sasRec(),
                        twoTower(),
                        torchScript(),
                        counted(CountedModel.VMIS_KNN),
                        counted(CountedModel.ITEM_KNN),
                        neuralCf(NeuralCfKind.GMF),
                        neuralCf(NeuralCfKind.MLP),
                        neuralCf(NeuralCfKind.NEUMF),
                        ranker())) {
            models.put(model.manifest().kind(), model);
        }
        return models;
    }

    private static ModelFolder counted(String kind) {
        return CountedModel.of(kind, log()).folder("1", SessionRules.DEFAULT, log(), Instant.EPOCH);
    }

    private static ModelFolder neuralCf(NeuralCfKind kind) {
        NeuralCfOptions usual = NeuralCfOptions.defaults(kind);
        NeuralCfOptions small =
                new NeuralCfOptions(
                        kind,
                        4,
                        2,
                        usual.negatives(),
                        1,
                        1,
                        usual.batch(),
                        usual.learningRate(),
                        usual.regularization(),
                        true,
                        usual.fusionAlpha(),
                        usual.fusionRate(),
                        false,
                        false,
                        SEED);
        return NeuralCfTraining.train(log(), small, epoch -> {})
                .folder("1", SessionRules.DEFAULT, log(), Instant.EPOCH);
    }

    /** A DeepFM, which has rows of features, vectors and layers. */
    private static ModelFolder ranker() {
        List<Field> fields =
                Stream.of("item/hash:16", "category/hash:8", "price/bins:4", "score.model/bins:4")
                        .map(Field::parse)
                        .toList();
        List<RankingExample> examples =
                IntStream.range(0, 40)
                        .mapToObj(
                                i ->
                                        new RankingExample(
                                                QueryFacts.of(
                                                        null,
                                                        Map.of(),
                                                        i,
                                                        List.of(),
                                                        0,
                                                        i,
                                                        id -> null),
                                                new ItemFacts(
                                                        "shoe-" + i % ITEMS,
                                                        List.of("c" + i % 3),
                                                        i % 7,
                                                        true,
                                                        1,
                                                        1,
                                                        Map.of()),
                                                new float[] {i % 5},
                                                i % 4 == 0))
                        .toList();
        RankerOptions usual = RankerOptions.of(RankerKind.DEEPFM);
        RankerOptions small =
                new RankerOptions(
                        RankerKind.DEEPFM,
                        3,
                        List.of(4),
                        List.of(),
                        usual.crossBuckets(),
                        usual.linearRate(),
                        usual.rate(),
                        usual.lasso(),
                        usual.ridge(),
                        8,
                        usual.negativeRate(),
                        SEED);
        RankerLearner learner = new RankerLearner(FeatureSpace.learn(fields, examples), small);
        examples.forEach(learner::learn);
        return learner.folder("deepfm", "1", SessionRules.DEFAULT, "", Map.of(), Instant.EPOCH);
    }

    private static ModelManifest manifest(String kind, Map<String, Object> parameters) {
        return new ModelManifest(
                kind,
                "shop",
                "1",
                parameters,
                new SessionRules(Duration.ZERO, 9, false),
                "",
                Map.of(),
                Instant.EPOCH);
    }

    private static ItemVocabulary vocabulary() {
        return new ItemVocabulary(
                IntStream.range(0, ITEMS).mapToObj(row -> "shoe-" + row).toList());
    }

    private static List<Session> log() {
        Random random = new Random(SEED);
        List<Session> log = new ArrayList<>();
        for (int s = 0; s < 40; s++) {
            int first = s % ITEMS;
            log.add(
                    new Session(
                            "s" + s,
                            s,
                            random.ints(4, 0, 5)
                                    .mapToObj(step -> "shoe-" + (first + step) % ITEMS)
                                    .toList()));
        }
        return log;
    }

    private static Map<String, Tensor> fallbacks() {
        return ModelFolder.fallbackTensors(
                Popularity.of(log(), vocabulary()), CoVisitation.of(log(), vocabulary(), 2, 4));
    }

    private static Tensor drawn(Random random, int... shape) {
        float[] values = new float[Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian() * 0.1f;
        }
        return new Tensor.Floats(values, shape);
    }

    private static ModelFolder gru4Rec() {
        Random random = new Random(SEED);
        Map<String, Tensor> tensors = new LinkedHashMap<>(fallbacks());
        tensors.put("gru.weight_ih_l0", drawn(random, 3 * HIDDEN, HIDDEN));
        tensors.put("gru.weight_hh_l0", drawn(random, 3 * HIDDEN, HIDDEN));
        tensors.put("gru.bias_ih_l0", drawn(random, 3 * HIDDEN));
        tensors.put("gru.bias_hh_l0", drawn(random, 3 * HIDDEN));
        tensors.put("output.weight", drawn(random, ITEMS, HIDDEN));
        tensors.put("output.bias", drawn(random, ITEMS));
        return new ModelFolder(manifest("gru4rec", Map.of()), vocabulary(), tensors);
    }

    private static ModelFolder sasRec() {
        Random random = new Random(SEED);
        Map<String, Tensor> tensors = new LinkedHashMap<>(fallbacks());
        tensors.put("positions.weight", drawn(random, 9, HIDDEN));
        String layer = "encoder.layers.0.";
        for (String norm : List.of(layer + "norm1.", layer + "norm2.", "encoder.norm.")) {
            tensors.put(norm + "weight", drawn(random, HIDDEN));
            tensors.put(norm + "bias", drawn(random, HIDDEN));
        }
        tensors.put(layer + "self_attn.in_proj_weight", drawn(random, 3 * HIDDEN, HIDDEN));
        tensors.put(layer + "self_attn.in_proj_bias", drawn(random, 3 * HIDDEN));
        for (String map : List.of("self_attn.out_proj.", "linear1.", "linear2.")) {
            tensors.put(layer + map + "weight", drawn(random, HIDDEN, HIDDEN));
            tensors.put(layer + map + "bias", drawn(random, HIDDEN));
        }
        tensors.put("output.weight", drawn(random, ITEMS, HIDDEN));
        tensors.put("output.bias", drawn(random, ITEMS));
        return new ModelFolder(
                manifest("sasrec", Map.of("layers", 1, "heads", 2)), vocabulary(), tensors);
    }

    private static ModelFolder twoTower() throws Exception {
        TwoTowerOptions options =
                TwoTowerOptions.DEFAULTS.toBuilder()
                        .dimension(8)
                        .history(4)
                        .hidden(6)
                        .batchExamples(16)
                        .build();
        try (TwoTowerLearner learner = new TwoTowerLearner(options, "space-1")) {
            for (int i = 0; i < 200; i++) {
                learner.add(
                        new TowerExample(
                                List.of("shoe-" + i % ITEMS),
                                null,
                                Map.of(),
                                "shoe-" + (i + 1) % ITEMS,
                                i));
            }
            return learner.toFolder("shop", "1", SessionRules.DEFAULT, Instant.EPOCH);
        }
    }

    /** A file of another library's making. */
    static byte[] resource(String name) throws IOException {
        try (InputStream in = WellMeantModels.class.getResourceAsStream("/imports/" + name)) {
            return in.readAllBytes();
        }
    }

    private static ModelFolder torchScript() throws IOException {
        byte[] items = resource("gru-items.safetensors");
        Map<String, Tensor> tensors =
                new LinkedHashMap<>(
                        Safetensors.read("items", new ByteArrayInputStream(items), items.length));
        tensors.putAll(fallbacks());
        return new ModelFolder(
                manifest("torchscript", Map.of()),
                vocabulary(),
                tensors,
                resource("gru-module.pt"));
    }
}
