package io.nextclick.models.serving;

import static io.nextclick.models.files.ModelFolder.CO_VISITATION_ITEMS;
import static io.nextclick.models.files.ModelFolder.CO_VISITATION_SCORES;
import static io.nextclick.models.files.ModelFolder.POPULARITY_COUNTS;
import static io.nextclick.models.files.ModelFolder.WEIGHTS;
import static io.nextclick.models.serving.Attack.ANY;
import static io.nextclick.models.serving.Forgery.header;
import static io.nextclick.models.serving.Forgery.headerLength;
import static io.nextclick.models.serving.Forgery.sealed;
import static io.nextclick.models.serving.Forgery.tensor;
import static io.nextclick.models.serving.Forgery.tensors;
import static io.nextclick.models.serving.Forgery.value;
import static io.nextclick.models.serving.WellMeantModels.HIDDEN;
import static io.nextclick.models.serving.WellMeantModels.ITEMS;

import io.nextclick.models.files.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Weights whose header lies, and tensors that no training leaves behind. */
final class WeightsAttacks {

    /**
     * What is done, the refusal, how many bytes follow the header, and the header in apostrophes.
     */
    private static final String HEADERS =
            """
            a tensor twice                                   | the header is not JSON: Duplicate field 'a'     | 8  | {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}
            overlapping tensors                              | tensor b begins at 4, inside another            | 12 | {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'b':{'dtype':'F32','shape':[2],'data_offsets':[4,12]}}
            a hole between tensors                           | tensor a begins at 4, behind a hole             | 8  | {'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}
            a tensor beyond the file's end                   | tensors take 2000000000 bytes, the file holds 8 | 8  | {'a':{'dtype':'F32','shape':[500000000],'data_offsets':[0,2000000000]}}
            a negative offset                                | tensor a lies in [-8, 0)                        | 0  | {'a':{'dtype':'F32','shape':[2],'data_offsets':[-8,0]}}
            offsets beyond 64 bits                           | tensor a has no two data_offsets                | 8  | {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,18446744073709551624]}}
            a shape whose product overflows to what is there | tensor a has more than                          | 0  | {'a':{'dtype':'F32','shape':[65536,65536,65536,65536],'data_offsets':[0,0]}}
            a negative dimension                             | tensor a has a dimension of -2                  | 8  | {'a':{'dtype':'F32','shape':[-2,-1],'data_offsets':[0,8]}}
            an element type that isn't read                  | tensor a has dtype 'F16'                        | 8  | {'a':{'dtype':'F16','shape':[4],'data_offsets':[0,8]}}
            a tensor's name that forges a log line           | tensor a 2026-11-22 INFO all is well has dtype  | 8  | {'a\\n2026-11-22 INFO all is well':{'dtype':'F16','shape':[4],'data_offsets':[0,8]}}
            """;

    private WeightsAttacks() {}

    static Stream<Attack> attacks() {
        return Stream.of(
                        Attack.table(HEADERS, WeightsAttacks::ofHeader),
                        ofHeaderLengths(),
                        ofLargeHeaders(),
                        ofOtherFiles(),
                        ofValues(),
                        ofShapes())
                .flatMap(List::stream);
    }

    private static Attack ofHeader(List<String> row) {
        return new Attack(
                row.get(0),
                ANY,
                header(() -> row.get(3), Integer.parseInt(row.get(2))),
                "weights.safetensors: " + row.get(1));
    }

    private static List<Attack> ofHeaderLengths() {
        return LongStream.of(-1, Long.MAX_VALUE, 1L << 40, 0)
                .mapToObj(
                        length -> {
                            String announced = "a header of " + Long.toUnsignedString(length);
                            return new Attack(
                                    announced + " bytes, announced",
                                    ANY,
                                    headerLength(length),
                                    "weights.safetensors: " + announced);
                        })
                .toList();
    }

    private static List<Attack> ofLargeHeaders() {
        return List.of(
                new Attack(
                        "a header of 17 MB: 300,000 empty tensors",
                        ANY,
                        header(() -> emptyTensors(300_000), 0),
                        "weights.safetensors: a header of 17588891 bytes"),
                new Attack(
                        "a header of 15 MB of empty objects",
                        ANY,
                        header(() -> "{'__metadata__':[" + "{},".repeat(5_000_000) + "{}]}", 0),
                        "weights.safetensors: a header of 15000021 bytes"),
                new Attack(
                        "a header of 1 MB of empty objects",
                        ANY,
                        header(() -> "{'a':[" + "{},".repeat(349_000) + "{}]}", 0),
                        "weights.safetensors: tensor a has dtype"),
                new Attack(
                        "a header 150,000 deep",
                        ANY,
                        header(() -> "{'a':".repeat(150_000), 0),
                        "weights.safetensors: the header is not JSON"));
    }

