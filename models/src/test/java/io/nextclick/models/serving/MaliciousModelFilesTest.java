package io.nextclick.models.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.sun.management.ThreadMXBean;
import io.nextclick.models.baseline.CoVisitation;
import io.nextclick.models.baseline.Popularity;
import io.nextclick.models.counted.CountedModel;
import io.nextclick.models.files.ModelFileException;
import io.nextclick.models.files.ModelFolder;
import io.nextclick.models.files.ModelManifest;
import io.nextclick.models.files.Safetensors;
import io.nextclick.models.files.Tensor;
import io.nextclick.models.session.ItemVocabulary;
import io.nextclick.models.session.Session;
import io.nextclick.models.session.SessionRules;
import io.nextclick.models.tower.TowerExample;
import io.nextclick.models.tower.TwoTowerLearner;
import io.nextclick.models.tower.TwoTowerOptions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectOutputStream;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Model folders of somebody who means harm: each is refused by name, soon, and without filling the
 * memory. Two kinds of attacker: one who can change files but not what the manifest says of them,
 * and one who writes manifest and files alike ("sealed").
 */
class MaliciousModelFilesTest {

    private static final long SEED = 5_20;
    private static final int ITEMS = 12;
    private static final int HIDDEN = 8;

    /** Generous: none takes a second on a machine with nothing else to do. */
    private static final Duration LONGEST = Duration.ofSeconds(20);

    /** All that is allocated on the way, garbage included, beside the files' own size. */
    private static final long MOST_BYTES = 64L << 20;

    private static final int LONGEST_MESSAGE = 4_200;

    @TempDir Path root;

    private final List<String> table = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private final Map<String, ModelFolder> models = new LinkedHashMap<>();
    private int count;

    // ------------------------------------------------------------------ models that mean well

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

