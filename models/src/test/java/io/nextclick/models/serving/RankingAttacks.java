package io.nextclick.models.serving;

import static io.nextclick.models.serving.Forgery.manifest;
import static io.nextclick.models.serving.Forgery.tensor;
import static io.nextclick.models.serving.Forgery.tensors;
import static io.nextclick.models.serving.Forgery.value;
import static io.nextclick.models.serving.WellMeantModels.ITEMS;

import io.nextclick.models.files.Tensor;
import java.util.List;
import java.util.stream.Stream;

/** Sizes and tensors of neural collaborative filtering and of rankers, which are read by shape. */
final class RankingAttacks {

    /**
     * What is done, the model, a parameter of its manifest, what it is, what it becomes, refusal.
     */
    private static final String PARAMETERS =
            """
            factors beyond all bounds                     | gmf    | factors       | 4          | 2147483647         | manifest.json: factors is 2147483647
            no factors                                    | gmf    | factors       | 4          | 0                  | manifest.json: factors is 0
            65,536 factors that aren't there              | neumf  | factors       | 4          | 65536              | weights.safetensors: tensor session.mean has shape
            2^31 - 1 layers of an mlp                     | mlp    | layers        | 2          | 2147483647         | manifest.json: layers is 2147483647
            a layer that isn't there                      | mlp    | layers        | 2          | 3                  | weights.safetensors: has no tensor layers.3.weight
            a ranker that doesn't exist                   | ranker | ranker        | "deepfm"   | "oracle"           | manifest.json:
            a ranker with 2^31 - 1 factors                | ranker | factors       | 3          | 2147483647         | manifest.json: factors is 2147483647
            256 factors that aren't there                 | ranker | factors       | 3          | 256                | weights.safetensors: tensor vectors has shape
            a hidden layer of 2^31 - 1                    | ranker | hidden        | "4"        | "2147483647"       | manifest.json: width of a hidden layer is 2147483647
            layers of 4,096 that aren't there             | ranker | hidden        | "4"        | "4096 4096"        | weights.safetensors:
            a hidden layer that is no number              | ranker | hidden        | "4"        | "four"             | manifest.json:
            1,000 hidden layers of no width               | ranker | hidden        | "4"        | "0"                | manifest.json: width of a hidden layer is 0
            a learning rate below zero                    | ranker | negative_rate | 1.0        | -1                 | manifest.json: rate of negatives is -1.0
            examples that are no number                   | ranker | examples      | 40         | "many"             | manifest.json: parameter examples is missing
            """;

    /** What is done, the text that takes the place of the field of items, the refusal. */
    private static final String FIELDS =
            """
            a field of 2^31 - 1 buckets                | item/hash:2147483647                   | manifest.json: 'item/hash:2147483647' is no field
            a million buckets that aren't there        | item/hash:1000000                      | weights.safetensors: tensor
            a size of more digits than a number has    | item/hash:99999999999999999999         | manifest.json:
            a fact that nobody knows                   | password/hash:16                       | manifest.json:
            a field twice                              | category/hash:8                        | manifest.json: field category
            a field that forges a log line             | item\\n2026-11-22 INFO all is well     | manifest.json:
            """;

    private RankingAttacks() {}

    static Stream<Attack> attacks() {
        return Stream.of(
                        Attack.table(PARAMETERS, RankingAttacks::ofParameter),
                        Attack.table(FIELDS, RankingAttacks::ofField),
                        ofNeuralCf(),
                        ofRankers())
                .flatMap(List::stream);
    }

    private static Attack ofParameter(List<String> row) {
        String key = '"' + row.get(2) + "\" : ";
        return new Attack(
                row.get(0),
                row.get(1),
                manifest(json -> json.replace(key + row.get(3), key + row.get(4))),
                row.get(5));
    }

    private static Attack ofField(List<String> row) {
        return new Attack(
                row.get(0),
                "ranker",
                manifest(json -> json.replace("item/hash:16", row.get(1))),
                row.get(2));
    }

    private static List<Attack> ofNeuralCf() {
        return List.of(
                new Attack(
                        "a user's value that is NaN",
                        "neumf",
                        value("user.values", 3, Float.NaN),
                        "weights.safetensors: value 3 of tensor user.values is NaN"),
                new Attack(
                        "an item's factor that is infinite",
                        "gmf",
                        value("item.factors", 0, Float.NEGATIVE_INFINITY),
                        "weights.safetensors: value 0 of tensor item.factors is -Infinity"),
                new Attack(
                        "users without their vectors",
                        "gmf",
                        tensors(all -> all.remove("user.values")),
                        "weights.safetensors: has no tensor user.values"),
                new Attack(
                        "one user twice",
                        "gmf",
                        tensors(
                                all -> {
                                    long[] keys = ((Tensor.Longs) all.get("user.keys")).values();
                                    keys[1] = keys[0];
                                }),
                        "weights.safetensors: two users have the key"),
                new Attack(
                        "2^31 - 1 users without vectors",
                        "mlp",
                        tensor("user.values", empty(Integer.MAX_VALUE, 0)),
                        "weights.safetensors: tensor user.values has more than"),
                new Attack(
                        "vectors of nothing that go into layers",
                        "mlp",
                        tensor("item.vectors", empty(ITEMS, 0)),
                        "weights.safetensors: item.vectors has no columns"),
                new Attack(
                        "a layer of 2^31 - 1 values",
                        "mlp",
                        tensor("layers.1.weight", empty(Integer.MAX_VALUE, 0)),
                        "weights.safetensors: tensor layers.1.weight has more than"),
                new Attack(
                        "a last layer that isn't as wide as the factors",
                        "neumf",
                        tensors(
                                all -> {
                                    all.put(
                                            "layers.2.weight",
                                            new Tensor.Floats(new float[3 * 8], 3, 8));
                                    all.put("layers.2.bias", new Tensor.Floats(new float[3], 3));
                                }),
                        "weights.safetensors: the last layer has 3 values"));
    }

    private static List<Attack> ofRankers() {
        return List.of(
                new Attack(
                        "a ranker's weight that is NaN",
                        "ranker",
                        value("vectors", 5, Float.NaN),
                        "weights.safetensors: value 5 of tensor vectors is NaN"),
                new Attack(
                        "bins that run backwards",
                        "ranker",
                        value("features.bound.starts", 3, -1),
                        "weights.safetensors: features.bound.starts do not ascend"),
                new Attack(
                        "bins beyond the bounds",
                        "ranker",
                        value("features.bound.starts", 4, Integer.MAX_VALUE),
                        "weights.safetensors: features.bound.starts do not ascend"),
                new Attack(
                        "a bound that is NaN",
                        "ranker",
                        value("features.bounds", 0, Float.NaN),
                        "weights.safetensors: value 0 of tensor features.bounds is NaN"),
                new Attack(
                        "bounds in no order",
                        "ranker",
                        value("features.bounds", 0, Float.MAX_VALUE),
                        "manifest.json: bounds of field price"),
                new Attack(
                        "a ranker without its vectors",
                        "ranker",
                        tensors(all -> all.remove("vectors")),
                        "weights.safetensors: has no tensor vectors"));
    }

    private static Tensor empty(int... shape) {
        return new Tensor.Floats(new float[0], shape);
    }
}