    private static String emptyTensors(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "'t" + i + "':{'dtype':'F32','shape':[0],'data_offsets':[0,0]}")
                .collect(Collectors.joining(",", "{", "}"));
    }

    private static List<Attack> ofOtherFiles() {
        return List.of(
                new Attack(
                        "a serialised Java object as weights",
                        ANY,
                        sealed(WEIGHTS, before -> Forgery.javaObject()),
                        "weights.safetensors: a header of"),
                new Attack(
                        "Python's pickle as weights",
                        ANY,
                        sealed(
                                WEIGHTS,
                                before ->
                                        "\u0080\u0004cposix\nsystem\n(S'id'\ntR."
                                                .getBytes(StandardCharsets.ISO_8859_1)),
                        "weights.safetensors: a header of"),
                new Attack(
                        "empty weights",
                        ANY,
                        sealed(WEIGHTS, before -> new byte[0]),
                        "weights.safetensors: ends too early"));
    }

    private static List<Attack> ofValues() {
        return List.of(
                new Attack(
                        "a weight that is NaN",
                        ANY,
                        value("gru.weight_hh_l0", 3, Float.NaN),
                        "weights.safetensors: value 3 of tensor gru.weight_hh_l0 is NaN"),
                new Attack(
                        "an infinite bias",
                        "sasrec",
                        value("encoder.norm.bias", 0, Float.POSITIVE_INFINITY),
                        "weights.safetensors: value 0 of tensor encoder.norm.bias is Infinity"),
                new Attack(
                        "an infinite popularity",
                        ANY,
                        value(POPULARITY_COUNTS, 1, Float.POSITIVE_INFINITY),
                        "weights.safetensors: value 1 of tensor popularity.counts is Infinity"),
                new Attack(
                        "a negative popularity",
                        ANY,
                        value(POPULARITY_COUNTS, 1, -1f),
                        "count of row 1 is -1.0"),
                new Attack(
                        "a neighbour's score that is NaN",
                        ANY,
                        value(CO_VISITATION_SCORES, 0, Float.NaN),
                        "weights.safetensors: value 0 of tensor covisitation.scores is NaN"),
                new Attack(
                        "neighbours that score more and more",
                        ANY,
                        value(CO_VISITATION_SCORES, 1, 9f),
                        "covisitation.items: row 0 has a neighbour that scores more than one"
                                + " before it"),
                new Attack(
                        "a neighbour that is no item",
                        ANY,
                        value(CO_VISITATION_ITEMS, 0, Integer.MAX_VALUE),
                        "covisitation.items: row 0 has neighbour 2147483647"),
                new Attack(
                        "a neighbour below the first item",
                        ANY,
                        value(CO_VISITATION_ITEMS, 0, -2),
                        "covisitation.items: row 0 has neighbour -2"),
                new Attack(
                        "one neighbour many times",
                        ANY,
                        folder -> {
                            for (int at = 0; at < 4; at++) {
                                value(CO_VISITATION_ITEMS, at, 5).on(folder);
                            }
                        },
                        "covisitation.items: row 0 has neighbour 5 twice"),
                new Attack(
                        "similarities that are NaN",
                        "item-knn",
                        value("neighbours.similarities", 0, Float.NaN),
                        "weights.safetensors: value 0 of tensor neighbours.similarities is NaN"),
                new Attack(
                        "lists that run backwards",
                        "item-knn",
                        value("neighbours.starts", 1, Integer.MIN_VALUE),
                        "weights.safetensors: the starts of the"),
                new Attack(
                        "sessions of items that are none",
                        "vmis-knn",
                        value("sessions.items", 0, 1_000_000),
                        "weights.safetensors: a session holds row"));
    }

    private static List<Attack> ofShapes() {
        return List.of(
                new Attack(
                        "integers where floats belong",
                        ANY,
                        tensor(
                                "output.weight",
                                new Tensor.Ints(new int[ITEMS * HIDDEN], ITEMS, HIDDEN)),
                        "weights.safetensors: tensor output.weight is not of floats"),
                new Attack(
                        "a tensor left out",
                        ANY,
                        tensors(all -> all.remove("output.bias")),
                        "weights.safetensors: has no tensor output.bias"),
                new Attack(
                        "a state of another size than the items' vectors",
                        ANY,
                        tensor("gru.weight_hh_l0", new Tensor.Floats(new float[27 * 9], 27, 9)),
                        "weights.safetensors: tensor output.weight has shape"),
                new Attack(
                        "a dimension of 2^31 beside one of 0",
                        ANY,
                        tensor("gru.weight_hh_l0", empty(0, Integer.MAX_VALUE)),
                        "weights.safetensors: tensor gru.weight_hh_l0 has 2147483647 columns"),
                new Attack(
                        "vectors without components",
                        ANY,
                        tensors(
                                all ->
                                        all.putAll(
                                                Map.of(
                                                        "gru.weight_ih_l0", empty(0, 0),
                                                        "gru.weight_hh_l0", empty(0, 0),
                                                        "gru.bias_ih_l0", empty(0),
                                                        "gru.bias_hh_l0", empty(0),
                                                        "output.weight", empty(ITEMS, 0)))),
                        "weights.safetensors: dimension is 0"));
    }

    private static Tensor empty(int... shape) {
        return new Tensor.Floats(new float[0], shape);
    }
}