    private static byte[] resource(String name) throws IOException {
        try (InputStream in =
                MaliciousModelFilesTest.class.getResourceAsStream("/imports/" + name)) {
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

    // ------------------------------------------------------------------ forging

    /** A model folder in an attacker's hands. */
    private record Forged(Path folder) {

        byte[] bytes(String name) throws IOException {
            return Files.readAllBytes(folder.resolve(name));
        }

        /** Leaves the manifest as it is. */
        void tamper(String name, byte[] bytes) throws IOException {
            Files.write(folder.resolve(name), bytes);
        }

        /** Makes the manifest agree. */
        void seal(String name, byte[] bytes) throws IOException {
            byte[] before = bytes(name);
            tamper(name, bytes);
            manifest(
                    json ->
                            json.replace(sha256(before), sha256(bytes))
                                    .replace(
                                            "\"bytes\" : " + before.length,
                                            "\"bytes\" : " + bytes.length));
        }

        void manifest(UnaryOperator<String> edit) throws IOException {
            String before = new String(bytes(ModelFolder.MANIFEST), StandardCharsets.UTF_8);
            String after = edit.apply(before);
            assertThat(after).isNotEqualTo(before);
            tamper(ModelFolder.MANIFEST, after.getBytes(StandardCharsets.UTF_8));
        }

        void manifest(String from, String to) throws IOException {
            manifest(json -> json.replace(from, to));
        }

        void tensors(Consumer<Map<String, Tensor>> edit) throws IOException {
            byte[] weights = bytes(ModelFolder.WEIGHTS);
            Map<String, Tensor> tensors =
                    new LinkedHashMap<>(
                            Safetensors.read(
                                    "weights", new ByteArrayInputStream(weights), weights.length));
            edit.accept(tensors);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            Safetensors.write(out, tensors);
            seal(ModelFolder.WEIGHTS, out.toByteArray());
        }

        /** Weights of any header over so many bytes of data; apostrophes stand for quotes. */
        void header(String json, int dataBytes) throws IOException {
            byte[] header = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
            seal(ModelFolder.WEIGHTS, weights(header.length, header, dataBytes));
        }

        void headerLength(long length) throws IOException {
            seal(ModelFolder.WEIGHTS, weights(length, new byte[] {'{', '}'}, 64));
        }

        private static byte[] weights(long length, byte[] header, int dataBytes) {
            return ByteBuffer.allocate(Long.BYTES + header.length + dataBytes)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(length)
                    .put(header)
                    .array();
        }

        void items(String text) throws IOException {
            seal(ModelFolder.ITEMS, text.getBytes(StandardCharsets.UTF_8));
        }

        Path file(String name) {
            return folder.resolve(name);
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] javaObject() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(new ArrayList<>(List.of("a", "b")));
        }
        return bytes.toByteArray();
    }

    private static byte[] zip(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
            }
        }
        return bytes.toByteArray();
    }

    private static Map<String, byte[]> unzipped(byte[] archive) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(archive))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                entries.put(entry.getName(), zip.readAllBytes());
            }
        }
        return entries;
    }

    private static byte[] gzippedZeros(int bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(new byte[bytes]);
        }
        return out.toByteArray();
    }

    /**
     * The 32-bit field of an archive's first central directory entry, and of its twin, replaced.
     */
    private static byte[] withUncompressedSize(byte[] archive, int size) {
        ByteBuffer zip = ByteBuffer.wrap(archive.clone()).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + 4 < archive.length; at++) {
            if (zip.getInt(at) == 0x02014b50) {
                return zip.putInt(at + 24, size).array();
            }
        }
        throw new IllegalArgumentException("no central directory");
    }

    private interface Forgery {
        void on(Forged folder) throws Exception;
    }

    // ------------------------------------------------------------------ trying

    /**
     * @param attack in words
     * @param model which model is forged
     * @param refusal what the message has to say
     */
    private void refuse(String attack, String model, String refusal, Forgery forgery)
            throws Exception {
        Path folder = root.resolve("model-" + count++);
        models.get(model).write(folder);
        forgery.on(new Forged(folder));
        long size = 0;
        for (String name : List.of(ModelFolder.WEIGHTS, ModelFolder.ITEMS, ModelFolder.MODULE)) {
            Path file = folder.resolve(name);
            size += Files.isRegularFile(file) ? Files.size(file) : 0;
        }
        Outcome outcome = inTime(() -> load(folder));
        String row =
                String.format(
                        Locale.ROOT,
                        "| %s | %s | %d ms | %,d KiB |",
                        attack,
                        outcome.message,
                        outcome.millis,
                        outcome.allocated >> 10);
        table.add(row);
        boolean refused =
                outcome.message.contains(refusal)
                        && outcome.message.length() < LONGEST_MESSAGE
                        && outcome.message.chars().noneMatch(c -> Character.isISOControl((char) c));
        if (!refused || outcome.allocated > MOST_BYTES + 2 * Math.min(size, MOST_BYTES)) {
            failures.add(row);
        }
    }

    private record Outcome(String message, long millis, long allocated) {}

    private static Outcome load(Path folder) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = threads.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime();
        String message;
        try (ServableModel model = ServableModels.load(ModelFolder.read(folder))) {
            message = "LOADED " + model.describe();
        } catch (ModelFileException e) {
            message = e.getMessage();
        } catch (IOException | RuntimeException | Error e) {
            message = "THROWN " + e;
        }
        return new Outcome(
                message,
                (System.nanoTime() - start) / 1_000_000,
                threads.getCurrentThreadAllocatedBytes() - allocated);
    }

    private static Outcome inTime(Callable<Outcome> work) throws Exception {
        FutureTask<Outcome> task = new FutureTask<>(work);
        Thread thread = new Thread(task, "loading");
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get(LONGEST.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return new Outcome("NOT WITHIN " + LONGEST, LONGEST.toMillis(), 0);
        } catch (ExecutionException e) {
            return new Outcome("THROWN " + e.getCause(), 0, 0);
        }
    }

    @Test
    void everyOneIsRefused() throws Exception {
        models.put("gru4rec", gru4Rec());
        models.put("sasrec", sasRec());
        models.put("two-tower", twoTower());
        models.put("torchscript", torchScript());
        models.put(
                "vmis-knn",
                CountedModel.of(CountedModel.VMIS_KNN, log())
                        .folder("1", SessionRules.DEFAULT, log(), Instant.EPOCH));
        models.put(
                "item-knn",
                CountedModel.of(CountedModel.ITEM_KNN, log())
                        .folder("1", SessionRules.DEFAULT, log(), Instant.EPOCH));
        for (Map.Entry<String, ModelFolder> model : models.entrySet()) {
            Path folder = root.resolve("good-" + model.getKey());
            model.getValue().write(folder);
            // What is refused below is refused for what was forged.
            assertThatCode(() -> ServableModels.load(ModelFolder.read(folder)).close())
                    .as(model.getKey())
                    .doesNotThrowAnyException();
        }
        tampered();
        manifests();
        linksAndDevices();
        items();
        headers();
        tensors();
        parameters();
        modules();
        System.out.println("| attack | refused with | time | allocated |");
        System.out.println("|---|---|---|---|");
        table.forEach(System.out::println);
        System.out.printf(Locale.ROOT, "%d attacks, seed %d%n", table.size(), SEED);
        assertThat(failures).isEmpty();
    }

    private void tampered() throws Exception {
        String weights = ModelFolder.WEIGHTS;
        refuse(
                "one bit of the weights",
                "gru4rec",
                "weights.safetensors: its SHA-256 is not the manifest's",
                forged -> {
                    byte[] bytes = forged.bytes(weights);
                    bytes[bytes.length - 1] ^= 1;
                    forged.tamper(weights, bytes);
                });
        refuse(
                "weights cut off",
                "gru4rec",
                "weights.safetensors: shorter than the",
                forged -> {
                    byte[] bytes = forged.bytes(weights);
                    forged.tamper(weights, Arrays.copyOf(bytes, bytes.length / 2));
                });
        refuse(
                "weights that go on",
                "gru4rec",
                "weights.safetensors: longer than the",
                forged -> {
                    byte[] bytes = forged.bytes(weights);
                    forged.tamper(weights, Arrays.copyOf(bytes, bytes.length + 1));
                });
        refuse(
                "two items exchanged",
                "gru4rec",
                "items.txt: its SHA-256 is not the manifest's",
                forged -> {
                    String text =
                            new String(forged.bytes(ModelFolder.ITEMS), StandardCharsets.UTF_8);
                    forged.tamper(
                            ModelFolder.ITEMS,
                            text.replace("shoe-1\n", "x\n")
                                    .replace("shoe-2\n", "shoe-1\n")
                                    .replace("x\n", "shoe-2\n")
                                    .getBytes(StandardCharsets.UTF_8));
                });
        refuse(
                "another program in place of the module",
                "torchscript",
                "module.pt: its SHA-256 is not the manifest's",
                forged -> {
                    byte[] bytes = forged.bytes(ModelFolder.MODULE);
                    bytes[bytes.length / 2] ^= 1;
                    forged.tamper(ModelFolder.MODULE, bytes);
                });
        refuse(
                "no weights",
                "gru4rec",
                "weights.safetensors: is missing",
                forged -> Files.delete(forged.file(weights)));
        refuse(
                "no manifest",
                "gru4rec",
                "manifest.json: is missing",
                forged -> Files.delete(forged.file(ModelFolder.MANIFEST)));
    }

    private void manifests() throws Exception {
        String manifest = ModelFolder.MANIFEST;
        for (String path :
                List.of("../items.txt", "/etc/passwd", "..\\\\items.txt", "file:///etc/passwd")) {
            refuse(
                    "a file named " + path,
                    "gru4rec",
                    "manifest.json: names the files [",
                    forged -> forged.manifest("\"items.txt\"", '"' + path + '"'));
        }
        refuse(
                "a file more than there may be",
                "gru4rec",
                "manifest.json: names the files [",
                forged ->
                        forged.manifest(
                                "\"files\" : {",
                                "\"files\" : {\"start.sh\": {\"bytes\": 0, \"sha256\": \""
                                        + sha256(new byte[0])
                                        + "\"},"));
        refuse(
                "a key twice",
                "gru4rec",
                "manifest.json: not JSON: Duplicate field 'format'",
                forged -> forged.manifest("\"format\" : 1", "\"format\" : 1, \"format\" : 1"));
        refuse(
                "JSON 300,000 deep",
                "gru4rec",
                "manifest.json: not JSON",
                forged ->
                        forged.tamper(
                                manifest, "[".repeat(300_000).getBytes(StandardCharsets.UTF_8)));
        refuse(
                "a number of a million digits",
                "gru4rec",
                "manifest.json: not JSON",
                forged -> forged.manifest("\"format\" : 1", "\"format\" : " + "1".repeat(900_000)));
        refuse(
                "a manifest of 100 MiB",
                "gru4rec",
                "manifest.json: larger than 1048576 bytes",
                forged -> forged.tamper(manifest, new byte[100 << 20]));
        refuse(
                "a manifest that is not UTF-8",
                "gru4rec",
                "manifest.json: not UTF-8",
                forged -> forged.tamper(manifest, new byte[] {'{', '"', (byte) 0xff, '"', '}'}));
        refuse(
                "a manifest in UTF-16",
                "gru4rec",
                "manifest.json: not",
                forged ->
                        forged.tamper(
                                manifest,
                                new String(forged.bytes(manifest), StandardCharsets.UTF_8)
                                        .getBytes(StandardCharsets.UTF_16)));
        refuse(
                "a serialised Java object as manifest",
                "gru4rec",
                "manifest.json: not",
                forged -> forged.tamper(manifest, javaObject()));
        refuse(
                "a size below zero",
                "gru4rec",
                "bytes, it must be in",
                forged -> forged.manifest("\"bytes\" : ", "\"bytes\" : -1, \"was\" : "));
        refuse(
                "a size beyond 64 bits",
                "gru4rec",
                "manifest.json: bytes is not a whole number",
                forged ->
                        forged.manifest(
                                "\"bytes\" : ", "\"bytes\" : 18446744073709551616, \"was\" : "));
        refuse(
                "16 TiB, announced",
                "gru4rec",
                "takes 17592186044416 bytes",
                forged ->
                        forged.manifest("\"bytes\" : ", "\"bytes\" : 17592186044416, \"was\" : "));
        refuse(
                "weights larger than the heap (a file of holes)",
                "gru4rec",
                "weights.safetensors: takes",
                forged -> {
                    long bytes = Math.min(Runtime.getRuntime().maxMemory() + 1, 12L << 30);
                    try (RandomAccessFile file =
                            new RandomAccessFile(forged.file(ModelFolder.WEIGHTS).toFile(), "rw")) {
                        long before = file.length();
                        file.setLength(bytes);
                        forged.manifest("\"bytes\" : " + before, "\"bytes\" : " + bytes);
                    }
                });
        refuse(
                "a digest that is none",
                "gru4rec",
                "is not 64 hexadecimal digits",
                forged -> forged.manifest("\"sha256\" : \"", "\"sha256\" : \"../"));
        refuse(
                "a format of the future",
                "gru4rec",
                "manifest.json: unknown format 2, 1 is read",
                forged -> forged.manifest("\"format\" : 1", "\"format\" : 2"));
        refuse(
                "a kind that nobody knows",
                "gru4rec",
                "manifest.json: kind is 'pickle'",
                forged -> forged.manifest("\"kind\" : \"gru4rec\"", "\"kind\" : \"pickle\""));
        refuse(
                "a class name for a kind",
                "gru4rec",
                "manifest.json: kind is 'javax.script.ScriptEngineManager'",
                forged ->
                        forged.manifest(
                                "\"kind\" : \"gru4rec\"",
                                "\"kind\" : \"javax.script.ScriptEngineManager\""));
        refuse(
                "a version that climbs out of folders",
                "gru4rec",
                "manifest.json: version is '../../etc'",
                forged -> forged.manifest("\"version\" : \"1\"", "\"version\" : \"../../etc\""));
        refuse(
                "a name that forges a log line",
                "gru4rec",
                "manifest.json: name is",
                forged ->
                        forged.manifest(
                                "\"name\" : \"shop\"",
                                "\"name\" : \"a\\n2026-11-22 INFO all is well\\u001b[2J\""));
        refuse(
                "a name of half a megabyte",
                "gru4rec",
                "manifest.json: name is",
                forged ->
                        forged.manifest(
                                "\"name\" : \"shop\"",
                                "\"name\" : \"" + "a".repeat(500_000) + '"'));
        refuse(
                "sessions of 2^31 - 1 items",
                "gru4rec",
                "maximum length is 2147483647",
                forged ->
                        forged.manifest(
                                "\"maximum_length\" : 9", "\"maximum_length\" : 2147483647"));
        refuse(
                "an infinite figure",
                "gru4rec",
                "manifest.json: metric",
                forged ->
                        forged.manifest(
                                "\"metrics\" : { }", "\"metrics\" : { \"recall\" : 1e999 }"));
    }

    private void linksAndDevices() throws Exception {
        Path weights = Path.of(ModelFolder.WEIGHTS);
        refuse(
                "a link out of the folder, to the right bytes",
                "gru4rec",
                "weights.safetensors: is a link to outside of its folder",
                forged -> {
                    Path outside = Files.createTempFile(root, "outside", "");
                    Files.write(outside, forged.bytes(ModelFolder.WEIGHTS));
                    link(forged, weights, outside);
                });
        refuse(
                "a link to an endless device",
                "gru4rec",
                "weights.safetensors: is",
                forged -> link(forged, weights, Path.of("/dev/zero")));
        refuse(
                "a link to itself",
                "gru4rec",
                "weights.safetensors: ",
                forged -> link(forged, weights, weights));
        refuse(
                "a link to nothing",
                "gru4rec",
                "weights.safetensors: is missing",
                forged -> link(forged, weights, Path.of("nothing")));
        refuse(
                "a directory in place of a file",
                "gru4rec",
                "weights.safetensors: is no regular file",
                forged -> {
                    Files.delete(forged.file(ModelFolder.WEIGHTS));
                    Files.createDirectory(forged.file(ModelFolder.WEIGHTS));
                });
        refuse(
                "a pipe that nobody writes to",
                "gru4rec",
                "weights.safetensors: is no regular file",
                forged -> {
                    Files.delete(forged.file(ModelFolder.WEIGHTS));
                    assertThat(
                                    new ProcessBuilder(
                                                    "mkfifo",
                                                    forged.file(ModelFolder.WEIGHTS).toString())
                                            .inheritIO()
                                            .start()
                                            .waitFor())
                            .isZero();
                });
    }

    private static void link(Forged forged, Path name, Path target) throws IOException {
        Path file = forged.folder().resolve(name);
        Files.delete(file);
        Files.createSymbolicLink(file, target);
    }

    private void items() throws Exception {
        refuse(
                "2^31 lines, announced",
                "gru4rec",
                "items.txt: takes 2147483648 bytes",
                forged -> {
                    long before = Files.size(forged.file(ModelFolder.ITEMS));
                    forged.manifest("\"bytes\" : " + before, "\"bytes\" : 2147483648");
                });
        refuse(
                "50,000,000 empty lines",
                "gru4rec",
                "items.txt: item '' occurs twice in the vocabulary",
                forged -> {
                    byte[] lines = new byte[50_000_000];
                    Arrays.fill(lines, (byte) '\n');
                    forged.seal(ModelFolder.ITEMS, lines);
                });
        refuse(
                "one item of 50 MB",
                "gru4rec",
                "items.txt: line 1 is longer than",
                forged -> {
                    byte[] line = new byte[50_000_000];
                    Arrays.fill(line, (byte) 'a');
                    line[line.length - 1] = '\n';
                    forged.seal(ModelFolder.ITEMS, line);
                });
        refuse(
                "an item twice",
                "gru4rec",
                "items.txt: item 'a' occurs twice in the vocabulary",
                forged -> forged.items("a\nb\na\n"));
        refuse(
                "items that are not UTF-8",
                "gru4rec",
                "items.txt: line 2 is not UTF-8",
                forged ->
                        forged.seal(
                                ModelFolder.ITEMS, new byte[] {'a', '\n', (byte) 0xc0, 'a', '\n'}));
        refuse(
                "half a surrogate in an item",
                "gru4rec",
                "items.txt: line 1 is not UTF-8",
                forged ->
                        forged.seal(
                                ModelFolder.ITEMS,
                                new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80, '\n'}));
        refuse(
                "a serialised Java object as items",
                "gru4rec",
                "items.txt: ",
                forged -> forged.seal(ModelFolder.ITEMS, javaObject()));
        refuse(
                "a gzip bomb as items",
                "gru4rec",
                "items.txt: ",
                forged -> forged.seal(ModelFolder.ITEMS, gzippedZeros(50_000_000)));
        refuse(
                "fewer items than rows",
                "gru4rec",
                "has shape [12] where [2] is needed",
                forged -> forged.items("a\nb\n"));
        refuse(
                "an unknown escape",
                "gru4rec",
                "items.txt: line 1 has an unknown escape",
                forged -> forged.items("\\u0000\n"));
    }

    private void headers() throws Exception {
        for (long length : new long[] {-1, Long.MAX_VALUE, 1L << 40, 0}) {
            refuse(
                    "a header of " + Long.toUnsignedString(length) + " bytes, announced",
                    "gru4rec",
                    "weights.safetensors: a header of " + Long.toUnsignedString(length),
                    forged -> forged.headerLength(length));
        }
        refuse(
                "a header of 17 MB: 300,000 empty tensors",
                "gru4rec",
                "weights.safetensors: ",
                forged -> {
                    StringBuilder header = new StringBuilder("{");
                    for (int i = 0; i < 300_000; i++) {
                        header.append(i == 0 ? "" : ",")
                                .append("'t")
                                .append(i)
                                .append("':{'dtype':'F32','shape':[0],'data_offsets':[0,0]}");
                    }
                    forged.header(header.append('}').toString(), 0);
                });
        refuse(
                "a header of 15 MB of empty objects",
                "gru4rec",
                "weights.safetensors: ",
                forged -> forged.header("{'__metadata__':[" + "{},".repeat(5_000_000) + "{}]}", 0));
        refuse(
                "a header of 1 MB of empty objects",
                "gru4rec",
                "weights.safetensors: tensor a has dtype",
                forged -> forged.header("{'a':[" + "{},".repeat(349_000) + "{}]}", 0));
        refuse(
                "a header 150,000 deep",
                "gru4rec",
                "weights.safetensors: the header is not JSON",
                forged -> forged.header("{'a':".repeat(150_000), 0));
        refuse(
                "a tensor twice",
                "gru4rec",
                "weights.safetensors: the header is not JSON: Duplicate field 'a'",
                forged ->
                        forged.header(
                                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},"
                                        + "'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}",
                                8));
        refuse(
                "overlapping tensors",
                "gru4rec",
                "weights.safetensors: tensor b begins at 4, inside another",
                forged ->
                        forged.header(
                                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},"
                                        + "'b':{'dtype':'F32','shape':[2],'data_offsets':[4,12]}}",
                                12));
        refuse(
                "a hole between tensors",
                "gru4rec",
                "weights.safetensors: tensor a begins at 4, behind a hole",
                forged ->
                        forged.header("{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}", 8));
        refuse(
                "a tensor beyond the file's end",
                "gru4rec",
                "weights.safetensors: tensors take 2000000000 bytes, the file holds 8",
                forged ->
                        forged.header(
                                "{'a':{'dtype':'F32','shape':[500000000],"
                                        + "'data_offsets':[0,2000000000]}}",
                                8));
        refuse(
                "a negative offset",
                "gru4rec",
                "weights.safetensors: tensor a lies in [-8, 0)",
                forged ->
                        forged.header(
                                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[-8,0]}}", 0));
        refuse(
                "offsets beyond 64 bits",
                "gru4rec",
                "weights.safetensors: tensor a has no two data_offsets",
                forged ->
                        forged.header(
                                "{'a':{'dtype':'F32','shape':[2],"
                                        + "'data_offsets':[0,18446744073709551624]}}",
                                8));
        refuse(
                "a shape whose product overflows to what is there",
                "gru4rec",
                "weights.safetensors: tensor a has more than",
                forged ->
                        forged.header(
                                "{'a':{'dtype':'F32','shape':[65536,65536,65536,65536],"
                                        + "'data_offsets':[0,0]}}",
                                0));
        refuse(
                "a negative dimension",
                "gru4rec",
                "weights.safetensors: tensor a has a dimension of -2",
                forged ->
                        forged.header(
                                "{'a':{'dtype':'F32','shape':[-2,-1],'data_offsets':[0,8]}}", 8));
        refuse(
                "a dimension of 2^31 beside one of 0",
                "gru4rec",
                "weights.safetensors: ",
                forged ->
                        forged.header(
                                "{'gru.weight_hh_l0':{'dtype':'F32','shape':[0,2147483647],"
                                        + "'data_offsets':[0,0]}}",
                                0));
        refuse(
                "an element type that isn't read",
                "gru4rec",
                "weights.safetensors: tensor a has dtype 'F16'",
                forged ->
                        forged.header("{'a':{'dtype':'F16','shape':[4],'data_offsets':[0,8]}}", 8));
        refuse(
                "a tensor's name that forges a log line",
                "gru4rec",
                "weights.safetensors: tensor a",
                forged ->
                        forged.header(
                                "{'a\\n2026-11-22 INFO all is well':{'dtype':'F16','shape':[4],"
                                        + "'data_offsets':[0,8]}}",
                                8));
        refuse(
                "a serialised Java object as weights",
                "gru4rec",
                "weights.safetensors: a header of",
                forged -> forged.seal(ModelFolder.WEIGHTS, javaObject()));
        refuse(
                "Python's pickle as weights",
                "gru4rec",
                "weights.safetensors: a header of",
                forged ->
                        forged.seal(
                                ModelFolder.WEIGHTS,
                                "\u0080\u0004cposix\nsystem\n(S'id'\ntR."
                                        .getBytes(StandardCharsets.ISO_8859_1)));
        refuse(
                "empty weights",
                "gru4rec",
                "weights.safetensors: ends too early",
                forged -> forged.seal(ModelFolder.WEIGHTS, new byte[0]));
    }

    private void tensors() throws Exception {
        refuse(
                "a weight that is NaN",
                "gru4rec",
                "weights.safetensors: value 3 of tensor gru.weight_hh_l0 is NaN",
                forged -> forged.tensors(all -> spoil(all, "gru.weight_hh_l0", 3, Float.NaN)));
        refuse(
                "an infinite bias",
                "sasrec",
                "weights.safetensors: value 0 of tensor encoder.norm.bias is Infinity",
                forged ->
                        forged.tensors(
                                all ->
                                        spoil(
                                                all,
                                                "encoder.norm.bias",
                                                0,
                                                Float.POSITIVE_INFINITY)));
        refuse(
                "an infinite popularity",
                "gru4rec",
                "weights.safetensors: value 1 of tensor popularity.counts is Infinity",
                forged ->
                        forged.tensors(
                                all ->
                                        spoil(
                                                all,
                                                ModelFolder.POPULARITY_COUNTS,
                                                1,
                                                Float.POSITIVE_INFINITY)));
        refuse(
                "a negative popularity",
                "gru4rec",
                "count of row 1 is -1.0",
                forged -> forged.tensors(all -> spoil(all, ModelFolder.POPULARITY_COUNTS, 1, -1f)));
        refuse(
                "a neighbour's score that is NaN",
                "gru4rec",
                "weights.safetensors: value 0 of tensor covisitation.scores is NaN",
                forged ->
                        forged.tensors(
                                all -> spoil(all, ModelFolder.CO_VISITATION_SCORES, 0, Float.NaN)));
        refuse(
                "neighbours that score more and more",
                "gru4rec",
                "covisitation.items: row 0 has a neighbour that scores more than one before it",
                forged ->
                        forged.tensors(all -> spoil(all, ModelFolder.CO_VISITATION_SCORES, 1, 9f)));
        refuse(
                "a neighbour that is no item",
                "gru4rec",
                "covisitation.items: row 0 has neighbour 2147483647",
                forged ->
                        forged.tensors(
                                all ->
                                        spoil(
                                                all,
                                                ModelFolder.CO_VISITATION_ITEMS,
                                                0,
                                                Integer.MAX_VALUE)));
        refuse(
                "a neighbour below the first item",
                "gru4rec",
                "covisitation.items: row 0 has neighbour -2",
                forged ->
                        forged.tensors(all -> spoil(all, ModelFolder.CO_VISITATION_ITEMS, 0, -2)));
        refuse(
                "one neighbour many times",
                "gru4rec",
                "covisitation.items: row 0 has neighbour 5 twice",
                forged ->
                        forged.tensors(
                                all -> {
                                    for (int i = 0; i < 4; i++) {
                                        spoil(all, ModelFolder.CO_VISITATION_ITEMS, i, 5);
                                    }
                                }));
        refuse(
                "integers where floats belong",
                "gru4rec",
                "weights.safetensors: tensor output.weight is not of floats",
                forged ->
                        forged.tensors(
                                all ->
                                        all.put(
                                                "output.weight",
                                                new Tensor.Ints(
                                                        new int[ITEMS * HIDDEN], ITEMS, HIDDEN))));
        refuse(
                "a tensor left out",
                "gru4rec",
                "weights.safetensors: has no tensor output.bias",
                forged -> forged.tensors(all -> all.remove("output.bias")));
        refuse(
                "a state of another size than the items' vectors",
                "gru4rec",
                "weights.safetensors: tensor output.weight has shape",
                forged ->
                        forged.tensors(
                                all ->
                                        all.put(
                                                "gru.weight_hh_l0",
                                                new Tensor.Floats(new float[3 * 9 * 9], 27, 9))));
        refuse(
                "vectors without components",
                "gru4rec",
                "weights.safetensors: dimension is 0",
                forged ->
                        forged.tensors(
                                all -> {
                                    all.put(
                                            "gru.weight_ih_l0",
                                            new Tensor.Floats(new float[0], 0, 0));
                                    all.put(
                                            "gru.weight_hh_l0",
                                            new Tensor.Floats(new float[0], 0, 0));
                                    all.put("gru.bias_ih_l0", new Tensor.Floats(new float[0], 0));
                                    all.put("gru.bias_hh_l0", new Tensor.Floats(new float[0], 0));
                                    all.put(
                                            "output.weight",
                                            new Tensor.Floats(new float[0], ITEMS, 0));
                                }));
        refuse(
                "similarities that are NaN",
                "item-knn",
                "weights.safetensors: value 0 of tensor neighbours.similarities is NaN",
                forged ->
                        forged.tensors(all -> spoil(all, "neighbours.similarities", 0, Float.NaN)));
        refuse(
                "lists that run backwards",
                "item-knn",
                "weights.safetensors: the starts of the",
                forged ->
                        forged.tensors(
                                all -> spoil(all, "neighbours.starts", 1, Integer.MIN_VALUE)));
        refuse(
                "sessions of items that are none",
                "vmis-knn",
                "weights.safetensors: a session holds row",
                forged -> forged.tensors(all -> spoil(all, "sessions.items", 0, 1_000_000)));
    }

    private static void spoil(Map<String, Tensor> tensors, String name, int at, float value) {
        ((Tensor.Floats) tensors.get(name)).values()[at] = value;
    }

    private static void spoil(Map<String, Tensor> tensors, String name, int at, int value) {
        ((Tensor.Ints) tensors.get(name)).values()[at] = value;
    }

    private void parameters() throws Exception {
        refuse(
                "2^31 - 1 layers",
                "sasrec",
                "has no tensor encoder.layers.1.",
                forged -> forged.manifest("\"layers\" : 1", "\"layers\" : 2147483647"));
        refuse(
                "2^31 - 1 heads",
                "sasrec",
                "manifest.json: heads is 2147483647",
                forged -> forged.manifest("\"heads\" : 2", "\"heads\" : 2147483647"));
        refuse(
                "a tower of 2^31 - 1 dimensions",
                "two-tower",
                "manifest.json: dimension is 2.147483647E9",
                forged -> forged.manifest("\"dimension\" : 8", "\"dimension\" : 2147483647"));
        refuse(
                "a hidden layer of 4,096 that isn't there",
                "two-tower",
                "has shape [6, 16] where [4096, 16] is needed",
                forged -> forged.manifest("\"hidden\" : 6", "\"hidden\" : 4096"));
        refuse(
                "a temperature of 0",
                "two-tower",
                "manifest.json: temperature is 0.0",
                forged ->
                        forged.manifest(
                                json ->
                                        json.replaceAll(
                                                "\"temperature\" : [0-9.E-]+",
                                                "\"temperature\" : 0")));
        refuse(
                "neighbours read from 2^31 - 1 items",
                "vmis-knn",
                "session items is 2.147483647E9",
                forged ->
                        forged.manifest(
                                json ->
                                        json.replaceAll(
                                                "\"session_items\" : [0-9]+",
                                                "\"session_items\" : 2147483647")));
        refuse(
                "a parameter of another type",
                "two-tower",
                "manifest.json: parameter users is yes, a boolean is needed",
                forged -> forged.manifest("\"users\" : false", "\"users\" : \"yes\""));
        refuse(
                "a parameter with a structure",
                "two-tower",
                "manifest.json: parameter users is neither text, number nor boolean",
                forged -> forged.manifest("\"users\" : false", "\"users\" : {\"@class\": \"x\"}"));
    }

    private void modules() throws Exception {
        String module = ModelFolder.MODULE;
        refuse(
                "a serialised Java object as module",
                "torchscript",
                "module.pt: not a TorchScript archive: it is no zip file",
                forged -> forged.seal(module, javaObject()));
        refuse(
                "a pickle as module",
                "torchscript",
                "module.pt: not a TorchScript archive; torch.save wrote it",
                forged -> forged.seal(module, resource("gru-state-dict.pt")));
        refuse(
                "half a module",
                "torchscript",
                "module.pt: ",
                forged -> {
                    byte[] bytes = forged.bytes(module);
                    forged.seal(module, Arrays.copyOf(bytes, bytes.length / 2));
                });
        refuse(
                "a zip bomb as module",
                "torchscript",
                "module.pt: unpacks to more than 67108864 bytes",
                forged -> {
                    Map<String, byte[]> entries = unzipped(forged.bytes(module));
                    entries.put("gru/extra/zeros", new byte[200 << 20]);
                    forged.seal(module, zip(entries));
                });
        refuse(
                "a module that claims to unpack to 4 GiB",
                "torchscript",
                "module.pt: ",
                forged -> forged.seal(module, withUncompressedSize(forged.bytes(module), -2)));
        refuse(
                "a module with a path out of its archive",
                "torchscript",
                "module.pt: holds an entry named '../../evil'",
                forged -> {
                    Map<String, byte[]> entries = unzipped(forged.bytes(module));
                    entries.put("../../evil", new byte[1]);
                    forged.seal(module, zip(entries));
                });
        refuse(
                "no module",
                "torchscript",
                "module.pt: is missing",
                forged -> Files.delete(forged.file(module)));
    }
}
