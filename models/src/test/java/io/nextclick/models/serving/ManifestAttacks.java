package io.nextclick.models.serving;

import static io.nextclick.models.files.ModelFolder.MANIFEST;
import static io.nextclick.models.files.ModelFolder.WEIGHTS;
import static io.nextclick.models.serving.Attack.ANY;
import static io.nextclick.models.serving.Forgery.manifest;
import static io.nextclick.models.serving.Forgery.sha256;
import static io.nextclick.models.serving.Forgery.tampered;

import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What a manifest may not say, and parameters that no model has. */
final class ManifestAttacks {

    /** What is done, and to which model: the key, its value before and after, and the refusal. */
    private static final String VALUES =
            """
            a key twice                              | gru4rec   | format         | 1         | 1, "format" : 1                             | manifest.json: not JSON: Duplicate field 'format'
            a format of the future                   | gru4rec   | format         | 1         | 2                                           | manifest.json: unknown format 2, 1 is read
            a size below zero                        | gru4rec   | bytes          |           | -1, "was" :                                 | bytes, it must be in
            a size beyond 64 bits                    | gru4rec   | bytes          |           | 18446744073709551616, "was" :               | manifest.json: bytes is not a whole number
            16 TiB, announced                        | gru4rec   | bytes          |           | 17592186044416, "was" :                     | takes 17592186044416 bytes
            a digest that is none                    | gru4rec   | sha256         | "         | "../                                        | is not 64 hexadecimal digits
            a kind that nobody knows                 | gru4rec   | kind           | "gru4rec" | "pickle"                                    | manifest.json: kind is 'pickle'
            a class name for a kind                  | gru4rec   | kind           | "gru4rec" | "javax.script.ScriptEngineManager"          | manifest.json: kind is 'javax.script.ScriptEngineManager'
            a version that climbs out of folders     | gru4rec   | version        | "1"       | "../../etc"                                 | manifest.json: version is '../../etc'
            a name that forges a log line            | gru4rec   | name           | "shop"    | "a\\n2026-11-22 INFO all is well\\u001b[2J" | manifest.json: name is
            sessions of 2^31 - 1 items               | gru4rec   | maximum_length | 9         | 2147483647                                  | maximum length is 2147483647
            an infinite figure                       | gru4rec   | metrics        | { }       | { "recall" : 1e999 }                        | manifest.json: metric
            2^31 - 1 layers                          | sasrec    | layers         | 1         | 2147483647                                  | has no tensor encoder.layers.1.
            2^31 - 1 heads                           | sasrec    | heads          | 2         | 2147483647                                  | manifest.json: heads is 2147483647
            a tower of 2^31 - 1 dimensions           | two-tower | dimension      | 8         | 2147483647                                  | manifest.json: dimension is 2.147483647E9
            a hidden layer of 4,096 that isn't there | two-tower | hidden         | 6         | 4096                                        | has shape [6, 16] where [4096, 16] is needed
            a parameter of another type              | two-tower | users          | false     | "yes"                                       | manifest.json: parameter users is yes, a boolean is needed
            a parameter with a structure             | two-tower | users          | false     | {"@class": "x"}                             | manifest.json: parameter users is neither text, number nor boolean
            """;

    private ManifestAttacks() {}

    static Stream<Attack> attacks() {
        return Stream.of(
                        Attack.table(VALUES, ManifestAttacks::ofValue),
                        ofFileNames(),
                        ofText(),
                        ofOtherValues())
                .flatMap(List::stream);
    }

    private static Attack ofValue(List<String> row) {
        String key = '"' + row.get(2) + "\" : ";
        return new Attack(
                row.get(0),
                row.get(1),
                manifest(json -> json.replace(key + row.get(3), key + row.get(4))),
                row.get(5));
    }

    private static List<Attack> ofFileNames() {
        return Stream.of("../items.txt", "/etc/passwd", "..\\\\items.txt", "file:///etc/passwd")
                .map(
                        path ->
                                new Attack(
                                        "a file named " + path,
                                        ANY,
                                        manifest(
                                                json ->
                                                        json.replace(
                                                                "\"items.txt\"", '"' + path + '"')),
                                        "manifest.json: names the files ["))
                .toList();
    }

    private static List<Attack> ofText() {
        return List.of(
                new Attack(
                        "JSON 300,000 deep",
                        ANY,
                        tampered(MANIFEST, before -> utf8("[".repeat(300_000))),
                        "manifest.json: not JSON"),
                new Attack(
                        "a manifest of 100 MiB",
                        ANY,
                        tampered(MANIFEST, before -> new byte[100 << 20]),
                        "manifest.json: larger than 1048576 bytes"),
                new Attack(
                        "a manifest that is not UTF-8",
                        ANY,
                        tampered(MANIFEST, before -> new byte[] {'{', '"', (byte) 0xff, '"', '}'}),
                        "manifest.json: not UTF-8"),
                new Attack(
                        "a manifest in UTF-16",
                        ANY,
                        tampered(
                                MANIFEST,
                                before ->
                                        new String(before, StandardCharsets.UTF_8)
                                                .getBytes(StandardCharsets.UTF_16)),
                        "manifest.json: not UTF-8"),
                new Attack(
                        "a serialised Java object as manifest",
                        ANY,
                        tampered(MANIFEST, before -> Forgery.javaObject()),
                        "manifest.json: not UTF-8"));
    }

    private static List<Attack> ofOtherValues() {
        return List.of(
                new Attack(
                        "a file more than there may be",
                        ANY,
                        manifest(
                                json ->
                                        json.replace(
                                                "\"files\" : {",
                                                "\"files\" : {\"start.sh\": {\"bytes\": 0,"
                                                        + " \"sha256\": \""
                                                        + sha256(new byte[0])
                                                        + "\"},")),
                        "manifest.json: names the files ["),
                new Attack(
                        "a number of a million digits",
                        ANY,
                        manifest(
                                json ->
                                        json.replace(
                                                "\"format\" : 1",
                                                "\"format\" : " + "1".repeat(900_000))),
                        "manifest.json: not JSON"),
                new Attack(
                        "a name of half a megabyte",
                        ANY,
                        manifest(json -> json.replace("\"shop\"", '"' + "a".repeat(500_000) + '"')),
                        "manifest.json: name is"),
                new Attack(
                        "weights larger than the heap (a file of holes)",
                        ANY,
                        ManifestAttacks::enlarge,
                        "weights.safetensors: takes"),
                new Attack(
                        "a temperature of 0",
                        "two-tower",
                        manifest(
                                json ->
                                        json.replaceAll(
                                                "\"temperature\" : [0-9.E-]+",
                                                "\"temperature\" : 0")),
                        "manifest.json: temperature is 0.0"),
                new Attack(
                        "neighbours read from 2^31 - 1 items",
                        "vmis-knn",
                        manifest(
                                json ->
                                        json.replaceAll(
                                                "\"session_items\" : [0-9]+",
                                                "\"session_items\" : 2147483647")),
                        "session items is 2.147483647E9"));
    }

    private static void enlarge(Path folder) throws Exception {
        long bytes = Math.min(Runtime.getRuntime().maxMemory() + 1, 12L << 30);
        try (RandomAccessFile file = new RandomAccessFile(folder.resolve(WEIGHTS).toFile(), "rw")) {
            long before = file.length();
            file.setLength(bytes);
            manifest(json -> json.replace("\"bytes\" : " + before, "\"bytes\" : " + bytes))
                    .on(folder);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
